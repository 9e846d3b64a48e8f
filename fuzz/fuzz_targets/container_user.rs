#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::filesystem::mountinfo::parse_mountinfo;
use smonitor::host::process::inside::{id_map, rootfs};

fuzz_target!(|data: &[u8]| {
    let _ = id_map::inner_id(data, 1_001_000);
    let (mounts, _) = parse_mountinfo(data);
    for theirs in &mounts {
        if let Some(rootfs::RootFolder::Layers(layers)) = rootfs::find(theirs, &mounts) {
            assert!(layers.iter().all(|layer| layer.starts_with(b"/")));
        }
    }
});
