//! The sessions of signed-in browsers.

pub mod expiry;
pub mod proof;

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    database::StoreError,
    keys::{self, KeyId},
    last_use::LastUse,
    users::{self, User, UserId},
};
use crate::{
    authn::{device::Device, name::UserName, token::TokenDigest},
    clock::Timestamp,
};

/// Sessions a user can have at once, and as many again of clients; the one unseen for longest ends when one more starts.
const PER_USER: i64 = 200;

/// The id of a session; never given to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(i64);

impl SessionId {
    /// Of no session: none has it.
    pub const NONE: Self = Self(0);

    /// The id as a number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// How long a session lives unused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// `session.ttl`, and no longer than the browser runs.
    Browser,
    /// `session.remember_ttl`.
    Remembered,
}

impl Lifetime {
    const fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Remembered => "remembered",
        }
    }
}

/// Who opened a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// A person, on the sign-in page.
    Page,
    /// A client through its app's own sign-in, with a password or a key, which limits the session.
    Client(Option<KeyId>),
}

impl Opened {
    /// As it is told.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Client(None) => "client",
            Self::Client(Some(_)) => "api-key",
        }
    }

    /// The key that it was opened with.
    pub const fn key(self) -> Option<KeyId> {
        match self {
            Self::Client(key) => key,
            Self::Page => None,
        }
    }
}

/// A session to be started.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Whose, as they proved themselves.
    pub user: &'a User,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// Who opens it, and by what.
    pub opened: Opened,
    /// The moment of signing in.
    pub now: Timestamp,
    /// The client's address, for lists.
    pub address: &'a str,
    /// What it is opened with, for lists.
    pub device: Device,
}

/// A session, as verify needs it.
#[derive(Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// How long it lives unused.
    pub lifetime: Lifetime,
    /// Who opened it.
    pub opened: Opened,
    /// When it started.
    pub created: Timestamp,
    /// When it was last used.
    pub used: LastUse,
}

impl Session {
    /// When it was last used, to the minute.
    pub fn seen(&self) -> Timestamp {
        self.used.get().unwrap_or(self.created)
    }
}

/// Starts a session.
pub fn insert(
    connection: &Connection,
    digest: &TokenDigest,
    session: &NewSession<'_>,
) -> Result<Arc<Session>, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO sessions (digest, user_id, lifetime, created, seen, address, client, key_id, device, proved)
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, iif(?6, NULL, ?4))",
        )?
        .execute(params![
            digest.as_bytes(),
            session.user.id.get(),
            session.lifetime.name(),
            session.now.secs(),
            session.address,
            session.opened != Opened::Page,
            session.opened.key().map(KeyId::get),
            session.device.in_words()
        ])?;
    Ok(Arc::new(Session {
        id: SessionId(connection.last_insert_rowid()),
        user: session.user.id,
        lifetime: session.lifetime,
        opened: session.opened,
        created: session.now,
        used: LastUse::stored_at(Some(session.now)),
    }))
}

/// Whether what proved the user still does, at the moment of starting the session.
pub(super) fn still_proved(connection: &Connection, session: &NewSession<'_>) -> Result<(), StoreError> {
    match session.opened.key() {
        Some(key) => keys::still_proves(connection, key, session.now),
        None => users::still_proved(connection, session.user),
    }
}

/// Whether a session has not ended.
pub fn lives(connection: &Connection, session: SessionId) -> Result<(), StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ?1)";
    if connection.query_row(sql, [session.0], |row| row.get(0))? {
        Ok(())
    } else {
        Err(StoreError::Overtaken)
    }
}

