//! What a host may say of itself in a line: how long its texts, how many its cards, which numbers. What is
//! beyond is cut, or absent as malformed; what has no name is refused.

use crate::model::cluster::{CARD_USERS_MAX, CardStatus, HostTrouble};
use crate::model::gpu::{GPUS_MAX, GpuState};
use crate::model::wire::HostRow;
use crate::model::{Celsius, HostId, Percent, Reading, Reason, Text, UnixMillis, Watts};

use super::Failure;
use crate::model::cluster::TroubleKind;

/// The longest names, in characters.
const NAME_MAX: usize = 120;

/// The longest sentences.
const LINE_MAX: usize = 300;

/// Slices of a card that are told.
const SLICES_MAX: usize = 16;

/// The last moment of the year 9999.
const LAST_MOMENT: i64 = 253_402_300_799_999;

/// A text of at most `max` characters, without control characters: it may end up on a terminal.
#[must_use]
pub fn clip(text: &str, max: usize) -> Text {
    let mut clipped: String = text.chars().take(max).collect();
    if clipped.len() < text.len() {
        clipped.push('…');
    }
    if clipped.chars().any(is_unfit) {
        clipped = clipped.chars().map(|c| if is_unfit(c) { '\u{fffd}' } else { c }).collect();
    }
    clipped.into()
}

/// Control characters, and those that turn the direction of what follows.
fn is_unfit(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_fit(text: &str, max: usize) -> bool {
    text.len() <= max && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn text(text: &mut Text, max: usize) {
    if !is_fit(text, max) {
        *text = clip(text, max);
    }
}

fn name(reading: &mut Reading<Text>) {
    if let Reading::Present(value) = reading {
        text(value, NAME_MAX);
    }
}

fn string(reading: &mut Reading<String>, max: usize) {
    if let Reading::Present(value) = reading
        && !is_fit(value, max)
    {
        *value = clip(value, max).as_str().to_owned();
    }
}

/// Keeps a reading that is possible.
fn keep<T: Copy>(reading: &mut Reading<T>, is_possible: impl Fn(T) -> bool) {
    if reading.present().is_some_and(|value| !is_possible(*value)) {
        *reading = Reading::absent(Reason::Malformed);
    }
}

fn share(reading: &mut Reading<Percent>) {
    keep(reading, |Percent(share)| (0.0..=100.5).contains(&share));
}

fn time(reading: &mut Reading<UnixMillis>) {
    keep(reading, is_moment);
}

fn is_moment(UnixMillis(at): UnixMillis) -> bool {
    (0..=LAST_MOMENT).contains(&at)
}

/// Makes a line fit to be shown.
///
/// # Errors
/// If its key is no host id.
pub(super) fn row(row: &mut HostRow) -> Result<(), Failure> {
    if HostId::parse(&row.key).is_err() {
        return Err(Failure::with(TroubleKind::Malformed, "a host without a proper name"));
    }
    status(row);
    time(&mut row.taken_at_ms);
    time(&mut row.booted_at_ms);
    string(&mut row.hostname, NAME_MAX);
    string(&mut row.operating_system, LINE_MAX);
    name(&mut row.address);
    share(&mut row.cpu_percent);
    share(&mut row.memory_percent);
    share(&mut row.disk_percent);
    cards(row);
    if let Reading::Present(users) = &mut row.users {
        users.truncate(CARD_USERS_MAX);
        for user in users {
            name(&mut user.user);
            name(&mut user.process);
            time(&mut user.since_ms);
            if let Some(container) = &mut user.container {
                text(&mut container.key, NAME_MAX);
                text(&mut container.short, NAME_MAX);
            }
        }
    }
    Ok(())
}

fn status(row: &mut HostRow) {
    let status = &mut row.status;
    text(&mut status.name, NAME_MAX);
    text(&mut status.group, NAME_MAX);
    name(&mut status.version);
    time(&mut status.state_since_ms);
    if let Some(why) = &mut status.maintenance {
        text(why, LINE_MAX);
    }
    if let Some(HostTrouble { since_ms, detail, .. }) = &mut status.trouble {
        since_ms.0 = since_ms.0.clamp(0, LAST_MOMENT);
        if let Some(detail) = detail {
            text(detail, NAME_MAX);
        }
    }
}

/// Lists that go by the list of cards are as long as it.
fn cards(row: &mut HostRow) {
    let mut count = 0;
    if let Reading::Present(cards) = &mut row.cards {
        cards.truncate(GPUS_MAX);
        count = cards.len();
        for card in cards {
            name(&mut card.model);
            card.slices.truncate(SLICES_MAX);
            card.slices.iter_mut().for_each(name);
        }
    }
    row.card_status.resize_with(count, unknown);
    for card in &mut row.card_status {
        time(&mut card.since_ms);
        time(&mut card.idle_since_ms);
        card.slices.truncate(SLICES_MAX);
    }
    fill(&mut row.card_percent, count);
    fill(&mut row.card_memory_bytes, count);
    fill(&mut row.card_celsius, count);
    fill(&mut row.card_watts, count);
    row.card_percent.iter_mut().for_each(share);
    for heat in &mut row.card_celsius {
        keep(heat, |Celsius(heat)| (-100.0..=1000.0).contains(&heat));
    }
    for power in &mut row.card_watts {
        keep(power, |Watts(power)| (0.0..=100_000.0).contains(&power));
    }
}

fn fill<T: Clone>(list: &mut Vec<Reading<T>>, count: usize) {
    list.resize(count, Reading::absent(Reason::Malformed));
}

/// A card of which nothing was said.
fn unknown() -> CardStatus {
    CardStatus {
        state: GpuState::Unknown,
        since_ms: Reading::absent(Reason::Malformed),
        idle_since_ms: Reading::absent(Reason::Malformed),
        severity: None,
        xid: None,
        slices: Vec::new(),
    }
}
