//! How far each webhook and command has been told what happened.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    database::StoreError,
    events::{self, EventId},
};

/// The SHA-256 of what tells a target from others.
pub type TargetDigest = [u8; 32];

/// The last event that a target was told. One that is new starts with what happens from now on.
pub fn delivered(connection: &Connection, target: &TargetDigest) -> Result<EventId, StoreError> {
    let sql = "SELECT delivered FROM deliveries WHERE target = ?1";
    let known: Option<i64> = connection.query_row(sql, [target], |row| row.get(0)).optional()?;
    match known {
        Some(id) => Ok(EventId::from_number(id)),
        None => {
            let newest = events::newest(connection)?;
            let sql = "INSERT INTO deliveries (target, delivered) VALUES (?1, ?2)";
            connection.execute(sql, params![target, newest.get()])?;
            Ok(newest)
        }
    }
}

/// Says that a target was told everything up to this event; one that was forgotten meanwhile stays so.
pub fn set_delivered(
    connection: &Connection,
    target: &TargetDigest,
    event: EventId,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE deliveries SET delivered = ?2 WHERE target = ?1")?
        .execute(params![target, event.get()])?;
    Ok(())
}

/// Forgets every target but these.
pub fn keep_only(connection: &Connection, targets: &[TargetDigest]) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT target FROM deliveries")?;
    let known = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<TargetDigest>, _>>()?;
    for gone in known.iter().filter(|known| !targets.contains(known)) {
        connection.execute("DELETE FROM deliveries WHERE target = ?1", [gone])?;
    }
    Ok(())
}
