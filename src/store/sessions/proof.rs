//! When the person behind a session last proved who they are.

use rusqlite::{Connection, OptionalExtension};

use super::SessionId;
use crate::{clock::Timestamp, store::database::StoreError};

/// The moment of the last proof; `None` for a session of a client, which proves no person.
pub fn last(connection: &Connection, session: SessionId) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT proved FROM sessions WHERE id = ?1";
    let proved: Option<Option<i64>> = connection.query_row(sql, [session.0], |row| row.get(0)).optional()?;
    Ok(proved.ok_or(StoreError::Overtaken)?.map(Timestamp::from_secs))
}

/// Notes that the person behind a session proved who they are at this moment.
pub fn note(connection: &Connection, session: SessionId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE sessions SET proved = ?2 WHERE id = ?1 AND client = 0";
    match connection.execute(sql, [session.0, now.secs()])? {
        0 => Err(StoreError::Overtaken),
        _ => Ok(()),
    }
}
