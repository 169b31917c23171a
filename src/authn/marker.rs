//! Whose the cookies are that apps have set in a browser. A cookie of ours on the app's host says so, which nobody
//! else can make: a keyed digest of the user and the host.

use std::fmt;

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{
    cookie::{Cookies, name_of},
    token::{RandomError, random},
};
use crate::{
    clock::Timestamp,
    policy::origin::{Host, Origin, Scheme},
    store::users::UserId,
};

/// The name of the cookie. It tells one scheme's visit to the other, since both share the app's cookies.
const NAME: &str = "sluice_person";
/// The name of a second one over HTTPS, which no page of another host can plant.
const GUARDED: &str = "__Host-sluice_person";
/// Days that a browser keeps it.
const DAYS: i64 = 365;
/// Seconds that a ticket holds.
const TICKET_LIFE: i64 = 60;
/// Characters of a digest.
const DIGEST: usize = 43;
/// Bytes of a ticket before its digest: when, and whom it names.
const TICKET_HEAD: usize = 16;

/// What the key is used for; each use has digests of its own.
#[derive(Clone, Copy)]
enum Purpose {
    Settled = 1,
    Pending = 2,
    TicketOverHttp = 3,
    TicketOverHttps = 4,
}

/// The key of markers and tickets.
pub struct MarkerKey(Hmac<Sha256>);

/// A marker's value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Marker([u8; DIGEST]);

/// Whose the cookies of apps in a browser are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The person's who asks.
    Theirs,
    /// Nobody's who is known.
    Nobodys,
    /// Somebody else's.
    Anothers,
}

/// Why a ticket does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketError {
    /// It was made for here, a while ago.
    Old,
    /// It was not made by us, or for another host or scheme.
    Wrong,
}

impl MarkerKey {
    /// Bytes of a key.
    pub const LENGTH: usize = 32;

    /// A fresh key for the store.
    pub fn generate() -> Result<[u8; Self::LENGTH], RandomError> {
        random()
    }

    /// The key that the store holds.
    pub fn new(key: &[u8; Self::LENGTH]) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    fn digest(&self, purpose: Purpose, head: &[u8], host: &Host) -> Marker {
        let mut mac = self.0.clone();
        mac.update(&[purpose as u8]);
        mac.update(head);
        mac.update(host.as_str().as_bytes());
        let mut text = [0; DIGEST];
        // 32 bytes are exactly 43 characters.
        _ = BASE64_URL_SAFE_NO_PAD.encode_slice(mac.finalize().into_bytes(), &mut text);
        Marker(text)
    }

    /// The marker that says that the cookies of apps on this host are this person's.
    pub fn settled(&self, person: UserId, host: &Host) -> Marker {
        self.digest(Purpose::Settled, &person.get().to_be_bytes(), host)
    }

    /// The marker that says that the cookies of others are being taken away for this person, and opens nothing.
    pub fn pending(&self, person: UserId, host: &Host) -> Marker {
        self.digest(Purpose::Pending, &person.get().to_be_bytes(), host)
    }

    /// What proves to the page that sets markers who asks: whom another request proved, here, a moment ago.
    pub fn ticket(&self, person: UserId, here: &Origin, now: Timestamp) -> String {
        let mut head = [0; TICKET_HEAD];
        head[..8].copy_from_slice(&now.secs().to_be_bytes());
        head[8..].copy_from_slice(&person.get().to_be_bytes());
        let Marker(digest) = self.digest(ticket_purpose(here), &head, &here.host);
        format!("{}{}", BASE64_URL_SAFE_NO_PAD.encode(head), String::from_utf8_lossy(&digest))
    }

