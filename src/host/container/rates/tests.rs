use super::*;
use crate::host::container::{empty, sample::Memory, walk::Group};
use crate::host::place::container_of;

const GIB: u64 = 1 << 30;
const SECOND: Duration = Duration::from_secs(1);

fn row() -> Container {
    empty(&Group {
        found: container_of("/lxc.payload.c1").unwrap(),
        tree: std::path::PathBuf::new(),
        path: String::new(),
        inode: 0,
        inner: Vec::new(),
        inner_cut: false,
    })
}

fn sample() -> Sample {
    Sample {
        cpu_nanoseconds: Ok(5_000_000_000),
        quota: Ok(Some(Quota { quota: 150_000, period: 100_000 })),
        throttled: Ok(Throttled { periods: 120, throttled: 15 }),
        memory_bytes: Ok(GIB),
        memory: Ok(Memory { inactive_file: GIB / 4, cache: GIB / 2, swap: None }),
        memory_limit: Ok(Some(2 * GIB)),
        swap_bytes: Ok(4096),
        transferred: Ok(Transferred { read: 10_000, written: 30_000 }),
        tasks: Ok(12),
        tasks_limit: Ok(None),
        oom_kills: Ok(3),
        frozen: Ok(false),
    }
}

fn earlier() -> Sample {
    Sample {
        cpu_nanoseconds: Ok(2_000_000_000),
        throttled: Ok(Throttled { periods: 100, throttled: 10 }),
        transferred: Ok(Transferred::default()),
        oom_kills: Ok(1),
        ..sample()
    }
}

fn filled(sample: &Sample, earlier: Option<&Sample>) -> Container {
    let machine = Reading::Present(Bytes(4 * GIB));
    let mut row = row();
    let counters = earlier.map(|earlier| Counters::of(earlier, Err(Reason::Gone)));
    fill(&mut row, sample, counters.as_ref().map(|counters| (counters, 2 * SECOND)), machine);
    row
}

#[test]
fn figures_are_of_two_samples() {
    let row = filled(&sample(), Some(&earlier()));
    assert_eq!(row.cpu_percent, Reading::Present(Percent(150.0)), "1.5 processors");
    assert_eq!(row.cpu_limit_percent, Reading::Present(Some(Percent(150.0))));
    assert_eq!(row.throttled_percent, Reading::Present(Percent(25.0)), "5 of 20 periods");
    assert_eq!(row.memory_bytes, Reading::Present(Bytes(GIB / 4 * 3)));
    assert_eq!(row.memory_limit_bytes, Reading::Present(Some(Bytes(2 * GIB))));
    assert_eq!(row.memory_percent, Reading::Present(Percent(37.5)));
    assert_eq!(row.cache_bytes, Reading::Present(Bytes(GIB / 2)));
    assert_eq!(row.swap_bytes, Reading::Present(Bytes(4096)));
    assert_eq!(row.read_bytes_per_second, Reading::Present(BytesPerSecond(5000)));
    assert_eq!(row.written_bytes_per_second, Reading::Present(BytesPerSecond(15_000)));
    assert_eq!((row.tasks, row.tasks_limit), (Reading::Present(12), Reading::Present(None)));
    assert_eq!(row.oom_kills, Reading::Present(3));
    assert_eq!(row.oom_kills_per_second, Reading::Present(PerSecond(1.0)));
}

#[test]
fn the_first_sample_has_no_rates_and_one_with_smaller_counters_neither() {
    let reset = Sample {
        cpu_nanoseconds: Ok(6_000_000_000),
        throttled: Ok(Throttled { periods: 100, throttled: 16 }),
        transferred: Ok(Transferred { read: 10_001, written: 30_001 }),
        oom_kills: Ok(4),
        ..sample()
    };
    for row in [filled(&sample(), None), filled(&sample(), Some(&reset))] {
        let rates = [
            row.cpu_percent.reason(),
            row.throttled_percent.reason(),
            row.read_bytes_per_second.reason(),
            row.written_bytes_per_second.reason(),
            row.oom_kills_per_second.reason(),
        ];
        assert_eq!(rates, [Some(Reason::Measuring); 5]);
        assert_eq!(row.memory_bytes, Reading::Present(Bytes(GIB / 4 * 3)), "it is no rate");
    }
}

#[test]
fn a_container_that_did_not_want_to_run_did_not_wait() {
    let row = filled(&sample(), Some(&sample()));
    assert_eq!(row.throttled_percent, Reading::Present(Percent(0.0)));
    let free = Sample { quota: Ok(None), ..sample() };
    let row = filled(&free, Some(&free));
    assert_eq!(row.cpu_limit_percent, Reading::Present(None));
    assert_eq!(row.throttled_percent.reason(), Some(Reason::NotSupported), "nothing to wait for");
}

