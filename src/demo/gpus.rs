//! Graphics cards of the made-up machine: eight of one kind, as busy as the made-up work keeps
//! them, with one of each thing that happens to cards.

use super::moment::Moment;
use super::work::{self, Work};
use crate::model::gpu::{
    DriverState, Gpu, GpuEvent, GpuProcess, GpuState, Gpus, XidAction, XidClass,
};
use crate::model::process::ProcessTable;
use crate::model::{Reading, Reason, Text, UnixMillis};

mod card;
mod health;
pub(super) mod people;
mod slices;

/// How many there are.
const CARDS: u32 = 8;
/// Its air is blocked.
const HOT: u32 = 1;
/// It has half of its lanes.
const NARROW: u32 = 2;
/// It is divided.
const DIVIDED: u32 = 4;
/// Nobody is on it.
const FREE: u32 = 5;
/// Memory was left on it.
const GHOST: u32 = 6;
/// It fell off the bus.
const LOST: u32 = 7;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The cards at this moment.
pub(super) fn gpus(moment: Moment, table: &ProcessTable) -> Gpus {
    let works = work::works(moment);
    let processes = people::processes(moment, &works, table);
    let cards: Vec<Gpu> =
        (0..CARDS).map(|index| card::card(moment, index, &works, &processes)).collect();
    let people = people::people(moment, &processes, &cards);
    Gpus {
        driver: DriverState::Running,
        driver_version: Reading::Present("550.90.07".into()),
        nvml_version: Reading::Present("12.550.90.07".into()),
        cuda_version: Reading::Present("12.4".into()),
        cards,
        processes,
        people,
        events: events(moment),
        left_out: 0,
    }
}

/// The address of a card, as on the boards of one maker.
fn address(index: u32) -> Text {
    let bus = [0x07, 0x0f, 0x47, 0x4e, 0x87, 0x90, 0xb7, 0xbd];
    format!("00000000:{:02X}:00.0", bus[index as usize % bus.len()]).into()
}

/// When the card was lost: two minutes to two, in the night or the afternoon before.
fn lost_since(at: UnixMillis) -> UnixMillis {
    const TIME_MS: i64 = 13 * HOUR_MS + 58 * MINUTE_MS + 12_000;
    let half_days = (at.0 - TIME_MS).div_euclid(DAY_MS / 2);
    UnixMillis(half_days * (DAY_MS / 2) + TIME_MS)
}

/// Since when nobody computes on the card that is free: an hour and a half to five hours and a half.
fn free_since(at: UnixMillis) -> UnixMillis {
    UnixMillis(at.0.div_euclid(4 * HOUR_MS) * 4 * HOUR_MS - 94 * MINUTE_MS)
}

fn events(moment: Moment) -> Vec<GpuEvent> {
    let lost = lost_since(moment.at);
    let event = |at_ms, gpu, code, class, action| GpuEvent { at_ms, gpu, code, class, action };
    // The program that divided by its own pointer was told so the day before.
    let program = UnixMillis(lost.0 - 27 * HOUR_MS - 11 * MINUTE_MS);
    vec![
        event(lost, LOST, 79, XidClass::Bus, XidAction::CheckHardware),
        event(program, FREE, 31, XidClass::Program, XidAction::CheckProgram),
    ]
}

/// The state of a card that is not broken.
fn state(index: u32, processes: &[GpuProcess]) -> GpuState {
    match index {
        LOST => GpuState::Fault,
        GHOST => GpuState::Held,
        work::HELD => GpuState::Held,
        _ if processes.iter().any(|process| process.gpu == index) => GpuState::Busy,
        _ => GpuState::Free,
    }
}

fn gone<T>() -> Reading<T> {
    Reading::absent(Reason::Gone)
}

fn not_supported<T>() -> Reading<T> {
    Reading::absent(Reason::NotSupported)
}

/// The works on a card.
fn on_card(works: &[Work], index: u32) -> impl Iterator<Item = &Work> {
    works.iter().filter(move |work| work.part.is_some_and(|part| part.gpu == index))
}
