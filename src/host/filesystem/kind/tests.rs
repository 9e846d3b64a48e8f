use super::super::mountinfo::{parse_filesystems, parse_mountinfo};
use super::*;

const TYPES: &[u8] = b"nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\nnodev\tdevtmpfs\n\
nodev\thugetlbfs\nnodev\toverlay\nnodev\tfuse\nnodev\tnfs4\nnodev\tzfs\nnodev\tautofs\nnodev\tecryptfs\n\
\text4\n\txfs\n\tbtrfs\n\tsquashfs\n\tiso9660\n\tudf\n\tvfat\n\tfuseblk\n";

/// What a mount is; the last two are options of the mount and of the filesystem.
fn kind(device: &str, point: &str, kind: &str, source: &str, options: &str) -> Option<Kind> {
    let line = format!("9 1 {device} / {point} {options} - {kind} {source} {options}\n");
    let (mounts, malformed) = parse_mountinfo(line.as_bytes());
    assert_eq!(malformed, None, "{line}");
    of(&mounts[0], &parse_filesystems(TYPES))
}

fn has_a_row(device: &str, point: &str, name: &str, source: &str, options: &str) -> bool {
    kind(device, point, name, source, options).is_some_and(|kind| kind.is_wanted)
}

#[test]
fn interfaces_of_the_kernel_are_not_shown() {
    for (name, point) in [
        ("proc", "/proc"),
        ("sysfs", "/sys"),
        ("cgroup2", "/sys/fs/cgroup"),
        ("devtmpfs", "/dev"),
        ("hugetlbfs", "/dev/hugepages"),
        ("autofs", "/home"),
        ("ecryptfs", "/home/a/Private"),
        ("not-even-known", "/x"),
    ] {
        assert_eq!(kind("0:5", point, name, "none", "rw"), None, "{name}");
    }
}

#[test]
fn a_type_the_kernel_does_not_list_is_judged_by_its_device() {
    assert!(has_a_row("8:5", "/x", "newfs", "/dev/sda5", "rw"));
    let line = b"9 1 8:1 / / rw - ext4 /dev/sda1 rw\n10 1 0:9 / /p rw - proc proc rw\n";
    let (mounts, _) = parse_mountinfo(line);
    let nothing = KernelTypes::default();
    assert_eq!(of(&mounts[0], &nothing).map(|kind| kind.medium), Some(Medium::Local));
    assert_eq!(of(&mounts[1], &nothing), None, "without the list of types");
}

#[test]
fn where_the_blocks_are() {
    for (device, name, medium, may_hang) in [
        ("8:1", "ext4", Medium::Local, false),
        ("0:40", "btrfs", Medium::Local, false),
        ("0:41", "zfs", Medium::Local, true),
        ("0:42", "nfs4", Medium::Network, true),
        ("0:42", "cifs", Medium::Network, true),
        ("0:42", "9p", Medium::Network, true),
        ("0:43", "fuse.sshfs", Medium::Fuse, true),
        ("0:43", "fuse", Medium::Fuse, true),
        ("8:3", "fuseblk", Medium::Fuse, true),
        ("0:44", "tmpfs", Medium::Memory, false),
        ("31:1", "ubifs", Medium::Local, false),
    ] {
        let wanted = Some(Kind { medium, may_hang, is_wanted: true });
        assert_eq!(kind(device, "/data", name, "tank/home", "rw"), wanted, "{name}");
    }
}

#[test]
fn memory_is_shown_where_people_and_programs_put_files() {
    for point in ["/tmp", "/dev/shm", "/run", "/run/shm", "/scratch", "/runner", "/system", "/"] {
        assert!(has_a_row("0:30", point, "tmpfs", "tmpfs", "rw"), "{point}");
    }
    for point in [
        "/run/user/1000",
        "/run/lock",
        "/run/credentials/systemd-journald.service",
        "/sys/fs/cgroup",
        "/sys",
        "/dev",
        "/proc/acpi",
        "/var/lib/docker/containers/0a/mounts/shm",
        "/var/lib/kubelet/pods/0a/volumes/kubernetes.io~secret/token",
    ] {
        assert!(!has_a_row("0:30", point, "tmpfs", "tmpfs", "rw"), "{point}");
    }
    assert!(!has_a_row("0:30", "/mask", "tmpfs", "tmpfs", "ro"), "nobody can fill it");
    assert!(!has_a_row("0:30", "/x", "ramfs", "none", "rw"), "it tells nothing");
    assert!(has_a_row("0:2", "/", "rootfs", "rootfs", "rw"), "a machine without a disk");
}

