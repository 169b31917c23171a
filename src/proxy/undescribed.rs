//! What a proxy leaves out of its description of a request, and the line that it lacks.

use thiserror::Error;

/// The proxy does not describe the request; the text names the directive that is missing.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Undescribed {
    /// A header did not come.
    #[error("the proxy sent no {header}; add `{fix}`")]
    Missing {
        /// Which.
        header: &'static str,
        /// What to add.
        fix: &'static str,
    },
    /// A header came more than once, or is no such thing.
    #[error("{0} is repeated or malformed")]
    Malformed(&'static str),
}

impl Undescribed {
    /// The same for the client's side, without the directive, whose marks no header should carry.
    pub fn reason(&self) -> String {
        match self {
            Self::Missing { header, .. } => {
                format!("the proxy sent no {header}; the log of Sluice shows the line to add")
            }
            Self::Malformed(_) => self.to_string(),
        }
    }
}
