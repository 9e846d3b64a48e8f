//! Containers, from their control groups.

use super::{Collected, Context, Source};
use crate::model::Reason;

/// The source `containers`.
#[derive(Debug)]
pub struct ContainerSource {
    _context: Context,
}

impl ContainerSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { _context: context }
    }
}

impl Source for ContainerSource {
    fn name(&self) -> &'static str {
        "containers"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        Err(Reason::NotSupported)
    }
}