    /// Whom a ticket names.
    pub fn redeem(&self, ticket: &str, here: &Origin, now: Timestamp) -> Result<UserId, TicketError> {
        let split = ticket.len().checked_sub(DIGEST).ok_or(TicketError::Wrong)?;
        let (head, digest) = ticket.split_at_checked(split).ok_or(TicketError::Wrong)?;
        let head = BASE64_URL_SAFE_NO_PAD.decode(head).ok().and_then(|head| <[u8; 16]>::try_from(head).ok());
        let head = head.ok_or(TicketError::Wrong)?;
        if !self.digest(ticket_purpose(here), &head, &here.host).is(digest.as_bytes()) {
            return Err(TicketError::Wrong);
        }
        let number = |bytes: &[u8]| bytes.iter().fold(0_i64, |sum, &byte| sum << 8 | i64::from(byte));
        let (made, person) = (Timestamp::from_secs(number(&head[..8])), number(&head[8..]));
        match (-TICKET_LIFE..=TICKET_LIFE).contains(&now.since(made)) {
            true => Ok(UserId::named(person)),
            false => Err(TicketError::Old),
        }
    }
}

/// A ticket is for one scheme too: over each, other cookies are the marker, and a browser would be led back and forth.
const fn ticket_purpose(here: &Origin) -> Purpose {
    match here.scheme {
        Scheme::Http => Purpose::TicketOverHttp,
        Scheme::Https => Purpose::TicketOverHttps,
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Marker(..)")
    }
}

impl Marker {
    fn is(&self, presented: &[u8]) -> bool {
        self.0.ct_eq(presented).into()
    }

    /// The cookies that set it on this origin.
    pub fn cookies(&self, scheme: Scheme) -> impl Iterator<Item = Cookie<'static>> + use<> {
        let value = String::from_utf8_lossy(&self.0).into_owned();
        let names = [Some(NAME), (scheme == Scheme::Https).then_some(GUARDED)];
        names.into_iter().flatten().map(move |name| {
            Cookie::build(name, value.clone())
                .path("/")
                .http_only(true)
                .same_site(SameSite::Lax)
                .secure(name == GUARDED)
                .max_age(Duration::days(DAYS))
                .finish()
        })
    }
}

/// Whether a cookie of this name is a marker, which is no app's.
pub fn is_marker(name: &[u8]) -> bool {
    name == NAME.as_bytes() || name == GUARDED.as_bytes()
}

/// The markers that a browser sent.
#[derive(Debug, Default)]
pub struct Shown<'a> {
    plain: Values<'a>,
    guarded: Values<'a>,
}

/// What cookies of one name hold; there is hardly ever more than one.
#[derive(Debug, Default)]
struct Values<'a> {
    first: Option<&'a [u8]>,
    more: Vec<&'a [u8]>,
}

impl<'a> Values<'a> {
    fn add(&mut self, value: &'a [u8]) {
        match self.first {
            None => self.first = Some(value),
            Some(_) => self.more.push(value),
        }
    }

    fn are(&self, marker: &Marker) -> bool {
        self.more.is_empty() && self.first.is_some_and(|only| marker.is(only))
    }

    fn hold(&self, marker: &Marker) -> bool {
        self.first.iter().chain(&self.more).any(|one| marker.is(one))
    }
}

impl<'a> Shown<'a> {
    /// Those among the client's cookies.
    pub fn among(cookies: &Cookies<'a>) -> Self {
        let mut shown = Self::default();
        for pair in cookies.pairs() {
            let name = name_of(pair);
            if is_marker(name) {
                let values = if name == NAME.as_bytes() { &mut shown.plain } else { &mut shown.guarded };
                values.add(pair.get(name.len() + 1..).unwrap_or_default());
            }
        }
        shown
    }

    /// Whether there is none.
    pub fn is_absent(&self) -> bool {
        self.plain.first.is_none() && self.guarded.first.is_none()
    }

    /// Whose the cookies of apps are in this browser, where `settled` makes the marker of the person who asks.
    pub fn whose(&self, scheme: Scheme, settled: impl FnOnce() -> Marker) -> Whose {
        match self.is_absent() {
            true => Whose::Nobodys,
            false if self.say(scheme, &settled()) => Whose::Theirs,
            false => Whose::Anothers,
        }
    }

