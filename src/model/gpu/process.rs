//! Who is on a card.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::account::AccountEnd;
use crate::model::place::{ContainerRef, Place};
use crate::model::{Bytes, Percent, Reading, Text, UnixMillis};

/// A process on a card. Sources: nvmlDeviceGetComputeRunningProcesses_v3 and its like for graphics and
/// MPS, nvmlDeviceGetProcessUtilization, `/proc/PID`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuProcess {
    /// Identity of the row: `<card>-<pid>-<start>`.
    pub key: Text,
    /// Index of the card.
    pub gpu: u32,
    /// The instance of a divided card, its key; null on a whole one.
    pub slice: Option<Text>,
    /// Process id, in smonitor's own namespace of processes.
    pub pid: u32,
    /// What it does there, at least one.
    pub kinds: Vec<GpuProcessKind>,
    /// Memory of the card that it uses; absent where the driver does not tell (WDDM, some divided
    /// cards).
    pub memory_bytes: Reading<Bytes>,
    /// Share of time a kernel of it ran, 0–100 %, since the last reading: the mean of the driver's
    /// samples. The driver has none of a process that did nothing: 0 if it was there at the last
    /// reading already. `not_supported` on an instance.
    pub gpu_percent: Reading<Percent>,
    /// Share of time its memory was read or written.
    pub memory_percent: Reading<Percent>,
    /// Share of the video encoder.
    pub encoder_percent: Reading<Percent>,
    /// Share of the video decoder.
    pub decoder_percent: Reading<Percent>,
    /// The kernel's short name; absent (`gone`) if no such process can be seen: it ended, or it lives
    /// in another namespace of processes.
    pub name: Reading<Text>,
    /// Whose it is. Of a container with shifted numbers: the name that the container's own passwd has,
    /// with the number of the machine in `user_id`.
    pub user: Reading<Text>,
    /// Number of the effective user on this machine.
    pub user_id: Reading<u32>,
    /// When it started.
    pub started_at_ms: Reading<UnixMillis>,
    /// Share of one logical processor since the last reading; above 100 on several.
    pub cpu_percent: Reading<Percent>,
    /// Memory of the machine.
    pub resident_bytes: Reading<Bytes>,
    /// Command line, secrets masked, at most 500 characters, for everybody; administrators find the
    /// full one in the table of processes.
    pub command: Reading<Text>,
    /// Container, job, service or session.
    pub place: Reading<Arc<Place>>,
}

/// What a process does on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum GpuProcessKind {
    /// Computes (CUDA, OpenCL).
    Compute,
    /// Draws.
    Graphics,
    /// Computes through the multi-process service.
    Mps,
}

/// A user of cards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuUser {
    /// Identity of the row: name, or what is known instead.
    pub key: Text,
    /// The name; absent for processes whose owner is not known, which are one row.
    pub user: Reading<Text>,
    /// Number of the user on this machine.
    pub user_id: Reading<u32>,
    /// Indexes of the cards with processes of this user.
    pub gpus: Vec<u32>,
    /// Those among them that are held without being used.
    pub held_gpus: Vec<u32>,
    /// Card memory of all the processes together; absent if it is known of none.
    pub memory_bytes: Reading<Bytes>,
    /// Processes on cards.
    pub processes: u32,
    /// The earliest start among them.
    pub since_ms: Reading<UnixMillis>,
    /// The containers they run in.
    pub containers: Vec<ContainerRef>,
    /// When the account ends; `permission_denied` if `/etc/shadow` may not be read.
    pub account_end: Reading<AccountEnd>,
}
