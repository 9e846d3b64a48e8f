//! Containers in the path of a control group, by the forms their makers write.

use super::{ContainerRef, ContainerRuntime, Text, names, shown, unit};

/// Digits of the ids of Docker, Podman, containerd and CRI-O.
const ID_DIGITS: usize = 64;

/// Digits of an id as people write it.
const SHORT_DIGITS: usize = 12;

/// A container in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundContainer {
    /// Which.
    pub container: ContainerRef,
    /// Its whole id, or its name where it has no other identity.
    pub id: Text,
    /// Its name, where the path has it: LXC, Incus, nspawn.
    pub name: Option<Text>,
    /// Kubernetes: the uid of its pod, with hyphens.
    pub pod: Option<Text>,
    /// Bytes of the path that are the container's own group; groups below are inside.
    pub group_len: usize,
}

/// With how many containers there are around one another.
#[derive(Debug)]
pub(super) struct Innermost {
    pub(super) found: FoundContainer,
    pub(super) depth: usize,
}

/// The innermost container that a path of a group tells: the third field of `/proc/PID/cgroup`, or
/// the path below the mount point of the hierarchy.
#[must_use]
pub fn container_of(path: &str) -> Option<FoundContainer> {
    innermost(path).map(|innermost| innermost.found)
}

/// The innermost container of a path.
pub(super) fn innermost(path: &str) -> Option<Innermost> {
    let mut innermost: Option<Innermost> = None;
    let mut parent = Parent::default();
    let mut pod = None;
    let mut names = names(path).peekable();
    while let Some((name, group_len)) = names.next() {
        pod = pod_of_name(name, &parent).or(pod);
        let next = names.peek().map(|(next, _)| *next);
        if let Some(made) = made(name, &parent, next) {
            let outer = innermost.take();
            let depth = outer.as_ref().map_or(0, |outer| outer.depth) + 1;
            let found = found(made, outer.as_ref(), pod.clone(), group_len);
            innermost = Some(Innermost { found, depth });
        }
        parent.enter(name);
    }
    innermost
}

/// The uid of the pod in a path, also where no container is in it.
pub(super) fn pod_of(path: &str) -> Option<Text> {
    let mut parent = Parent::default();
    let mut pod = None;
    for (name, _) in names(path) {
        pod = pod_of_name(name, &parent).or(pod);
        parent.enter(name);
    }
    pod
}

/// What stands before a name.
#[derive(Debug, Default)]
struct Parent<'a> {
    name: &'a str,
    in_kubepods: bool,
    /// In what LXD, as a snap, was started.
    in_lxd: bool,
}

impl<'a> Parent<'a> {
    fn enter(&mut self, name: &'a str) {
        self.name = name;
        self.in_kubepods |= name == "kubepods";
        self.in_lxd |= name.starts_with("snap.lxd.");
    }
}

/// A container as its maker wrote it.
struct Made {
    runtime: ContainerRuntime,
    id: String,
    /// Whether the id is a name that was given, by which another container elsewhere may go too.
    named: bool,
}

fn found(
    made: Made,
    outer: Option<&Innermost>,
    pod: Option<Text>,
    group_len: usize,
) -> FoundContainer {
    let runtime = made.runtime;
    let id = shown(&made.id);
    let short = if made.named { id.clone() } else { Text::from(&made.id[..SHORT_DIGITS]) };
    let key = match outer {
        // Two machines inside may each have a container of that name.
        Some(outer) if made.named => {
            format!("{}/{}/{id}", runtime.as_str(), outer.found.container.short)
        }
        _ => format!("{}/{id}", runtime.as_str()),
    };
    let container = ContainerRef { key: Text::from(key), runtime, short };
    let name = (made.named && runtime != ContainerRuntime::Apptainer).then(|| id.clone());
    FoundContainer { container, id, name, pod, group_len }
}

/// The container whose own group is called so.
fn made(name: &str, parent: &Parent<'_>, next: Option<&str>) -> Option<Made> {
    by_id(name, parent)
        .map(|(runtime, id)| Made { runtime, id: id.to_owned(), named: false })
        .or_else(|| {
            let (runtime, id) = by_name(name, parent, next)?;
            Some(Made { runtime, id, named: true })
        })
}

