use super::*;

fn kind(name: &str, has_hardware: bool) -> DiskKind {
    kind_of(name, || has_hardware)
}

#[test]
fn kinds_follow_from_names_and_hardware() {
    for (name, wanted) in [
        ("dm-0", DiskKind::Mapped),
        ("dm-127", DiskKind::Mapped),
        ("md0", DiskKind::Raid),
        ("md127", DiskKind::Raid),
        ("md_d0", DiskKind::Raid),
        ("md_home", DiskKind::Raid),
        ("nbd15", DiskKind::Network),
        ("rbd0", DiskKind::Network),
        ("drbd1", DiskKind::Network),
        ("zram0", DiskKind::Memory),
        ("zd16", DiskKind::Other),
        ("bcache0", DiskKind::Other),
        ("mtdblock0", DiskKind::Other),
    ] {
        assert_eq!(kind(name, false), wanted, "{name}");
    }
    for name in ["sda", "sdaa", "nvme0n1", "vda", "xvda", "mmcblk0", "cciss/c0d0", "dasda", "pmem0"]
    {
        assert_eq!(kind(name, true), DiskKind::Disk, "{name}");
        assert_eq!(kind(name, false), DiskKind::Other, "{name}");
        assert!(has_disk_driver(name), "{name}");
    }
    for name in ["mmcblk0boot0", "mmcblk0rpmb"] {
        assert_eq!(kind(name, true), DiskKind::Other, "{name}");
    }
}

#[test]
fn what_is_left_out_is_left_out_and_nothing_else() {
    for name in ["loop0", "loop12", "ram15", "sr0", "fd0"] {
        assert!(is_left_out(name), "{name}");
    }
    for name in ["zram0", "sda", "sra", "fda", "loop", "ramdisk0", "sr0x"] {
        assert!(!is_left_out(name), "{name}");
    }
}

#[test]
fn a_partition_without_sysfs_shows_in_its_name() {
    let all: BTreeSet<String> =
        ["sda", "sda1", "nvme0n1", "nvme0n1p1", "mmcblk0", "md0", "md0p1", "dm-1", "sdp", "sdp1"]
            .map(str::to_owned)
            .into();
    for name in ["sda1", "nvme0n1p1", "md0p1", "sdp1"] {
        assert!(looks_like_partition(name, &all), "{name}");
    }
    for name in ["sda", "nvme0n1", "mmcblk0", "md0", "dm-1", "sdp", "sdb1", "nvme0n2"] {
        assert!(!looks_like_partition(name, &all), "{name}");
    }
}

#[test]
fn paths_to_a_disk_name_it() {
    assert_eq!(nvme_head("nvme0c0n1").as_deref(), Some("nvme0n1"));
    assert_eq!(nvme_head("nvme12c3n45").as_deref(), Some("nvme12n45"));
    for name in ["nvme0n1", "nvmecn", "nvme0c0n1p1", "nvme0cxn1", "sda", "nvme0c0"] {
        assert_eq!(nvme_head(name), None, "{name}");
    }
}

fn model_of(files: &[(&str, &str)]) -> Reading<Text> {
    model(|wanted| {
        let found = files.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or(Reason::NotSupported)
    })
}

#[test]
fn models_of_every_bus() {
    for (files, wanted) in [
        (
            &[("device/model", "SAMSUNG MZQL23T8HCLS-00A07              \n")][..],
            "SAMSUNG MZQL23T8HCLS-00A07",
        ),
        (
            &[("device/vendor", "ATA     \n"), ("device/model", "ST16000NM001G-2K\n")],
            "ST16000NM001G-2K",
        ),
        (
            &[("device/vendor", "SEAGATE \n"), ("device/model", "ST16000NM002G   \n")],
            "SEAGATE ST16000NM002G",
        ),
        (&[("device/vendor", "Samsung \n"), ("device/model", "SAMSUNG  SSD\n")], "SAMSUNG SSD"),
        (&[("device/vendor", "0x1af4\n"), ("device/model", "Disk\n")], "Disk"),
        (&[("device/name", "SD16G\n")], "SD16G"),
    ] {
        assert_eq!(model_of(files), Reading::Present(wanted.into()));
    }
    let none = Reading::absent(Reason::NotSupported);
    assert_eq!(model_of(&[("device/vendor", "0x1af4\n")]), none, "virtio has a number and no name");
    assert_eq!(model_of(&[("device/model", "    \n")]), none);
}

#[test]
fn attributes_are_numbers_or_malformed() {
    assert_eq!(parse_size(b"7501476528\n"), Ok(Bytes(7_501_476_528 * 512)));
    assert_eq!(parse_size(b"0\n"), Ok(Bytes(0)));
    assert_eq!(parse_size(b"-1\n"), Err(Reason::Malformed));
    assert_eq!(parse_size(b"18446744073709551615\n"), Err(Reason::Malformed));
    assert_eq!(parse_flag(b"0\n"), Ok(false));
    assert_eq!(parse_flag(b"1\n"), Ok(true));
    assert_eq!(parse_flag(b"2\n"), Err(Reason::Malformed));
    assert!(is_opaque("vda") && is_opaque("xvdb") && !is_opaque("sda") && !is_opaque("vd"));
}
