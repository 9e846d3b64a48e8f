//! A snapshot: all that is known of one host at one tick. Immutable; sections that did not change
//! are shared between snapshots.

use std::sync::Arc;

use super::cpu::Cpu;
use super::memory::Memory;
use super::process::ProcessTable;
use super::source::SourceHealth;
use super::system::System;
use super::{HostId, Section, UnixMillis};

/// One host at one tick.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Which host.
    pub host: HostId,
    /// When it was put together.
    pub taken_at_ms: UnixMillis,
    /// The machine and its operating system.
    pub system: Arc<Section<System>>,
    /// Processors.
    pub cpu: Arc<Section<Cpu>>,
    /// Memory and swap.
    pub memory: Arc<Section<Memory>>,
    /// Processes.
    pub processes: Arc<Section<ProcessTable>>,
    /// How the sources are doing.
    pub sources: Arc<Vec<SourceHealth>>,
}