fn by_id<'a>(name: &'a str, parent: &Parent<'_>) -> Option<(ContainerRuntime, &'a str)> {
    use ContainerRuntime::{Containerd, Crio, Docker, Podman, Unknown};
    if is_id(name) {
        let runtime = match parent.name {
            "docker" | "moby" => Docker,
            "default" | "k8s.io" => Containerd,
            "libpod_parent" => Podman,
            _ => Unknown,
        };
        return Some((runtime, name));
    }
    // What runc makes of a path for systemd where it was told not to use systemd:
    // `kubepods-podX.slice:cri-containerd:ID`.
    let (before, id, scope) = if let Some((before, id)) = name.rsplit_once(':') {
        (before.rsplit_once(':')?.1, id, true)
    } else {
        let plain = name.strip_suffix(".scope");
        let (before, id) = plain.unwrap_or(name).rsplit_once('-')?;
        (before, id, plain.is_some())
    };
    if !is_id(id) {
        return None;
    }
    match before {
        "docker" => Some((Docker, id)),
        "cri-containerd" | "nerdctl" => Some((Containerd, id)),
        "libpod" | "libpod-payload" => Some((Podman, id)),
        "crio" => Some((Crio, id)),
        // What watches over a container is not in it.
        other if other.ends_with("conmon") => None,
        _ => scope.then_some((Unknown, id)),
    }
}

fn by_name(
    name: &str,
    parent: &Parent<'_>,
    next: Option<&str>,
) -> Option<(ContainerRuntime, String)> {
    use ContainerRuntime::{Apptainer, Incus, Lxc, Nspawn};
    let lxc = if parent.in_lxd { Incus } else { Lxc };
    let given = |runtime, name: &str| (!name.is_empty()).then(|| (runtime, name.to_owned()));
    match parent.name {
        "lxc" | "lxc.payload" => return given(lxc, name),
        "lxd.payload" | "incus.payload" => return given(Incus, name),
        "apptainer" | "singularity" if is_number(name) => return given(Apptainer, name),
        _ => {}
    }
    if let Some(name) = name.strip_prefix("lxc.payload.") {
        return given(lxc, name);
    }
    if let Some(name) = either_prefix(name, "incus.payload.", "lxd.payload.") {
        return given(Incus, name);
    }
    if let Some(instance) = name.strip_prefix("systemd-nspawn@") {
        let machine = unit::unescape(instance.strip_suffix(".service")?);
        // The part of nspawn that stays outside.
        return (next != Some("supervisor")).then(|| given(Nspawn, &machine)).flatten();
    }
    let scope = name.strip_suffix(".scope")?;
    if let Some(pid) = either_prefix(scope, "apptainer-", "singularity-") {
        return is_number(pid).then(|| given(Apptainer, pid)).flatten();
    }
    if let Some(name) = scope.strip_prefix("incus-") {
        return given(Incus, &unit::unescape(name));
    }
    let machine = unit::unescape(scope.strip_prefix("machine-")?);
    // Virtual machines of libvirt, and what nspawn leaves outside.
    if machine.starts_with("qemu-") || next == Some("supervisor") {
        return None;
    }
    // libvirt starts these with a driver that has the name of LXC and shares nothing else with it.
    given(Nspawn, &machine)
}

fn either_prefix<'a>(name: &'a str, one: &str, other: &str) -> Option<&'a str> {
    name.strip_prefix(one).or_else(|| name.strip_prefix(other))
}

fn is_id(id: &str) -> bool {
    id.len() == ID_DIGITS && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The uid of the pod whose group is called so: `kubepods-burstable-podUID.slice`, `podUID`.
fn pod_of_name(name: &str, parent: &Parent<'_>) -> Option<Text> {
    let uid = if let Some(uid) = name.strip_prefix("pod").filter(|_| parent.in_kubepods) {
        uid
    } else {
        let slice = name.split(':').next()?.strip_suffix(".slice")?;
        let (before, uid) = slice.rsplit_once("-pod")?;
        // `kubelet-kubepods-…` where the kubelet has a group of its own.
        before.split('-').any(|part| part == "kubepods").then_some(uid)?
    };
    let uid = uid.replace('_', "-");
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let whole = match uid.len() {
        // That of a pod in a file of the node is a plain hash.
        32 => digits(&uid),
        36 => uid.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && uid.split('-').all(digits),
        _ => false,
    };
    whole.then(|| Text::from(uid))
}
