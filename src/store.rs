//! SQLite: the truth, in a file per table, and the in-memory view that verify reads.

pub mod background;
pub mod capabilities;
pub mod database;
pub mod deliveries;
pub mod events;
pub mod failures;
pub mod keys;
pub mod known_networks;
pub mod last_use;
pub mod looks;
pub mod marker;
mod migrations;
pub mod owners;
pub mod secrets;
pub mod sessions;
pub mod settings;
pub mod traffic;
pub mod trouble;
pub mod users;
pub mod view;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use database::{Database, StoreError};
use events::EventId;
use keys::KeyId;
use sessions::{NewSession, SessionId};
use tokio::sync::watch;
use trouble::Troubles;
use users::{User, UserId};
use view::{Denied, Health, View};

use crate::{
    authn::{name::UserName, token::Token},
    clock::{self, Timestamp},
    events::{
        event::{By, Event},
        kind::Kind,
    },
};

/// The database of a running service and what is held of it in memory, kept in step by every method here.
pub struct Store {
    inner: Mutex<Inner>,
    /// Reads what is long or can wait, and holds no writer up.
    reader: Mutex<Database>,
    view: View,
    /// The newest event, for whoever is told of them.
    newest: watch::Sender<EventId>,
    troubles: Arc<Troubles>,
    /// The age, in seconds, at which events are deleted.
    keep_events: AtomicI64,
}

struct Inner {
    database: Database,
    /// Sessions that are denied in memory but could not be deleted yet.
    unstored: Vec<SessionId>,
    /// Keys that are revoked in memory only.
    unstored_keys: Vec<KeyId>,
    /// Users from whom something was taken that could not be stored: refused until that succeeds.
    suspended: Vec<UserId>,
    /// What tells of them.
    untold: Vec<(Event, Timestamp)>,
}

