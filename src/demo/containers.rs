//! Containers of the made-up machine.

use super::moment::Moment;
use crate::model::container::Containers;

/// The containers at this moment.
pub(super) fn containers(_moment: Moment) -> Containers {
    Containers::default()
}
