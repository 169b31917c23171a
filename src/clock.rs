//! The only caller of the system's clocks; everything else is handed the time.

use std::{
    sync::OnceLock,
    time::{Duration, Instant, SystemTime},
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From seconds since the epoch, as the store keeps them.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs)
    }

    /// Seconds since the epoch.
    pub const fn secs(self) -> i64 {
        self.0
    }

    /// The moment as RFC 3339 writes it, in UTC.
    pub fn rfc3339(self) -> String {
        let time = OffsetDateTime::from_unix_timestamp(self.0).ok();
        time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| self.0.to_string())
    }

    /// Reads a moment as RFC 3339 writes it.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(|time| Self(time.unix_timestamp()))
    }

    /// Seconds from `earlier` to this moment; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The wall clock: for what is stored.
#[expect(clippy::disallowed_methods, reason = "the one reader of the wall clock")]
pub fn now() -> Timestamp {
    let secs =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    Timestamp(i64::try_from(secs).unwrap_or(i64::MAX))
}

/// Time since the process first asked: for waits, which a clock jump must not lengthen or end.
#[expect(clippy::disallowed_methods, reason = "the one reader of the monotonic clock")]
pub fn monotonic() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