    /// Whether they are this marker. A visit over HTTP changes the plain one only, and with it whose the app's cookies
    /// are; what another host plants beside it counts for nothing over HTTPS, where the guarded one must agree.
    pub fn say(&self, scheme: Scheme, marker: &Marker) -> bool {
        match scheme {
            Scheme::Https => self.guarded.are(marker) && self.plain.hold(marker),
            Scheme::Http => self.plain.are(marker),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue};

    use super::{super::cookie::CookieName, *};

    fn key() -> MarkerKey {
        MarkerKey::new(&[7; 32])
    }

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    fn text(marker: Marker) -> String {
        String::from_utf8(marker.0.to_vec()).unwrap()
    }

    #[test]
    fn a_marker_says_whose_the_cookies_are() {
        use Whose::{Anothers, Nobodys, Theirs};
        let [ada, bob] = [1, 2].map(UserId::named);
        let (key, app) = (key(), host("app.test"));
        let own = text(key.settled(ada, &app));
        let others = text(key.settled(bob, &app));
        let pending = text(key.pending(ada, &app));
        let elsewhere = text(key.settled(ada, &host("b.test")));
        for (cookies, http, https) in [
            (String::new(), Nobodys, Nobodys),
            ("sid=x; xsluice_person=y".to_owned(), Nobodys, Nobodys),
            (format!("sluice_person={own}"), Theirs, Anothers),
            (format!("sluice_person={others}"), Anothers, Anothers),
            (format!("sluice_person={elsewhere}"), Anothers, Anothers),
            (format!("sluice_person={pending}"), Anothers, Anothers),
            (format!("sluice_person={own}x"), Anothers, Anothers),
            ("sluice_person=".to_owned(), Anothers, Anothers),
            (format!("sluice_person={own}; sluice_person={others}"), Anothers, Anothers),
            (format!("sluice_person={own}; __Host-sluice_person={own}"), Theirs, Theirs),
            (format!("a=b; __Host-sluice_person={own};sluice_person={others}"), Anothers, Anothers),
            (
                format!("sluice_person=evil; sluice_person={own}; __Host-sluice_person={own}"),
                Anothers,
                Theirs,
            ),
            (format!("__Host-sluice_person={own}"), Anothers, Anothers),
            (
                format!("__Host-sluice_person={own}; __Host-sluice_person={own}; sluice_person={own}"),
                Theirs,
                Anothers,
            ),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, HeaderValue::from_str(&cookies).unwrap());
            let name = CookieName::new("sluice_session");
            let read = Cookies::of(&headers, &name);
            for (origin, whose) in [("http://app.test", http), ("https://app.test", https)] {
                let origin = Origin::parse(origin).unwrap();
                let found = Shown::among(&read).whose(origin.scheme, || key.settled(ada, &origin.host));
                assert_eq!(found, whose, "{origin} {cookies}");
            }
        }
    }

    #[test]
    fn a_ticket_holds_for_its_host_and_scheme_and_a_minute() {
        let origin = |text| Origin::parse(text).unwrap();
        let (key, app, person) = (key(), origin("https://app.test"), UserId::named(3));
        let at = Timestamp::from_secs;
        let ticket = key.ticket(person, &app, at(1_000));
        assert_eq!(key.redeem(&ticket, &app, at(1_060)), Ok(person));
        assert_eq!(key.redeem(&ticket, &app, at(1_061)), Err(TicketError::Old));
        assert_eq!(key.redeem(&ticket, &app, at(900)), Err(TicketError::Old));
        assert_eq!(key.redeem(&ticket, &origin("https://app.test:8443"), at(1_000)), Ok(person));
        for elsewhere in ["https://b.test", "http://app.test"] {
            assert_eq!(key.redeem(&ticket, &origin(elsewhere), at(1_000)), Err(TicketError::Wrong));
        }
        let another = MarkerKey::new(&[8; 32]);
        assert_eq!(another.redeem(&ticket, &app, at(1_000)), Err(TicketError::Wrong));
        let changed = ticket.replacen('A', "B", 1);
        let marker = text(key.settled(person, &app.host));
        for bad in ["", "x", &ticket[1..], &changed, &marker, &"é".repeat(40)] {
            assert_eq!(key.redeem(bad, &app, at(1_000)), Err(TicketError::Wrong), "{bad}");
        }
    }
}
