//! Moments as people read them.

use time::{OffsetDateTime, format_description::StaticFormatDescription, macros::format_description};

use crate::clock::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A moment in words, and exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// For programs.
    pub exact: String,
    /// For people.
    pub words: String,
}

impl Moment {
    /// How long ago it was, on the day; before that, the day.
    pub fn ago(at: Timestamp, now: Timestamp) -> Self {
        let past = now.since(at);
        let words = match past {
            i64::MIN..MINUTE => "just now".to_owned(),
            MINUTE..HOUR => several(past / MINUTE, "minute"),
            HOUR..DAY => several(past / HOUR, "hour"),
            _ => date(at),
        };
        Self { exact: at.rfc3339(), words }
    }
}

fn several(number: i64, unit: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{s} ago")
}

/// A number of things in words.
pub fn count(number: usize, thing: &str) -> String {
    match number {
        0 => format!("no {thing}s"),
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

/// A day, in UTC.
pub fn date(at: Timestamp) -> String {
    formatted(at, format_description!("[day padding:none] [month repr:short] [year]"))
}

/// A moment to the minute, in UTC.
pub fn time(at: Timestamp) -> String {
    formatted(at, format_description!("[day padding:none] [month repr:short] [year] at [hour]:[minute] UTC"))
}

/// A wait in words.
pub fn wait(seconds: u64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        2..=119 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// A moment to the second, in UTC.
pub fn second(at: Timestamp) -> String {
    let format =
        format_description!("[day padding:none] [month repr:short] [year] at [hour]:[minute]:[second] UTC");
    formatted(at, format)
}

fn formatted(at: Timestamp, format: StaticFormatDescription) -> String {
    let time = OffsetDateTime::from_unix_timestamp(at.secs()).ok().and_then(|time| time.format(format).ok());
    time.unwrap_or_else(|| at.secs().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_is_told_by_how_long_ago_it_was() {
        let now = Timestamp::from_secs(1_780_000_000);
        for (past, words) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (2 * 3_600, "2 hours ago"),
            (86_400, "27 May 2026"),
        ] {
            let at = Timestamp::from_secs(now.secs() - past);
            assert_eq!(Moment::ago(at, now).words, words, "{past}");
        }
        assert_eq!(second(now), "28 May 2026 at 20:26:40 UTC");
    }
}
