use std::path::Path;

use super::*;
use crate::clock::Manual;
use crate::model::UnixMillis;

const LXC_MAP: &str = "         0    1000000      65536\n";
const HOST_MAP: &str = "         0          0 4294967295\n";
const HOST_MOUNTS: &str = "22 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n";
const LXC_MOUNTS: &str = "90 80 259:2 /lxc/lab/rootfs / rw - ext4 /dev/nvme0n1p2 rw\n\
                          91 90 0:5 / /proc rw - proc proc rw\n";
const OVERLAY_MOUNTS: &str =
    "90 80 0:77 / / rw - overlay overlay rw,lowerdir=/img/l/A:/img/l/B,upperdir=/img/u/diff\n";

struct Lab {
    folder: tempfile::TempDir,
    hands: Arc<Manual>,
    inside: Inside,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, hands) = Clock::manual(UnixMillis(0));
        let inside = Inside::new(Roots::at(folder.path()), clock);
        let lab = Self { folder, hands, inside };
        lab.write("proc/self/uid_map", HOST_MAP);
        lab.write("proc/self/mountinfo", HOST_MOUNTS);
        // The machine has names of its own, which are never given for those of a container.
        lab.write("etc/passwd", "of-the-machine:x:1000:1000::/:/bin/sh\n");
        lab
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn process(&self, pid: u32, map: &str, mounts: &str) {
        self.write(&format!("proc/{pid}/uid_map"), map);
        self.write(&format!("proc/{pid}/mountinfo"), mounts);
    }

    /// A container with its root in a folder, of which process 7 is one.
    fn lxc(passwd: Option<&str>) -> Self {
        let lab = Self::new();
        lab.process(7, LXC_MAP, LXC_MOUNTS);
        std::fs::create_dir_all(lab.path("lxc/lab/rootfs/etc")).unwrap();
        if let Some(passwd) = passwd {
            lab.write("lxc/lab/rootfs/etc/passwd", passwd);
        }
        lab
    }

    /// The answer, when it has come.
    fn answer(&mut self, pid: u32, uid: u32) -> Result<String, Reason> {
        let process = identity(pid);
        self.inside.name(process, uid);
        self.inside.wait(Duration::from_secs(20));
        self.inside.update();
        let answer = self.inside.known[&(process, uid)].answer.clone();
        assert_eq!(self.inside.name(process, uid), answer.clone().ok());
        answer.map(|name| name.to_string())
    }
}

fn identity(pid: u32) -> Identity {
    Identity { pid, start_ticks: 5 }
}

fn entry(name: &str, uid: u32) -> String {
    format!("{name}:x:{uid}:{uid}::/home/{name}:/bin/sh\n")
}

fn link(target: &Path, at: &Path) {
    std::os::unix::fs::symlink(target, at).unwrap();
}

#[test]
fn a_number_beyond_a_million_becomes_a_name() {
    let mut lab = Lab::lxc(Some(&(entry("root", 0) + &entry("alice", 1000))));
    assert_eq!(lab.answer(7, 1_001_000).as_deref(), Ok("alice"));
    assert_eq!(lab.answer(7, 1_000_000).as_deref(), Ok("root"));
    assert_eq!(lab.answer(7, 1_001_001), Err(Reason::NotSupported), "not in passwd");
    assert_eq!(lab.answer(7, 5000), Err(Reason::NotSupported), "not mapped");
    assert_eq!(lab.answer(8, 1_001_000), Err(Reason::NotSupported), "no such process");
    assert_eq!(lab.inside.denied(), 0);
}

#[test]
fn a_container_in_a_container_is_read_through_both_maps_at_once() {
    // The kernel writes the outer numbers as this machine has them.
    let mut lab = Lab::new();
    let mounts = LXC_MOUNTS.replace("/lxc/lab/rootfs", "/lxc/lab/rootfs/lxc/inner/rootfs");
    lab.process(7, "0 1100000 1000\n1000 1001000 1\n", &mounts);
    lab.write("lxc/lab/rootfs/etc/passwd", &entry("outer", 1000));
    lab.write("lxc/lab/rootfs/lxc/inner/rootfs/etc/passwd", &entry("inner", 1000));
    assert_eq!(lab.answer(7, 1_001_000).as_deref(), Ok("inner"));
}

#[test]
fn a_user_of_a_container_without_a_map_has_the_same_number_inside() {
    let mut lab = Lab::new();
    lab.process(7, HOST_MAP, OVERLAY_MOUNTS);
    lab.write("img/l/B/etc/passwd", &entry("app", 5000));
    assert_eq!(lab.answer(7, 5000).as_deref(), Ok("app"));
}