/// The user's sessions that must end before one more starts. A client that signs in again and again ends sessions of
/// clients, never those of people.
pub(super) fn surplus(
    connection: &Connection,
    session: &NewSession<'_>,
) -> Result<Vec<SessionId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM sessions WHERE user_id = ?1 AND client = ?3 ORDER BY seen DESC, id DESC LIMIT -1 OFFSET ?2",
    )?;
    let sql = params![session.user.id.get(), PER_USER - 1, session.opened != Opened::Page];
    let rows = statement.query_map(sql, |row| row.get(0).map(SessionId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Hands every session to `each`. A row that cannot be read is left out, so refused.
pub(super) fn for_each(
    connection: &Connection,
    mut each: impl FnMut(TokenDigest, Session),
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT digest, id, user_id, lifetime, created, seen, client, key_id FROM sessions",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some((digest, session)) = read(row) {
            each(digest, session);
        }
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Option<(TokenDigest, Session)> {
    let digest = TokenDigest::from_bytes(row.get_ref(0).ok()?.as_blob().ok()?)?;
    let lifetime = row.get_ref(3).ok()?;
    let lifetime = [Lifetime::Browser, Lifetime::Remembered]
        .into_iter()
        .find(|known| Ok(known.name()) == lifetime.as_str())?;
    let seen = Timestamp::from_secs(row.get(5).ok()?);
    let session = Session {
        id: SessionId(row.get(1).ok()?),
        user: UserId::from_row(row.get(2).ok()?),
        lifetime,
        opened: match (row.get(6).ok()?, row.get::<_, Option<i64>>(7).ok()?.map(KeyId::from_row)) {
            (false, None) => Opened::Page,
            (true, key) => Opened::Client(key),
            (false, Some(_)) => return None,
        },
        created: Timestamp::from_secs(row.get(4).ok()?),
        used: LastUse::stored_at(Some(seen)),
    };
    Some((digest, session))
}

/// Whose these sessions are.
pub(super) fn owners(connection: &Connection, sessions: &[SessionId]) -> Result<Vec<UserName>, StoreError> {
    let sql = "SELECT u.name FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut names = Vec::new();
    for session in sessions {
        let name: Option<String> = statement.query_row([session.0], |row| row.get(0)).optional()?;
        names.extend(name.and_then(|name| UserName::parse(&name).ok()));
    }
    Ok(names)
}

/// Ends sessions; one that is gone already is no error.
pub fn delete(connection: &Connection, ended: &[SessionId]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("DELETE FROM sessions WHERE id = ?1")?;
    for session in ended {
        statement.execute([session.0])?;
    }
    Ok(())
}

/// Ends every session of a user, or of everybody; returns how many.
pub fn delete_all(connection: &Connection, user: Option<UserId>) -> Result<usize, StoreError> {
    Ok(match user {
        Some(user) => connection.execute("DELETE FROM sessions WHERE user_id = ?1", [user.get()])?,
        None => connection.execute("DELETE FROM sessions", [])?,
    })
}

/// Ends every session of a user but one.
pub fn delete_all_but(connection: &Connection, user: UserId, kept: SessionId) -> Result<(), StoreError> {
    connection.execute("DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2", [user.get(), kept.0])?;
    Ok(())
}

/// Stores when a session was last used; never brings back one that has ended.
pub(super) fn stamp(connection: &Connection, session: SessionId, seen: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE sessions SET seen = ?2 WHERE id = ?1 AND seen < ?2";
    connection.prepare_cached(sql)?.execute([session.0, seen.secs()])?;
    Ok(())
}

/// A session, as lists show it.
#[derive(Debug)]
pub struct Listed {
    /// Its id.
    pub id: SessionId,
    /// The id of its user.
    pub user_id: UserId,
    /// Whose.
    pub user: String,
    /// Who opened it: a browser, one that is remembered, or a client.
    pub kind: String,
    /// When it started.
    pub created: Timestamp,
    /// When it was last used.
    pub seen: Timestamp,
    /// From which address.
    pub address: String,
    /// With what, where that is known.
    pub device: Option<String>,
}

const LISTED: &str =
    "SELECT s.id, u.name, iif(s.client, 'client', s.lifetime), s.created, s.seen, s.address, u.id, s.device
                      FROM sessions s JOIN users u ON u.id = s.user_id";

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    Ok(Listed {
        id: SessionId(row.get(0)?),
        user: row.get(1)?,
        kind: row.get(2)?,
        created: Timestamp::from_secs(row.get(3)?),
        seen: Timestamp::from_secs(row.get(4)?),
        address: row.get(5)?,
        user_id: UserId::from_row(row.get(6)?),
        device: row.get(7)?,
    })
}

/// Every session, the last used first.
pub fn list(connection: &Connection) -> Result<Vec<Listed>, StoreError> {
    let mut statement = connection.prepare(&format!("{LISTED} ORDER BY s.seen DESC, s.id DESC"))?;
    let rows = statement.query_map([], listed)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// So many sessions of a user or of all, the youngest first, from before the one of this id on.
pub fn page(
    connection: &Connection,
    user: Option<UserId>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Listed>, StoreError> {
    // Two statements, so that each finds its index.
    let of_user = if user.is_some() { "s.user_id = ?3" } else { "?3 IS NULL" };
    let sql = format!("{LISTED} WHERE {of_user} AND s.id < ?1 ORDER BY s.id DESC LIMIT ?2");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows =
        statement.query_map(params![before.unwrap_or(i64::MAX), limit, user.map(UserId::get)], listed)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
