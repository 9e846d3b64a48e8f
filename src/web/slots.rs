//! Caps on how many of something there may be, in all and per client address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::network::limit_key;

/// Counts what is taken.
#[derive(Debug, Clone)]
pub(super) struct Slots(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    in_all: usize,
    per_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    /// No entry is 0, so the table holds no more than `in_all` entries.
    per_address: HashMap<IpAddr, usize>,
}

/// One taken place; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Slot {
    shared: Arc<Shared>,
    key: IpAddr,
}

/// Which cap was hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    InAll,
    Address,
}

impl Slots {
    pub(super) fn new(in_all: usize, per_address: usize) -> Self {
        Self(Arc::new(Shared { in_all, per_address, taken: Mutex::default() }))
    }

    pub(super) fn take(&self, client: IpAddr) -> Result<Slot, Full> {
        self.take_with(client, self.0.per_address)
    }

    /// Like [`Self::take`] for an address behind which there are many: only the cap in all counts.
    pub(super) fn take_for_many(&self, client: IpAddr) -> Result<Slot, Full> {
        self.take_with(client, usize::MAX)
    }

    fn take_with(&self, client: IpAddr, per_address: usize) -> Result<Slot, Full> {
        let key = limit_key(client);
        let mut taken = self.0.taken();
        if taken.in_all >= self.0.in_all {
            return Err(Full::InAll);
        }
        let of_address = taken.per_address.get(&key).copied().unwrap_or(0);
        if of_address >= per_address {
            return Err(Full::Address);
        }
        taken.in_all += 1;
        taken.per_address.insert(key, of_address + 1);
        Ok(Slot { shared: self.0.clone(), key })
    }

    pub(super) fn in_use(&self) -> usize {
        self.0.taken().in_all
    }
}

impl Shared {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Every change under the lock is whole before anything could panic.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.shared.taken();
        taken.in_all = taken.in_all.saturating_sub(1);
        if let Some(count) = taken.per_address.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                taken.per_address.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_and_leave_nothing_behind() {
        let slots = Slots::new(3, 2);
        let [a, b] = ["192.0.2.1", "192.0.2.2"].map(|ip| ip.parse::<IpAddr>().unwrap());
        let first = slots.take(a).unwrap();
        let second = slots.take(a).unwrap();
        assert_eq!(slots.take(a).unwrap_err(), Full::Address);
        let third = slots.take(b).unwrap();
        assert_eq!(slots.take(b).unwrap_err(), Full::InAll);
        drop(first);
        let fourth = slots.take(a).unwrap();
        drop(third);
        assert_eq!(slots.take(a).unwrap_err(), Full::Address);
        let fifth = slots.take_for_many(a).unwrap();
        assert_eq!(slots.take_for_many(a).unwrap_err(), Full::InAll);
        drop((second, fourth, fifth));
        assert_eq!(slots.in_use(), 0);
        assert!(slots.0.taken().per_address.is_empty());
    }
}
