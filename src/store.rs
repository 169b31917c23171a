//! SQLite: the truth, in a file per table, and the in-memory view that verify reads.

pub mod background;
pub mod capabilities;
pub mod database;
pub mod failures;
pub mod keys;
pub mod last_use;
pub mod marker;
mod migrations;
pub mod sessions;
pub mod settings;
pub mod users;
pub mod view;

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use database::{Database, StoreError};
use keys::KeyId;
use sessions::{NewSession, SessionId};
use users::User;
use view::{Denied, Health, View};

use crate::{authn::token::Token, clock::Timestamp};

/// The database of a running service and what is held of it in memory, kept in step by every method here.
pub struct Store {
    inner: Mutex<Inner>,
    view: View,
}

struct Inner {
    database: Database,
    /// Sessions that are denied in memory but could not be deleted yet.
    unstored: Vec<SessionId>,
    /// Keys that are revoked in memory only.
    unstored_keys: Vec<KeyId>,
}

impl Store {
    /// Opens the database and fills the view.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut database = Database::open(path)?;
        let view = View::default();
        database.read(|connection| view.fill(connection, &Denied::default()))?;
        let inner = Inner { database, unstored: Vec::new(), unstored_keys: Vec::new() };
        Ok(Self { inner: Mutex::new(inner), view })
    }

    /// What verify reads.
    pub fn view(&self) -> &View {
        &self.view
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
        let (started, ended) = inner.database.write(|tx| {
            sessions::still_proved(tx, session)?;
            let ended = replaced.into_iter().chain(sessions::surplus(tx, session)?).collect::<Vec<_>>();
            sessions::delete(tx, &ended)?;
            Ok((sessions::insert(tx, &token.digest(), session)?, ended))
        })?;
        self.view.forget_sessions(&ended);
        self.view.add_session(token.digest(), started);
        Ok(())
    }

    /// Ends a session: denied at once in memory, even when that cannot be stored.
    pub fn end_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.end_sessions(&[session], |tx| sessions::delete(tx, &[session]))
    }

    /// Sets the password of a user who has just proved themselves in the session `kept`, and ends their other
    /// sessions, as one change. When it cannot be stored the other sessions are denied all the same.
    pub fn change_password(&self, proved: &User, hash: &str, kept: SessionId) -> Result<(), StoreError> {
        let others = self.view.sessions_of(proved.id).filter(|&session| session != kept).collect::<Vec<_>>();
        self.end_sessions(&others, |tx| {
            users::still_proved(tx, proved)?;
            sessions::lives(tx, kept)?;
            users::set_password(tx, proved.id, Some(hash))?;
            sessions::delete_all_but(tx, proved.id, kept)
        })?;
        let mut inner = self.lock();
        self.refill(&mut inner)
    }

    /// Denies `ended` before the lock is waited for, and again under it, since a refill may come between.
    fn end_sessions(
        &self,
        ended: &[SessionId],
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.view.forget_sessions(ended);
        let mut inner = self.lock();
        let stored = inner.database.write(change);
        if stored.is_err() {
            inner.unstored.extend(ended);
        }
        self.view.forget_sessions(ended);
        stored
    }

    /// Revokes a key and the sessions that it opened: denied at once in memory, even when that cannot be stored.
    pub fn revoke_key(&self, key: KeyId, now: Timestamp) -> Result<(), StoreError> {
        self.view.deny_key(key);
        let mut inner = self.lock();
        let stored = inner.database.write(|tx| keys::revoke(tx, key, now));
        if stored.is_err() {
            inner.unstored_keys.push(key);
        }
        self.view.deny_key(key);
        stored?;
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

    fn refill(&self, inner: &mut Inner) -> Result<(), StoreError> {
        let Inner { database, unstored, unstored_keys } = inner;
        let denied = Denied { sessions: unstored, keys: unstored_keys };
        let filled = database.read(|connection| self.view.fill(connection, &denied));
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

    /// The failures that were held when the service last ran.
    pub fn load_failures(&self) -> Result<Vec<failures::Failure>, StoreError> {
        self.lock().database.read(failures::all)
    }
}
