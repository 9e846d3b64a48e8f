use super::super::mountinfo::{parse_filesystems, parse_mountinfo};
use super::*;

const TYPES: &[u8] =
    b"nodev\ttmpfs\nnodev\tproc\nnodev\tfuse\nnodev\tnfs4\nnodev\tzfs\n\text4\n\tbtrfs\n";

fn table(mounts: &str) -> Table {
    let (mounts, malformed) = parse_mountinfo(mounts.as_bytes());
    assert_eq!(malformed, None);
    build(&mounts, &parse_filesystems(TYPES))
}

fn points(entry: &Entry) -> Vec<&str> {
    entry.mount_points.iter().map(Text::as_str).collect()
}

#[test]
fn a_device_is_one_row_with_all_its_mounts_shortest_first() {
    let table = table(
        "1 0 8:2 / / rw - ext4 /dev/root rw\n\
         2 1 8:2 /srv /mnt/long/way rw - ext4 /dev/sda2 rw\n\
         3 1 8:2 /srv /mnt/z rw - ext4 /dev/sda2 rw\n\
         4 1 8:2 /etc/x /mnt/a ro - ext4 /dev/sda2 rw\n",
    );
    let [entry] = table.entries.as_slice() else { panic!("{table:#?}") };
    assert_eq!(points(entry), ["/", "/mnt/a", "/mnt/z", "/mnt/long/way"]);
    assert_eq!((entry.key.as_str(), entry.device.as_str()), ("8:2", "/dev/root"));
    assert_eq!((entry.role, entry.read_only), (FilesystemRole::System, false));
    assert_eq!(entry.places[0], Place { path: b"/".to_vec(), mount: 1 });
}

#[test]
fn subvolumes_are_one_filesystem_and_datasets_are_not() {
    let table = table(
        "1 0 0:40 /root / rw - btrfs /dev/sda2 rw,subvol=/root\n\
         2 1 0:40 /home /home rw - btrfs /dev/sda2 rw,subvol=/home\n\
         3 1 0:41 / /tank rw - zfs tank rw\n\
         4 3 0:42 / /tank/home rw - zfs tank/home rw\n",
    );
    let shown: Vec<_> =
        table.entries.iter().map(|entry| (entry.device.as_str(), points(entry))).collect();
    assert_eq!(
        shown,
        [
            ("/dev/sda2", vec!["/", "/home"]),
            ("tank", vec!["/tank"]),
            ("tank/home", vec!["/tank/home"])
        ]
    );
    assert_eq!(table.entries[0].device_number, None, "files of subvolumes have other numbers");
    assert_eq!(table.entries[1].key.as_str(), "0:41 zfs tank");
}

#[test]
fn exports_of_one_server_are_told_apart() {
    let table = table(
        "1 0 8:2 / / rw - ext4 /dev/sda2 rw\n\
         2 1 0:50 / /a rw - nfs4 srv:/a rw\n\
         3 1 0:50 / /b rw - nfs4 srv:/b rw\n\
         4 1 0:50 / /c ro - nfs4 srv:/a rw\n",
    );
    let shown: Vec<_> =
        table.entries.iter().map(|entry| (entry.key.as_str(), points(entry))).collect();
    assert_eq!(
        shown[1..],
        [("0:50 nfs4 srv:/a", vec!["/a", "/c"]), ("0:50 nfs4 srv:/b", vec!["/b"])]
    );
}

#[test]
fn hidden_mounts_have_no_place_in_a_row() {
    let table = table(
        "1 0 8:2 / / rw - ext4 /dev/sda2 rw\n\
         2 1 8:3 / /data rw - ext4 /dev/sda3 rw\n\
         3 1 8:3 / /old rw - ext4 /dev/sda3 rw\n\
         4 2 8:4 / /data rw - ext4 /dev/sda4 rw\n\
         5 1 0:9 / /dev/shm rw - tmpfs tmpfs rw\n\
         6 5 0:10 / /dev/shm rw - tmpfs tmpfs rw\n",
    );
    let shown: Vec<_> =
        table.entries.iter().map(|entry| (entry.key.as_str(), points(entry))).collect();
    assert_eq!(
        shown,
        [
            ("8:2", vec!["/"]),
            ("8:4", vec!["/data"]),
            ("0:10 tmpfs tmpfs", vec!["/dev/shm"]),
            ("8:3", vec!["/old"]),
        ]
    );
}

