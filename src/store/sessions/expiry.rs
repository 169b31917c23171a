//! Sessions that have run out: told of, and deleted.

use rusqlite::Connection;

use crate::{authn::name::UserName, clock::Timestamp, store::database::StoreError};

/// The oldest stamps with which sessions still live.
#[derive(Clone, Copy, Debug)]
pub struct Oldest {
    /// The last use of one of a browser's run.
    pub browser: Timestamp,
    /// The last use of one that was to be remembered.
    pub remembered: Timestamp,
    /// The start of any.
    pub started: Timestamp,
}

const EXPIRED: &str = "seen < CASE lifetime WHEN 'browser' THEN ?1 ELSE ?2 END OR created < ?3";

/// Whose sessions have run out, and how many of each.
pub fn expired(connection: &Connection, oldest: Oldest) -> Result<Vec<(UserName, u32)>, StoreError> {
    let sql = format!(
        "SELECT u.name, ended.sessions FROM users u JOIN
         (SELECT user_id, count(*) AS sessions FROM sessions WHERE {EXPIRED} GROUP BY user_id) ended
         ON ended.user_id = u.id ORDER BY u.id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(oldest.values(), |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    let mut found = Vec::new();
    for row in rows {
        let (name, count) = row?;
        found.extend(UserName::parse(&name).ok().map(|name| (name, count)));
    }
    Ok(found)
}

/// Deletes what has run out; returns how many.
pub fn delete(connection: &Connection, oldest: Oldest) -> Result<usize, StoreError> {
    let sql = format!("DELETE FROM sessions WHERE {EXPIRED}");
    Ok(connection.execute(&sql, oldest.values())?)
}

impl Oldest {
    fn values(self) -> [i64; 3] {
        [self.browser, self.remembered, self.started].map(Timestamp::secs)
    }
}
