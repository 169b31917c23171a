//! The answers that turn a request away, each in the form that the proxy and the client understand.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::{caller::Caller, dialect::Proxy};
use crate::{
    policy::{capability::Capability, origin::Origin, pack::ApiRefusal},
    portal::forbidden,
    throttle::Wait,
};

const X_AUTH_REASON: HeaderName = HeaderName::from_static("x-auth-reason");
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
const X_TINYAUTH_LOCATION: HeaderName = HeaderName::from_static("x-tinyauth-location");

/// The challenge for clients that know Basic (RFC 7617).
const CHALLENGE: &str = "Basic realm=\"Sluice\", charset=\"UTF-8\"";

/// The reason where the proxy's lines name an app that there is not, or not yet.
pub const UNKNOWN_APP: &str = "the proxy names an app that is not configured";

/// The reason where the proxy's lines have no place for the page that hands a browser over.
pub const NO_PERSON_PAGE: &str = "the proxy lacks the page person of Sluice";

/// The reason where the page was opened before another person signed in.
const ANOTHER_PERSON: &str = "this page is from before another person signed in; reload it";

/// Why a request does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody was proved, and a person asks: they are sent to this address.
    SignIn(String),
    /// The app's cookies in the browser may be another person's: it is sent to the page at this address.
    Handover(String),
    /// They are another person's, and no page is opened.
    AnotherPerson,
    /// Nobody was proved, and a program asks.
    Unauthenticated,
    /// Nobody was proved, and the client signs in by itself when it is forbidden.
    SignInAgain,
    /// Too many failures before it.
    Throttled(Wait),
    /// They lack these capabilities.
    Missing(Vec<Capability>),
    /// Refused whoever asks, for this reason.
    Forbidden(&'static str),
    /// The proxy is set up wrongly, in this way.
    Undescribed(String),
    /// Our own failure.
    Unavailable,
}

impl Refusal {
    /// What the client is told, in the words of `X-Auth-Reason`.
    pub fn reason(&self) -> String {
        match self {
            Self::Missing(missing) => {
                let names: Vec<_> = missing.iter().map(|capability| capability.name()).collect();
                format!("missing {}", names.join(", "))
            }
            Self::Forbidden(reason) => (*reason).to_owned(),
            Self::Undescribed(reason) => reason.clone(),
            Self::SignIn(_) | Self::Unauthenticated | Self::SignInAgain => "sign in first".to_owned(),
            Self::Handover(_) | Self::AnotherPerson => ANOTHER_PERSON.to_owned(),
            Self::Throttled(_) => "too many failures; wait before the next try".to_owned(),
            Self::Unavailable => "Sluice cannot decide now".to_owned(),
        }
    }
}

/// Whether the original request's redirect may be repeated as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// `GET` or `HEAD`.
    Found,
    /// Anything else must become a `GET`.
    SeeOther,
}

/// Whether the client is told that Basic would do. A browser would show its own dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// It is.
    Basic,
    /// It is not.
    None,
}

/// Who is turned away, and how they are reached.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// Where pages are, if on a host of their own, and below which path.
    pub portal: (Option<&'a Origin>, &'a str),
    /// The proxy between.
    pub proxy: Proxy,
    /// A person or a program.
    pub caller: Caller,
    /// What a redirect must be.
    pub redirect: Redirect,
    /// The form that clients of this API route know.
    pub api: Option<ApiRefusal>,
    /// Whether Basic is offered.
    pub challenge: Challenge,
}

/// Answers a refusal.
pub fn refuse(refusal: &Refusal, asker: Asker<'_>) -> HttpResponse {
    match (refusal, asker.proxy) {
        (Refusal::SignIn(address) | Refusal::Handover(address), Proxy::Nginx) => {
            builder(StatusCode::UNAUTHORIZED)
                .insert_header((LOCATION, address.as_str()))
                .insert_header((X_TINYAUTH_LOCATION, address.as_str()))
                .finish()
        }
        (Refusal::SignIn(address) | Refusal::Handover(address), _) => {
            let status = match asker.redirect {
                Redirect::Found => StatusCode::FOUND,
                Redirect::SeeOther => StatusCode::SEE_OTHER,
            };
            builder(status).insert_header((LOCATION, address.as_str())).finish()
        }
        (Refusal::AnotherPerson, _) => {
            let mut response = told(StatusCode::UNAUTHORIZED, refusal, asker);
            // A worker of the app's page would go on answering with the page of the person before.
            response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"storage\""));
            response
        }
        (Refusal::Unauthenticated, _) => unauthenticated(&refusal.reason(), asker, None),
        (Refusal::Throttled(wait), _) => unauthenticated(&refusal.reason(), asker, Some(*wait)),
        (Refusal::SignInAgain | Refusal::Forbidden(_) | Refusal::Missing(_), _)
        | (Refusal::Undescribed(_), Proxy::Nginx) => told(StatusCode::FORBIDDEN, refusal, asker),
        (Refusal::Undescribed(_), _) => told(StatusCode::BAD_REQUEST, refusal, asker),
        (Refusal::Unavailable, _) => told(StatusCode::SERVICE_UNAVAILABLE, refusal, asker),
    }
}

