//! What administrators saved in the portal, a row per version; the newest holds.

use std::{fs, io::ErrorKind, path::Path};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, params};

use super::{
    database::{BUSY_TIMEOUT, StoreError, file_error},
    migrations,
};
use crate::{clock::Timestamp, config::Saved};

/// Versions that are kept.
const KEPT: i64 = 10;

/// The number of a version, which never comes back to another one. The state before the first, in which nothing is saved, has 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionId(i64);

impl VersionId {
    /// The version of this number, if there is one.
    pub const fn numbered(number: i64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// One version, without its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub id: VersionId,
    /// When it was saved.
    pub at: Timestamp,
    /// Who saved it.
    pub author: String,
}

/// The version that holds, and what it says.
pub fn latest(connection: &Connection) -> Result<(VersionId, Saved), StoreError> {
    let row = connection
        .query_row("SELECT version, saved FROM settings ORDER BY version DESC LIMIT 1", [], |row| {
            Ok((VersionId(row.get(0)?), row.get::<_, String>(1)?))
        })
        .optional()?;
    row.map_or_else(|| Ok(Default::default()), |(id, text)| Ok((id, parse(&text)?)))
}

/// What a version says that is still kept. The state before the first always is.
pub fn at(connection: &Connection, version: VersionId) -> Result<Saved, StoreError> {
    if version == VersionId::default() {
        return Ok(Saved::default());
    }
    let text = connection
        .query_row("SELECT saved FROM settings WHERE version = ?1", [version.0], |row| {
            row.get::<_, String>(0)
        })
        .optional()?;
    parse(&text.ok_or(StoreError::UnknownVersion(version.0))?)
}

/// The versions that are kept, the newest first.
pub fn history(connection: &Connection) -> Result<Vec<Version>, StoreError> {
    let mut statement =
        connection.prepare("SELECT version, at, author FROM settings ORDER BY version DESC")?;
    let version = |row: &Row<'_>| {
        Ok(Version { id: VersionId(row.get(0)?), at: Timestamp::from_secs(row.get(1)?), author: row.get(2)? })
    };
    let rows = statement.query_map([], version)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Who saves, when, and what they had before them.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The version that was changed.
    pub base: VersionId,
    /// Who changed it, in words.
    pub author: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Adds a version, unless somebody else has added one since the draft's base, and forgets the oldest.
pub fn insert(tx: &Transaction<'_>, draft: &Draft<'_>, saved: &Saved) -> Result<VersionId, StoreError> {
    let newest: Option<(i64, String)> = tx
        .query_row("SELECT version, author FROM settings ORDER BY version DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    if let Some((version, author)) = newest.filter(|(version, _)| VersionId(*version) != draft.base) {
        return Err(StoreError::SettingsOvertaken { version, author });
    }
    tx.execute(
        "INSERT INTO settings (at, author, saved) VALUES (?1, ?2, ?3)",
        params![draft.at.secs(), draft.author, saved.to_json()],
    )?;
    let id = tx.last_insert_rowid();
    tx.execute(
        "DELETE FROM settings WHERE version NOT IN (SELECT version FROM settings ORDER BY version DESC LIMIT ?1)",
        [KEPT],
    )?;
    Ok(VersionId(id))
}

fn parse(text: &str) -> Result<Saved, StoreError> {
    let damaged = || StoreError::Corrupt("a version of the settings is no JSON object".to_owned());
    Saved::from_json(text).ok_or_else(damaged)
}

/// What holds in the database at `path`, which is not written. Nothing is saved where there is no database yet, or one
/// that has no settings yet.
pub fn read_only(path: &Path) -> Result<Saved, StoreError> {
    match fs::metadata(path) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Saved::default()),
        Err(cause) => return Err(file_error(path, cause)),
        Ok(metadata) if metadata.len() == 0 => return Ok(Saved::default()),
        Ok(_) => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    migrations::version(&connection)?;
    if !connection.table_exists(None, "settings")? {
        return Ok(Saved::default());
    }
    latest(&connection).map(|(_, saved)| saved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Edit, Input, Placed},
        store::database::Database,
    };

    fn saved(ttl: &str) -> Saved {
        let edit = Edit::Set("session.ttl".to_owned(), Input::Text(ttl.to_owned()));
        Saved::default().edited(&[edit], &Placed::default()).unwrap()
    }

    fn save(database: &mut Database, base: i64, ttl: &str) -> Result<VersionId, StoreError> {
        let draft = Draft { base: VersionId(base), author: "ada", at: Timestamp::from_secs(7) };
        database.write(|tx| insert(tx, &draft, &saved(ttl)))
    }

    #[test]
    fn the_newest_holds_and_ten_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sluice.db");
        assert_eq!(read_only(&path).unwrap(), Saved::default());
        let mut database = Database::open(&path).unwrap();
        assert_eq!(database.read(latest).unwrap(), (VersionId(0), Saved::default()));
        for version in 0..12 {
            assert_eq!(save(&mut database, version, &format!("{}h", version + 1)).unwrap().0, version + 1);
        }
        assert_eq!(database.read(latest).unwrap(), (VersionId(12), saved("12h")));
        assert_eq!(read_only(&path).unwrap(), saved("12h"));
        let kept: Vec<_> = database.read(history).unwrap().into_iter().map(|version| version.id.0).collect();
        assert_eq!(kept, (3..=12).rev().collect::<Vec<_>>());
        assert_eq!(database.read(|connection| at(connection, VersionId(3))).unwrap(), saved("3h"));
        let gone = database.read(|connection| at(connection, VersionId(2)));
        assert!(matches!(gone, Err(StoreError::UnknownVersion(2))));
    }

    #[test]
    fn whoever_saves_second_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut database = Database::open(&folder.path().join("sluice.db")).unwrap();
        save(&mut database, 0, "1h").unwrap();
        let second = save(&mut database, 0, "2h");
        assert!(
            matches!(second, Err(StoreError::SettingsOvertaken { version: 1, ref author }) if author == "ada"),
            "{second:?}"
        );
        assert_eq!(database.read(latest).unwrap(), (VersionId(1), saved("1h")));
    }
}
