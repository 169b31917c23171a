//! When something was last used: noted without a lock as it is used, stored in the background.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::Timestamp;

/// Seconds between two stamps of one thing.
const STAMP_EVERY: i64 = 60;

/// The moment of the last use, to the minute. Nothing was used at the start of the epoch, which stands for *never*.
#[derive(Debug, Default)]
pub struct LastUse {
    seen: AtomicI64,
    stored: AtomicI64,
}

impl LastUse {
    /// As the database says, where nothing stands for *never*.
    pub fn stored_at(seen: Option<Timestamp>) -> Self {
        let seen = seen.map_or(0, Timestamp::secs);
        Self { seen: AtomicI64::new(seen), stored: AtomicI64::new(seen) }
    }

    /// The moment; `None` before the first use.
    pub fn get(&self) -> Option<Timestamp> {
        Some(self.seen.load(Ordering::Relaxed)).filter(|&seen| seen > 0).map(Timestamp::from_secs)
    }

    /// Notes a use.
    pub fn note(&self, now: Timestamp) {
        if now.secs() - self.seen.load(Ordering::Relaxed) >= STAMP_EVERY {
            self.seen.store(now.secs(), Ordering::Relaxed);
        }
    }

    /// The moment, where the database has an older one.
    pub(super) fn unstored(&self) -> Option<Timestamp> {
        self.get().filter(|seen| seen.secs() > self.stored.load(Ordering::Relaxed))
    }

    /// Says that the database has it now.
    pub(super) fn has_stored(&self, seen: Timestamp) {
        self.stored.store(seen.secs(), Ordering::Relaxed);
    }

    /// Takes over what is known in memory of the same thing.
    pub(super) fn take_over(&self, known: &Self) {
        self.seen.fetch_max(known.seen.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}
