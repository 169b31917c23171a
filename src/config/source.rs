//! Where a value came from, and what that locks.

use std::{fmt, path::PathBuf};

/// The name of the layer that the portal writes.
pub(super) const SETTINGS: &str = "settings";

/// The layer that a value came from, the lowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// No layer has the key.
    Default,
    /// An administrator saved it in the portal.
    Settings,
    /// The file.
    File(PathBuf),
    /// A variable, by its name.
    Variable(String),
    /// A flag of the command line.
    Flag(String),
}

impl Source {
    pub(super) fn of(source: Option<&figment::Source>) -> Self {
        match source {
            Some(figment::Source::File(path)) => Self::File(path.clone()),
            Some(figment::Source::Custom(name)) if name == SETTINGS => Self::Settings,
            Some(figment::Source::Custom(name)) if name.starts_with("--") => Self::Flag(name.clone()),
            Some(figment::Source::Custom(name)) => Self::Variable(name.clone()),
            _ => Self::Default,
        }
    }

    /// What keeps the portal from changing the value, in words; `None` where nothing does.
    pub fn lock(&self) -> Option<String> {
        match self {
            Self::Default | Self::Settings => None,
            Self::File(path) => Some(format!("set in {}", path.display())),
            Self::Variable(name) | Self::Flag(name) => Some(format!("set by {name}")),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Settings => f.write_str(SETTINGS),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}
