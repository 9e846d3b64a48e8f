use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;
use crate::clock::Clock;
use crate::model::UnixMillis;
use crate::model::gpu::GpuMemory;

const GIB: u64 = 1 << 30;

fn card(total: u64, used: u64) -> Gpu {
    Gpu {
        memory: GpuMemory {
            total_bytes: Reading::Present(Bytes(total)),
            used_bytes: Reading::Present(Bytes(used)),
            reserved_bytes: Reading::Present(Bytes(0)),
            ..GpuMemory::default()
        },
        mig: Reading::Present(false),
        process_count: Reading::Present(1),
        ..Gpu::default()
    }
}

fn used(bytes: u64) -> Reading<Bytes> {
    Reading::Present(Bytes(bytes))
}

#[test]
fn memory_is_a_ghosts_if_it_is_much_and_of_nobody() {
    let ghost = |total, of_card, of_processes: &[u64]| {
        ghost_memory(&card(total, of_card), of_processes.iter().map(|bytes| used(*bytes)))
            .map(|bytes| bytes.0)
    };
    assert_eq!(ghost(80 * GIB, 70 * GIB, &[30 * GIB, 38 * GIB]), None, "2.5 % of the card");
    assert_eq!(ghost(80 * GIB, 70 * GIB, &[30 * GIB]), Some(40 * GIB));
    assert_eq!(ghost(80 * GIB, 70 * GIB, &[]), Some(70 * GIB));
    assert_eq!(ghost(4 * GIB, GIB / 4, &[]), None, "6 %, but little");
    assert_eq!(ghost(4 * GIB, GIB, &[2 * GIB]), None, "a list that was read later");
}

#[test]
fn where_not_all_is_known_nothing_is_said() {
    let whole = card(80 * GIB, 70 * GIB);
    assert!(ghost_memory(&whole, []).is_some());
    assert_eq!(ghost_memory(&whole, [Reading::absent(Reason::NotSupported)]), None);
    let divided = Gpu { mig: Reading::Present(true), ..whole.clone() };
    let unlisted = Gpu { process_count: Reading::absent(Reason::ReadFailed), ..whole.clone() };
    let shared = Gpu { virtualisation: Reading::Present(Virtualisation::Host), ..whole.clone() };
    let mut old = whole;
    old.memory.reserved_bytes = Reading::absent(Reason::NotSupported);
    for gpu in [divided, unlisted, shared, old] {
        assert_eq!(ghost_memory(&gpu, []), None, "{gpu:?}");
    }
}

fn process(root: &Path, pid: u32, comm: &str, files: &[&str]) {
    let folder = root.join("proc").join(pid.to_string());
    fs::create_dir_all(folder.join("fd")).unwrap();
    fs::write(folder.join("comm"), format!("{comm}\n")).unwrap();
    for (number, target) in files.iter().enumerate() {
        symlink(target, folder.join("fd").join(number.to_string())).unwrap();
    }
}

#[test]
fn holders_are_those_with_the_device_file_open_and_are_looked_for_seldom() {
    let root = tempfile::tempdir().unwrap();
    process(root.path(), 300, "python3", &["/dev/null", "/dev/nvidia1", "/dev/nvidia1"]);
    process(root.path(), 20, "defunct", &["/dev/nvidia1", "/dev/nvidia0"]);
    process(root.path(), 4, "other", &["/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia1x"]);
    let (clock, hands) = Clock::manual(UnixMillis(0));
    let context =
        Context { roots: Roots::at(root.path()), clock, rate_window: Duration::from_secs(9) };
    let mut holders = Holders::default();
    assert_eq!(holders.of(&context, 1), Ok(vec![20, 300]));
    assert_eq!(holders.of(&context, 0), Ok(vec![20]));
    assert_eq!(holders.of(&context, 7), Ok(Vec::new()));

    fs::remove_dir_all(root.path().join("proc/300")).unwrap();
    hands.advance(LIFE / 2);
    assert_eq!(holders.of(&context, 1), Ok(vec![20, 300]), "not looked again yet");
    hands.advance(LIFE / 2);
    assert_eq!(holders.of(&context, 1), Ok(vec![20]));

    let found = finding(&context.roots, Bytes(7), Ok(vec![20, 21]), &[]);
    let GpuFinding::GhostMemory { bytes: Bytes(7), holders: Reading::Present(named) } = found
    else {
        panic!("{found:?}")
    };
    let names: Vec<_> = named.iter().map(|holder| (holder.pid, holder.name.as_str())).collect();
    assert_eq!(names, [(20, "defunct")], "who ended meanwhile is not named");
}

#[test]
fn where_others_may_not_be_looked_at_it_is_not_known_that_nobody_holds_it() {
    let looked = |refused| Looked { open: BTreeMap::from([(1, vec![20])]), refused };
    assert_eq!(looked(0).of(0), Ok(Vec::new()));
    assert_eq!(looked(3).of(0), Err(Reason::PermissionDenied));
    assert_eq!(looked(3).of(1), Ok(vec![20]), "what was seen is so");
    let unknown = finding(&Roots::live(), Bytes(1), Err(Reason::PermissionDenied), &[]);
    let holders = Reading::absent(Reason::PermissionDenied);
    assert_eq!(unknown, GpuFinding::GhostMemory { bytes: Bytes(1), holders });
}
