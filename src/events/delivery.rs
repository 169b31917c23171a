//! Telling one target what happens: in order, each event until it has it, from where it was left at the last stop.

use std::{collections::VecDeque, pin::pin, sync::Arc, time::Duration};

use futures_util::future::{Either, select};
use tokio::{sync::watch, task::yield_now, time::timeout};
use tracing::{info, warn};

use super::{
    command,
    failing::Failing,
    target::Target,
    webhook::{self, Webhook},
};
use crate::store::{
    Store,
    database::StoreError,
    deliveries,
    events::{self, EventId, Recorded},
};

/// Events that are read at once.
const BATCH: u32 = 100;
/// The wait after the first failure; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How often an event is offered to a target that does not want it.
const OFFERS: u32 = 4;
/// Events of other kinds that may pass before it is stored that they have.
const UNSTORED: i64 = 500;

/// What telling came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The target has it.
    Delivered,
    /// It cannot be told now, which passes.
    Down(String),
    /// It does not want this event, or fails at it.
    Refused(String),
}

/// Whether to go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    Stop,
}

/// How a target is reached.
pub(super) enum Means {
    Webhook(Webhook),
    Command(Vec<String>),
}

/// Tells one target.
pub(super) struct Courier {
    target: Target,
    means: Means,
    store: Arc<Store>,
    newest: watch::Receiver<EventId>,
    /// Ends when its sender is dropped.
    stop: watch::Receiver<()>,
    delivered: EventId,
    stored: EventId,
    waiting: VecDeque<Recorded>,
    /// The event that failed last, and how often it did.
    failed: Failed,
    /// Where it is noted that the target cannot be told.
    failing: Failing,
}

#[derive(Default)]
struct Failed {
    event: Option<EventId>,
    times: u32,
    refused: u32,
}

impl Courier {
    pub(super) fn new(
        (target, means): (Target, Means),
        store: Arc<Store>,
        stop: watch::Receiver<()>,
        failing: Failing,
    ) -> Self {
        Self {
            target,
            means,
            newest: store.newest_event(),
            store,
            stop,
            delivered: EventId::START,
            stored: EventId::START,
            waiting: VecDeque::new(),
            failed: Failed::default(),
            failing,
        }
    }

    pub(super) async fn run(mut self) {
        while let Err(cause) = self.begin() {
            warn!(%cause, target = %self.target, "how far a target was told cannot be read; will try again");
            if self.pause(FIRST_WAIT).await == Next::Stop {
                return;
            }
        }
        while self.step().await == Next::GoOn {}
        self.failing.forget(&self.target);
        self.store_progress();
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        let digest = self.target.digest();
        self.delivered = self.store.write(|tx| deliveries::delivered(tx, &digest))?;
        self.stored = self.delivered;
        Ok(())
    }

    async fn step(&mut self) -> Next {
        // Marked before reading, so that nothing that comes between is missed.
        self.newest.mark_unchanged();
        if self.waiting.is_empty() {
            // Others have their turn while this one catches up.
            yield_now().await;
            match self.store.read(|connection| events::after(connection, self.delivered, BATCH)) {
                Ok(batch) => self.waiting = batch.into(),
                Err(cause) => {
                    warn!(%cause, target = %self.target, "events cannot be read; will try again");
                    return self.pause(FIRST_WAIT).await;
                }
            }
        }
        let Some(recorded) = self.waiting.pop_front() else { return self.more().await };
        self.tell_of_gap(&recorded);
        if !self.target.kinds.contains(recorded.event.kind) {
            self.delivered = recorded.id;
            if self.delivered.get() - self.stored.get() > UNSTORED {
                self.store_progress();
            }
            return if self.stopped() { Next::Stop } else { Next::GoOn };
        }
        let outcome = match &self.means {
            Means::Webhook(webhook) => webhook::post(webhook, &recorded).await,
            Means::Command(words) => command::run(words, &recorded).await,
        };
        self.settle(&recorded, outcome).await
    }

    async fn settle(&mut self, recorded: &Recorded, outcome: Outcome) -> Next {
        let (cause, refused) = match outcome {
            Outcome::Delivered => {
                if self.failed.event == Some(recorded.id) {
                    info!(target = %self.target, event = recorded.id.get(), "a target has an event at last");
                }
                self.advance(recorded.id);
                return if self.stopped() { Next::Stop } else { Next::GoOn };
            }
            Outcome::Down(cause) => (cause, 0),
            Outcome::Refused(cause) => (cause, 1),
        };
        if self.failed.event != Some(recorded.id) {
            self.failed = Failed { event: Some(recorded.id), ..Failed::default() };
            warn!(target = %self.target, event = recorded.id.get(), cause, "a target could not be told of an event; will try again");
        }
        self.failed.times += 1;
        self.failed.refused += refused;
        if self.failed.refused >= OFFERS {
            warn!(target = %self.target, event = recorded.id.get(), cause, "a target does not take an event, so it goes without");
            self.advance(recorded.id);
            return Next::GoOn;
        }
        self.failing.note(&self.target, recorded.at);
        // Read anew: after a long wait the event may be too old to be kept.
        self.waiting.clear();
        self.pause(wait(self.failed.times)).await
    }

    fn advance(&mut self, event: EventId) {
        self.failed = Failed::default();
        self.failing.forget(&self.target);
        self.delivered = event;
        self.store_progress();
    }

    /// Where this fails, the target is told again after a restart.
    fn store_progress(&mut self) {
        if self.stored == self.delivered {
            return;
        }
        let (digest, delivered) = (self.target.digest(), self.delivered);
        match self.store.write(|tx| deliveries::set_delivered(tx, &digest, delivered)) {
            Ok(()) => self.stored = delivered,
            Err(cause) => {
                warn!(%cause, target = %self.target, "it could not be stored that a target was told")
            }
        }
    }

    fn tell_of_gap(&self, next: &Recorded) {
        let missing = next.id.get() - self.delivered.get() - 1;
        if missing > 0 && self.failed.event != Some(next.id) {
            warn!(target = %self.target, events = missing, "events were deleted, as audit.keep says, before a target was told");
        }
    }

    fn stopped(&self) -> bool {
        self.stop.has_changed().is_err()
    }

    async fn more(&mut self) -> Next {
        match select(pin!(self.newest.changed()), pin!(self.stop.changed())).await {
            Either::Left((Ok(()), _)) => Next::GoOn,
            Either::Left((Err(_), _)) | Either::Right(_) => Next::Stop,
        }
    }

    async fn pause(&mut self, time: Duration) -> Next {
        match timeout(time, self.stop.changed()).await {
            Ok(_) => Next::Stop,
            Err(_) => Next::GoOn,
        }
    }
}

/// The wait after so many failures, a fifth more or less, so that targets do not all come at once.
fn wait(failures: u32) -> Duration {
    let doubled =
        FIRST_WAIT.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1).min(16)).unwrap_or(u32::MAX));
    let jitter = getrandom::u32().unwrap_or(200) % 401;
    doubled.min(LONGEST_WAIT).mul_f64(f64::from(800 + jitter) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes() {
        for (failures, seconds) in [(1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (1_000, 300)] {
            let wait = wait(failures).as_secs_f64() / f64::from(seconds);
            assert!((0.79..1.21).contains(&wait), "{failures}: {wait}");
        }
    }
}
