//! The users' API keys.

use cidr::IpCidr;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{database::StoreError, last_use::LastUse, users::UserId};
use crate::{
    authn::{api_key::KeyName, token::TokenDigest},
    clock::Timestamp,
    policy::{app::AppName, capability::Capabilities},
};

/// Keys that one user can have: more than anybody needs, and no way to fill the memory.
const PER_USER: i64 = 1_000;

/// The id of a key; never given to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(i64);

impl KeyId {
    pub(super) const fn from_row(id: i64) -> Self {
        Self(id)
    }

    /// The id as a number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// What a key opens; `None` sets no limit of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The most that it may do, within what its owner may.
    pub capabilities: Option<Capabilities>,
    /// The only apps.
    pub apps: Option<Vec<AppName>>,
    /// The only networks of clients.
    pub networks: Option<Vec<IpCidr>>,
    /// The end.
    pub expires: Option<Timestamp>,
}

/// A key to be made.
#[derive(Debug)]
pub struct NewApiKey<'a> {
    /// Whose.
    pub user: UserId,
    /// Its name, unique among the user's.
    pub name: &'a KeyName,
    /// What it opens.
    pub scope: &'a Scope,
}

/// A key, as verify needs it.
#[derive(Debug)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// Whose.
    pub user: UserId,
    /// Its name.
    pub name: String,
    /// What it opens.
    pub scope: Scope,
    /// Revoked: kept for a while, so that a client that still sends it is not taken for one that guesses.
    pub revoked: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used.
    pub used: LastUse,
}

/// Makes a key.
pub fn insert(
    connection: &Connection,
    digest: &TokenDigest,
    key: &NewApiKey<'_>,
    now: Timestamp,
) -> Result<KeyId, StoreError> {
    let (same, all): (bool, i64) = connection.query_row(
        "SELECT coalesce(max(name = ?2), 0), count(*) FROM api_keys WHERE user_id = ?1 AND revoked IS NULL",
        params![key.user.get(), key.name.as_str()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if same {
        return Err(StoreError::KeyNameTaken(key.name.as_str().to_owned()));
    }
    if all >= PER_USER {
        return Err(StoreError::TooManyKeys);
    }
    connection.execute(
        "INSERT INTO api_keys (digest, user_id, name, capabilities, apps, networks, expires, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            digest.as_bytes(),
            key.user.get(),
            key.name.as_str(),
            key.scope.capabilities.map(|capabilities| capabilities.to_string()),
            key.scope.apps.as_ref().map(|apps| joined(apps.iter().map(AppName::as_str))),
            key.scope.networks.as_ref().map(|networks| joined(networks.iter())),
            key.scope.expires.map(Timestamp::secs),
            now.secs()
        ],
    )?;
    Ok(KeyId(connection.last_insert_rowid()))
}

fn joined<T: ToString>(values: impl Iterator<Item = T>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(",")
}

/// The live key of this name.
pub fn find(connection: &Connection, user: UserId, name: &str) -> Result<KeyId, StoreError> {
    let sql = "SELECT id FROM api_keys WHERE user_id = ?1 AND name = ?2 AND revoked IS NULL";
    connection
        .query_row(sql, params![user.get(), name], |row| row.get(0))
        .optional()?
        .map(KeyId)
        .ok_or_else(|| StoreError::UnknownKey(name.to_owned()))
}

/// Revokes a key and ends the sessions that it opened.
pub fn revoke(connection: &Connection, key: KeyId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE api_keys SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL";
    connection.execute(sql, params![key.0, now.secs()])?;
    connection.execute("DELETE FROM sessions WHERE key_id = ?1", [key.0])?;
    Ok(())
}

/// Whether a key still proves its owner, at the moment of acting on it.
pub fn still_proves(connection: &Connection, key: KeyId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM api_keys k JOIN users u ON u.id = k.user_id
               WHERE k.id = ?1 AND u.enabled AND k.revoked IS NULL AND (k.expires IS NULL OR k.expires > ?2))";
    let proves = connection.query_row(sql, params![key.0, now.secs()], |row| row.get(0))?;
    if proves { Ok(()) } else { Err(StoreError::Overtaken) }
}

/// Forgets keys that were revoked, or ended, before `oldest`.
pub(super) fn delete_old(connection: &Connection, oldest: Timestamp) -> Result<usize, StoreError> {
    Ok(connection.execute("DELETE FROM api_keys WHERE coalesce(revoked, expires) < ?1", [oldest.secs()])?)
}

/// Stores when keys were last used.
pub(super) fn stamp(connection: &Connection, key: KeyId, seen: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE api_keys SET seen = ?2 WHERE id = ?1 AND coalesce(seen, 0) < ?2";
    connection.prepare_cached(sql)?.execute(params![key.0, seen.secs()])?;
    Ok(())
}

/// Every key with its digest. A row that cannot be read is left out, so refused, and logged.
pub(super) fn for_each(
    connection: &Connection,
    mut each: impl FnMut(TokenDigest, ApiKey),
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT digest, id, user_id, name, capabilities, apps, networks, expires, revoked, created, seen
         FROM api_keys ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        match read(row) {
            Some((digest, key)) => each(digest, key),
            None => tracing::error!(
                key_id = row.get::<_, i64>(1).unwrap_or_default(),
                "a key's row in the database cannot be read, so that key is refused; revoke it and make another"
            ),
        }
    }
    Ok(())
}

/// Every live key in the order in which they were made.
pub fn list(connection: &Connection) -> Result<Vec<ApiKey>, StoreError> {
    let mut keys = Vec::new();
    for_each(connection, |_, key| {
        if !key.revoked {
            keys.push(key);
        }
    })?;
    Ok(keys)
}

fn read(row: &Row<'_>) -> Option<(TokenDigest, ApiKey)> {
    let text = |column| row.get::<_, Option<String>>(column).ok();
    let number = |column| row.get::<_, Option<i64>>(column).ok();
    let digest = TokenDigest::from_bytes(row.get_ref(0).ok()?.as_blob().ok()?)?;
    let key = ApiKey {
        id: KeyId(row.get(1).ok()?),
        user: UserId::from_row(row.get(2).ok()?),
        name: text(3)??,
        scope: Scope {
            capabilities: text(4)?.map(|list| list.parse()).transpose().ok()?,
            apps: list_of(text(5)?, AppName::parse)?,
            networks: list_of(text(6)?, |network| network.parse().ok())?,
            expires: number(7)?.map(Timestamp::from_secs),
        },
        revoked: number(8)?.is_some(),
        created: Timestamp::from_secs(row.get(9).ok()?),
        used: LastUse::stored_at(number(10)?.map(Timestamp::from_secs)),
    };
    Some((digest, key))
}

/// A stored comma list; `Some(None)` where there is no limit, `None` where it cannot be read.
#[expect(clippy::option_option, reason = "no limit and an unreadable limit are different things")]
fn list_of<T>(text: Option<String>, parse: impl Fn(&str) -> Option<T>) -> Option<Option<Vec<T>>> {
    match text {
        None => Some(None),
        Some(text) => text.split(',').map(parse).collect::<Option<Vec<_>>>().map(Some),
    }
}
