use super::*;
use crate::host::filesystem::mountinfo::{KernelTypes, parse_mountinfo};
use crate::host::filesystem::table;

const NUMBERS: Numbers = Numbers {
    block_size: 4096,
    blocks: 1000,
    free: 400,
    available: 300,
    files: 200,
    free_files: 50,
    is_read_only: false,
};

#[test]
fn space_is_counted_as_df_does() {
    let space = *NUMBERS.space().present().unwrap();
    assert_eq!(space.total_bytes, Bytes(4_096_000));
    assert_eq!(space.used_bytes, Bytes(600 * 4096));
    assert_eq!(space.available_bytes, Bytes(300 * 4096));
    assert_eq!(space.used_percent, Reading::Present(Percent(66.7)), "600 of 900, not of 1000");
    let inodes = *NUMBERS.inodes().present().unwrap();
    assert_eq!((inodes.total, inodes.used, inodes.free), (200, 150, 50));
    assert_eq!(inodes.used_percent, Reading::Present(Percent(75.0)));
}

#[test]
fn what_is_not_told_is_absent() {
    let silent = Numbers { blocks: 0, files: 0, ..NUMBERS };
    assert_eq!(silent.space().reason(), Some(Reason::NotSupported));
    assert_eq!(silent.inodes().reason(), Some(Reason::NotSupported));
}

#[test]
fn numbers_that_make_no_sense_do_not_wrap() {
    let below_zero = Numbers { available: (-5_i64).cast_unsigned(), ..NUMBERS };
    let space = *below_zero.space().present().unwrap();
    assert_eq!(space.available_bytes, Bytes(0));
    assert_eq!(space.used_percent, Reading::Present(Percent(100.0)));
    let odd =
        Numbers { free: 2000, free_files: 900, blocks: u64::MAX, block_size: 1 << 20, ..NUMBERS };
    assert_eq!(odd.space().present().unwrap().total_bytes, Bytes(u64::MAX));
    assert_eq!(odd.inodes().present().unwrap().used, 0);
    let more_free_than_there_is = Numbers { free: 1001, available: 0, ..NUMBERS };
    let space = *more_free_than_there_is.space().present().unwrap();
    assert_eq!(
        (space.used_bytes, space.used_percent.reason()),
        (Bytes(0), Some(Reason::NotSupported))
    );
}

#[test]
fn errors_have_their_reason() {
    for (error, wanted) in [
        (Errno::NOENT, Reason::Gone),
        (Errno::ACCESS, Reason::PermissionDenied),
        (Errno::NOSYS, Reason::NotSupported),
        (Errno::MFILE, Reason::OutOfResources),
        (Errno::NOTCONN, Reason::ReadFailed),
        (Errno::STALE, Reason::ReadFailed),
        (Errno::IO, Reason::ReadFailed),
    ] {
        assert_eq!(reason(error), wanted, "{error}");
    }
}

#[test]
fn a_path_that_leads_elsewhere_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let place = |proof| Target { ways: vec![Way { path: folder.path().to_owned(), proof }] };
    let stat = rustix::fs::stat(folder.path()).unwrap();
    let device = (rustix::fs::major(stat.st_dev), rustix::fs::minor(stat.st_dev));
    let none = Proof { mount: None, device: None };
    assert!(place(none).ask().is_ok());
    assert!(place(Proof { device: Some(device), ..none }).ask().is_ok());
    let other = Some((device.0, device.1 + 1));
    assert_eq!(place(Proof { device: other, ..none }).ask(), Err(Reason::Gone));
    assert_eq!(place(Proof { mount: Some(u64::MAX), ..none }).ask(), Err(Reason::Gone));
    let nowhere = Way { path: folder.path().join("nowhere"), proof: none };
    assert_eq!(Target { ways: vec![nowhere.clone()] }.ask(), Err(Reason::Gone));
    let second =
        Target { ways: vec![nowhere, Way { path: folder.path().to_owned(), proof: none }] };
    assert!(second.ask().is_ok(), "another of its mount points will do");
    assert_eq!(Target { ways: Vec::new() }.ask(), Err(Reason::Gone));
}

#[test]
fn a_captured_machine_says_what_it_said() {
    let line = b"1 0 8:2 / /a\\040b rw - ext4 /dev/sda2 rw\n2 0 8:3 / /c rw - ext4 /dev/sda3 rw\n";
    let (mounts, _) = parse_mountinfo(line);
    let table = table::build(&mounts, &KernelTypes::default());
    let captured = parse_captured(b"/a\\040b 4096 1000 400 300 200 50\n").unwrap();
    assert_eq!(captured.ask(&table.entries[0]), Ok(NUMBERS));
    assert_eq!(captured.ask(&table.entries[1]), Err(Reason::NotSupported));
    for bad in ["/a 1 2 3 4 5\n", "/a 1 2 3 4 5 x\n", "/a\n"] {
        assert!(parse_captured(bad.as_bytes()).is_err(), "{bad}");
    }
}

proptest::proptest! {
    #[test]
    fn rubbish_is_survived(bytes: Vec<u8>, numbers: [u64; 6]) {
        let _ = parse_captured(&bytes);
        let [block_size, blocks, free, available, files, free_files] = numbers;
        let numbers = Numbers { block_size, blocks, free, available, files, free_files, is_read_only: false };
        let percents = [
            numbers.space().and_then(|space| space.used_percent),
            numbers.inodes().and_then(|inodes| inodes.used_percent),
        ];
        for percent in percents {
            let shown = percent.present().map_or(0.0, |percent| percent.0);
            proptest::prop_assert!((0.0..=100.0).contains(&shown), "{shown}");
        }
    }
}
