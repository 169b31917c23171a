//! Networks from which somebody has signed in lately: a crowd of strangers keeps them neither from trying nor waiting.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;

use super::network;
use crate::{clock::Timestamp, store::known_networks::KnownNetwork};

/// How long a network is known after a sign-in, in seconds.
pub const MEMORY: i64 = 30 * 86_400;
/// Networks that are remembered; past that the one whose last sign-in is oldest goes.
pub const CAPACITY: usize = 10_000;
/// A sign-in within this time of the last one, in seconds, changes nothing.
const PRECISION: i64 = 86_400;

/// The networks, IPv6 by /64, with their last sign-in.
#[derive(Default)]
pub struct KnownNetworks {
    /// Read for every try, and without a lock, since some come with a verify request.
    seen: ArcSwap<HashMap<IpAddr, Timestamp>>,
    unstored: Mutex<Vec<KnownNetwork>>,
}

impl KnownNetworks {
    /// Whether somebody signed in from there within a month.
    pub fn knows(&self, address: IpAddr, now: Timestamp) -> bool {
        self.seen.load().get(&network(address)).is_some_and(|&seen| now.since(seen) < MEMORY)
    }

    /// Somebody has signed in.
    pub fn note(&self, address: IpAddr, now: Timestamp) {
        let address = network(address);
        let known = self.seen.load().get(&address).copied();
        // A clock that was set back must not keep a network known for longer.
        if known.is_some_and(|seen| (0..PRECISION).contains(&now.since(seen))) {
            return;
        }
        self.seen.rcu(|seen| {
            let mut seen = HashMap::clone(seen);
            seen.insert(address, now);
            bound(&mut seen, now);
            seen
        });
        self.unstored().push(KnownNetwork { network: address, seen: now });
    }

    /// Takes up what an earlier run knew.
    pub fn restore(&self, known: Vec<KnownNetwork>, now: Timestamp) {
        let mut seen: HashMap<_, _> =
            known.into_iter().map(|known| (known.network, known.seen.min(now))).collect();
        bound(&mut seen, now);
        self.seen.store(seen.into());
    }

    /// What is not stored yet.
    pub fn take_unstored(&self) -> Vec<KnownNetwork> {
        std::mem::take(&mut *self.unstored())
    }

    /// Says that these could not be stored.
    pub fn not_stored(&self, known: Vec<KnownNetwork>) {
        let mut unstored = self.unstored();
        if unstored.len() < CAPACITY {
            unstored.extend(known);
        }
    }

    fn unstored(&self) -> MutexGuard<'_, Vec<KnownNetwork>> {
        self.unstored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops what is too old, and the oldest past the capacity.
fn bound(seen: &mut HashMap<IpAddr, Timestamp>, now: Timestamp) {
    seen.retain(|_, seen| now.since(*seen) < MEMORY);
    if seen.len() > CAPACITY {
        let mut ages: Vec<_> = seen.values().copied().collect();
        ages.sort_unstable();
        let oldest = ages[ages.len() - CAPACITY];
        seen.retain(|_, seen| *seen >= oldest);
        while seen.len() > CAPACITY {
            let Some(network) = seen.iter().find(|(_, seen)| **seen == oldest).map(|(network, _)| *network)
            else {
                break;
            };
            seen.remove(&network);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_secs(day * DAY)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_is_known_for_thirty_days_after_its_last_sign_in() {
        let known = KnownNetworks::default();
        assert!(!known.knows(ip("192.0.2.1"), at(0)));
        known.note(ip("192.0.2.1"), at(0));
        known.note(ip("2001:db8:0:1::1"), at(0));
        for (address, day, is_known) in [
            ("192.0.2.1", 29, true),
            ("::ffff:192.0.2.1", 29, true),
            ("192.0.2.1", 30, false),
            ("192.0.2.2", 0, false),
            ("2001:db8:0:1:ffff::9", 1, true),
            ("2001:db8:0:2::1", 1, false),
        ] {
            assert_eq!(known.knows(ip(address), at(day)), is_known, "{address} on day {day}");
        }
        known.note(ip("192.0.2.1"), at(20));
        assert!(known.knows(ip("192.0.2.1"), at(49)));
    }

    #[test]
    fn a_restart_forgets_nobody_and_sign_ins_of_one_day_are_stored_once() {
        let before = KnownNetworks::default();
        before.note(ip("192.0.2.1"), at(0));
        before.note(ip("192.0.2.1"), Timestamp::from_secs(DAY - 1));
        before.note(ip("192.0.2.2"), at(0));
        let stored = before.take_unstored();
        assert_eq!(stored.len(), 2);
        assert!(before.take_unstored().is_empty());
        before.not_stored(stored.clone());
        assert_eq!(before.take_unstored(), stored);
        let after = KnownNetworks::default();
        after.restore(stored, at(1));
        assert!(after.knows(ip("192.0.2.1"), at(1)) && after.knows(ip("192.0.2.2"), at(1)));
    }

    #[test]
    fn the_memory_is_bounded_and_the_oldest_go_first() {
        let known = KnownNetworks::default();
        let host = |number: usize| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
        let stored = |number| KnownNetwork { network: host(number), seen: at(i64::from(number > 50)) };
        known.restore((0..CAPACITY + 20).map(stored).collect(), at(2));
        known.note(ip("2001:db8::1"), at(2));
        assert_eq!(known.seen.load().len(), CAPACITY);
        assert!(known.knows(ip("2001:db8::1"), at(2)) && known.knows(host(51), at(2)));
        let old = (0..=50).filter(|number| known.knows(host(*number), at(2))).count();
        assert_eq!(old, 51 - 21);
    }
}
