//! Logs. Lines leave through a thread of their own, so that a full disk or a stuck pipe holds no request up;
//! when it cannot keep pace, lines are dropped.

use std::io::{self, IsTerminal};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogConfig, LogFormat};

/// Starts logging to standard error; the last lines are written when the guard is dropped.
pub fn start(config: &LogConfig) -> WorkerGuard {
    let (writer, guard) = tracing_appender::non_blocking(io::stderr());
    let filter = EnvFilter::new(format!("warn,sluice={}", config.level));
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