impl Store {
    /// Opens the database and fills the view.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut database = Database::open(path)?;
        let view = View::default();
        let newest = database.read(|connection| {
            view.fill(connection, &Denied::default())?;
            events::newest(connection)
        })?;
        let (reader, troubles) = (Mutex::new(database.reader()?), database.troubles());
        let inner = Inner {
            database,
            unstored: Vec::new(),
            unstored_keys: Vec::new(),
            untold: Vec::new(),
            suspended: Vec::new(),
        };
        Ok(Self {
            inner: Mutex::new(inner),
            reader,
            view,
            troubles,
            newest: watch::Sender::new(newest),
            keep_events: AtomicI64::new(i64::MAX),
        })
    }

    /// What verify reads.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// How often the database failed.
    pub fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// A panic while the lock was held leaves no half-done write behind: SQLite rolled it back.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a session and ends `replaced`, the one that the client came with.
    pub fn start_session(
        &self,
        token: &Token,
        session: &NewSession<'_>,
        replaced: Option<SessionId>,
    ) -> Result<(), StoreError> {
        let mut inner = self.lock();
        let (started, ended, newest) = inner.database.write(|tx| {
            sessions::still_proved(tx, session)?;
            let ended = replaced.into_iter().chain(sessions::surplus(tx, session)?).collect::<Vec<_>>();
            let told = |kind, whose: &UserName| {
                Event::new(kind).by(By::User(&session.user.name)).about(whose).at_address(session.address)
            };
            for whose in sessions::owners(tx, &ended)? {
                events::append(tx, &told(Kind::SessionEnded, &whose), session.now)?;
            }
            sessions::delete(tx, &ended)?;
            let started =
                told(Kind::SessionStarted, &session.user.name).with("opened", session.opened.name());
            let newest = events::append(tx, &started, session.now)?;
            Ok((sessions::insert(tx, &token.digest(), session)?, ended, newest))
        })?;
        self.view.forget_sessions(&ended);
        self.view.add_session(token.digest(), started);
        self.announce(newest);
        Ok(())
    }

    /// Ends a session, of which `told` tells: denied at once in memory, even when that cannot be stored.
    pub fn end_session(&self, session: SessionId, told: Event) -> Result<(), StoreError> {
        self.end_sessions(&[session], told, |tx| sessions::delete(tx, &[session]))
    }

    /// Sets the password of a user who has just proved themselves in the session `kept`, and ends their other
    /// sessions, as one change. When it cannot be stored the other sessions are denied all the same.
    pub fn change_password(
        &self,
        proved: &User,
        hash: &str,
        kept: SessionId,
        told: Event,
    ) -> Result<(), StoreError> {
        let others = self.view.sessions_of(proved.id).filter(|&session| session != kept).collect::<Vec<_>>();
        self.end_sessions(&others, told, |tx| {
            users::still_proved(tx, proved)?;
            sessions::proof::note(tx, kept, clock::now())?;
            users::set_password(tx, proved.id, Some(hash))?;
            sessions::delete_all_but(tx, proved.id, kept)
        })?;
        let mut inner = self.lock();
        self.refill(&mut inner)
    }

    /// Denies `ended` before the lock is waited for, and again under it, since a refill may come between.
    pub fn end_sessions(
        &self,
        ended: &[SessionId],
        told: Event,
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.view.forget_sessions(ended);
        let (mut inner, now) = (self.lock(), clock::now());
        let stored = inner.database.write(|tx| {
            change(tx)?;
            events::append(tx, &told, now)
        });
        match &stored {
            Ok(told) => self.announce(*told),
            Err(_) => {
                inner.unstored.extend(ended);
                // The sessions are all that will be stored of it.
                inner.untold.push((Event { kind: Kind::SessionEnded, ..told }, now));
            }
        }
        self.view.forget_sessions(ended);
        stored.map(|_| ())
    }

    /// Revokes a key and the sessions that it opened, of which `told` tells: denied at once in memory, even when that
    /// cannot be stored.
    pub fn revoke_key(&self, key: KeyId, told: Event, now: Timestamp) -> Result<(), StoreError> {
        self.view.deny_key(key);
        let mut inner = self.lock();
        let stored = inner.database.write(|tx| {
            keys::revoke(tx, key, now)?;
            events::append(tx, &told, now)
        });
        if stored.is_err() {
            inner.unstored_keys.push(key);
            inner.untold.push((told, now));
        }
        self.view.deny_key(key);
        stored?;
        self.refill(&mut inner)
    }

    /// Changes a user. Where the change takes something from them and cannot be stored, they are refused everywhere until
    /// a later change of theirs can be, or the next start.
    pub fn change_user(
        &self,
        user: UserId,
        takes: bool,
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut inner = self.lock();
        let changed = inner.database.write(change);
        match &changed {
            Ok(()) => inner.suspended.retain(|&suspended| suspended != user),
            // Another process may have done that; who tries again shall see it.
            Err(StoreError::Changed) => self.refill(&mut inner)?,
            Err(cause) if takes && cause.is_failure() => {
                self.view.suspend(user);
                inner.suspended.push(user);
            }
            Err(_) => {}
        }
        changed?;
        self.refill(&mut inner)
    }

    /// Writes something about users or keys, then refills the view.
    pub fn write_users<T>(
        &self,
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut inner = self.lock();
        let changed = inner.database.write(change)?;
        self.refill(&mut inner)?;
        Ok(changed)
    }

    /// Writes what is neither about users nor about keys or sessions: the view stays as it is.
    pub fn write<T>(
        &self,
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut inner = self.lock();
        let changed = inner.database.write(change)?;
        self.announce(inner.database.read(events::newest)?);
        Ok(changed)
    }

    /// Reads beside the writers.
    pub fn read<T>(
        &self,
        query: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).read(query)
    }

    /// Keeps events for this long from now on.
    pub fn keep_events(&self, time: Duration) {
        self.keep_events.store(i64::try_from(time.as_secs()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// The newest event, as it grows.
    pub fn newest_event(&self) -> watch::Receiver<EventId> {
        self.newest.subscribe()
    }

    fn announce(&self, newest: EventId) {
        self.newest.send_if_modified(|known| std::mem::replace(known, newest) != newest);
    }

    fn refill(&self, inner: &mut Inner) -> Result<(), StoreError> {
        let Inner { database, unstored, unstored_keys, suspended, .. } = inner;
        let denied = Denied { sessions: unstored, keys: unstored_keys, users: suspended };
        let filled = database.read(|connection| {
            self.view.fill(connection, &denied)?;
            self.announce(events::newest(connection)?);
            Ok(())
        });
        if filled.is_ok() {
            self.view.set_health(Health::Readable);
        }
        filled
    }

    /// Whether the database can be read at this moment.
    pub fn probe(&self) -> Result<(), StoreError> {
        self.lock().database.probe()
    }

    /// Writes `failures` behind what the throttle holds in memory.
    pub fn save_failures(&self, failures: &[failures::Failure], now: Timestamp) -> Result<(), StoreError> {
        self.lock().database.write(|tx| failures::replace(tx, failures, now))
    }

    /// Stores networks from which somebody has signed in, and forgets the oldest.
    pub fn save_known_networks(
        &self,
        known: &[known_networks::KnownNetwork],
        oldest: Timestamp,
        most: usize,
    ) -> Result<(), StoreError> {
        self.lock().database.write(|tx| known_networks::save(tx, known, oldest, most))
    }

    /// The failures that were held when the service last ran.
    pub fn load_failures(&self) -> Result<Vec<failures::Failure>, StoreError> {
        self.lock().database.read(failures::all)
    }
}
