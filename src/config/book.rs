//! What is noted while the layers are read: the value of each key, and what is wrong.

use std::fmt;

use super::source::{SETTINGS, Source};

/// One thing that is wrong, with the place and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    source: String,
    key: String,
    text: String,
    chosen: bool,
}

impl Problem {
    pub(super) fn new(source: &str, key: &str, text: &str) -> Self {
        Self { source: source.to_owned(), key: key.to_owned(), text: text.to_owned(), chosen: false }
    }

    /// The same as something that is meant so by whoever wrote it, and may well stay.
    pub(super) fn chosen(self) -> Self {
        Self { chosen: true, ..self }
    }

    /// A problem with a configured value that shows only in use, such as a port that is taken.
    pub fn with_value(key: &str, text: &str) -> Self {
        Self::new("configuration", key, text)
    }

    /// Whether the portal saved the value that is wrong.
    pub fn is_of_settings(&self) -> bool {
        self.source == SETTINGS
    }

    /// Whether whoever wrote it meant it so, and it may well stay.
    pub const fn is_chosen(&self) -> bool {
        self.chosen
    }

    /// The key; empty where it is about all of them.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is wrong, with the fix.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.source.as_str(), self.key.as_str()) {
            (source, "") => write!(f, "{source}: {}", self.text),
            (source, key) => write!(f, "{source}: {key}: {}", self.text),
        }
    }
}

/// A key with the value that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Shown,
    /// Where it came from.
    pub source: Source,
}

/// A value as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// One value.
    Text(String),
    /// A list.
    List(Vec<String>),
    /// A secret that is given.
    Secret,
    /// A secret that is not.
    NoSecret,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::List(entries) => write!(f, "[{}]", entries.join(", ")),
            Self::Secret => f.write_str("********"),
            Self::NoSecret => Ok(()),
        }
    }
}

/// What was noted while reading.
pub(super) struct Book {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    pub(super) resolved: Vec<Resolved>,
}
