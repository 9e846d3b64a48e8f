#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::filesystem::ask::parse_captured;
use smonitor::host::filesystem::mountinfo::{parse_filesystems, parse_mountinfo};
use smonitor::host::filesystem::table;

fuzz_target!(|data: &[u8]| {
    let types = parse_filesystems(data);
    let (mounts, _) = parse_mountinfo(data);
    for entry in table::build(&mounts, &types).entries {
        assert!(!entry.mount_points.is_empty() && !entry.places.is_empty());
    }
    let _ = parse_captured(data);
});
