//! The user that a credential proved, and how.

use std::sync::Arc;

use crate::store::{sessions::SessionId, users::User};

/// A user, proved for this one request.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Who.
    pub user: Arc<User>,
    /// By what.
    pub credential: Credential,
}

/// What proved the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The cookie of a session.
    Session(SessionId),
    /// Nothing: authentication is switched off.
    Open,
}

impl Credential {
    /// The word in `X-Auth-Method`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Open => "open",
        }
    }
}
