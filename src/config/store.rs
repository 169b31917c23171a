//! `[store]`: the database.

use std::path::PathBuf;

use super::reader::Reader;

/// The section.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The SQLite file; the marker and the setup token lie beside it.
    pub path: PathBuf,
}

impl StoreConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let path = reader.value("store.path", "data/sluice.db", |text| match text {
            "" => Err("is empty; name a file like data/sluice.db".to_owned()),
            _ => Ok(PathBuf::from(text)),
        });
        Some(Self { path: path? })
    }
}
