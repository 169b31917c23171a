//! Failed sign-ins, kept so that a restart does not forgive them.

use rusqlite::{Connection, params};

use super::database::StoreError;
use crate::clock::Timestamp;

/// Failures of one address, or of one account from one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The address, IPv6 by /64.
    pub address: String,
    /// The account tried; `None` counts the address alone.
    pub account: Option<String>,
    /// How many.
    pub failures: u32,
    /// When the last one was.
    pub last_failed: Timestamp,
}

/// Replaces all that is stored. Rows from the future, left by a clock that ran ahead, go with the rest.
pub fn replace(connection: &Connection, failures: &[Failure], now: Timestamp) -> Result<(), StoreError> {
    connection.execute("DELETE FROM signin_failures", [])?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO signin_failures (address, account, failures, last_failed) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for failure in failures {
        statement.execute(params![
            failure.address,
            failure.account.as_deref().unwrap_or_default(),
            failure.failures,
            failure.last_failed.min(now).secs()
        ])?;
    }
    Ok(())
}

/// All that is stored.
pub fn all(connection: &Connection) -> Result<Vec<Failure>, StoreError> {
    let mut statement =
        connection.prepare("SELECT address, account, failures, last_failed FROM signin_failures")?;
    let rows = statement.query_map([], |row| {
        Ok(Failure {
            address: row.get(0)?,
            account: row.get::<_, Option<String>>(1)?.filter(|account| !account.is_empty()),
            failures: row.get(2)?,
            last_failed: Timestamp::from_secs(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
