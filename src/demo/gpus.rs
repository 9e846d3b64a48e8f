//! Graphics cards of the made-up machine.

use super::moment::Moment;
use crate::model::gpu::{DriverState, Gpus};
use crate::model::{Reading, Reason};

/// The cards at this moment.
pub(super) fn gpus(_moment: Moment) -> Gpus {
    Gpus {
        driver: DriverState::Running,
        driver_version: Reading::absent(Reason::NotCollected),
        nvml_version: Reading::absent(Reason::NotCollected),
        cuda_version: Reading::absent(Reason::NotCollected),
        cards: Vec::new(),
        processes: Vec::new(),
        people: Vec::new(),
        events: Vec::new(),
        left_out: 0,
    }
}
