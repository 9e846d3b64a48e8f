use proptest::prelude::*;

use super::*;

const ID: &str = "7be92808767a667f35c8505cbf40d14e931ef6db5b0210329cf193b15ba9d605";
const OTHER: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdef0123456789abcdef";
const POD: &str = "34b6e8a1-9f2c-4b6e-8a0d-5c1f7e2d9b43";

/// A place in one line: `docker/7be9.. pod=.. job=.. unit=.. session=..`, whole ids as `ID` and so on.
fn brief(place: &Place) -> String {
    let mut parts = Vec::new();
    if let Some(container) = &place.container {
        assert!(container.key.starts_with(container.runtime.as_str()), "{container:?}");
        assert!(container.key.contains(container.short.as_str()), "{container:?}");
        parts.push(container.key.to_string());
    }
    for (name, part) in [
        ("pod", &place.pod),
        ("job", &place.slurm_job),
        ("unit", &place.unit),
        ("session", &place.session),
    ] {
        parts.extend(part.as_ref().map(|part| format!("{name}={part}")));
    }
    let text = parts.join(" ").replace(ID, "ID").replace(OTHER, "OTHER").replace(POD, "POD");
    if text.is_empty() { "machine".to_owned() } else { text }
}

fn real(text: &str) -> String {
    let under = POD.replace('-', "_");
    text.replace("OTHER", OTHER).replace("POD_", &under).replace("POD", POD).replace("ID", ID)
}

