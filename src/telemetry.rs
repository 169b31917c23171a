//! Logs. Lines leave through a thread of their own, so that a full disk or a stuck pipe holds no request up;
//! when it cannot keep pace, lines are dropped.

use std::io::{self, IsTerminal};

use tracing::Level;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogConfig, LogFormat};

/// Lines that may wait to be written; the queue is allocated whole.
const QUEUED_LINES: usize = 4_096;

/// Starts logging to standard error; the last lines are written when the guard is dropped.
pub fn start(config: &LogConfig) -> WorkerGuard {
    let (writer, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(QUEUED_LINES).finish(io::stderr());
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
