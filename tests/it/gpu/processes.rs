//! Processes on cards: who they are, and those that cannot be seen.

use serde_json::{Value, json};

use super::{Fake, Machine, Watched, absent};

const A100: &str = "made-8x-a100-sxm4-80gb-550.90";

/// A process of the machine, started a minute after it.
fn add_process(machine: &Machine, pid: u32, name: &[u8], command: &[u8]) {
    let mut stat = format!("{pid} (").into_bytes();
    stat.extend_from_slice(name);
    stat.extend_from_slice(
        b") S 1 1 1 0 -1 4194560 100 0 0 0 70 30 0 0 20 0 4 0 6000 2314240 250 18446744073709551615 \
          0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
    );
    machine.write(&format!("proc/{pid}/stat"), stat);
    machine.write(&format!("proc/{pid}/statm"), "565 250 100 10 0 100 0\n");
    machine.write(&format!("proc/{pid}/cmdline"), command);
    machine.write(
        &format!("proc/{pid}/cgroup"),
        "0::/system.slice/slurmstepd.scope/job_4711/step_0/user/task_0\n",
    );
}

fn row(said: &Value, pid: u32) -> Value {
    let rows = said["processes"].as_array().unwrap();
    rows.iter().find(|row| row["pid"] == pid).unwrap_or_else(|| panic!("no row of {pid}")).clone()
}

#[test]
fn a_process_that_cannot_be_seen_still_counts() {
    let machine = Machine::of("made-server/t0");
    add_process(&machine, 420_417, b"python", b"python\0train.py\0");
    let mut watched = Watched::with(machine, Fake::new(A100));
    watched.look();
    let said = watched.look();
    assert_eq!(said["cards"][4]["process_count"], 2);
    let (seen, unseen) = (row(&said, 420_417), row(&said, 420_418));
    assert_eq!(seen["name"], "python");
    assert_eq!(seen["command"], "python train.py");
    assert!(seen["started_at_ms"].is_number());
    for key in ["name", "user", "user_id", "started_at_ms", "resident_bytes", "command", "place"] {
        assert_eq!(unseen[key], absent("gone"), "{key}");
    }
    assert_eq!(unseen["memory_bytes"], json!(11_880_u64 << 20), "what the driver says is there");
    assert_eq!(unseen["gpu_percent"], 21.0);
    let people = said["people"].as_array().unwrap();
    let unknown = people.iter().find(|one| one["user"].get("absent").is_some()).unwrap();
    assert_eq!(unknown["processes"], 6, "all that cannot be seen are one row");

    // It ends, and another of the same number comes.
    watched.machine.remove("proc/420417");
    let said = watched.look();
    assert_eq!(row(&said, 420_417)["name"], absent("gone"));
    assert_eq!(said["cards"][4]["process_count"], 2, "until the driver lets go of it");
}

#[test]
fn names_with_commas_and_worse() {
    let machine = Machine::of("made-server/t0");
    let names: [(u32, &[u8], &str); 3] = [
        (412_001, b"a, b) S 7 (c", "a, b) S 7 (c"),
        (412_002, b"\x1b[31m<script>", "\u{fffd}[31m<script>"),
        (388_120, b"tab\there\nline", "tab\u{fffd}here\u{fffd}line"),
    ];
    for (pid, name, _) in names {
        add_process(&machine, pid, name, b"python\0--note\0a,b;\"c\"\x1b[2J\0\xff\0");
    }
    let mut watched = Watched::with(machine, Fake::new(A100));
    watched.look();
    let said = watched.look();
    for (pid, _, wanted) in names {
        let row = row(&said, pid);
        let name = row["name"].as_str().unwrap();
        let command = row["command"].as_str().unwrap();
        assert!(name.contains(wanted.split('\u{fffd}').next_back().unwrap()), "{name:?}");
        for text in [name, command] {
            assert!(!text.chars().any(char::is_control), "no control characters: {text:?}");
        }
        assert!(command.contains("a,b;"), "{command:?}");
    }
    assert_eq!(row(&said, 412_001)["name"], "a, b) S 7 (c");
}

#[test]
fn what_a_process_does() {
    let machine = Machine::of("made-server/t0");
    add_process(&machine, 51_300, b"blender", b"blender\0");
    let mut watched = Watched::with(machine, Fake::new("made-2x-rtx-4090-570.86"));
    watched.look();
    let said = watched.look();
    let both = row(&said, 51_300);
    assert_eq!(both["kinds"], json!(["compute", "graphics"]));
    assert_eq!((&both["gpu_percent"], &both["encoder_percent"]), (&json!(11.0), &json!(12.0)));
    let display: Vec<_> =
        said["processes"].as_array().unwrap().iter().filter(|row| row["pid"] == 2101).collect();
    assert_eq!(display.len(), 2, "a row on each card that it is on");
    assert_ne!(display[0]["key"], display[1]["key"]);
    assert_eq!(both["place"]["slurm_job"], "4711", "{}", both["place"]);
}

#[test]
fn a_process_that_stops_computing_is_idle() {
    let mut watched = Watched::new(A100);
    watched.look();
    assert_eq!(row(&watched.look(), 412_001)["gpu_percent"], 98.0);
    // The driver has no newer samples of it.
    watched.fake.scenario(|world| world["cards"][0]["ProcessUtilization"] = json!([]));
    watched.look();
    assert_eq!(row(&watched.look(), 412_001)["gpu_percent"], 0.0);
}