/// Lines as they are found on machines; `ID`, `OTHER` and `POD` stand for long ids.
const LINES: &[(&str, &str)] = &[
    // Docker.
    ("12:pids:/docker/ID", "docker/ID"),
    ("0::/system.slice/docker-ID.scope", "docker/ID"),
    ("4:memory:/docker/ID/init.scope", "docker/ID unit=init.scope"),
    ("0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-ID.scope", "docker/ID"),
    (
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service",
        "unit=docker.service",
    ),
    ("0::/system.slice/docker.service", "unit=docker.service"),
    ("0::/system.slice/docker-ID.scope/system.slice/ssh.service", "docker/ID unit=ssh.service"),
    ("0::/training.slice/docker-ID.scope", "docker/ID"),
    ("9:cpu,cpuacct:/actions_job/ID", "unknown/ID"),
    ("1:name=systemd:/system.slice:docker:ID", "docker/ID"),
    ("0::/docker/ID/docker/OTHER", "docker/OTHER"),
    ("0::/ecstasks.slice/ecstasks-d0b1.slice/docker-ID.scope", "docker/ID"),
    ("11:devices:/ecs/cluster/d0b1c2/ID", "unknown/ID"),
    ("0::/system.slice/balena-ID.scope", "unknown/ID"),
    ("0::/docker/buildx/jrmn8sxq3u", "machine"),
    // Podman.
    ("0::/machine.slice/libpod-ID.scope", "podman/ID"),
    ("0::/machine.slice/libpod-ID.scope/container", "podman/ID"),
    ("0::/machine.slice/libpod-conmon-ID.scope", "unit=libpod-conmon-ID.scope"),
    (
        "0::/user.slice/user-1001.slice/user@1001.service/user.slice/libpod-ID.scope/container",
        "podman/ID",
    ),
    ("7:memory:/libpod_parent/libpod-ID", "podman/ID"),
    ("7:memory:/libpod_parent/conmon", "machine"),
    ("0::/system.slice/vllm.service/libpod-payload-ID", "podman/ID"),
    ("0::/system.slice/vllm.service/runtime", "unit=vllm.service"),
    ("0::/lxc.payload.lab/machine.slice/libpod-ID.scope/container", "podman/ID"),
    // Kubernetes.
    (
        "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podPOD_.slice/cri-containerd-ID.scope",
        "containerd/ID pod=POD",
    ),
    ("0::/kubepods.slice/kubepods-podPOD_.slice/cri-containerd-ID.scope", "containerd/ID pod=POD"),
    (
        "0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podPOD_.slice/crio-ID.scope",
        "crio/ID pod=POD",
    ),
    (
        "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podPOD_.slice/crio-ID.scope/container",
        "crio/ID pod=POD",
    ),
    (
        "0::/kubepods.slice/kubepods-podPOD_.slice/crio-conmon-ID.scope",
        "pod=POD unit=crio-conmon-ID.scope",
    ),
    (
        "5:memory:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podPOD_.slice/docker-ID.scope",
        "docker/ID pod=POD",
    ),
    ("11:memory:/kubepods/burstable/podPOD/ID", "unknown/ID pod=POD"),
    ("11:memory:/kubepods/podPOD/ID", "unknown/ID pod=POD"),
    ("11:memory:/kubepods/besteffort/podPOD/crio-ID", "crio/ID pod=POD"),
    (
        "11:cpuset:/kubepods/burstable/pod5b3bd1ae8d5e4a21b0c7f6e5d4c3b2a1/ID",
        "unknown/ID pod=5b3bd1ae8d5e4a21b0c7f6e5d4c3b2a1",
    ),
    (
        "1:name=systemd:/system.slice/containerd.service/kubepods-burstable-podPOD_.slice:cri-containerd:ID",
        "containerd/ID pod=POD",
    ),
    (
        "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podPOD_.slice/cri-containerd-ID.scope",
        "containerd/ID pod=POD",
    ),
    (
        "0::/docker/OTHER/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podPOD_.slice/cri-containerd-ID.scope",
        "containerd/ID pod=POD",
    ),
    (
        "0::/kubepods.slice/kubepods-podPOD_.slice/cri-containerd-OTHER.scope/docker/ID",
        "docker/ID pod=POD",
    ),
    ("0::/kubepods.slice/kubepods-podnot_a_uid.slice/notes", "machine"),
    // containerd of its own.
    ("0::/system.slice/nerdctl-ID.scope", "containerd/ID"),
    (
        "0::/user.slice/user-1000.slice/user@1000.service/user.slice/nerdctl-ID.scope",
        "containerd/ID",
    ),
    ("10:memory:/default/ID", "containerd/ID"),
    ("0::/k8s.io/ID", "containerd/ID"),
    ("0::/system.slice/containerd.service", "unit=containerd.service"),
    // LXC, LXD, Incus.
    ("10:memory:/lxc/web", "lxc/web"),
    ("10:memory:/lxc/101/ns/system.slice/cron.service", "lxc/101 unit=cron.service"),
    ("0::/lxc.payload.alice-gpu", "lxc/alice-gpu"),
    ("0::/lxc.payload.alice-gpu/init.scope", "lxc/alice-gpu unit=init.scope"),
    ("0::/lxc.payload.alice/user.slice/user-1000.slice/session-c3.scope", "lxc/alice session=c3"),
    ("0::/lxc.payload/alice/system.slice/ssh.service", "lxc/alice unit=ssh.service"),
    ("0::/lxc.monitor.alice-gpu", "machine"),
    ("0::/lxc.monitor/alice", "machine"),
    ("0::/lxc.pivot", "machine"),
    ("0::/lxc.payload.research_web", "lxc/research_web"),
    (
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-u7.scope/lxc.payload.box",
        "lxc/box",
    ),
    ("5:memory:/user/bob/0/lxc/dev", "lxc/dev"),
    ("0::/system.slice/snap.lxd.daemon.service/lxc.payload.c1", "incus/c1"),
    ("0::/incus.payload.c1/system.slice/dbus.service", "incus/c1 unit=dbus.service"),
    ("0::/system.slice/incus.service", "unit=incus.service"),
    ("0::/lxc.payload.outer/lxc.payload.web", "lxc/outer/web"),
    ("0::/lxc.payload.outer/system.slice/docker-ID.scope", "docker/ID"),
    ("10:memory:/lxc/outer/docker/ID", "docker/ID"),
    // systemd-nspawn and virtual machines.
    (
        "0::/machine.slice/systemd-nspawn@debian.service/payload/init.scope",
        "nspawn/debian unit=init.scope",
    ),
    (
        "0::/machine.slice/systemd-nspawn@debian.service/supervisor",
        "unit=systemd-nspawn@debian.service",
    ),
    (
        r"0::/machine.slice/machine-my\x2dbox.scope/payload/system.slice/nginx.service",
        "nspawn/my-box unit=nginx.service",
    ),
    (
        r"0::/machine.slice/machine-qemu\x2d1\x2dwin10.scope/libvirt/emulator",
        r"unit=machine-qemu\x2d1\x2dwin10.scope",
    ),
    // Apptainer and Singularity.
    (
        "0::/user.slice/user-1000.slice/user@1000.service/user.slice/apptainer-41873.scope",
        "apptainer/41873",
    ),
    ("7:memory:/singularity/2910", "apptainer/2910"),
    ("7:memory:/singularity/tmp", "machine"),
    // Slurm.
    ("4:memory:/slurm/uid_1000/job_123/step_0/task_0", "job=123"),
    ("4:memory:/slurm_gpu07/uid_60213/job_88121/step_batch", "job=88121"),
    ("0::/system.slice/slurmstepd.scope/job_123/step_batch/user/task_0", "job=123"),
    ("0::/system.slice/gpu07_slurmstepd.scope/job_9/step_0/user/task_3", "job=9"),
    ("0::/system.slice/slurmstepd.scope/job_123_4/step_0/user/task_0", "job=123_4"),
    ("0::/system.slice/slurmstepd.scope/job_123+1/step_0/user/task_0", "job=123+1"),
    ("0::/system.slice/slurmstepd.scope/system", "unit=slurmstepd.scope"),
    ("0::/system.slice/slurmd.service", "unit=slurmd.service"),
    ("0::/system.slice/slurmstepd.scope/job_77/step_0/user/task_0/docker/ID", "docker/ID job=77"),
    ("0::/user.slice/job_5/step_0", "machine"),
    // systemd.
    ("0::/", "machine"),
    ("0::/init.scope", "unit=init.scope"),
    ("0::/system.slice/jupyterhub.service", "unit=jupyterhub.service"),
    ("0::/system.slice/system-getty.slice/getty@tty1.service", "unit=getty@tty1.service"),
    (
        r"0::/system.slice/system-systemd\x2dfsck.slice/systemd-fsck@dev-sda1.service",
        "unit=systemd-fsck@dev-sda1.service",
    ),
    ("0::/user.slice/user-1000.slice/session-42.scope", "session=42"),
    ("0::/user.slice/user-1000.slice/user@1000.service/init.scope", "unit=user@1000.service"),
    (
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-2f0c1f80-75e7-4c0d-9a3e-1b9f3f0f3f0e.scope",
        "unit=vte-spawn-2f0c1f80-75e7-4c0d-9a3e-1b9f3f0f3f0e.scope",
    ),
    (
        r"0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-code\x2doss-8871.scope",
        r"unit=app-gnome-code\x2doss-8871.scope",
    ),
    ("0::/system.slice/_cpu.service", "unit=cpu.service"),
    ("1:name=systemd:/user/1000.user/c2.session", "session=c2"),
    // Another namespace, a group that was removed, names made to deceive.
    ("0::/../../docker-ID.scope", "docker/ID"),
    ("0::/../ID", "unknown/ID"),
    ("0::/..", "machine"),
    ("0::/system.slice/docker-ID.scope (deleted)", "docker/ID"),
    ("0::/system.slice/old.service (deleted)", "unit=old.service"),
    ("0::/lxc.payload.\u{1b}[31mred\u{202e}", "lxc/␛[31mred\u{fffd}"),
    ("0::/lxc.payload.", "machine"),
    ("0::/system.slice/docker-deadbeef.scope", "unit=docker-deadbeef.scope"),
    ("0::/system.slice/a:b:c.service", "unit=a:b:c.service"),
    ("0::/docker-compose/worker", "machine"),
];

