//! Logs. Lines leave through a thread of their own, so that a full disk or a stuck pipe holds no request up;
//! when it cannot keep pace, lines are dropped.

use std::{
    io::{self, BufWriter, IsTerminal},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tracing::Level;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogConfig, LogFormat};

/// Lines that may wait to be written; the queue is allocated whole.
const QUEUED_LINES: usize = 4_096;

/// Starts logging to standard error, as many lines at a time as wait; the last are written when the guard is dropped.
pub fn start(config: &LogConfig) -> WorkerGuard {
    let (writer, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(QUEUED_LINES).finish(BufWriter::new(io::stderr()));
    // Libraries speak only when something is wrong: they know nothing of our secrets.
    let filter = Targets::new().with_default(Level::WARN).with_target("sluice", config.level);
    let registry = tracing_subscriber::registry().with(filter);
    match config.format {
        LogFormat::Text => registry
            .with(fmt::layer().with_writer(writer).with_target(false).with_ansi(io::stderr().is_terminal()))
            .init(),
        LogFormat::Json => {
            registry
                .with(fmt::layer().json().with_writer(writer).with_target(false).with_current_span(false))
                .init();
        }
    }
    guard
}

/// Keeps a line that many requests would write to one a minute.
#[derive(Default)]
pub struct Seldom {
    /// Milliseconds on the monotonic clock before which nothing is said; 0 stands for "never said".
    not_before: AtomicU64,
}

impl Seldom {
    /// Whether the line may be written now; whoever is told so writes it.
    pub fn is_due(&self, now: Duration) -> bool {
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX - 60_000);
        let not_before = self.not_before.load(Ordering::Relaxed);
        now >= not_before
            && self
                .not_before
                .compare_exchange(not_before, now + 60_000, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_once_a_minute() {
        let line = Seldom::default();
        let due = |seconds| line.is_due(Duration::from_secs(seconds));
        assert_eq!([due(0), due(1), due(59), due(60), due(61)], [true, false, false, true, false]);
    }
}
