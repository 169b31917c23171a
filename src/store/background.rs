//! What a running service does beside answering: takes over what commands wrote, stores what could wait,
//! and notices a database that was lost.

mod pruning;

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use pruning::Pruning;
use tracing::{error, info, warn};

use super::{
    Inner, Store,
    database::StoreError,
    events, keys,
    sessions::{
        self,
        expiry::{self, Oldest},
    },
    users,
    view::{Health, Unstored},
};
use crate::{
    clock::{self, Timestamp},
    events::{event::Event, kind::Kind},
};

/// How often commands' changes are looked for; they promise effect within a second.
const WATCH_EVERY: Duration = Duration::from_millis(200);
/// Ticks between two stores of last-used stamps: half a minute.
const TICKS_PER_STAMP: u32 = 150;
/// Ticks between two deletions of expired sessions: a minute.
const TICKS_PER_SWEEP: u32 = 300;
/// Ticks between two deletions of what is kept for long: an hour.
const TICKS_PER_PRUNING: u32 = 18_000;
/// How long a clock that jumped is not believed.
const DOUBT: Duration = Duration::from_secs(3_600);

/// Ticks before old events are first deleted: a second.
const TICKS_TO_PRUNE: u32 = 5;

/// How long a revoked or ended key is known again, in seconds.
const KEY_MEMORY: i64 = 90 * 86_400;

/// How long sessions live unused, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Those of a browser's run.
    pub browser: i64,
    /// Those that were to be remembered.
    pub remembered: i64,
    /// Any, used or not.
    pub longest: i64,
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
            let mut pruning = Pruning::new(store.newest_event());
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
                if tick % TICKS_PER_PRUNING == TICKS_TO_PRUNE && pruner.clock_is_steady() {
                    pruning.old_goes_on = true;
                }
                store.prune_old(&mut pruning);
                store.make_room(&mut pruning);
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

    /// Ends what has run out. Verify refuses it already; this tells those who follow the events.
    fn sweep(&self, lifetimes: Lifetimes) {
        let now = clock::now();
        let oldest = |lifetime| Timestamp::from_secs(now.secs().saturating_sub(lifetime));
        let limits = Oldest {
            browser: oldest(lifetimes.browser),
            remembered: oldest(lifetimes.remembered),
            started: oldest(lifetimes.longest),
        };
        let mut inner = self.lock();
        let swept = inner.database.write(|tx| {
            for (user, count) in expiry::expired(tx, limits)? {
                let ended = Event::new(Kind::SessionEnded).about(&user).with("sessions", count);
                events::append(tx, &ended.with("expired", true), now)?;
            }
            Ok(keys::delete_old(tx, oldest(KEY_MEMORY))? + expiry::delete(tx, limits)?)
        });
        match swept.and_then(|deleted| if deleted > 0 { self.refill(&mut inner) } else { Ok(()) }) {
            Ok(()) => {}
            Err(cause) => warn!(%cause, "expired sessions could not be deleted; will try again"),
        }
    }
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
    doubted_until: Duration,
}

impl Sweeper {
    fn start() -> Self {
        Self { wall: clock::now(), monotonic: clock::monotonic(), doubted_until: Duration::ZERO }
    }

    fn clock_is_steady(&mut self) -> bool {
        self.is_steady_at(clock::now(), clock::monotonic())
    }

    fn is_steady_at(&mut self, wall: Timestamp, monotonic: Duration) -> bool {
        let passed = monotonic.saturating_sub(self.monotonic).as_secs();
        let jump = wall.since(self.wall).abs_diff(i64::try_from(passed).unwrap_or(i64::MAX));
        (self.wall, self.monotonic) = (wall, monotonic);
        if jump > 86_400 {
            warn!(jump, "the clock jumped, so expired sessions are kept for an hour");
            self.doubted_until = monotonic + DOUBT;
        }
        monotonic >= self.doubted_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        authn::{device::Device, name::UserName, token::Token},
        policy::{capability::Capabilities, role::Role},
        store::{
            sessions::{Lifetime, NewSession, Opened},
            users::NewUser,
        },
    };

    const DAY: i64 = 86_400;

    /// A session of a user, by the days since it started and since it was last used.
    fn add(store: &Store, name: &str, lifetime: Lifetime, (started, used): (i64, i64)) {
        let name = UserName::parse(name).unwrap();
        if store.view().users().by_name(&name).is_none() {
            let user = NewUser {
                name: &name,
                display_name: None,
                email: None,
                role: Role::User,
                granted: Capabilities::NONE,
                password_hash: Some("hash"),
            };
            store.write_users(|tx| users::insert(tx, &user, clock::now())).unwrap();
        }
        let user = store.view().users().by_name(&name).cloned().unwrap();
        let ago = |days| Timestamp::from_secs(clock::now().secs() - days * DAY);
        let session = NewSession {
            user: &user,
            lifetime,
            opened: Opened::Page,
            now: ago(started),
            address: "192.0.2.7",
            device: Device::default(),
        };
        store
            .write_users(|tx| {
                let session = sessions::insert(tx, &Token::generate().unwrap().digest(), &session)?;
                sessions::stamp(tx, session.id, ago(used))
            })
            .unwrap();
    }

    #[test]
    fn sessions_that_ran_out_end_and_are_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        add(&store, "ada", Lifetime::Browser, (9, 2));
        add(&store, "ada", Lifetime::Remembered, (40, 31));
        add(&store, "ada", Lifetime::Remembered, (9, 2));
        add(&store, "bob", Lifetime::Browser, (9, 0));
        add(&store, "eve", Lifetime::Remembered, (91, 0));
        let mut newest = store.newest_event();
        newest.mark_unchanged();
        let lifetimes = Lifetimes { browser: DAY, remembered: 30 * DAY, longest: 90 * DAY };
        store.sweep(lifetimes);
        let told = |store: &Store| {
            let all = store.read(|connection| events::after(connection, events::EventId::START, 9)).unwrap();
            let told = all.into_iter().map(|told| (told.event.kind, told.event.subject, told.event.detail));
            told.collect::<Vec<_>>()
        };
        let ended = |name: &str, count: u32| {
            let event = Event::new(Kind::SessionEnded).with("sessions", count).with("expired", true);
            (event.kind, Some(name.to_owned()), event.detail)
        };
        assert_eq!(told(&store), [ended("ada", 2), ended("eve", 1)]);
        assert!(newest.has_changed().unwrap(), "followers are woken");
        assert_eq!(store.view().all_sessions().count(), 2);
        store.sweep(lifetimes);
        assert_eq!(told(&store).len(), 2, "each is told of once");
    }

    #[test]
    fn a_clock_that_jumped_ends_nothing_for_an_hour() {
        let mut sweeper = Sweeper::start();
        let (wall, monotonic) = (sweeper.wall.secs(), sweeper.monotonic);
        let mut steady = |seconds: u64, jump: i64| {
            let wall = wall + i64::try_from(seconds).unwrap() + jump;
            sweeper.is_steady_at(Timestamp::from_secs(wall), monotonic + Duration::from_secs(seconds))
        };
        assert!(steady(60, 0) && steady(120, 3_600));
        assert!(!steady(180, 30 * DAY) && !steady(240, 30 * DAY) && !steady(3_600, 30 * DAY));
        assert!(steady(3_840, 30 * DAY));
    }
}