#[test]
fn lines_of_real_machines_are_understood() {
    assert!(LINES.len() >= 40, "{}", LINES.len());
    for (line, wanted) in LINES {
        for end in ["", "\n"] {
            let place = parse_cgroup(format!("{}{end}", real(line)).as_bytes());
            assert_eq!(brief(&place), *wanted, "{line}");
        }
    }
}

/// Whole files, where lines differ.
const FILES: &[(&str, &str)] = &[
    // v1 with Docker and hybrid systemd: the line of v2 is that of the daemon.
    (
        "12:memory:/docker/ID\n11:rdma:/\n1:name=systemd:/docker/ID\n0::/system.slice/containerd.service\n",
        "docker/ID",
    ),
    // Slurm v1: systemd knows only the daemon.
    (
        "11:memory:/slurm/uid_1000/job_31/step_0/task_0\n10:pids:/system.slice/slurmd.service\n\
         1:name=systemd:/system.slice/slurmd.service\n0::/system.slice/slurmd.service\n",
        "job=31",
    ),
    // Adopted by a job, and still in the session of a login.
    (
        "9:memory:/slurm/uid_7/job_5/step_extern/task_0\n1:name=systemd:/user.slice/user-7.slice/session-9.scope\n",
        "job=5 session=9",
    ),
    // Docker inside LXC: only some hierarchies are handed in.
    (
        "12:memory:/lxc/outer/docker/ID\n5:devices:/lxc/outer\n1:name=systemd:/lxc/outer/docker/ID\n0::/\n",
        "docker/ID",
    ),
    ("5:devices:/lxc/outer\n12:memory:/lxc/outer/docker/ID\n", "docker/ID"),
    // In a container the unit is that of the systemd inside.
    (
        "8:memory:/lxc/web/system.slice/cron.service\n1:name=systemd:/lxc/web/system.slice/ssh.service\n0::/lxc/web/init.scope\n",
        "lxc/web unit=ssh.service",
    ),
    // v1: systemd's own line wins, then that of v2.
    (
        "9:cpu:/user.slice\n8:pids:/system.slice/b.service\n0::/system.slice/a.service\n",
        "unit=a.service",
    ),
    ("0::/system.slice/a.service\n1:name=systemd:/system.slice/s.service\n", "unit=s.service"),
    // Rubbish around it.
    ("\n::\nx:y\n0:\n12\n0::relative\n-1::/docker/ID\n0::/init.scope\n", "unit=init.scope"),
    ("", "machine"),
];

