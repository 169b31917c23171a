//! What the app receives of credentials, in place of all that the client sent: never one of ours.

use actix_web::http::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    authn::{
        api_key,
        cookie::{self, Cookies},
        marker::is_marker,
    },
    policy::{
        app::{App, Authorization},
        cookies::Treatment,
    },
};

/// What becomes of the app's cookies that belong to one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The app gets them: they are the person's who asks.
    HandedOn,
    /// It does not.
    HeldBack,
}

/// Credentials for the app.
#[derive(Default)]
pub struct HandedOn {
    /// Cookies: the client's without ours, and the one that is injected.
    pub cookies: Option<HeaderValue>,
    /// `Authorization`: the client's, where that is the app's, or the one that is injected.
    pub authorization: Option<HeaderValue>,
    /// `X-Api-Key`, likewise.
    pub api_key: Option<HeaderValue>,
}

impl HandedOn {
    /// The client's own, as far as they are the app's.
    pub fn of_client(headers: &HeaderMap, app: &App, cookies: &Cookies<'_>, bound: Bound) -> Self {
        let (authorization, api_key) = match (app.authorization, app.has_own_keys()) {
            (Authorization::App, _) => {
                (api_key::apps_own_authorization(headers), api_key::apps_own_header(headers))
            }
            (Authorization::Gate, true) => {
                (api_key::apps_own_bearer(headers), api_key::apps_own_header(headers))
            }
            (Authorization::Gate, false) => (None, None),
        };
        Self {
            cookies: cookies_for(app, cookies, bound),
            authorization: authorization.cloned(),
            api_key: api_key.cloned(),
        }
    }

    /// With the credential that the app asks for; only for who may enter.
    pub fn inject(mut self, app: &App) -> Self {
        let inject = &app.extras.inject;
        if let Some(secret) = &inject.authorization {
            self.authorization = sensitive(secret);
        }
        if let Some(secret) = &inject.api_key {
            self.api_key = sensitive(secret);
        }
        if let Some(secret) = &inject.cookie {
            self.cookies = cookie::with(self.cookies.as_ref(), secret.expose_secret());
        }
        self
    }
}

fn cookies_for(app: &App, cookies: &Cookies<'_>, bound: Bound) -> Option<HeaderValue> {
    if !app.may_see_marker && !app.cookies.hold_back_any() {
        return cookies.others();
    }
    cookies.others_that(|name| {
        // Some apps read a name without the blanks around it.
        let name = name.trim_ascii();
        let passes = match app.cookies.treatment(name) {
            Treatment::Shared => true,
            Treatment::Bind => bound == Bound::HandedOn,
            Treatment::Withhold => false,
        };
        passes && !is_marker(name)
    })
}

/// The configuration has made sure that a header can hold it.
fn sensitive(secret: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(secret.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
