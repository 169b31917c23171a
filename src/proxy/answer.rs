//! The answers to a verify request. Only [`allow`] builds a 2xx.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, COOKIE, HeaderName, HeaderValue, LOCATION},
    },
};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{caller::Caller, dialect::Proxy};
use crate::{
    authn::principal::Principal,
    policy::{app::App, capability::Capabilities},
    store::users::User,
};

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const REMOTE_USER: HeaderName = HeaderName::from_static("remote-user");
const REMOTE_NAME: HeaderName = HeaderName::from_static("remote-name");
const REMOTE_EMAIL: HeaderName = HeaderName::from_static("remote-email");
const REMOTE_GROUPS: HeaderName = HeaderName::from_static("remote-groups");
const X_AUTH_USER_ID: HeaderName = HeaderName::from_static("x-auth-user-id");
const X_AUTH_ROLE: HeaderName = HeaderName::from_static("x-auth-role");
const X_AUTH_CAPABILITIES: HeaderName = HeaderName::from_static("x-auth-capabilities");
const X_AUTH_PERMISSION: HeaderName = HeaderName::from_static("x-auth-permission");
const X_AUTH_METHOD: HeaderName = HeaderName::from_static("x-auth-method");
const X_AUTH_APP: HeaderName = HeaderName::from_static("x-auth-app");
const X_AUTH_REASON: HeaderName = HeaderName::from_static("x-auth-reason");
const X_TINYAUTH_LOCATION: HeaderName = HeaderName::from_static("x-tinyauth-location");

/// What stands percent-encoded in a display name, which may be of any script: a header is ASCII.
const NAME_ESCAPES: &AsciiSet = &CONTROLS.add(b'%');

/// The values that stay the same for as long as a user does.
#[derive(Debug)]
pub struct UserAnswer {
    user: HeaderValue,
    name: HeaderValue,
    email: HeaderValue,
    id: HeaderValue,
    granted: HeaderValue,
}

impl UserAnswer {
    fn of(user: &User) -> Self {
        let name = user.name.as_str();
        let email = user.email.as_ref().map(|email| plain(email.as_str()));
        Self {
            user: plain(name),
            name: escaped(user.display_name.as_ref().map_or(name, |name| name.as_str())),
            email: email.unwrap_or(HeaderValue::from_static("-")),
            id: HeaderValue::from(user.id.get()),
            granted: list(user.granted),
        }
    }
}

/// The one way to let a request pass: every identity header, once, never empty.
pub fn allow(
    principal: &Principal,
    capabilities: Capabilities,
    app: &App,
    other_cookies: Option<HeaderValue>,
) -> HttpResponse {
    let user = &principal.user;
    let own = user.answer.get_or_init(|| UserAnswer::of(user));
    let mut response = HttpResponse::new(StatusCode::OK);
    let headers = response.headers_mut();
    let mut send = |name: HeaderName, value: HeaderValue| {
        headers.insert(name, value);
    };
    send(CACHE_CONTROL, NO_STORE);
    send(REMOTE_USER, own.user.clone());
    send(REMOTE_NAME, own.name.clone());
    send(REMOTE_EMAIL, own.email.clone());
    send(REMOTE_GROUPS, HeaderValue::from_static(user.role.group()));
    send(X_AUTH_USER_ID, own.id.clone());
    send(X_AUTH_ROLE, HeaderValue::from_static(user.role.name()));
    send(
        X_AUTH_CAPABILITIES,
        if capabilities == user.granted { own.granted.clone() } else { list(capabilities) },
    );
    send(X_AUTH_PERMISSION, HeaderValue::from_static(capabilities.permission().name()));
    send(X_AUTH_METHOD, HeaderValue::from_static(principal.credential.name()));
    send(X_AUTH_APP, plain(app.name.as_str()));
    // The proxy hands the app these instead of the client's own, so that no app sees our session.
    if let Some(cookies) = other_cookies {
        headers.insert(COOKIE, cookies);
    }
    response
}

/// Names, addresses and app names are ASCII by their types; anything else would be our own mistake.
fn plain(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("-"))
}

fn escaped(text: &str) -> HeaderValue {
    if text.is_ascii() && !text.contains('%') {
        return plain(text);
    }
    plain(&utf8_percent_encode(text, NAME_ESCAPES).to_string())
}

fn list(capabilities: Capabilities) -> HeaderValue {
    if capabilities == Capabilities::ALL {
        return HeaderValue::from_static(ALL);
    }
    let mut text = String::with_capacity(ALL.len());
    for capability in capabilities.iter() {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(capability.name());
    }
    if text.is_empty() { HeaderValue::from_static("none") } else { plain(&text) }
}