fn builder(status: StatusCode) -> HttpResponseBuilder {
    let mut builder = HttpResponse::build(status);
    builder.insert_header((CACHE_CONTROL, "no-store"));
    builder
}

fn unauthenticated(text: &str, asker: Asker<'_>, wait: Option<Wait>) -> HttpResponse {
    let mut builder = builder(StatusCode::UNAUTHORIZED);
    if asker.challenge == Challenge::Basic {
        builder.insert_header((WWW_AUTHENTICATE, CHALLENGE));
    }
    if let Some(wait) = wait {
        builder.insert_header((RETRY_AFTER, wait.seconds().to_string()));
    }
    body(builder, text, asker)
}

/// A refusal with its reason in a header.
fn told(status: StatusCode, refusal: &Refusal, asker: Asker<'_>) -> HttpResponse {
    let reason = refusal.reason();
    let is_page = status == StatusCode::FORBIDDEN && asker.proxy != Proxy::Nginx;
    if is_page && asker.api != Some(ApiRefusal::Torznab) && asker.caller == Caller::Navigating {
        let (origin, base_path) = asker.portal;
        let mut page = forbidden::page(base_path, origin, &reason);
        if let Ok(value) = reason_text(&reason).parse() {
            page.headers_mut().insert(X_AUTH_REASON, value);
        }
        return page;
    }
    let mut builder = builder(status);
    builder.insert_header((X_AUTH_REASON, reason_text(&reason)));
    body(builder, &reason, asker)
}

/// What programs read.
#[derive(Serialize)]
struct Told<'a> {
    error: &'a str,
}

/// The text in the form that the client reads.
fn body(mut builder: HttpResponseBuilder, text: &str, asker: Asker<'_>) -> HttpResponse {
    match (asker.api, asker.caller) {
        (Some(ApiRefusal::Torznab), _) => {
            builder.content_type("application/xml; charset=utf-8").body(format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<error code=\"100\" description=\"{}\"/>\n",
                reason_text(text)
            ))
        }
        (_, Caller::Program) => builder.json(Told { error: text }),
        (_, Caller::Navigating) => {
            builder.content_type("text/plain; charset=utf-8").body(format!("{text}.\n"))
        }
    }
}

/// The reason in the bytes that the shipped proxy files pass on: nothing that starts a variable or a placeholder.
pub fn reason_text(reason: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_,.;:/-".contains(c) { c } else { ' ' };
    let text: String = reason.chars().map(plain).take(200).collect();
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// The sign-in address, with the page asked for in `rd`.
pub fn sign_in_address(portal: &str, original: Option<&str>) -> String {
    match original {
        Some(original) => format!("{portal}/login?rd={}", utf8_percent_encode(original, NON_ALPHANUMERIC)),
        None => format!("{portal}/login"),
    }
}

/// The address of the page that takes away another person's cookies, with the way back.
pub fn handover_address(page: &str, target: &str, ticket: &str) -> String {
    format!("{page}?rd={}&t={ticket}", utf8_percent_encode(target, NON_ALPHANUMERIC))
}

/// The word in the sign-in page's address that two cookies of ours came.
pub const REPEATED: &str = "repeated";

/// Has the sign-in page say that two cookies of ours came.
pub fn say_repeated(address: &mut String) {
    address.push(if address.contains('?') { '&' } else { '?' });
    address.push_str(REPEATED);
    address.push_str("=1");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_holds_nothing_that_a_proxy_could_expand_and_no_doubled_blanks() {
        for (reason, text) in [
            ("missing remove_downloads, add_downloads", "missing remove_downloads, add_downloads"),
            ("no X-Original-Method; add it", "no X-Original-Method; add it"),
            ("add `a $b {c}` now", "add a b c now"),
            (" a\tb ", "a b"),
        ] {
            assert_eq!(reason_text(reason), text);
            assert_eq!(reason_text(text), text);
        }
    }
}
