#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::place::{container_of, parse_cgroup};

fuzz_target!(|data: &[u8]| {
    let _ = parse_cgroup(data);
    let path = String::from_utf8_lossy(data);
    if let Some(found) = container_of(&path) {
        let (group, rest) = path.split_at(found.group_len);
        assert!(rest.is_empty() || rest.starts_with('/'));
        let again = container_of(group).expect("the group of a container is in it");
        assert_eq!(again.container, found.container);
    }
});
