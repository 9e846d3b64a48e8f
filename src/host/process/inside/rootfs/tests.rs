use super::*;
use crate::host::filesystem::mountinfo::parse_mountinfo;

const HOST: &str = "\
22 1 259:2 / / rw,relatime - ext4 /dev/nvme0n1p2 rw
40 22 8:1 / /data rw,relatime - xfs /dev/sda1 rw
41 22 0:52 /@home /home rw - btrfs /dev/sdb1 rw,subvol=/@home
42 41 0:52 /@lxc/pool /home/with\\040blank rw - btrfs /dev/sdb1 rw,subvol=/@lxc/pool
43 22 8:17 / /over rw - ext4 /dev/sdb1 rw
44 22 8:33 / /over rw - ext4 /dev/sdc1 rw
";

fn find_in(host: &str, theirs: &str) -> Option<RootFolder> {
    let (ours, malformed) = parse_mountinfo(host.as_bytes());
    assert_eq!(malformed, None);
    let (theirs, malformed) = parse_mountinfo(theirs.as_bytes());
    assert_eq!(malformed, None);
    find(&root_mount(&theirs).unwrap(), &ours)
}

/// Layers in one line, top first; a folder as `point + way`.
fn told(found: Option<RootFolder>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match found {
        None => "nowhere".to_owned(),
        Some(RootFolder::Own) => "own".to_owned(),
        Some(RootFolder::Layers(layers)) => {
            layers.iter().map(|layer| text(layer)).collect::<Vec<_>>().join(" > ")
        }
        Some(RootFolder::Below { point, way }) => format!("{} + {}", text(&point), text(&way)),
    }
}

fn overlay(options: &str) -> String {
    told(find_in(HOST, &format!("900 800 0:77 / / rw - overlay overlay rw,{options}\n")))
}

#[test]
fn layers_are_told_by_the_options_of_the_overlay() {
    for (options, layers) in [
        (
            "lowerdir=/var/lib/docker/overlay2/l/AB:/var/lib/docker/overlay2/l/CD,\
             upperdir=/var/lib/docker/overlay2/e5/diff,workdir=/var/lib/docker/overlay2/e5/work",
            "/var/lib/docker/overlay2/e5/diff > /var/lib/docker/overlay2/l/AB > /var/lib/docker/overlay2/l/CD",
        ),
        // containerd, out of room.
        (
            "lowerdir=12/fs:9/fs,upperdir=/srv/snapshots/40/fs,workdir=/srv/snapshots/40/work",
            "/srv/snapshots/40/fs > /srv/snapshots/12/fs > /srv/snapshots/9/fs",
        ),
        // Docker, out of room: where the folder of all layers is cannot be told.
        ("lowerdir=l/AB:l/CD,upperdir=e5/diff,workdir=e5/work", "nowhere"),
        // Read-only, and no upper one.
        ("lowerdir=/a:/b", "/a > /b"),
        ("lowerdir=/a:b:/c", "/a"),
        // Blanks, commas and colons in names.
        (r"lowerdir=/a\040b:/c\134:d,upperdir=/e\054f/g", "/e,f/g > /a b > /c:d"),
        // One option each; data of files only.
        ("lowerdir+=/a:b,lowerdir+=/c,datadir+=/d,upperdir=/u", "/u > /a:b > /c"),
        ("lowerdir=/a:/b::/data,upperdir=/u", "/u > /a > /b"),
        ("redirect_dir=on,index=off", "nowhere"),
        ("lowerdir,upperdir=", "nowhere"),
    ] {
        assert_eq!(overlay(options), layers, "{options}");
    }
    let many = (0..2000).map(|n| format!("/{n}")).collect::<Vec<_>>().join(":");
    let all = format!("900 800 0:77 / / rw - overlay overlay rw,lowerdir={many}\n");
    let Some(RootFolder::Layers(layers)) = find_in(HOST, &all) else { panic!("no layers") };
    assert_eq!(layers.len(), MOST_LAYERS);
}

#[test]
fn a_folder_is_found_through_a_mount_of_ours() {
    for (theirs, found) in [
        (
            "9 8 259:2 /var/lib/lxc/web/rootfs / rw - ext4 /dev/nvme0n1p2 rw",
            "/ + var/lib/lxc/web/rootfs",
        ),
        ("9 8 8:1 /lxd/c1/rootfs / rw - xfs /dev/sda1 rw", "/data + lxd/c1/rootfs"),
        // A whole device.
        ("9 8 8:1 / / rw - xfs /dev/sda1 rw", "/data + "),
        // The nearest of two ways.
        ("9 8 0:52 /@lxc/pool/c1 / rw - btrfs /dev/sdb1 rw", "/home/with blank + c1"),
        ("9 8 0:52 /@home/u/r\\040x / rw - btrfs /dev/sdb1 rw", "/home + u/r x"),
        // A name that only begins alike.
        ("9 8 0:52 /@homes/u / rw - btrfs /dev/sdb1 rw", "nowhere"),
        // Hidden by what is mounted over it, and what hides it.
        ("9 8 8:17 /c1 / rw - ext4 /dev/sdb1 rw", "nowhere"),
        ("9 8 8:33 /c1 / rw - ext4 /dev/sdc1 rw", "/over + c1"),
        ("9 8 253:7 / / rw - ext4 /dev/mapper/vg-101 rw", "nowhere"),
        // Not in a container.
        ("9 8 259:2 / / rw - ext4 /dev/nvme0n1p2 rw", "own"),
        // Of two upon one another the last is what they see.
        ("8 7 259:2 / / rw - ext4 a rw\n9 8 8:1 /x / rw - xfs b rw", "/data + x"),
    ] {
        assert_eq!(told(find_in(HOST, &format!("{theirs}\n"))), found, "{theirs}");
    }
    let theirs = "9 8 8:1 /x / rw - xfs b rw\n";
    assert_eq!(told(find_in("", theirs)), "nowhere");
}

#[test]
fn whoever_was_put_into_a_folder_has_no_mount_there() {
    let (mounts, _) = parse_mountinfo(b"9 8 0:5 / /proc rw - proc proc rw\n");
    assert_eq!(root_mount(&mounts), None);
}

proptest::proptest! {
    #[test]
    fn any_options_are_survived(options: Vec<u8>) {
        for layer in layers(&options) {
            proptest::prop_assert!(layer.starts_with(b"/"));
        }
    }
}
