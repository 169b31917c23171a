//! What a running service does beside answering: takes over what commands wrote, stores what could wait,
//! and notices a database that was lost.

use std::{
    sync::{Arc, atomic::Ordering, mpsc},
    thread,
    time::Duration,
};

use tracing::{error, info, warn};

use super::{
    Inner, Store,
    database::StoreError,
    events, keys, sessions, users,
    view::{Health, Unstored},
};
use crate::clock::{self, Timestamp};

/// How often commands' changes are looked for; they promise effect within a second.
const WATCH_EVERY: Duration = Duration::from_millis(200);
/// Ticks between two stores of last-used stamps: half a minute.
const TICKS_PER_STAMP: u32 = 150;
/// Ticks between two deletions of expired sessions: an hour.
const TICKS_PER_SWEEP: u32 = 18_000;

/// Ticks before old events are first deleted, which then comes with every sweep: a second.
const TICKS_TO_PRUNE: u32 = 5;
/// Events that one transaction deletes.
const PRUNED_AT_ONCE: u32 = 2_000;

/// How long a revoked or ended key is known again, in seconds.
const KEY_MEMORY: i64 = 90 * 86_400;

/// How long sessions live unused, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Those of a browser's run.
    pub browser: i64,
    /// Those that were to be remembered.
    pub remembered: i64,
}

/// Whether more turns of the background thread follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// They do.
    Again,
    /// The service stops.
    Last,
}

/// The background thread; dropping it stores what is left and ends it.
pub struct Background {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Background {
    /// Starts it; `each_tick` runs every fifth of a second for other write-behind work.
    pub fn start(
        store: Arc<Store>,
        lifetimes: impl Fn() -> Lifetimes + Send + 'static,
        mut each_tick: impl FnMut(&Store, Turn) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || {
            let mut tick: u32 = 0;
            let (mut sweeper, mut pruner) = (Sweeper::start(), Sweeper::start());
            let mut pruning = Pruning::Done;
            while matches!(stopped.recv_timeout(WATCH_EVERY), Err(mpsc::RecvTimeoutError::Timeout)) {
                tick = tick.wrapping_add(1);
                store.watch();
                each_tick(&store, Turn::Again);
                if tick.is_multiple_of(TICKS_PER_STAMP) {
                    store.store_stamps();
                }
                if tick.is_multiple_of(TICKS_PER_SWEEP) && sweeper.clock_is_steady() {
                    store.sweep(lifetimes());
                }
                if tick % TICKS_PER_SWEEP == TICKS_TO_PRUNE && pruner.clock_is_steady() {
                    pruning = Pruning::GoesOn;
                }
                if pruning == Pruning::GoesOn {
                    pruning = store.prune();
                }
            }
            each_tick(&store, Turn::Last);
            store.store_stamps();
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(Err(_)) = self.thread.take().map(thread::JoinHandle::join) {
            error!("the store's background thread had panicked; last-used stamps may be missing");
        }
    }
}

impl Store {
    fn watch(&self) {
        let mut inner = self.lock();
        match inner.database.probe().and_then(|()| inner.database.others_wrote()) {
            Ok(wrote) => {
                let was_lost = self.view().health() == Health::Lost;
                if (wrote || was_lost)
                    && let Err(cause) = self.refill(&mut inner)
                {
                    self.lost(&cause);
                } else if was_lost {
                    info!("the database can be read again");
                }
            }
            // Somebody else writes: what is in memory still holds.
            Err(StoreError::Busy) => {}
            Err(cause) => self.lost(&cause),
        }
        retry(&mut inner);
    }

    fn lost(&self, cause: &StoreError) {
        if self.view().health() == Health::Readable {
            error!(%cause, "the database cannot be read, so everybody is refused");
        }
        self.view().set_health(Health::Lost);
    }

    fn store_stamps(&self) {
        let Unstored { sessions, keys, users } = self.view().unstored();
        if sessions.is_empty() && keys.is_empty() && users.is_empty() {
            return;
        }
        let stored = self.lock().database.write(|tx| {
            users.iter().try_for_each(|(seen, user)| users::stamp(tx, user.id, *seen))?;
            keys.iter().try_for_each(|(seen, key)| keys::stamp(tx, key.id, *seen))?;
            sessions.iter().try_for_each(|(seen, session)| sessions::stamp(tx, session.id, *seen))
        });
        match stored {
            Ok(()) => {
                users.iter().for_each(|(seen, user)| user.used.has_stored(*seen));
                keys.iter().for_each(|(seen, key)| key.used.has_stored(*seen));
                sessions.iter().for_each(|(seen, session)| session.used.has_stored(*seen));
            }
            Err(cause) => {
                warn!(%cause, "when users, sessions and keys were last used could not be stored; will try again");
            }
        }
    }

    /// Deletes some of the events that are too old, so that nobody waits long for it.
    fn prune(&self) -> Pruning {
        let oldest = Timestamp::from_secs(clock::now().secs() - self.keep_events.load(Ordering::Relaxed));
        match self.lock().database.write(|tx| events::prune(tx, oldest, PRUNED_AT_ONCE)) {
            Ok(0) => Pruning::Done,
            Ok(_) => Pruning::GoesOn,
            Err(cause) => {
                warn!(%cause, "old events could not be deleted; will try again");
                Pruning::Done
            }
        }
    }

    fn sweep(&self, lifetimes: Lifetimes) {
        let now = clock::now().secs();
        let oldest = |lifetime| Timestamp::from_secs(now - lifetime);
        let mut inner = self.lock();
        let swept = inner.database.write(|tx| {
            keys::delete_old(tx, oldest(KEY_MEMORY))?;
            sessions::delete_expired(tx, oldest(lifetimes.browser), oldest(lifetimes.remembered))
        });
        match swept.and_then(|_| self.refill(&mut inner)) {
            Ok(()) => {}
            Err(cause) => warn!(%cause, "expired sessions could not be deleted; will try again"),
        }
    }
}

/// Whether old events are left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pruning {
    GoesOn,
    Done,
}

/// Stores the ends of sessions and keys that were acknowledged as denied but could not be stored.
fn retry(inner: &mut Inner) {
    let Inner { database, unstored, unstored_keys, untold, .. } = inner;
    if unstored.is_empty() && unstored_keys.is_empty() {
        return;
    }
    let stored = database.write(|tx| {
        unstored_keys.iter().try_for_each(|&key| keys::revoke(tx, key, clock::now()))?;
        untold.iter().try_for_each(|(event, at)| events::append(tx, event, *at).map(|_| ()))?;
        sessions::delete(tx, unstored)
    });
    if stored.is_ok() {
        info!(
            sessions = unstored.len(),
            keys = unstored_keys.len(),
            "sign-outs and revocations that could not be stored are stored now"
        );
        unstored.clear();
        unstored_keys.clear();
        untold.clear();
    }
}

/// Compares the wall clock with the monotonic one, so that a jump of the former deletes nothing.
struct Sweeper {
    wall: Timestamp,
    monotonic: Duration,
}

impl Sweeper {
    fn start() -> Self {
        Self { wall: clock::now(), monotonic: clock::monotonic() }
    }

    fn clock_is_steady(&mut self) -> bool {
        let before = std::mem::replace(self, Self::start());
        let monotonic = self.monotonic.saturating_sub(before.monotonic).as_secs();
        let jump = self.wall.since(before.wall).abs_diff(i64::try_from(monotonic).unwrap_or(i64::MAX));
        if jump > 86_400 {
            warn!(jump, "the clock jumped, so expired sessions are kept for now");
        }
        jump <= 86_400
    }
}
