//! The only caller of the system's clocks; everything else is handed the time.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// As of the kernel's last tick, where the kernel keeps that: it is read several times as fast as the exact time.
#[cfg(target_os = "linux")]
const WALL_CLOCK: ClockId = ClockId::RealtimeCoarse;
#[cfg(not(target_os = "linux"))]
const WALL_CLOCK: ClockId = ClockId::Realtime;

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
pub fn now() -> Timestamp {
    Timestamp(clock_gettime(WALL_CLOCK).tv_sec)
}

/// Time since the machine started: for waits, which a clock jump must not lengthen or end.
pub fn monotonic() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    let (secs, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(secs.unwrap_or_default(), nanos.unwrap_or_default())
}