#[test]
fn system_then_boot_then_the_others_by_place() {
    let table = table(
        "9 1 8:9 / /a rw - ext4 /dev/sda9 rw\n\
         1 0 8:2 / / rw - ext4 /dev/sda2 rw\n\
         2 1 8:1 / /boot/efi rw - ext4 /dev/sda1 rw\n\
         3 1 8:5 / /bootleg rw - ext4 /dev/sda5 rw\n\
         4 1 8:6 / /efi rw - ext4 /dev/sda6 rw\n",
    );
    let shown: Vec<_> = table.entries.iter().map(|entry| (entry.role, points(entry)[0])).collect();
    assert_eq!(
        shown,
        [
            (FilesystemRole::System, "/"),
            (FilesystemRole::Boot, "/boot/efi"),
            (FilesystemRole::Boot, "/efi"),
            (FilesystemRole::Other, "/a"),
            (FilesystemRole::Other, "/bootleg"),
        ]
    );
}

#[test]
fn read_only_is_every_mount_or_the_filesystem_itself() {
    for (first, second, of_filesystem, wanted) in
        [("ro", "ro", "rw", true), ("rw", "ro", "rw", false), ("rw", "rw", "ro", true)]
    {
        let table = table(&format!(
            "1 0 8:2 / / {first} - ext4 /dev/sda2 {of_filesystem}\n\
             2 1 8:2 / /x {second} - ext4 /dev/sda2 {of_filesystem}\n"
        ));
        assert_eq!(table.entries[0].read_only, wanted, "{first} {second} {of_filesystem}");
    }
}

#[test]
fn whoever_can_be_asked_without_danger_is() {
    let table = table(
        "1 0 8:2 / / rw - ext4 /dev/sda2 rw\n\
         2 1 0:50 / /n rw - nfs4 srv:/a rw\n\
         3 2 8:7 / /n/disk rw - ext4 /dev/sda7 rw\n\
         4 2 8:8 / /n/d rw - ext4 /dev/sda8 rw\n\
         5 1 8:8 / /a/longer/way rw - ext4 /dev/sda8 rw\n",
    );
    let shown: Vec<_> = table
        .entries
        .iter()
        .map(|entry| (entry.key.as_str(), entry.may_hang, entry.places.len()))
        .collect();
    assert_eq!(
        shown,
        [("8:2", false, 1), ("0:50 nfs4 srv:/a", true, 1), ("8:8", false, 1), ("8:7", true, 1),],
        "the way to /n/disk leads through the network, the one to sda8 need not"
    );
    assert_eq!(table.entries[2].places[0].path, b"/a/longer/way");
    assert_eq!(points(&table.entries[2])[0], "/n/d", "and is listed all the same");
}

#[test]
fn bytes_that_are_no_text_are_shown_as_far_as_they_are_and_asked_as_they_are() {
    let line = b"1 0 8:2 / /a\\040\xff\\012 rw - ext4 /dev/\xfe rw\n";
    let (mounts, _) = parse_mountinfo(line);
    let table = build(&mounts, &KernelTypes::default());
    assert_eq!(points(&table.entries[0]), ["/a \u{fffd}\u{240a}"]);
    assert_eq!(table.entries[0].device.as_str(), "/dev/\u{fffd}");
    assert_eq!(table.entries[0].places[0].path, b"/a \xff\n");
}

#[test]
fn more_than_can_be_shown_is_counted_and_disks_stay() {
    let mut text = "1 0 8:2 / / rw - ext4 /dev/sda2 rw\n".to_owned();
    for number in 0..FILESYSTEMS_MAX {
        let id = number + 10;
        text += &format!("{id} 1 0:{id} / /a{number:03} rw - nfs4 srv:/{number} rw\n");
    }
    for number in 0..MOUNT_POINTS_MAX + 3 {
        text += &format!("{} 1 8:9 / /z{number:02} rw - ext4 /dev/sda9 rw\n", number + 2000);
    }
    let table = table(&text);
    assert_eq!((table.entries.len(), table.left_out), (FILESYSTEMS_MAX, 2));
    let last = table.entries.last().unwrap();
    assert_eq!(last.key.as_str(), "8:9", "a disk is kept and stands where it belongs");
    assert_eq!((last.mount_points.len(), last.more_mount_points), (MOUNT_POINTS_MAX, 3));
    assert_eq!(points(&table.entries[510])[0], "/a509", "those that come last are left out");
}

proptest::proptest! {
    #[test]
    fn no_table_takes_it_down(
        lines in proptest::collection::vec((0..9_u64, 0..9_u64, 0..3_u32, 0..6_usize, 0..6_usize), 0..40)
    ) {
        const POINTS: [&str; 6] = ["/", "/a", "/a/b", "/a/b/c", "/boot", "//"];
        const KINDS: [&str; 6] = ["ext4", "btrfs", "tmpfs", "nfs4", "fuse.x", "proc"];
        let line = |(id, parent, minor, point, kind): &(u64, u64, u32, usize, usize)| {
            format!("{id} {parent} 8:{minor} / {} rw - {} s rw\n", POINTS[*point], KINDS[*kind])
        };
        let table = table(&lines.iter().map(line).collect::<String>());
        for entry in &table.entries {
            proptest::prop_assert!(!entry.places.is_empty() && !entry.mount_points.is_empty());
        }
    }
}
