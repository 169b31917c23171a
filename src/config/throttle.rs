//! `[throttle]`: how failed sign-ins are slowed down.

use std::time::Duration;

use super::{
    reader::Reader,
    values::{duration, number},
};

/// The section.
#[derive(Clone, Debug)]
pub struct ThrottleConfig {
    /// Failures after which an address or account has to wait for `block_for`.
    pub max_failures: u32,
    /// That wait, and the time after which failures are forgotten.
    pub block_for: Duration,
    /// Failures within `block_for` from networks that are not known, past which those of such networks count twice.
    pub global_limit: u32,
}

impl ThrottleConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let max_failures = reader.value("throttle.max_failures", "10", number(1..=1_000));
        let block_for = reader.value("throttle.block_for", "15m", duration(1..=86_400));
        let global_limit = reader.value("throttle.global_limit", "50", number(1..=1_000_000));
        Some(Self { max_failures: max_failures?, block_for: block_for?, global_limit: global_limit? })
    }
}