#[test]
fn a_limit_above_the_machines_memory_is_none() {
    // What version 1 says for none: a page below 2^63.
    for limit in [Ok(Some(9_223_372_036_854_771_712)), Ok(Some(4 * GIB + 1)), Ok(None)] {
        let row = filled(&Sample { memory_limit: limit, ..sample() }, None);
        assert_eq!(row.memory_limit_bytes, Reading::Present(None));
        assert_eq!(row.memory_percent, Reading::Present(Percent(18.8)), "of the machine's memory");
    }
    let row = filled(&Sample { memory_limit: Ok(Some(0)), ..sample() }, None);
    assert_eq!(row.memory_percent.reason(), Some(Reason::NotSupported), "not a share of nothing");
}

#[test]
fn memory_that_is_all_inactive_cache_for_a_moment_is_not_less_than_nothing() {
    let odd = Memory { inactive_file: GIB + 1, cache: 0, swap: None };
    let row = filled(&Sample { memory: Ok(odd), ..sample() }, None);
    assert_eq!(row.memory_bytes, Reading::Present(Bytes(GIB)), "as docker stats has it");
}

#[test]
fn what_could_not_be_read_says_why_and_is_never_0() {
    for reason in [Reason::NotSupported, Reason::PermissionDenied, Reason::Malformed] {
        let none = Sample {
            cpu_nanoseconds: Err(reason),
            quota: Err(reason),
            throttled: Err(reason),
            memory_bytes: Err(reason),
            memory: Err(reason),
            memory_limit: Err(reason),
            swap_bytes: Err(reason),
            transferred: Err(reason),
            tasks: Err(reason),
            tasks_limit: Err(reason),
            oom_kills: Err(reason),
            frozen: Err(reason),
        };
        let row = filled(&none, Some(&earlier()));
        let reasons = [
            row.cpu_percent.reason(),
            row.cpu_limit_percent.reason(),
            row.throttled_percent.reason(),
            row.memory_bytes.reason(),
            row.memory_limit_bytes.reason(),
            row.memory_percent.reason(),
            row.cache_bytes.reason(),
            row.swap_bytes.reason(),
            row.read_bytes_per_second.reason(),
            row.written_bytes_per_second.reason(),
            row.tasks.reason(),
            row.tasks_limit.reason(),
            row.oom_kills.reason(),
            row.oom_kills_per_second.reason(),
        ];
        assert_eq!(reasons, [Some(reason); 14]);
        let row = filled(&sample(), Some(&none));
        assert_eq!(row.cpu_percent.reason(), Some(Reason::Measuring), "it was not there before");
    }
}

#[test]
fn traffic_is_of_one_network_and_not_of_the_machines() {
    let of = |number, received, sent| {
        Ok(NetworkOf::Own(Carried { network: (0, number), received, sent }))
    };
    let told = |before, now| {
        let counters = Counters::of(&sample(), before);
        let mut row = row();
        fill_network(&mut row, now, Some((&counters, 2 * SECOND)));
        (row.shares_network, row.received_bytes_per_second, row.sent_bytes_per_second)
    };
    let measuring = Reading::absent(Reason::Measuring);
    let rate = |rate| Reading::Present(BytesPerSecond(rate));
    assert_eq!(told(of(7, 100, 50), of(7, 300, 60)), (Reading::Present(false), rate(100), rate(5)));
    let another = told(of(7, 100, 50), of(8, 300, 60));
    assert_eq!(another, (Reading::Present(false), measuring, measuring));
    let joined = told(Ok(NetworkOf::Machine), of(8, 300, 60));
    assert_eq!(joined, (Reading::Present(false), measuring, measuring));
    let none = Reading::absent(Reason::NotSupported);
    assert_eq!(told(of(7, 1, 1), Ok(NetworkOf::Machine)), (Reading::Present(true), none, none));
    let gone = Reading::absent(Reason::Gone);
    assert_eq!(told(of(7, 1, 1), Err(Reason::Gone)), (Reading::absent(Reason::Gone), gone, gone));
}

proptest::proptest! {
    #[test]
    fn no_figure_is_below_0_or_no_number(now: (u64, u64, u64), before: (u64, u64, u64), millis in 1_u64..1_000_000) {
        let of = |(cpu, periods, read): (u64, u64, u64)| Sample {
            cpu_nanoseconds: Ok(cpu),
            throttled: Ok(Throttled { periods, throttled: periods / 2 }),
            transferred: Ok(Transferred { read, written: read }),
            ..sample()
        };
        let counters = Counters::of(&of(before), Err(Reason::Gone));
        let mut row = row();
        let base = Some((&counters, Duration::from_millis(millis)));
        fill(&mut row, &of(now), base, Reading::Present(Bytes(GIB)));
        for percent in [row.cpu_percent, row.throttled_percent, row.memory_percent] {
            proptest::prop_assert!(percent.present().is_none_or(|percent| percent.0 >= 0.0 && percent.0.is_finite()));
        }
        proptest::prop_assert!(row.throttled_percent.present().is_none_or(|percent| percent.0 <= 100.0));
    }
}
