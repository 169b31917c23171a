//! `[audit]`: how long what happened is kept.

use std::time::Duration;

use super::{reader::Reader, values::duration};

/// The section.
#[derive(Debug)]
pub struct AuditConfig {
    /// The age at which events are deleted, whether everybody has been told of them or not.
    pub keep: Duration,
}

impl AuditConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let keep = reader.value("audit.keep", "90d", duration(86_400..=10 * 365 * 86_400));
        Some(Self { keep: keep? })
    }
}
