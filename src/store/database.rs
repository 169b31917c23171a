//! One connection to the SQLite file: how it is opened, checked, read and written.

use std::{
    fs,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use thiserror::Error;

use super::{marker, migrations, trouble::Troubles, users};

/// How long a statement waits for another process's write before it gives up.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// What went wrong with the store; the text says what to do.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process holds the file.
    #[error("the database is locked by another process; try again, or end that process")]
    Busy,
    /// No space is left.
    #[error("the disk that holds the database is full; free some space")]
    Full,
    /// The file or its folder cannot be written.
    #[error("the database cannot be written; make the file and its folder writable for Sluice's user")]
    ReadOnly,
    /// The file is no sound database.
    #[error("the database is damaged ({0}); restore a backup, then run `sluice session revoke-all`")]
    Corrupt(String),
    /// The file is another program's, or a newer Sluice's.
    #[error("{0}")]
    Foreign(String),
    /// The users are gone although there were some.
    #[error(
        "the database {database} holds no users although it once did; restore a backup, or delete {marker} \
         to set Sluice up anew"
    )]
    UsersLost {
        /// The database.
        database: String,
        /// The file that says there were users.
        marker: String,
    },
    /// There is no such file.
    #[error("there is no such database; name the service's configuration with --config")]
    NotThere,
    /// The file was replaced or removed under the running service.
    #[error("the database file was replaced or removed while Sluice was running; restart Sluice")]
    Replaced,
    /// There is no such user.
    #[error("there is no user `{0}`; `sluice user list` shows all")]
    UnknownUser(String),
    /// The user has no such key.
    #[error("there is no key `{0}` of that user; `sluice key list` shows all")]
    UnknownKey(String),
    /// The user has a key of that name.
    #[error("that user has a key `{0}` already; revoke it first, or choose another name")]
    KeyNameTaken(String),
    /// The user has as many keys as anybody can have.
    #[error("that user has as many keys as one can have; revoke some first")]
    TooManyKeys,
    /// No more users are made from what other systems name.
    #[error("there are as many users as Sluice makes by itself; add this one with `sluice user add`")]
    TooManyUsers,
    /// The name is taken.
    #[error("there is a user `{0}` already")]
    NameTaken(String),
    /// The change would leave nobody to administer Sluice.
    #[error("this is the last active administrator; make another one first")]
    LastAdmin,
    /// The change would leave administrators, but none who could sign in.
    #[error(
        "no other active administrator has a password, so that nobody could sign in as one; give another one a \
         password first"
    )]
    LastWayIn,
    /// Between proving who they are and acting on it, the user was disabled or got another password.
    #[error("the user was changed meanwhile; sign in again")]
    Overtaken,
    /// What a change was made from is not what is stored.
    #[error("somebody else has just changed this; look at it as it is now")]
    Changed,
    /// Somebody else saved settings meanwhile.
    #[error(
        "{author} saved other settings meanwhile (version {version}); look at those, then save yours again"
    )]
    SettingsOvertaken {
        /// The version that holds.
        version: i64,
        /// Whose it is.
        author: String,
    },
    /// That version of the settings is not kept.
    #[error("there is no version {0} of the settings any more; the last ten are kept")]
    UnknownVersion(i64),
    /// Setup is over.
    #[error("there are users already")]
    NotEmpty,
    /// Anything else that SQLite says.
    #[error("the database failed: {0}")]
    Sqlite(rusqlite::Error),
    /// The file system refused.
    #[error("{path}: {cause}; make it and its folder writable for Sluice's user")]
    File {
        /// Which file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
}

impl StoreError {
    /// Whether the database failed, and not a rule of ours.
    pub const fn is_failure(&self) -> bool {
        !matches!(
            self,
            Self::UnknownUser(_)
                | Self::UnknownKey(_)
                | Self::KeyNameTaken(_)
                | Self::TooManyKeys
                | Self::TooManyUsers
                | Self::NameTaken(_)
                | Self::LastAdmin
                | Self::LastWayIn
                | Self::Overtaken
                | Self::Changed
                | Self::NotEmpty
        )
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            _ => Self::Sqlite(error),
        }
    }
}

