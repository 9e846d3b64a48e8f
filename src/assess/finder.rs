//! Where cards are free: answers a question over the lines of hosts. Must not know who asks.
//!
//! A card is offered where its host is up and nobody works on it, the card is free, and as much memory is
//! free on it as was asked for. What is not known is not enough. A card divided by MIG is no whole card:
//! its slices are offered by nobody here.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use crate::model::cluster::{CardFacts, CardStatus, FreeBody, HostState, Offer};
use crate::model::free::{FreeQuestion, Spread};
use crate::model::gpu::{GpuState, Severity};
use crate::model::order::natural;
use crate::model::wire::HostRow;
use crate::model::{Bytes, HostId, Reading, Reason, Text, UnixMillis};

/// The longest name that is offered for `ssh`, in bytes: that of a name in the DNS.
const ADDRESS_MAX_BYTES: usize = 253;

/// A free card.
#[derive(Debug, Clone)]
struct Card {
    index: u32,
    memory_free: Reading<Bytes>,
    idle_since: Reading<UnixMillis>,
    severity: Option<Severity>,
}

/// Free cards of one model on one host, those to take first.
#[derive(Debug, Clone)]
struct Block {
    host: HostId,
    name: Text,
    address: Text,
    model: Reading<Text>,
    cards: Vec<Card>,
}

/// What was found of a question before it is said how to take it.
#[derive(Debug, Default)]
struct Found {
    /// Cards that fit, free or not.
    fitting: u64,
    /// Free cards that fit.
    blocks: Vec<Block>,
    /// Free cards of the model with too little memory.
    small: Vec<Block>,
}

/// Where the cards are that were asked for, at `now`. Hosts go by [`Offer::name`] in the order people count
/// in where nothing else sets them apart.
#[must_use]
pub fn find(rows: &[Arc<HostRow>], question: &FreeQuestion, now: UnixMillis) -> FreeBody {
    let mut found = Found::default();
    for row in rows {
        found.look_at(row, question);
    }
    let Found { fitting, blocks, small } = found;
    let free = blocks.iter().map(|block| block.cards.len() as u64).sum();
    let offers = match question.spread {
        Spread::OneHost => on_one_host(&blocks, question),
        Spread::AnyHosts => together(&blocks, question),
    };
    let nearest = offers.is_empty().then(|| nearest(&blocks, &small)).flatten();
    FreeBody { server_time_ms: now, free, fitting, offers, nearest }
}

impl Found {
    fn look_at(&mut self, row: &HostRow, question: &FreeQuestion) {
        let is_up = row.status.state == HostState::Up && row.status.maintenance.is_none();
        let (true, Ok(host), Reading::Present(cards)) =
            (is_up, HostId::parse(&row.key), &row.cards)
        else {
            return;
        };
        let mut here = Here { row, host, blocks: Vec::new(), small: Vec::new() };
        for (place, facts) in cards.iter().enumerate() {
            if !facts.slices.is_empty() || !is_wanted_model(facts, question) {
                continue;
            }
            let has_room = has(facts.memory_total_bytes, question.memory_bytes);
            self.fitting += u64::from(has_room);
            let Some(status) = row.card_status.get(place) else { continue };
            if status.state != GpuState::Free {
                continue;
            }
            let card = card(row, place, facts, status);
            let fits = has_room && has(card.memory_free, question.memory_bytes);
            here.add(facts, card, fits);
        }
        self.blocks.append(&mut here.blocks);
        self.small.append(&mut here.small);
    }
}

/// One host while it is looked at.
struct Here<'a> {
    row: &'a HostRow,
    host: HostId,
    blocks: Vec<Block>,
    small: Vec<Block>,
}

impl Here<'_> {
    fn add(&mut self, facts: &CardFacts, card: Card, fits: bool) {
        let blocks = if fits { &mut self.blocks } else { &mut self.small };
        let same = |block: &&mut Block| block.model.present() == facts.model.present();
        match blocks.iter_mut().find(same) {
            Some(block) => {
                let at = block.cards.partition_point(|other| first_to_take(other, &card).is_le());
                block.cards.insert(at, card);
            }
            None => blocks.push(Block {
                host: self.host.clone(),
                name: name(self.row),
                address: address(self.row),
                model: facts.model.clone(),
                cards: vec![card],
            }),
        }
    }
}

