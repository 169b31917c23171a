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
    /// What the lines take out of a query, an older version of theirs would take out of the path as well.
    #[error("a key stands in the path; send it as X-API-Key")]
    KeyInPath,
    /// A proxy that takes the key out writes such a path anew.
    #[error(
        "a key stands in the query beside a path with percent-encoded or unusual characters; send it as X-API-Key"
    )]
    KeyBesidePath,
    /// After a switch to another protocol the app would get what nobody was asked about.
    #[error(
        "the client asks for another protocol than a WebSocket; remove Upgrade in the proxy, as its lines do"
    )]
    OtherProtocol,
    /// The app would get another request than the client's without the key.
    #[error(
        "the query holds more than one key, or the proxy changed the address in another way; send one key, and copy the \
         proxy lines of this version"
    )]
    Edited,
}

impl Undescribed {
    /// The same for the client's side, without the directive, whose marks no header should carry.
    pub fn reason(&self) -> String {
        match self {
            Self::Missing { header, .. } => {
                format!("the proxy sent no {header}; the log of Sluice shows the line to add")
            }
            _ => self.to_string(),
        }
    }
}
