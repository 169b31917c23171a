//! The administrators without whom nobody could administer Sluice any more.

use rusqlite::Connection;

use crate::store::database::StoreError;

/// Where people prove to the portal who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// On its own page, with a password.
    Here,
    /// At another system, which needs no password of ours.
    Elsewhere,
}

/// Makes `change` and refuses it, by failing the transaction, where it took the last active administrator who can sign
/// in. Where people sign in here, one without a password cannot.
pub fn keep_a_way_in<T>(
    connection: &Connection,
    entrance: Entrance,
    change: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let with_password = || count(connection, "AND password_hash IS NOT NULL");
    match entrance {
        Entrance::Elsewhere => change(),
        Entrance::Here => {
            let before = with_password()?;
            let changed = change()?;
            if before > 0 && with_password()? == 0 { Err(StoreError::LastWayIn) } else { Ok(changed) }
        }
    }
}

/// Makes `change` and refuses it, by failing the transaction, where it took the last active administrator.
pub(super) fn keep_an_admin(
    connection: &Connection,
    change: impl FnOnce(&Connection) -> rusqlite::Result<usize>,
) -> Result<(), StoreError> {
    let before = count(connection, "")?;
    change(connection)?;
    if before > 0 && count(connection, "")? == 0 { Err(StoreError::LastAdmin) } else { Ok(()) }
}

fn count(connection: &Connection, more: &str) -> rusqlite::Result<i64> {
    let sql = format!("SELECT count(*) FROM users WHERE role = 'admin' AND enabled {more}");
    connection.query_row(&sql, [], |row| row.get(0))
}