fn card(row: &HostRow, place: usize, facts: &CardFacts, status: &CardStatus) -> Card {
    let used = row.card_memory_bytes.get(place).copied().unwrap_or_default();
    let memory_free = facts
        .memory_total_bytes
        .and_then(|total| used.map(|used| Bytes(total.0.saturating_sub(used.0))));
    Card {
        index: facts.index,
        memory_free,
        idle_since: status.idle_since_ms,
        severity: status.severity,
    }
}

fn is_wanted_model(facts: &CardFacts, question: &FreeQuestion) -> bool {
    let Some(wanted) = &question.model else { return true };
    let wanted = wanted.to_lowercase();
    facts.model.present().is_some_and(|model| model.to_lowercase().contains(&wanted))
}

/// Whether that is as much as was asked for. What is not known is not enough.
fn has(memory: Reading<Bytes>, wanted: u64) -> bool {
    wanted == 0 || memory.present().is_some_and(|memory| memory.0 >= wanted)
}

/// Cards that nothing is wrong with, then those idle for longest; those of which that is not known last.
fn first_to_take(one: &Card, other: &Card) -> Ordering {
    let trouble = |card: &Card| card.severity.filter(|severity| *severity >= Severity::Warning);
    (trouble(one).cmp(&trouble(other)))
        .then_with(|| known_first(&one.idle_since, &other.idle_since, |at| at.0))
        .then_with(|| one.index.cmp(&other.index))
}

