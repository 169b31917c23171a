//! The session cookie.

use std::{sync::Arc, time::Duration};

use super::{
    chain::{Attempt, Presented, Rejection},
    cookie::{self, Presence},
    principal::{Credential, Principal},
    token::TokenDigest,
};
use crate::{
    clock::Timestamp,
    store::{
        sessions::{Lifetime, Session},
        users::Standing,
        view::View,
    },
};

/// How far ahead of our clock, in seconds, the start or last use of a session may lie before it is not believed.
const CLOCK_SLACK: i64 = 300;

/// The cookie and how long sessions live, in seconds.
#[derive(Clone, Debug)]
pub struct SessionRules {
    cookie_name: String,
    ttl: i64,
    remember_ttl: i64,
    max_lifetime: Option<i64>,
}

impl SessionRules {
    /// From the configured name and times.
    pub fn new(
        cookie_name: &str,
        ttl: Duration,
        remember_ttl: Duration,
        max_lifetime: Option<Duration>,
    ) -> Self {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        Self {
            cookie_name: cookie_name.to_owned(),
            ttl: seconds(ttl),
            remember_ttl: seconds(remember_ttl),
            max_lifetime: max_lifetime.map(seconds),
        }
    }

    /// The cookie's name.
    pub fn cookie_name(&self) -> &str {
        &self.cookie_name
    }

    /// Seconds that an unused session of this kind lives.
    pub const fn idle_limit(&self, lifetime: Lifetime) -> i64 {
        match lifetime {
            Lifetime::Browser => self.ttl,
            Lifetime::Remembered => self.remember_ttl,
        }
    }

    /// Whether the session still lives: not unused for too long, and not started too long ago.
    fn alive(&self, session: &Session, now: Timestamp) -> bool {
        let (age, idle) = (now.since(session.created), now.since(session.seen()));
        age >= -CLOCK_SLACK
            && (-CLOCK_SLACK..self.idle_limit(session.lifetime)).contains(&idle)
            && self.max_lifetime.is_none_or(|limit| age < limit)
    }

    /// Proves the user of a session, and notes its use.
    pub fn attempt(&self, presented: &Presented<'_>, view: &View) -> Attempt {
        let digest = match cookie::find(presented.headers, &self.cookie_name) {
            Presence::Absent => return Attempt::NotPresented,
            Presence::Repeated => return Attempt::Rejected(Rejection::CookieRepeated),
            Presence::Once(value) => match TokenDigest::of(value) {
                Some(digest) => digest,
                None => return Attempt::Rejected(Rejection::CookieMalformed),
            },
        };
        let Some(session) = view.session(&digest).filter(|session| self.alive(session, presented.now)) else {
            return Attempt::Rejected(Rejection::SessionEnded);
        };
        match view.users().by_id(session.user) {
            None => Attempt::Rejected(Rejection::SessionEnded),
            Some(user) if user.standing == Standing::Disabled => Attempt::Rejected(Rejection::UserDisabled),
            Some(user) => {
                session.touch(presented.now);
                Attempt::Accepted(Principal {
                    user: Arc::clone(user),
                    credential: Credential::Session(session.id),
                })
            }
        }
    }
}