#[test]
fn images_are_not_shown() {
    for (device, name, source, options) in [
        ("7:3", "squashfs", "/dev/loop3", "ro"),
        ("8:9", "squashfs", "/dev/sda9", "ro"),
        ("7:4", "ext4", "/dev/loop4", "rw"),
        ("259:8", "ext4", "/dev/loop4p1", "rw"),
        ("0:50", "btrfs", "/dev/loop5", "rw"),
        ("11:0", "iso9660", "/dev/sr0", "ro"),
        ("11:0", "udf", "/dev/sr0", "ro"),
        ("0:51", "fuse.squashfuse", "squashfuse", "ro"),
    ] {
        assert!(!has_a_row(device, "/x", name, source, options), "{name} {source}");
    }
    assert!(has_a_row("11:0", "/x", "udf", "/dev/sr0", "rw"), "a disc that is written");
    assert!(has_a_row("7:0", "/", "ext4", "/dev/loop0", "rw"), "the root is never left out");
}

#[test]
fn containers_are_not_shown_but_the_one_we_are_in() {
    let merged = "/var/lib/docker/overlay2/0a/merged";
    assert!(!has_a_row("0:60", merged, "overlay", "overlay", "rw"));
    assert!(!has_a_row("0:60", "/mnt", "fuse.fuse-overlayfs", "x", "rw"));
    assert!(!has_a_row("0:61", "/var/lib/docker/zfs/graph/0a", "zfs", "tank/0a", "rw"));
    assert!(!has_a_row("253:9", "/var/lib/docker/devicemapper/mnt/0a", "xfs", "/dev/dm-9", "rw"));
    assert!(has_a_row("0:60", "/", "overlay", "overlay", "rw"));
    for file in ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/run/.containerenv"] {
        assert!(!has_a_row("0:23", file, "tmpfs", "tmpfs", "rw"), "podman's {file}");
        assert!(!has_a_row("8:1", file, "ext4", "/dev/sda1", "rw"), "docker's {file}");
    }
    assert!(has_a_row("8:1", "/etc", "ext4", "/dev/sda1", "rw"));
    assert!(has_a_row("8:7", "/var/lib/docker", "ext4", "/dev/sda7", "rw"), "a disk for docker");
    assert!(has_a_row("8:7", "/var/lib/docker/volumes", "ext4", "/dev/sda7", "rw"));
}

#[test]
fn doors_and_snapshots_are_not_shown() {
    for name in ["fuse.portal", "fuse.lxcfs", "fuse.gvfsd-fuse"] {
        assert_eq!(kind("0:70", "/x", name, "x", "rw"), None, "{name}");
    }
    assert_eq!(kind("0:71", "/tank/.zfs/snapshot/a", "zfs", "tank@a", "ro"), None);
    assert!(!has_a_row("0:72", "/tmp/.mount_nvimX1", "fuse.nvim.AppImage", "nvim.AppImage", "ro"));
}

#[test]
fn the_way_through_these_may_hang() {
    let hangs = |name: &str| {
        let line = format!("9 1 0:5 / /x rw - {name} x rw\n");
        may_hang(&parse_mountinfo(line.as_bytes()).0[0])
    };
    for name in ["nfs", "fuse.portal", "fuse.lxcfs", "autofs", "zfs", "fuseblk"] {
        assert!(hangs(name), "{name}");
    }
    for name in ["ext4", "tmpfs", "proc", "overlay", "fusectl", "nfsd"] {
        assert!(!hangs(name), "{name}");
    }
}