/// The least first, what is absent last.
fn known_first<T, K: Ord>(one: &Reading<T>, other: &Reading<T>, key: impl Fn(&T) -> K) -> Ordering {
    match (one.present(), other.present()) {
        (Some(one), Some(other)) => key(one).cmp(&key(other)),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

fn name(row: &HostRow) -> Text {
    if row.status.name.trim().is_empty() { row.key.clone() } else { row.status.name.clone() }
}

/// What `ssh` is to be told. What comes from another machine ends up on somebody's command line: names
/// with anything in them that a shell or `ssh` could take for something else are not passed on.
fn address(row: &HostRow) -> Text {
    let hostname = row.hostname.present().map(String::as_str);
    let names = [row.address.present().map(Text::as_str), hostname, Some(row.key.as_str())];
    let safe = names.into_iter().flatten().find(|name| is_safe_address(name));
    safe.map(Text::from).unwrap_or_default()
}

fn is_safe_address(name: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_alphanumeric() || byte == b':';
    (1..=ADDRESS_MAX_BYTES).contains(&name.len())
        && name.bytes().next().is_some_and(is_first)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:@%".contains(&byte))
}

impl Block {
    fn offer(&self, take: usize) -> Offer {
        let taken = self.cards.get(..take).unwrap_or(&self.cards);
        let mut gpus: Vec<u32> = taken.iter().map(|card| card.index).collect();
        gpus.sort_unstable();
        Offer {
            host: self.host.clone(),
            name: self.name.clone(),
            address: self.address.clone(),
            model: self.model.clone(),
            gpus,
            free: self.cards.len() as u32,
            memory_free_bytes: worst(taken.iter().map(|card| card.memory_free), |one, other| {
                Bytes(one.0.min(other.0))
            }),
            idle_since_ms: worst(taken.iter().map(|card| card.idle_since), |one, other| {
                UnixMillis(one.0.max(other.0))
            }),
        }
    }
}

/// All of them put together, or why one is absent.
fn worst<T>(values: impl Iterator<Item = Reading<T>>, put: impl Fn(T, T) -> T) -> Reading<T> {
    let mut values = values;
    let Some(first) = values.next() else { return Reading::absent(Reason::NotSupported) };
    values.fold(first, |one, other| match (one, other) {
        (Reading::Present(one), Reading::Present(other)) => Reading::Present(put(one, other)),
        (Reading::Absent { absent }, _) | (_, Reading::Absent { absent }) => {
            Reading::absent(absent)
        }
    })
}

/// The best first. Waste is what stays free beside the cards that are taken, so that large blocks stay
/// whole for those who need them; then memory beyond what was asked for.
fn best(one: &Offer, other: &Offer) -> Ordering {
    let left = |offer: &Offer| offer.free as usize - offer.gpus.len().min(offer.free as usize);
    left(one)
        .cmp(&left(other))
        .then_with(|| known_first(&one.memory_free_bytes, &other.memory_free_bytes, |free| free.0))
        .then_with(|| known_first(&one.idle_since_ms, &other.idle_since_ms, |at| at.0))
        .then_with(|| by_name(one, other))
}

fn by_name(one: &Offer, other: &Offer) -> Ordering {
    natural(&one.name, &other.name)
        .then_with(|| natural(one.host.as_str(), other.host.as_str()))
        .then_with(|| one.model.present().cmp(&other.model.present()))
}

fn on_one_host(blocks: &[Block], question: &FreeQuestion) -> Vec<Offer> {
    let wanted = question.gpus as usize;
    let enough = blocks.iter().filter(|block| block.cards.len() >= wanted);
    let mut offers: Vec<Offer> = enough.map(|block| block.offer(wanted)).collect();
    offers.sort_by(best);
    offers
}

/// Cards of one model on as few hosts as can be; of several models only where no one has enough.
fn together(blocks: &[Block], question: &FreeQuestion) -> Vec<Offer> {
    let mut models: Vec<Option<&Text>> = blocks.iter().map(|block| block.model.present()).collect();
    models.sort();
    models.dedup();
    let of_one = models.iter().filter_map(|model| {
        let same = blocks.iter().filter(|block| block.model.present() == *model).collect();
        fewest(same, question.gpus as usize)
    });
    let best_of_one = of_one.min_by(|one, other| {
        let hosts = one.len().cmp(&other.len());
        hosts.then_with(|| match (one.last(), other.last()) {
            (Some(one), Some(other)) => best(one, other),
            _ => Ordering::Equal,
        })
    });
    best_of_one
        .or_else(|| fewest(blocks.iter().collect(), question.gpus as usize))
        .unwrap_or_default()
}

/// The largest blocks, and at the end the one that fits the rest best; none if all are too few.
fn fewest(mut blocks: Vec<&Block>, wanted: usize) -> Option<Vec<Offer>> {
    blocks.sort_by(|one, other| {
        let by_size = Reverse(one.cards.len()).cmp(&Reverse(other.cards.len()));
        by_size.then_with(|| best(&one.offer(1), &other.offer(1)))
    });
    let mut missing = wanted;
    let mut offers = Vec::new();
    let mut rest = blocks.as_slice();
    while missing > 0 {
        let (largest, others) = rest.split_first()?;
        if largest.cards.len() >= missing {
            let enough = rest.iter().filter(|block| block.cards.len() >= missing);
            offers.push(enough.map(|block| block.offer(missing)).min_by(best)?);
            return Some(offers);
        }
        offers.push(largest.offer(largest.cards.len()));
        missing -= largest.cards.len();
        rest = others;
    }
    Some(offers)
}

/// What comes closest where nothing fits.
fn nearest(blocks: &[Block], small: &[Block]) -> Option<Offer> {
    let whole = |block: &Block| block.offer(block.cards.len());
    let most_cards = |one: &Offer, other: &Offer| {
        other.gpus.len().cmp(&one.gpus.len()).then_with(|| best(one, other))
    };
    let most_memory = |one: &Offer, other: &Offer| {
        known_first(&one.memory_free_bytes, &other.memory_free_bytes, |free| Reverse(free.0))
            .then_with(|| most_cards(one, other))
    };
    let fits = blocks.iter().map(whole).min_by(most_cards);
    fits.or_else(|| small.iter().map(whole).min_by(most_memory))
}

#[cfg(test)]
mod tests;
