use super::*;

const LINES: &[u8] = b"\
22 27 0:21 / /proc rw,relatime - proc proc rw\n\
27 1 254:0 / / rw,relatime shared:1 master:2 propagate_from:3 - ext4 /dev/vda rw,discard\n\
70 66 0:44 / /mnt/e ro,relatime - tmpfs  rw\n\
71 65 0:45 /a\\040b /x\\040y\\134z rw - fuse.s3fs a\\040b rw,user_id=0\n";

#[test]
fn fields_are_where_the_manual_says() {
    let (mounts, malformed) = parse_mountinfo(LINES);
    assert_eq!(malformed, None);
    assert_eq!(mounts.len(), 4);
    let root = mounts[1];
    assert_eq!((root.id, root.parent, root.device), (27, 1, (254, 0)));
    assert_eq!((root.point, root.kind, root.source), (&b"/"[..], &b"ext4"[..], &b"/dev/vda"[..]));
    assert_eq!((root.options, root.super_options), (&b"rw,relatime"[..], &b"rw,discard"[..]));
    assert!(root.is_at_root() && !root.is_read_only());
}

#[test]
fn an_empty_source_does_not_move_what_follows() {
    let (mounts, _) = parse_mountinfo(LINES);
    assert_eq!((mounts[2].source, mounts[2].super_options), (&b""[..], &b"rw"[..]));
    assert!(mounts[2].is_read_only() && !mounts[2].is_filesystem_read_only());
}

#[test]
fn an_option_is_the_whole_word() {
    let line =
        b"1 0 8:1 / / rw,errors=remount-ro - ext4 /dev/sda1 rw,errors=remount-ro,norecovery\n";
    assert!(!parse_mountinfo(line).0[0].is_read_only());
    for options in ["errors=panic,ro", "rw,emergency_ro"] {
        let line = format!("1 0 8:1 / / rw - ext4 /dev/sda1 {options}\n");
        assert!(parse_mountinfo(line.as_bytes()).0[0].is_filesystem_read_only(), "{options}");
    }
}

#[test]
fn a_malformed_line_costs_only_itself_and_is_told() {
    for bad in [
        "x 1 8:1 / / rw - ext4 /dev/sda1 rw",
        "1 x 8:1 / / rw - ext4 /dev/sda1 rw",
        "1 1 8-1 / / rw - ext4 /dev/sda1 rw",
        "1 1 8:4294967296 / / rw - ext4 /dev/sda1 rw",
        "1 1 8:1 / home rw - ext4 /dev/sda1 rw",
        "1 1 8:1 / / rw shared:1 ext4 /dev/sda1 rw",
        "1 1 8:1 / / rw - ext4 /dev/sda1",
        "1 1 8:1",
    ] {
        let text = format!("{bad}\n27 1 254:0 / / rw - ext4 /dev/vda rw\n");
        let (mounts, malformed) = parse_mountinfo(text.as_bytes());
        assert_eq!(mounts.len(), 1, "{bad}");
        let told = malformed.unwrap_or_else(|| panic!("{bad}")).to_string();
        assert!(told.starts_with("mountinfo, line 1: wanted "), "{told}");
    }
}

#[test]
fn escapes_are_octal_and_nothing_else_is_touched() {
    for (escaped, plain) in [
        (&b"/plain"[..], &b"/plain"[..]),
        (b"/a\\040b\\011c\\012d\\134e\\043f", b"/a b\tc\nd\\e#f"),
        (b"\\377\\376", b"\xff\xfe"),
        (b"\xff\\040", b"\xff "),
        (b"\\", b"\\"),
        (b"\\04", b"\\04"),
        (b"\\400", b"\\400"),
        (b"\\048", b"\\048"),
        (b"\\\\040", b"\\ "),
    ] {
        assert_eq!(unescape(escaped), plain, "{}", escaped.escape_ascii());
    }
}

#[test]
fn types_say_whether_they_need_a_device() {
    let types = parse_filesystems(b"nodev\tsysfs\nnodev\ttmpfs\n\text3\n\tfuseblk\nnodev\tfuse\n");
    assert_eq!(types.has_device(b"tmpfs"), Some(false));
    assert_eq!(types.has_device(b"fuseblk"), Some(true));
    assert_eq!(types.has_device(b"xfs"), None);
}

proptest::proptest! {
    #[test]
    fn rubbish_is_survived(bytes: Vec<u8>) {
        let _ = parse_mountinfo(&bytes);
        let _ = parse_filesystems(&bytes);
        let _ = unescape(&bytes);
    }

    #[test]
    fn near_rubbish_is_survived(text in "([0-9x]{0,3}[ :/\\-\\\\,\n]{0,2}(ro|rw|-|ext4|/)? ?){0,60}") {
        for mount in parse_mountinfo(text.as_bytes()).0 {
            proptest::prop_assert!(mount.point.starts_with(b"/"));
        }
    }

    #[test]
    fn what_the_kernel_escapes_comes_back(plain: Vec<u8>) {
        let escape = |byte: &u8| match byte {
            b' ' | b'\t' | b'\n' | b'\\' | b'#' => format!("\\{byte:03o}").into_bytes(),
            other => vec![*other],
        };
        let escaped: Vec<u8> = plain.iter().flat_map(escape).collect();
        proptest::prop_assert_eq!(unescape(&escaped).into_owned(), plain);
    }
}
