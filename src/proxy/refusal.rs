//! The answers that turn a request away, each in the form that the proxy and the client understand.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, HeaderName, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{caller::Caller, dialect::Proxy};
use crate::{
    policy::{capability::Capability, pack::ApiRefusal},
    throttle::Wait,
};

const X_AUTH_REASON: HeaderName = HeaderName::from_static("x-auth-reason");
const X_TINYAUTH_LOCATION: HeaderName = HeaderName::from_static("x-tinyauth-location");

/// The challenge for clients that know Basic (RFC 7617).
const CHALLENGE: &str = "Basic realm=\"Sluice\", charset=\"UTF-8\"";

/// Why a request does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody was proved, and a person asks: they are sent to this address.
    SignIn(String),
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
pub struct Asker {
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
pub fn refuse(refusal: &Refusal, asker: Asker) -> HttpResponse {
    match (refusal, asker.proxy) {
        (Refusal::SignIn(address), Proxy::Nginx) => builder(StatusCode::UNAUTHORIZED)
            .insert_header((LOCATION, address.as_str()))
            .insert_header((X_TINYAUTH_LOCATION, address.as_str()))
            .finish(),
        (Refusal::SignIn(address), _) => {
            let status = match asker.redirect {
                Redirect::Found => StatusCode::FOUND,
                Redirect::SeeOther => StatusCode::SEE_OTHER,
            };
            builder(status).insert_header((LOCATION, address.as_str())).finish()
        }
        (Refusal::Unauthenticated, _) => unauthenticated("sign in first", asker, None),
        (Refusal::Throttled(wait), _) => {
            unauthenticated("too many failures; wait before the next try", asker, Some(*wait))
        }
        (Refusal::SignInAgain, _) => told(builder(StatusCode::FORBIDDEN), "sign in first", asker),
        (Refusal::Missing(missing), _) => {
            let names: Vec<_> = missing.iter().map(|capability| capability.name()).collect();
            told(builder(StatusCode::FORBIDDEN), &format!("missing {}", names.join(", ")), asker)
        }
        (Refusal::Forbidden(reason), _) => told(builder(StatusCode::FORBIDDEN), reason, asker),
        (Refusal::Undescribed(reason), Proxy::Nginx) => told(builder(StatusCode::FORBIDDEN), reason, asker),
        (Refusal::Undescribed(reason), _) => told(builder(StatusCode::BAD_REQUEST), reason, asker),
        (Refusal::Unavailable, _) => {
            told(builder(StatusCode::SERVICE_UNAVAILABLE), "Sluice cannot decide now", asker)
        }
    }
}

fn builder(status: StatusCode) -> HttpResponseBuilder {
    let mut builder = HttpResponse::build(status);
    builder.insert_header((CACHE_CONTROL, "no-store"));
    builder
}

fn unauthenticated(text: &str, asker: Asker, wait: Option<Wait>) -> HttpResponse {
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
fn told(mut builder: HttpResponseBuilder, reason: &str, asker: Asker) -> HttpResponse {
    builder.insert_header((X_AUTH_REASON, reason_text(reason)));
    body(builder, reason, asker)
}

/// The text in the form that the client reads.
fn body(mut builder: HttpResponseBuilder, text: &str, asker: Asker) -> HttpResponse {
    match (asker.api, asker.caller) {
        (Some(ApiRefusal::Torznab), _) => {
            builder.content_type("application/xml; charset=utf-8").body(format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<error code=\"100\" description=\"{}\"/>\n",
                reason_text(text)
            ))
        }
        (_, Caller::Program) => builder.json(serde_json::json!({ "error": text })),
        (_, Caller::Navigating) => {
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            builder.content_type("text/html; charset=utf-8").body(format!(
                "<!doctype html><html lang=\"en\"><meta name=\"viewport\" content=\"width=device-width\">\
                 <title>Not allowed</title><h1>Not allowed</h1><p>{text}.</p></html>"
            ))
        }
    }
}

/// The reason in the bytes that the shipped proxy files pass on.
fn reason_text(reason: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_ ,.:/-".contains(c) { c } else { ' ' };
    reason.chars().map(plain).take(200).collect()
}

/// The sign-in address, with the page asked for in `rd`.
pub fn sign_in_address(portal: &str, original: Option<&str>) -> String {
    match original {
        Some(original) => format!("{portal}/login?rd={}", utf8_percent_encode(original, NON_ALPHANUMERIC)),
        None => format!("{portal}/login"),
    }
}
