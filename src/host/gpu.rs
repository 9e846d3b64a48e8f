//! Graphics cards, by NVML, and the processes on them.

use super::{Collected, Context, Source};
use crate::model::Reason;

/// The source `gpus`.
#[derive(Debug)]
pub struct GpuSource {
    _context: Context,
}

impl GpuSource {
    /// Nothing is loaded yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { _context: context }
    }
}

impl Source for GpuSource {
    fn name(&self) -> &'static str {
        "gpus"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        Err(Reason::NotSupported)
    }
}