#[test]
fn the_most_telling_of_several_lines_wins() {
    for (file, wanted) in FILES {
        assert_eq!(brief(&parse_cgroup(real(file).as_bytes())), *wanted, "{file}");
    }
}

#[test]
fn a_container_says_where_its_own_group_ends() {
    for (path, group, name) in [
        ("/system.slice/docker-ID.scope/a/b", "/system.slice/docker-ID.scope", None),
        ("/machine.slice/libpod-ID.scope/container", "/machine.slice/libpod-ID.scope", None),
        ("/lxc.payload.web/init.scope", "/lxc.payload.web", Some("web")),
        ("//lxc//web//x", "//lxc//web", Some("web")),
        ("docker/ID/x", "docker/ID", None),
        (
            r"/machine.slice/machine-a\x2db.scope",
            r"/machine.slice/machine-a\x2db.scope",
            Some("a-b"),
        ),
        ("/apptainer/77/x", "/apptainer/77", None),
        ("/docker/OTHER/docker/ID/x", "/docker/OTHER/docker/ID", None),
    ] {
        let (path, group) = (real(path), real(group));
        let found = container_of(&path).unwrap();
        assert_eq!(&path[..found.group_len], group);
        assert_eq!(found.name.as_ref().map(Text::as_str), name, "{path}");
    }
    let found = container_of(&real("/docker/ID")).unwrap();
    assert_eq!((found.id.as_str(), found.container.short.as_str()), (ID, "7be92808767a"));
}

#[test]
fn names_with_escapes_are_read_and_broken_escapes_left_alone() {
    for (written, read) in [
        (r"my\x2dbox", "my-box"),
        (r"a\x5cb", r"a\b"),
        (r"\x2d\x2D", "--"),
        (r"caf\xc3\xa9", "café"),
        (r"bad\xff", r"bad\xff"),
        (r"end\x2", r"end\x2"),
        (r"\", r"\"),
        (r"\xzz", r"\xzz"),
    ] {
        assert_eq!(unit::unescape(written), read);
    }
    let place = parse_cgroup(br"0::/machine.slice/machine-a\x0ab\x1b.scope");
    assert_eq!(place.container.unwrap().short.as_str(), "a␊b␛");
}

#[test]
fn what_is_too_long_to_be_true_is_passed_over() {
    let long = "x".repeat(300);
    assert_eq!(container_of(&format!("/lxc/{long}")), None);
    let deep = format!("0::{}/docker/{ID}\n0::/init.scope", "/a".repeat(2100));
    assert_eq!(brief(&parse_cgroup(deep.as_bytes())), "unit=init.scope");
    let deep = format!("0::{}/docker/{ID}", "/a".repeat(1900));
    assert_eq!(brief(&parse_cgroup(deep.as_bytes())), "docker/ID");
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let place = parse_cgroup(b"0::/lxc.payload.w\xff\xfe/system.slice/a.service\n");
    assert_eq!(brief(&place), "lxc/w\u{fffd}\u{fffd} unit=a.service");
}

fn path_of_known_parts() -> impl Strategy<Value = String> {
    let parts = LINES.iter().flat_map(|(line, _)| line.split('/').skip(1)).map(real);
    let part = prop_oneof![
        prop::sample::select(parts.collect::<Vec<_>>()),
        "[^\u{0}/\n]{0,12}",
        Just("é".repeat(130)),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| format!("/{}", parts.join("/")))
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes: Vec<u8>) {
        let place = parse_cgroup(&bytes);
        prop_assert!(!brief(&place).chars().any(char::is_control));
    }

    #[test]
    fn the_group_ends_where_a_name_ends(path in path_of_known_parts()) {
        if let Some(found) = container_of(&path) {
            prop_assert!(path.is_char_boundary(found.group_len));
            let (group, rest) = path.split_at(found.group_len);
            prop_assert!(rest.is_empty() || rest.starts_with('/'), "{group} | {rest}");
            prop_assert!(!group.is_empty() && !group.ends_with('/'));
            // The group of the container is in the container, and nothing below changes which.
            let container = container_of(group).map(|found| found.container);
            prop_assert_eq!(container, Some(found.container.clone()));
            prop_assert!(!found.container.key.chars().any(char::is_control));
        }
        let file = format!("3:memory:{path}\n1:name=systemd:/\n0::/init.scope\n");
        let place = parse_cgroup(file.as_bytes());
        if let Some(found) = container_of(&path).filter(|_| path.len() < 4000) {
            prop_assert_eq!(place.container, Some(found.container));
        }
    }
}
