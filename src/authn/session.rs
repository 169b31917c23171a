//! The session cookie.

use std::{sync::Arc, time::Duration};

use actix_web::http::header::HeaderMap;

use super::{
    api_key::{self, KeyHolders},
    chain::{Attempt, Presented, Rejection},
    cookie::{CookieName, Cookies, Presence},
    principal::{Credential, Principal},
    token::TokenDigest,
};
use crate::{
    clock::Timestamp,
    store::{
        sessions::{Lifetime, Opened, Session, SessionId},
        users::{Standing, User},
        view::View,
    },
};

/// How far ahead of our clock, in seconds, the start or last use of a session may lie before it is not believed.
const CLOCK_SLACK: i64 = 300;

/// The cookie and how long sessions live, in seconds.
#[derive(Clone, Debug)]
pub struct SessionRules {
    cookie_name: CookieName,
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
            cookie_name: CookieName::new(cookie_name),
            ttl: seconds(ttl),
            remember_ttl: seconds(remember_ttl),
            max_lifetime: max_lifetime.map(seconds),
        }
    }

    /// The cookie's name.
    pub const fn cookie_name(&self) -> &CookieName {
        &self.cookie_name
    }

    /// Seconds that an unused session of this kind lives.
    pub const fn idle_limit(&self, lifetime: Lifetime) -> i64 {
        match lifetime {
            Lifetime::Browser => self.ttl,
            Lifetime::Remembered => self.remember_ttl,
        }
    }

    /// Seconds that a session lives at most, used or not.
    pub fn longest(&self) -> i64 {
        self.max_lifetime.unwrap_or(i64::MAX)
    }

    /// Whether the session still lives: not unused for too long, and not started too long ago.
    fn alive(&self, session: &Session, now: Timestamp) -> bool {
        let (age, idle) = (now.since(session.created), now.since(session.seen()));
        age >= -CLOCK_SLACK
            && (-CLOCK_SLACK..self.idle_limit(session.lifetime)).contains(&idle)
            && self.max_lifetime.is_none_or(|limit| age < limit)
    }

    /// How many live sessions end where `next` holds instead.
    pub fn ended_under(&self, next: &Self, now: Timestamp, view: &View) -> usize {
        let named_alike = self.cookie_name.is(&next.cookie_name);
        let lives_on = |session: &Session| named_alike && next.alive(session, now);
        view.all_sessions().filter(|session| self.alive(session, now) && !lives_on(session)).count()
    }

    /// Proves the user of a session, and notes its use. A session that a key opened needs the key still to hold.
    pub fn attempt(&self, presented: &Presented<'_>, holders: KeyHolders, view: &View) -> Attempt {
        let Found { session, credential } = match self.find(presented.cookies.ours, presented.now, view) {
            Ok(None) => return Attempt::NotPresented,
            Ok(Some(found)) => found,
            Err(rejection) => return Attempt::Rejected(rejection),
        };
        let proved = match session.opened.key() {
            None => enabled_user(&session, view).map(|user| Principal::new(user, credential)),
            Some(key) => match view.key_by_id(key) {
                None => Err(Rejection::SessionEnded),
                Some(key) => api_key::owner(holders, key, presented.used(), view)
                    .map(|principal| Principal { credential, ..principal }),
            },
        };
        match proved {
            Ok(principal) => {
                session.used.note(presented.now);
                Attempt::Accepted(principal)
            }
            Err(rejection) => Attempt::Rejected(rejection),
        }
    }

    /// The live session that a person opened on the sign-in page, with its user; notes no use.
    pub fn of_person(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
        view: &View,
    ) -> Option<(Arc<User>, SessionId)> {
        self.find(self.cookies(headers).ours, now, view).ok()??.of_user(view, |opened| opened == Opened::Page)
    }

    /// The same for a session that anybody opened.
    pub fn of_cookie(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
        view: &View,
    ) -> Option<(Arc<User>, SessionId)> {
        self.find(self.cookies(headers).ours, now, view).ok()??.of_user(view, |_| true)
    }

    /// Seconds until the cookie's session ends, unless it is used.
    pub fn seconds_left(&self, headers: &HeaderMap, now: Timestamp, view: &View) -> Option<i64> {
        let session = self.find(self.cookies(headers).ours, now, view).ok()??.session;
        let idle = self.idle_limit(session.lifetime) - now.since(session.seen());
        let age = self.max_lifetime.map(|limit| limit - now.since(session.created));
        Some(age.map_or(idle, |age| age.min(idle)).max(0))
    }

    /// The client's cookies, told apart from ours.
    pub fn cookies<'a>(&self, headers: &'a HeaderMap) -> Cookies<'a> {
        Cookies::of(headers, &self.cookie_name)
    }

    fn find(&self, ours: Presence<'_>, now: Timestamp, view: &View) -> Result<Option<Found>, Rejection> {
        let digest = match ours {
            Presence::Absent => return Ok(None),
            Presence::Repeated => return Err(Rejection::CookieRepeated),
            Presence::Once(value) => TokenDigest::of(value).ok_or(Rejection::CookieMalformed)?,
        };
        let session = view.session(&digest).filter(|session| self.alive(session, now));
        let session = session.ok_or(Rejection::SessionEnded)?;
        let credential = Credential::Session(session.id, session.opened);
        Ok(Some(Found { session, credential }))
    }
}

struct Found {
    session: Arc<Session>,
    credential: Credential,
}

impl Found {
    fn of_user(self, view: &View, wanted: impl Fn(Opened) -> bool) -> Option<(Arc<User>, SessionId)> {
        let user = enabled_user(&self.session, view).ok().filter(|_| wanted(self.session.opened))?;
        Some((user, self.session.id))
    }
}

fn enabled_user(session: &Session, view: &View) -> Result<Arc<User>, Rejection> {
    match view.users().by_id(session.user) {
        None => Err(Rejection::SessionEnded),
        Some(user) if user.standing == Standing::Disabled => Err(Rejection::UserDisabled),
        Some(user) => Ok(Arc::clone(user)),
    }
}