#[test]
fn smonitor_in_a_container_sees_the_numbers_of_its_own_namespace() {
    let mut lab = Lab::new();
    // The map of one's own namespace is shown as the one around it has it.
    lab.write("proc/self/uid_map", LXC_MAP);
    lab.process(7, LXC_MAP, OVERLAY_MOUNTS);
    lab.write("img/l/B/etc/passwd", &entry("app", 5000));
    assert_eq!(lab.answer(7, 5000).as_deref(), Ok("app"));
}

#[test]
fn the_topmost_layer_that_has_the_file_counts() {
    for (layers, wanted) in [
        (&["l/B"][..], Ok("of-l-B")),
        (&["l/B", "l/A"], Ok("of-l-A")),
        (&["l/B", "l/A", "u/diff"], Ok("of-u-diff")),
        (&[], Err(Reason::NotSupported)),
    ] {
        let mut lab = Lab::new();
        lab.process(7, LXC_MAP, OVERLAY_MOUNTS);
        for layer in layers {
            let name = format!("of-{}", layer.replace('/', "-"));
            lab.write(&format!("img/{layer}/etc/passwd"), &entry(&name, 1000));
        }
        assert_eq!(lab.answer(7, 1_001_000).as_deref(), wanted.as_ref().copied(), "{layers:?}");
    }
}

#[test]
fn a_layer_that_took_the_file_away_hides_those_below() {
    let mut lab = Lab::new();
    lab.process(7, LXC_MAP, OVERLAY_MOUNTS);
    lab.write("img/l/B/etc/passwd", &entry("removed", 1000));
    // As a removed file would be a device here, which only the superuser can make.
    std::fs::create_dir_all(lab.path("img/u/diff/etc/passwd")).unwrap();
    assert_eq!(lab.answer(7, 1_001_000), Err(Reason::ReadFailed));
}

#[test]
fn a_link_does_not_lead_out_of_the_container() {
    let secret = entry("of-another", 1000);
    // The file itself, its folder, and a folder on the way.
    for linked in ["lxc/lab/rootfs/etc/passwd", "lxc/lab/rootfs/etc", "lxc/lab", "lxc/lab/rootfs"] {
        let mut lab = Lab::new();
        lab.process(7, LXC_MAP, LXC_MOUNTS);
        lab.write("secret/rootfs/etc/passwd", &secret);
        lab.write("secret/etc/passwd", &secret);
        lab.write("secret/passwd", &secret);
        let target = match linked.rsplit('/').next() {
            Some("passwd") => "secret/passwd",
            Some("rootfs" | "lab") => "secret",
            _ => "secret/etc",
        };
        let at = lab.path(linked);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        link(&lab.path(target), &at);
        assert_eq!(lab.answer(7, 1_001_000), Err(Reason::ReadFailed), "{linked}");
    }
    // The path of a layer is the engine's, which may have links in it.
    let mut lab = Lab::new();
    lab.process(7, LXC_MAP, OVERLAY_MOUNTS);
    lab.write("img/e5/diff/etc/passwd", &entry("alice", 1000));
    std::fs::create_dir_all(lab.path("img/l")).unwrap();
    link(Path::new("../e5/diff"), &lab.path("img/l/A"));
    assert_eq!(lab.answer(7, 1_001_000).as_deref(), Ok("alice"));
}

#[test]
fn what_is_no_ordinary_file_is_not_opened() {
    let mut lab = Lab::lxc(None);
    let path = lab.path("lxc/lab/rootfs/etc/passwd");
    // Whoever opened this would wait for a writer.
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert_eq!(lab.answer(7, 1_001_000), Err(Reason::ReadFailed));
}

#[test]
fn too_long_a_file_and_too_long_a_name_are_not_believed() {
    let long = entry(&"n".repeat(129), 1000) + &entry("bob", 1001);
    let mut lab = Lab::lxc(Some(&long));
    assert_eq!(lab.answer(7, 1_001_000), Err(Reason::NotSupported));
    assert_eq!(lab.answer(7, 1_001_001).as_deref(), Ok("bob"));
    let mut lab = Lab::lxc(Some(&(entry("alice", 1000) + &"#\n".repeat(600_000))));
    assert_eq!(lab.answer(7, 1_001_000), Err(Reason::OutOfResources));
    let mut lab = Lab::lxc(Some("evil\u{1b}[31m\u{202e}:x:1000:1000:::\n"));
    assert_eq!(lab.answer(7, 1_001_000).as_deref(), Ok("evil␛[31m\u{fffd}"));
}

