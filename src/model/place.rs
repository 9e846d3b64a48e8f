//! Where a process belongs: container, pod, batch job, service or session. Source:
//! `/proc/PID/cgroup` (cgroups(7)) and nothing else, so it needs no container engine and no rights.

use serde::{Deserialize, Serialize};

use super::Text;

/// What made a container, by the form of its control group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum ContainerRuntime {
    /// Docker Engine (moby).
    Docker,
    /// containerd without Docker or Kubernetes above it (nerdctl, ctr).
    Containerd,
    /// Podman, and others on libpod.
    Podman,
    /// CRI-O.
    Crio,
    /// LXC.
    Lxc,
    /// Incus or LXD.
    Incus,
    /// Apptainer or Singularity.
    Apptainer,
    /// systemd-nspawn and other machines of systemd-machined.
    Nspawn,
    /// A container by the form of its name; what made it cannot be told.
    Unknown,
}

impl ContainerRuntime {
    /// Every runtime, in the order of declaration.
    pub const ALL: [Self; 9] = [
        Self::Docker,
        Self::Containerd,
        Self::Podman,
        Self::Crio,
        Self::Lxc,
        Self::Incus,
        Self::Apptainer,
        Self::Nspawn,
        Self::Unknown,
    ];

    /// The word used on the wire, in keys and as a label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Containerd => "containerd",
            Self::Podman => "podman",
            Self::Crio => "crio",
            Self::Lxc => "lxc",
            Self::Incus => "incus",
            Self::Apptainer => "apptainer",
            Self::Nspawn => "nspawn",
            Self::Unknown => "unknown",
        }
    }
}

/// Which container.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct ContainerRef {
    /// Identity: `docker/<id>`. The same as the key of its row in the section `containers`.
    pub key: Text,
    /// What made it.
    pub runtime: ContainerRuntime,
    /// As short as people write it: the first 12 digits of a hexadecimal id, else the name.
    pub short: Text,
}

/// Where a process belongs. On the wire a part that does not apply is left out, since this stands in
/// every row of a long table; none at all: it is a process of the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts", optional_fields))]
pub struct Place {
    /// The innermost container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerRef>,
    /// Kubernetes: the uid of the pod, with hyphens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<Text>,
    /// Slurm: the job, `1234`, or a job of an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slurm_job: Option<Text>,
    /// systemd: the service, `jupyterhub.service`, or a scope that is no session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Text>,
    /// systemd-logind: the session, `42`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Text>,
}
