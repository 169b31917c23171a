//! Keeps what can happen very often from filling the store and the log: the same thing is told a few times a minute,
//! then counted.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash},
    time::Duration,
};

use super::{event::Event, kind::Kind};
use crate::clock::Timestamp;

/// What is counted together.
const WINDOW: Duration = Duration::from_secs(60);

/// How often a kind of thing is told within a minute.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// The same thing.
    pub(super) same: u32,
    /// Different things of known users.
    pub(super) known: usize,
    /// Different things of whoever is not known.
    pub(super) unknown: usize,
}

/// Whether the one who did it is known to be a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    Known,
    Unknown,
}

/// Something that can happen very often.
pub(super) trait Tallied: Clone {
    /// What shares limits.
    type Kind: Copy + Eq + Hash;

    fn kind(&self) -> Self::Kind;
    /// `None` for what is told however often it happens.
    fn limits(&self) -> Option<Limits>;
    fn who(&self) -> Who;
    /// What is equal for all that are the same thing.
    fn sameness(&self) -> impl Hash;
    /// What tells that it happened so often again.
    fn again(self, count: u64) -> Self;
    /// What tells of so many others of a kind.
    fn others(kind: Self::Kind, count: u64) -> Self;
}

/// Something that is due to be told, and when it happened.
pub(super) type Due<T> = (T, Timestamp);

/// Where something is counted.
#[derive(Clone, Copy)]
pub(super) enum Slot<K> {
    Same(u64),
    Others(K, Who),
}

/// What was told and counted in this minute.
pub(super) struct Tally<T: Tallied> {
    hasher: RandomState,
    same: HashMap<u64, Same<T>>,
    /// How many different things are in `same`.
    different: HashMap<(T::Kind, Who), usize>,
    /// What was different from everything told, past the limit.
    others: HashMap<(T::Kind, Who), Others>,
}

struct Same<T> {
    told: u32,
    counted: u64,
    last: Due<T>,
}

struct Others {
    counted: u64,
    last: Timestamp,
}

/// Minutes, one after the other.
#[derive(Default)]
pub(super) struct Minutes(Duration);

impl Minutes {
    /// Whether one is over; the next begins then.
    pub(super) fn is_over(&mut self, now: Duration) -> bool {
        let over = now.saturating_sub(self.0) >= WINDOW;
        if over {
            self.0 = now;
        }
        over
    }
}

impl<T: Tallied> Default for Tally<T> {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            same: HashMap::new(),
            different: HashMap::new(),
            others: HashMap::new(),
        }
    }
}

impl<T: Tallied> Tally<T> {
    /// Takes something; it comes back where it is to be told now, and with it the place where more of it is counted.
    pub(super) fn take(&mut self, (it, at): Due<T>) -> (Option<Due<T>>, Option<Slot<T::Kind>>) {
        let Some(limits) = it.limits() else { return (Some((it, at)), None) };
        let key = self.hasher.hash_one((it.kind(), it.sameness()));
        let slot = Some(Slot::Same(key));
        if let Some(same) = self.same.get_mut(&key) {
            if same.told < limits.same {
                same.told += 1;
                same.last = (it.clone(), at);
                return (Some((it, at)), slot);
            }
            same.counted += 1;
            same.last = (it, at);
            return (None, slot);
        }
        let class = (it.kind(), it.who());
        let most = match class.1 {
            Who::Known => limits.known,
            Who::Unknown => limits.unknown,
        };
        let different = self.different.entry(class).or_default();
        if *different >= most {
            let slot = Slot::Others(class.0, class.1);
            self.add(slot, 1, at);
            return (None, Some(slot));
        }
        *different += 1;
        self.same.insert(key, Same { told: 1, counted: 0, last: (it.clone(), at) });
        (Some((it, at)), slot)
    }

    /// Counts what happened elsewhere, the last of it then.
    pub(super) fn add(&mut self, slot: Slot<T::Kind>, count: u64, at: Timestamp) {
        match slot {
            _ if count == 0 => {}
            Slot::Same(key) => {
                if let Some(same) = self.same.get_mut(&key) {
                    same.counted += count;
                    same.last.1 = same.last.1.max(at);
                }
            }
            Slot::Others(kind, who) => {
                let others = self.others.entry((kind, who)).or_insert(Others { counted: 0, last: at });
                others.counted += count;
                others.last = others.last.max(at);
            }
        }
    }

    /// What was only counted so far; a minute begins anew.
    pub(super) fn close(&mut self) -> Vec<Due<T>> {
        let (mut due, mut different) = (Vec::new(), HashMap::new());
        // Whatever still happens when the minute ends has been told for the next one.
        self.same.retain(|_, same| {
            if same.counted == 0 {
                return false;
            }
            *different.entry((same.last.0.kind(), same.last.0.who())).or_default() += 1;
            let (it, at) = same.last.clone();
            due.push((it.again(same.counted), at));
            same.told = same.told.min(1);
            same.counted = 0;
            true
        });
        self.different = different;
        due.extend(
            self.others.drain().map(|((kind, _), others)| (T::others(kind, others.counted), others.last)),
        );
        due.sort_by_key(|(_, at)| *at);
        due
    }
}

impl Kind {
    /// `None` for what the store's own work limits already.
    const fn limits(self) -> Option<Limits> {
        match self {
            Self::Action => Some(Limits { same: 600, known: 1_000, unknown: 10 }),
            Self::RequestRefused => Some(Limits { same: 1, known: 100, unknown: 10 }),
            Self::SigninFailed | Self::SigninBlocked => Some(Limits { same: 1, known: 10, unknown: 10 }),
            _ => None,
        }
    }

    /// Whether anybody at all can make it happen, as fast as they like.
    pub(super) const fn is_anybodys(self) -> bool {
        matches!(self, Self::RequestRefused | Self::SigninFailed | Self::SigninBlocked)
    }
}

impl Tallied for Event {
    type Kind = Kind;

    fn kind(&self) -> Kind {
        self.kind
    }

    fn limits(&self) -> Option<Limits> {
        self.kind.limits()
    }

    fn who(&self) -> Who {
        if self.actor.is_some() { Who::Known } else { Who::Unknown }
    }

    fn sameness(&self) -> impl Hash {
        let what = ["capability", "cause"].into_iter().find_map(|name| self.detail.get(name));
        (self.actor.as_ref().or(self.address.as_ref()), &self.app, what.and_then(|what| what.as_str()))
    }

    fn again(self, count: u64) -> Self {
        self.with("count", count)
    }

    fn others(kind: Kind, count: u64) -> Self {
        Self::new(kind).with("others", true).with("count", count)
    }
}

#[cfg(test)]
mod tests;
