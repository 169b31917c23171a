//! `[log]`: how much is logged, and in which form.

use tracing::Level;

use super::reader::Reader;

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The section.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// The least important level that is logged.
    pub level: Level,
    /// The form of a line.
    pub format: LogFormat,
}

impl LogConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let level = reader.value("log.level", "info", |text| match text {
            "error" => Ok(Level::ERROR),
            "warn" => Ok(Level::WARN),
            "info" => Ok(Level::INFO),
            "debug" => Ok(Level::DEBUG),
            "trace" => Ok(Level::TRACE),
            _ => Err("is none of error, warn, info, debug, trace".to_owned()),
        });
        let format = reader.value("log.format", "text", |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err("is neither text nor json".to_owned()),
        });
        Some(Self { level: level?, format: format? })
    }
}
