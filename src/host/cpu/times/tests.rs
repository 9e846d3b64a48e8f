use proptest::prelude::*;

use super::*;

fn times(fields: [u64; 10]) -> CpuTimes {
    let line = format!("cpu  {}\n", fields.map(|field| field.to_string()).join(" "));
    parse_stat(line.as_bytes()).unwrap().all
}

fn shares(earlier: [u64; 10], later: [u64; 10]) -> Option<[f64; 6]> {
    let usage = usage(&times(earlier), &times(later))?;
    Some([
        usage.busy_percent.0,
        usage.user_percent.0,
        usage.system_percent.0,
        usage.iowait_percent.0,
        usage.steal_percent.0,
        usage.guest_percent.0,
    ])
}

#[test]
fn what_follows_the_processors_is_counted_and_harms_nothing() {
    let stat = b"cpu  1 2 3 4\ncpu0 1 2 3 4\nintr 77 1 0 5\nctxt 88\nbtime 1\nprocesses 99\n\
        procs_running 3\nprocs_blocked x\ncpu9 broken\n";
    let sample = parse_stat(stat).unwrap();
    assert_eq!(sample.cores.len(), 1, "a line elsewhere is no processor");
    let kernel = sample.kernel;
    assert_eq!(kernel.interrupts_total, Reading::Present(77));
    assert_eq!(kernel.context_switches_total, Reading::Present(88));
    assert_eq!(kernel.forks_total, Reading::Present(99));
    assert_eq!(kernel.running, Reading::Present(3));
    assert_eq!(kernel.blocked, Reading::absent(Reason::Malformed));
    let old = parse_stat(b"cpu  1 2 3 4\n").unwrap().kernel;
    assert_eq!(old.forks_total, Reading::absent(Reason::NotSupported));
}

#[test]
fn shares_are_of_the_time_between() {
    let later = [20, 10, 15, 30, 5, 3, 7, 10, 0, 0];
    assert_eq!(shares([0; 10], later), Some([65.0, 30.0, 25.0, 5.0, 10.0, 0.0]));
    let twice = later.map(|field| field * 2);
    assert_eq!(shares(later, twice), shares([0; 10], later), "what was before does not count");
}

#[test]
fn guests_are_counted_once() {
    // The kernel has the 40 and 10 in user and nice too.
    let later = [50, 20, 0, 30, 0, 0, 0, 0, 40, 10];
    assert_eq!(shares([0; 10], later), Some([70.0, 20.0, 0.0, 0.0, 0.0, 50.0]));
}

#[test]
fn a_counter_that_goes_back_did_not_grow() {
    let earlier = [100, 0, 100, 1000, 500, 0, 0, 0, 0, 0];
    let later = [150, 0, 100, 1050, 420, 0, 0, 0, 0, 0];
    assert_eq!(shares(earlier, later), Some([50.0, 50.0, 0.0, 0.0, 0.0, 0.0]));
    let idle_back = [150, 0, 150, 900, 500, 0, 0, 0, 0, 0];
    assert_eq!(shares(earlier, idle_back), Some([100.0, 50.0, 50.0, 0.0, 0.0, 0.0]));
}

#[test]
fn counters_that_were_reset_or_did_not_move_say_nothing() {
    let earlier = [5000, 0, 5000, 9000, 0, 0, 0, 0, 0, 0];
    assert_eq!(shares(earlier, [10, 0, 10, 20, 0, 0, 0, 0, 0, 0]), None);
    assert_eq!(shares(earlier, earlier), None);
}

#[test]
fn kernels_of_all_ages_are_read() {
    let old = parse_stat(b"cpu  1 2 3 4\ncpu0 1 2 3 4\nintr 5\n").unwrap();
    assert_eq!(old.all.idle, 4);
    assert_eq!((old.all.steal, old.all.guest), (0, 0));
    let future = parse_stat(b"cpu  1 2 3 4 5 6 7 8 9 10 11 12\n").unwrap();
    assert_eq!(future.all.guest_nice, 10);
}

#[test]
fn only_online_processors_are_listed_and_in_order() {
    let sample = parse_stat(b"cpu  9 9 9 9\ncpu7 1 1 1 1\ncpu2 2 2 2 2\nintr 1\ncpu1 1 1 1 1\n");
    let ids: Vec<u32> = sample.unwrap().cores.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [2, 7]);
}

#[test]
fn errors_say_where() {
    for (bytes, error) in [
        (&b""[..], "stat: has no line \"cpu\""),
        (b"cpu0 1 2 3 4\n", "stat: has no line \"cpu\""),
        (b"cpu  1 2 3\n", "stat, line 1: wanted user, nice, system and idle ticks, found \"\""),
        (b"cpu  1 2 x 4\n", "stat, line 1: wanted a whole number, found \"x\""),
        (
            b"cpu  1 2 3 4\ncpu9x 1\n",
            "stat, line 2: wanted the number of a processor, found \"9x\"",
        ),
        (
            b"cpu  1 2 3 99999999999999999999\n",
            "stat, line 1: wanted a whole number, found \"99999999999999999999\"",
        ),
    ] {
        assert_eq!(parse_stat(bytes).unwrap_err().to_string(), error);
    }
}

proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, text in "(cpu[0-9]{0,3}( +[0-9]{0,21}){0,11}\n){0,4}.*") {
        let _ = parse_stat(&bytes);
        let _ = parse_stat(text.as_bytes());
    }

    #[test]
    fn shares_are_in_range_and_add_up(earlier: [u64; 10], later: [u64; 10]) {
        if let Some([busy, user, system, iowait, steal, guest]) = shares(earlier, later) {
            for share in [busy, user, system, iowait, steal, guest] {
                prop_assert!((0.0..=100.0).contains(&share));
            }
            prop_assert!((user + system + steal + guest - busy).abs() < 0.01);
            prop_assert!(busy + iowait <= 100.01);
        }
    }

    #[test]
    fn more_work_is_never_a_smaller_share(
        base in prop::array::uniform10(0_u64..1 << 40),
        grown in prop::array::uniform10(1_u64..1000),
        more in 1_u64..1000,
    ) {
        // Without guests, of which user time must be at least as much.
        let add = |to: [u64; 10], what: [u64; 10]| {
            std::array::from_fn(|index| if index < 8 { to[index] + what[index] } else { 0 })
        };
        let base = add(base, [0; 10]);
        let later = add(base, grown);
        let mut busier: [u64; 10] = later;
        busier[0] += more;
        prop_assert!(shares(base, busier).unwrap()[0] >= shares(base, later).unwrap()[0]);
    }
}
