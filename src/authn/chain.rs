//! The order in which credentials are tried: the first that was presented decides, and a wrong one is refused,
//! never skipped.

use actix_web::http::header::HeaderMap;
use thiserror::Error;

use super::{open, principal::Principal, session};
use crate::{clock::Timestamp, store::view::View};

/// What the client sent.
pub struct Presented<'a> {
    /// The headers of the verify request.
    pub headers: &'a HeaderMap,
    /// When.
    pub now: Timestamp,
}

/// What credentials are compared with.
pub struct Authenticator {
    /// Sessions and their cookie.
    pub sessions: session::SessionRules,
    /// Who everybody is while authentication is switched off.
    pub open: open::OpenDoor,
}

/// How one kind of credential fared.
pub enum Attempt {
    /// The client sent none of this kind.
    NotPresented,
    /// It proved a user.
    Accepted(Principal),
    /// It is wrong.
    Rejected(Rejection),
}

/// What all of them came to.
pub enum Identity {
    /// No credential was sent.
    Anonymous,
    /// One proved a user.
    Proven(Principal),
    /// One was wrong.
    Rejected(Rejection),
}

/// Why a credential is wrong; for the log, never for the client.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Rejection {
    /// Two cookies of our name.
    #[error("two session cookies came; another site on the same domain may have planted one")]
    CookieRepeated,
    /// Not in the form that we issue.
    #[error("the session cookie is malformed")]
    CookieMalformed,
    /// No such session, or no longer.
    #[error("the session has ended; the client must sign in again")]
    SessionEnded,
    /// The user is disabled.
    #[error("the user is disabled; `sluice user enable` lets them in again")]
    UserDisabled,
}

impl Authenticator {
    /// Who is there.
    pub fn identify(&self, presented: &Presented<'_>, view: &View) -> Identity {
        let attempts: [&dyn Fn() -> Attempt; 2] =
            [&|| self.sessions.attempt(presented, view), &|| self.open.attempt()];
        for attempt in attempts {
            match attempt() {
                Attempt::NotPresented => {}
                Attempt::Accepted(principal) => return Identity::Proven(principal),
                Attempt::Rejected(rejection) => return Identity::Rejected(rejection),
            }
        }
        Identity::Anonymous
    }
}
