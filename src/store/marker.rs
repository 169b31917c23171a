//! The file beside the database that says there were users, so that a lost database does not reopen setup.

use std::{
    ffi::OsString,
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::database::{StoreError, file_error};

/// The path of the store's file with `suffix` appended.
pub fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(suffix);
    name.into()
}

fn path(database: &Path) -> PathBuf {
    beside(database, ".initialised")
}

/// Refuses a database without users where the marker says that there were some.
pub(super) fn check(database: &Path, any_user: bool) -> Result<(), StoreError> {
    let marker = path(database);
    let marked = marker.try_exists().map_err(|source| file_error(&marker, source))?;
    match (marked, any_user) {
        (true, false) => Err(StoreError::UsersLost {
            database: database.display().to_string(),
            marker: marker.display().to_string(),
        }),
        (false, true) => write(database),
        _ => Ok(()),
    }
}

/// Leaves the marker.
pub(super) fn write(database: &Path) -> Result<(), StoreError> {
    if exists(database) {
        return Ok(());
    }
    let marker = path(database);
    let text = b"Sluice has users. Without this file, a lost database would reopen setup.\n";
    let mut options = fs::OpenOptions::new();
    let created = options.write(true).create_new(true).mode(0o600).open(&marker);
    created.and_then(|mut file| file.write_all(text)).map_err(|source| file_error(&marker, source))
}

/// Whether there are or were users.
pub fn exists(database: &Path) -> bool {
    path(database).exists()
}