/// The open file.
pub struct Database {
    connection: Connection,
    path: PathBuf,
    /// Device and inode of the file that was opened.
    identity: (u64, u64),
    /// SQLite's count of what others have committed.
    seen_version: i64,
    troubles: Arc<Troubles>,
}

impl Database {
    /// Opens a database that is there.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        match path.try_exists() {
            Ok(true) => Self::open(path),
            Ok(false) => Err(StoreError::NotThere),
            Err(source) => Err(file_error(path, source)),
        }
    }

    /// Opens or creates the database, checks it and brings it up to date.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        create_private(path)?;
        let mut connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // Before anything is written: a file that is refused stays as it is.
        let version = migrations::version(&connection)?;
        if version == 0 {
            marker::check(path, false)?;
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A revocation that was acknowledged must survive a loss of power.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(StoreError::Corrupt(verdict.replace(['\r', '\n'], " ")));
        }
        migrations::apply(&mut connection)?;
        marker::check(path, users::any(&connection)?)?;
        let identity = identity(path)?;
        let troubles = Arc::default();
        let mut database = Self { connection, path: path.to_owned(), identity, seen_version: 0, troubles };
        database.others_wrote()?;
        Ok(database)
    }

    /// Opens the same database once more, to read beside its writer.
    pub(super) fn reader(&self) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "query_only", true)?;
        let path = self.path.clone();
        let (identity, troubles) = (identity(&path)?, Arc::clone(&self.troubles));
        Ok(Self { connection, path, identity, seen_version: 0, troubles })
    }

    /// Runs `change` in one transaction, which no other writer can interleave.
    pub fn write<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let written = self.try_write(change);
        self.troubles.note(written)
    }

    fn try_write<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.still_the_same()?;
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changed = change(&tx)?;
        let any_user = users::any(&tx)?;
        tx.commit()?;
        if any_user && let Err(cause) = marker::write(&self.path) {
            tracing::warn!(%cause, "the marker beside the database could not be written; the next start tries again");
        }
        Ok(changed)
    }

    /// Runs `query` in one read transaction, so that it sees a single state.
    pub fn read<T>(
        &mut self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let read = self.connection.transaction().map_err(StoreError::from).and_then(|tx| query(&tx));
        self.troubles.note(read)
    }

    /// How often reading or writing failed since the file was opened.
    pub fn troubles(&self) -> Arc<Troubles> {
        Arc::clone(&self.troubles)
    }

    /// Whether another connection has committed since this was last asked.
    pub fn others_wrote(&mut self) -> Result<bool, StoreError> {
        let version = self.connection.query_row("PRAGMA data_version", [], |row| row.get(0))?;
        Ok(std::mem::replace(&mut self.seen_version, version) != version)
    }

    /// Whether the file is still the one that was opened, and can be read.
    pub fn probe(&mut self) -> Result<(), StoreError> {
        let read = self.still_the_same().and_then(|()| users::any(&self.connection));
        self.troubles.note(read).map(|_| ())
    }

    /// A write to a file that nobody will open again would be acknowledged and lost.
    fn still_the_same(&self) -> Result<(), StoreError> {
        let same = identity(&self.path).is_ok_and(|identity| identity == self.identity);
        if same { Ok(()) } else { Err(StoreError::Replaced) }
    }
}

fn identity(path: &Path) -> Result<(u64, u64), StoreError> {
    let metadata = fs::metadata(path).map_err(|source| file_error(path, source))?;
    if metadata.len() == 0 {
        return Err(StoreError::Replaced);
    }
    Ok((metadata.dev(), metadata.ino()))
}

/// Creates an empty file that only its owner can read; SQLite gives its side files the same mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|source| file_error(folder, source))?;
    }
    fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|source| file_error(path, source))?;
    // A restored backup is often readable for everybody, and holds password hashes.
    if fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o077 != 0)
        && let Err(cause) = fs::set_permissions(path, fs::Permissions::from_mode(0o600))
    {
        tracing::warn!(%cause, "others can read the database; make its mode 0600");
    }
    Ok(())
}

pub(super) fn file_error(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::File { path: path.display().to_string(), cause: source }
}
