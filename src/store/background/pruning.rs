//! The deletion of events that are too old or too many, a few at a time, so that nobody waits long for it.

use std::sync::atomic::Ordering;

use tokio::sync::watch;
use tracing::warn;

use super::Store;
use crate::{
    clock::{self, Timestamp},
    store::events::{
        self, EventId,
        pruning::{self, ROOM, Surplus},
    },
};

/// Events that one transaction deletes.
const AT_ONCE: u32 = 2_000;
/// So many more events, as a part of all that there is room for, are counted anew.
const PART: usize = 20;

/// How far it has come.
pub(super) struct Pruning {
    /// Whether old events are left.
    pub(super) old_goes_on: bool,
    /// What there is no room for.
    surplus: Vec<Surplus>,
    newest: watch::Receiver<EventId>,
    /// The newest event when they were last counted.
    counted_at: Option<EventId>,
}

impl Pruning {
    pub(super) const fn new(newest: watch::Receiver<EventId>) -> Self {
        Self { old_goes_on: false, surplus: Vec::new(), newest, counted_at: None }
    }

    /// Whether so many happened since they were last counted that room may be needed.
    fn is_due(&mut self) -> bool {
        let newest = *self.newest.borrow_and_update();
        let more = i64::try_from(ROOM.total() / PART).unwrap_or(i64::MAX);
        let due = self.counted_at.is_none_or(|counted| newest.get() - counted.get() >= more);
        if due {
            self.counted_at = Some(newest);
        }
        due
    }
}

impl Store {
    pub(super) fn prune_old(&self, pruning: &mut Pruning) {
        if !pruning.old_goes_on {
            return;
        }
        let oldest = Timestamp::from_secs(clock::now().secs() - self.keep_events.load(Ordering::Relaxed));
        pruning.old_goes_on = match self.lock().database.write(|tx| events::prune(tx, oldest, AT_ONCE)) {
            Ok(deleted) => deleted > 0,
            Err(cause) => {
                warn!(%cause, "old events could not be deleted; will try again");
                false
            }
        };
    }

    /// Makes room for newer events. They are counted beside the writers.
    pub(super) fn make_room(&self, pruning: &mut Pruning) {
        if pruning.surplus.is_empty() && pruning.is_due() {
            match self.read(|connection| pruning::surplus(connection, ROOM)) {
                Ok(surplus) => pruning.surplus = surplus,
                Err(cause) => warn!(%cause, "the events could not be counted; will try again"),
            }
        }
        let Some(surplus) = pruning.surplus.last() else { return };
        match self.lock().database.write(|tx| pruning::delete(tx, surplus, AT_ONCE)) {
            Ok(0) => drop(pruning.surplus.pop()),
            Ok(_) => {}
            Err(cause) => {
                warn!(%cause, "events that there is no room for could not be deleted; will try again");
                pruning.surplus.clear();
            }
        }
    }
}
