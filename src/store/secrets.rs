//! Keys that every process on this database shares: made once, and the same after a restart.

use rusqlite::{Transaction, params};

use super::database::StoreError;

/// The key that markers of persons are made with.
pub const PERSON_MARKERS: &str = "person markers";

/// The key of this name; `fresh` where there is none yet.
pub fn keep(tx: &Transaction<'_>, name: &str, fresh: &[u8; 32]) -> Result<[u8; 32], StoreError> {
    tx.execute("INSERT OR IGNORE INTO secrets (name, key) VALUES (?1, ?2)", params![name, fresh])?;
    Ok(tx.query_row("SELECT key FROM secrets WHERE name = ?1", [name], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::{super::database::Database, *};

    #[test]
    fn the_first_key_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sluice.db");
        for (name, fresh, kept) in [("a", 1, 1), ("a", 2, 1), ("b", 3, 3)] {
            let mut database = Database::open(&path).unwrap();
            assert_eq!(
                database.write(|tx| keep(tx, name, &[fresh; 32])).unwrap(),
                [kept; 32],
                "{name} {fresh}"
            );
        }
    }
}