/// Every capability, as an administrator's requests carry it.
const ALL: &str = "search,add_downloads,remove_downloads,pause_resume,assign_categories,move_files,rename_files,\
                   set_comment,manage_categories,view_history,clear_history,view_shared,view_uploads,\
                   view_statistics,view_logs,view_servers,view_all_downloads,edit_all_downloads";

/// Why a request does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody was proved, and a person asks: they are sent to this address.
    SignIn(String),
    /// Nobody was proved, and a program asks.
    Unauthenticated,
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

/// Answers a refusal in the way that the proxy and the client understand.
pub fn refuse(refusal: &Refusal, proxy: Proxy, caller: Caller, redirect: Redirect) -> HttpResponse {
    match (refusal, proxy, caller) {
        (Refusal::SignIn(address), Proxy::Nginx, _) => builder(StatusCode::UNAUTHORIZED)
            .insert_header((LOCATION, address.as_str()))
            .insert_header((X_TINYAUTH_LOCATION, address.as_str()))
            .finish(),
        (Refusal::SignIn(address), ..) => {
            let status = match redirect {
                Redirect::Found => StatusCode::FOUND,
                Redirect::SeeOther => StatusCode::SEE_OTHER,
            };
            builder(status).insert_header((LOCATION, address.as_str())).finish()
        }
        (Refusal::Unauthenticated, ..) => told(StatusCode::UNAUTHORIZED, "sign in first", caller),
        (Refusal::Forbidden(reason), ..) => told(StatusCode::FORBIDDEN, reason, caller),
        (Refusal::Undescribed(reason), Proxy::Nginx, _) => told(StatusCode::FORBIDDEN, reason, caller),
        (Refusal::Undescribed(reason), ..) => told(StatusCode::BAD_REQUEST, reason, caller),
        (Refusal::Unavailable, ..) => {
            told(StatusCode::SERVICE_UNAVAILABLE, "Sluice cannot decide now", caller)
        }
    }
}

fn builder(status: StatusCode) -> HttpResponseBuilder {
    let mut builder = HttpResponse::build(status);
    builder.insert_header((CACHE_CONTROL, NO_STORE));
    builder
}

/// A refusal with its reason in a header, and for people on a page.
fn told(status: StatusCode, reason: &str, caller: Caller) -> HttpResponse {
    let mut builder = builder(status);
    if status == StatusCode::FORBIDDEN || status == StatusCode::BAD_REQUEST {
        builder.insert_header((X_AUTH_REASON, reason_text(reason)));
    }
    match caller {
        Caller::Program => builder.json(serde_json::json!({ "error": reason })),
        Caller::Navigating => {
            let reason = reason.replace('&', "&amp;").replace('<', "&lt;");
            builder.content_type("text/html; charset=utf-8").body(format!(
                "<!doctype html><html lang=\"en\"><meta name=\"viewport\" content=\"width=device-width\">\
                 <title>Not allowed</title><h1>Not allowed</h1><p>{reason}.</p></html>"
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        authn::{
            name::UserName,
            principal::Credential,
            profile::{DisplayName, Email},
        },
        policy::{app::AppName, role::Role},
        store::users::{Standing, UserId},
    };

    fn principal(display_name: Option<&str>, email: Option<&str>) -> Principal {
        let user = User {
            id: UserId::OPEN,
            name: UserName::parse("bob").unwrap(),
            display_name: display_name.map(|name| DisplayName::parse(name).unwrap()),
            email: email.map(|email| Email::parse(email).unwrap()),
            role: Role::User,
            standing: Standing::Enabled,
            granted: Capabilities::NONE,
            password_hash: None,
            answer: std::sync::OnceLock::new(),
        };
        Principal { user: Arc::new(user), credential: Credential::Open }
    }

    #[test]
    fn every_allow_carries_all_ten_headers_and_none_is_empty() {
        let app = App { name: AppName::parse("app").unwrap(), hosts: Vec::new(), origins: Vec::new() };
        for (principal, capabilities) in [
            (principal(None, None), Capabilities::NONE),
            (principal(Some("Zoë 100%"), Some("b@x")), Capabilities::READ_ONLY),
            (principal(None, None), Capabilities::ALL),
        ] {
            let response = allow(&principal, capabilities, &app, None);
            for name in &super::super::headers::OWNED[..10] {
                let mut values = response.headers().get_all(*name);
                assert!(values.next().is_some_and(|value| !value.is_empty()), "{name}");
                assert!(values.next().is_none(), "{name}");
            }
        }
        let response = allow(&principal(Some("Zoë 100%"), None), Capabilities::NONE, &app, None);
        assert_eq!(response.headers().get("remote-name").unwrap(), "Zo%C3%AB 100%25");
    }

    #[test]
    fn the_constant_list_is_the_list() {
        assert_eq!(Capabilities::ALL.to_string(), ALL);
        assert_eq!(Role::Admin.group(), "admins");
    }
}
