//! What was counted, by the hour.

use rusqlite::{Connection, params};

use super::database::StoreError;
use crate::metrics::traffic::{Hour, KEPT, What};

/// Adds to the counts of an hour, and forgets hours that are too old. Those from the future, left by a clock that ran
/// ahead, go with them.
pub fn add(connection: &Connection, hour: Hour, counts: &[(What, u64)]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO traffic (hour, what, count) VALUES (?1, ?2, ?3)
         ON CONFLICT (hour, what) DO UPDATE SET count = count + excluded.count",
    )?;
    for (what, count) in counts.iter().filter(|(_, count)| *count > 0) {
        statement.execute(params![hour.get(), what.name(), i64::try_from(*count).unwrap_or(i64::MAX)])?;
    }
    let oldest = hour.plus(1 - KEPT);
    connection
        .prepare_cached("DELETE FROM traffic WHERE hour < ?1 OR hour > ?2")?
        .execute(params![oldest.get(), hour.get()])?;
    Ok(())
}

/// What was counted from an hour on.
pub fn since(connection: &Connection, hour: Hour) -> Result<Vec<(Hour, What, u64)>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT hour, what, count FROM traffic WHERE hour >= ?1")?;
    let rows = statement.query_map([hour.get()], |row| {
        let (hour, what, count): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(What::parse(&what).map(|what| (Hour::from_number(hour), what, u64::try_from(count).unwrap_or(0))))
    })?;
    rows.filter_map(|row| row.map_err(StoreError::from).transpose()).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::migrations, *};
    use crate::metrics::reason::Reason;

    #[test]
    fn counts_of_an_hour_add_up_and_old_hours_go() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::apply(&mut connection).unwrap();
        let refused = What::Refused(Reason::AdminOnly);
        let hour = Hour::from_number;
        add(&connection, hour(1_000), &[(What::Allowed, 2), (refused, 0)]).unwrap();
        add(&connection, hour(1_000), &[(What::Allowed, 3), (refused, 1)]).unwrap();
        let counted = [(hour(1_000), What::Allowed, 5), (hour(1_000), refused, 1)];
        assert_eq!(since(&connection, hour(0)).unwrap(), counted);
        add(&connection, hour(999 + KEPT), &[(refused, 7)]).unwrap();
        assert_eq!(since(&connection, hour(0)).unwrap().len(), 3);
        assert_eq!(since(&connection, hour(1_001)).unwrap(), [(hour(999 + KEPT), refused, 7)]);
        add(&connection, hour(1_000 + KEPT), &[]).unwrap();
        assert_eq!(since(&connection, hour(0)).unwrap(), [(hour(999 + KEPT), refused, 7)]);
        add(&connection, hour(998 + KEPT), &[]).unwrap();
        assert_eq!(since(&connection, hour(0)).unwrap(), [], "no hour of the future stays");
    }
}