#[test]
fn a_process_of_this_machine_has_no_name_from_elsewhere() {
    let mut lab = Lab::new();
    // A namespace of users and nothing more: the number inside means nothing here.
    lab.process(7, LXC_MAP, HOST_MOUNTS);
    assert_eq!(lab.answer(7, 1_001_000), Err(Reason::NotSupported));
}

#[test]
fn where_mounts_lead_nowhere_the_root_of_the_process_is_tried() {
    for mounts in [
        "90 80 253:7 / / rw - ext4 /dev/mapper/vg-101 rw\n",
        "90 80 0:77 / / rw - overlay overlay rw,lowerdir=l/A,upperdir=e5/diff\n",
        "90 80 0:5 / /proc rw - proc proc rw\n",
    ] {
        let mut lab = Lab::new();
        lab.process(7, LXC_MAP, mounts);
        assert_eq!(lab.answer(7, 1_001_000), Err(Reason::NotSupported), "{mounts}");
        let mut lab = Lab::new();
        lab.process(7, LXC_MAP, mounts);
        lab.write("elsewhere/etc/passwd", &entry("alice", 1000));
        link(&lab.path("elsewhere"), &lab.path("proc/7/root"));
        assert_eq!(lab.answer(7, 1_001_000).as_deref(), Ok("alice"), "{mounts}");
    }
}

#[test]
fn names_are_read_anew_after_ten_minutes_and_stay_if_that_fails() {
    let mut lab = Lab::lxc(Some(&entry("old", 1000)));
    assert_eq!(lab.answer(7, 1_001_000).as_deref(), Ok("old"));
    lab.write("lxc/lab/rootfs/etc/passwd", &entry("new", 1000));
    let pass = |lab: &mut Lab, time: Duration| {
        // It is wanted all the time; otherwise it would be forgotten.
        for _ in 0..20 {
            lab.hands.advance(time / 20);
            lab.inside.name(identity(7), 1_001_000);
            lab.inside.update();
        }
        lab.answer(7, 1_001_000)
    };
    assert_eq!(pass(&mut lab, LIFE / 2).as_deref(), Ok("old"));
    assert_eq!(pass(&mut lab, LIFE / 2).as_deref(), Ok("new"));
    std::fs::remove_file(lab.path("lxc/lab/rootfs/etc/passwd")).unwrap();
    assert_eq!(pass(&mut lab, LIFE).as_deref(), Ok("new"));
}

#[test]
fn processes_that_are_gone_are_forgotten() {
    let mut lab = Lab::lxc(Some(&entry("alice", 1000)));
    lab.answer(7, 1_001_000).unwrap();
    assert_eq!(lab.inside.known.len(), 1);
    lab.hands.advance(FORGOTTEN);
    lab.inside.update();
    assert_eq!(lab.inside.known.len(), 0);
}

#[test]
fn a_container_that_does_not_answer_is_noticed_and_forgiven() {
    let mut lab = Lab::lxc(Some(&entry("alice", 1000)));
    {
        // As if the thread were in the kernel.
        let mut state = lab.inside.shared.lock();
        state.busy = true;
    }
    lab.inside.update();
    lab.hands.advance(DEADLINE);
    lab.inside.update();
    assert!(lab.inside.is_stuck());
    lab.inside.shared.lock().busy = false;
    lab.inside.update();
    assert!(!lab.inside.is_stuck());
    assert_eq!(lab.answer(7, 1_001_000).as_deref(), Ok("alice"));
}

#[test]
fn what_may_not_be_read_is_counted() {
    if rustix::process::geteuid().is_root() {
        // The superuser may read everything: then only the count itself can be looked at.
        let mut lab = Lab::lxc(Some(&entry("alice", 1000)));
        lab.answer(7, 1_001_000).unwrap();
        let question = (identity(7), 1_001_001);
        lab.inside.name(question.0, question.1);
        lab.inside.wait(Duration::from_secs(20));
        lab.inside.shared.lock().answers = vec![(question, Err(Reason::PermissionDenied))];
        lab.inside.update();
        assert_eq!(lab.inside.denied(), 1);
        return;
    }
    use std::os::unix::fs::PermissionsExt as _;
    let mut lab = Lab::lxc(Some(&entry("alice", 1000)));
    let path = lab.path("lxc/lab/rootfs");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0)).unwrap();
    let answer = lab.answer(7, 1_001_000);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(answer, Err(Reason::PermissionDenied));
    assert_eq!(lab.inside.denied(), 1);
}
