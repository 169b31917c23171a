//! The answers that let a request pass, or go on to a second question. Only [`allow`] and [`go_on`] build a 2xx.

mod values;

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, EXPECT, HeaderMap, HeaderName, HeaderValue},
    },
};
use tracing::error;

use super::{dialect::Names, handed_on::HandedOn};
use crate::{
    authn::principal::{Principal, Way},
    policy::{app::App, capability::Capabilities, extras::Fact, role::Role},
};
use values::{ADMIN, ADMINS, ANONYMOUS, METHODS, NO_STORE, NONE, PERMISSIONS, USER, USERS, list, piped};
pub use values::{AppValues, UserAnswer, app_value};

static CACHING: HeaderName = CACHE_CONTROL;
static COOKIES: HeaderName = COOKIE;
static CREDENTIALS: HeaderName = AUTHORIZATION;
static REMOTE_USER: HeaderName = HeaderName::from_static("remote-user");
static REMOTE_NAME: HeaderName = HeaderName::from_static("remote-name");
static REMOTE_EMAIL: HeaderName = HeaderName::from_static("remote-email");
static REMOTE_GROUPS: HeaderName = HeaderName::from_static("remote-groups");
static X_AUTH_USER_ID: HeaderName = HeaderName::from_static("x-auth-user-id");
static X_AUTH_ROLE: HeaderName = HeaderName::from_static("x-auth-role");
static X_AUTH_CAPABILITIES: HeaderName = HeaderName::from_static("x-auth-capabilities");
static X_AUTH_PERMISSION: HeaderName = HeaderName::from_static("x-auth-permission");
static X_AUTH_METHOD: HeaderName = HeaderName::from_static("x-auth-method");
static X_AUTH_APP: HeaderName = HeaderName::from_static("x-auth-app");
static X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
static X_AUTHENTIK_USERNAME: HeaderName = HeaderName::from_static("x-authentik-username");
static X_AUTHENTIK_NAME: HeaderName = HeaderName::from_static("x-authentik-name");
static X_AUTHENTIK_EMAIL: HeaderName = HeaderName::from_static("x-authentik-email");
static X_AUTHENTIK_GROUPS: HeaderName = HeaderName::from_static("x-authentik-groups");
static X_AUTHENTIK_UID: HeaderName = HeaderName::from_static("x-authentik-uid");

impl Names {
    /// The names beside Sluice's own.
    pub(super) const fn beside(self) -> &'static [&'static str] {
        match self {
            Self::Own => &[],
            Self::Authentik => &[
                "x-authentik-username",
                "x-authentik-name",
                "x-authentik-email",
                "x-authentik-groups",
                "x-authentik-uid",
            ],
        }
    }
}

/// A header whose parts are ready-made.
type Ready<'a> = (&'a HeaderName, &'a HeaderValue);

/// Who is let through.
pub enum Admitted<'a> {
    /// A user, with what they may do in the app.
    User(&'a Principal, Capabilities),
    /// Nobody: a public route, or a browser that asks before a request.
    Nobody,
}

impl Admitted<'_> {
    /// The way in.
    pub const fn way(&self) -> Way {
        match self {
            Self::User(principal, _) => principal.credential.way(),
            Self::Nobody => Way::Public,
        }
    }
}

/// The one way to let a request pass: every identity header, once, never empty; but for nobody none that an app would
/// take for a user's name. `app` comes with the value of its header.
pub fn allow(
    admitted: &Admitted<'_>,
    (app, app_value): (&App, &HeaderValue),
    names: Names,
    handed_on: HandedOn,
) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::OK);
    let headers = response.headers_mut();
    let capabilities = match admitted {
        Admitted::User(principal, capabilities) => {
            identify(headers, principal, *capabilities, names);
            *capabilities
        }
        Admitted::Nobody => {
            add(headers, &[(&X_AUTH_ROLE, &ANONYMOUS), (&X_AUTH_CAPABILITIES, &NONE)]);
            Capabilities::NONE
        }
    };
    add(
        headers,
        &[
            (&CACHING, &NO_STORE),
            (&X_AUTH_PERMISSION, &PERMISSIONS[capabilities.permission() as usize]),
            (&X_AUTH_METHOD, &METHODS[admitted.way() as usize]),
            (&X_AUTH_APP, app_value),
        ],
    );
    if let Admitted::User(principal, capabilities) = admitted
        && !app.extras.headers.is_empty()
    {
        add_extras(headers, principal, *capabilities, app);
    }
    // The proxy hands the app these instead of the client's own, so that no app sees a credential of ours.
    for (name, value) in [
        (&COOKIES, handed_on.cookies),
        (&CREDENTIALS, handed_on.authorization),
        (&X_API_KEY, handed_on.api_key),
    ] {
        if let Some(value) = value {
            headers.append(name.clone(), value);
        }
    }
    response
}

/// What the request expects of whoever gets it next, until the second question takes it off.
pub const SECOND_QUESTION: &str = "sluice-second-question";

/// Lets the proxy go on to the question that brings the body. It names nobody, and should that question be missing, the app
/// gets a request with an expectation that it does not know (RFC 9110, 10.1.1).
pub fn go_on() -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::OK);
    let headers = response.headers_mut();
    headers.append(CACHING.clone(), NO_STORE.clone());
    headers.append(EXPECT, HeaderValue::from_static(SECOND_QUESTION));
    response
}

/// Adds headers that are not there yet: each name stands once in this file, so that appending, which takes less, is the
/// same as replacing. Unrolled, the loop would be twice the code to fetch for each answer.
#[inline(never)]
fn add(headers: &mut HeaderMap, ready: &[Ready<'_>]) {
    for &(name, value) in ready {
        headers.append(name.clone(), value.clone());
    }
}

fn identify(headers: &mut HeaderMap, principal: &Principal, capabilities: Capabilities, names: Names) {
    let user = &principal.user;
    let own = user.answer.get_or_init(|| UserAnswer::of(user));
    let role = principal.role();
    let groups = match (principal.is_narrowed(), role) {
        (false, _) => &own.groups,
        (true, Role::Admin) => &ADMINS,
        (true, Role::User) => &USERS,
    };
    if names == Names::Authentik {
        let piped = piped(groups);
        add(
            headers,
            &[
                (&X_AUTHENTIK_USERNAME, &own.user),
                (&X_AUTHENTIK_NAME, &own.name),
                (&X_AUTHENTIK_EMAIL, &own.email),
                (&X_AUTHENTIK_GROUPS, &piped),
                (&X_AUTHENTIK_UID, &own.id),
            ],
        );
    }
    let other = (capabilities != user.granted).then(|| list(capabilities));
    add(
        headers,
        &[
            (&REMOTE_USER, &own.user),
            (&REMOTE_NAME, &own.name),
            (&REMOTE_EMAIL, &own.email),
            (&REMOTE_GROUPS, groups),
            (&X_AUTH_USER_ID, &own.id),
            (&X_AUTH_ROLE, if role == Role::Admin { &ADMIN } else { &USER }),
            (&X_AUTH_CAPABILITIES, other.as_ref().unwrap_or(&own.granted)),
        ],
    );
}

/// The headers of the app's own. A value that no header can hold is left out, and the app then knows nobody.
fn add_extras(headers: &mut HeaderMap, principal: &Principal, capabilities: Capabilities, app: &App) {
    for (name, text) in &app.extras.headers {
        let text = text.fill(|fact, into| {
            let header = match fact {
                Fact::User => &REMOTE_USER,
                Fact::Name => &REMOTE_NAME,
                Fact::Email => &REMOTE_EMAIL,
                Fact::Groups => &REMOTE_GROUPS,
                Fact::Id => &X_AUTH_USER_ID,
                Fact::Role => &X_AUTH_ROLE,
                Fact::Capabilities => &X_AUTH_CAPABILITIES,
                Fact::Permission => return into.push_str(capabilities.permission().name()),
                Fact::App => return into.push_str(app.name.as_str()),
            };
            into.push_str(headers.get(header).and_then(|value| value.to_str().ok()).unwrap_or("-"));
        });
        match (HeaderName::try_from(name), HeaderValue::try_from(text)) {
            (Ok(name), Ok(value)) => {
                headers.insert(name, value);
            }
            _ => error!(user = %principal.user.name, name, "a header of the app's own could not be made"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        authn::{
            group::Groups,
            name::UserName,
            principal::Credential,
            profile::{DisplayName, Email},
        },
        policy::{
            app::{AppName, PerApp},
            role::Role,
        },
        store::{
            last_use::LastUse,
            users::{Standing, User, UserId},
        },
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
            per_app: PerApp::default(),
            groups: Groups::parse("family,admins", ','),
            password_hash: None,
            used: LastUse::default(),
            answer: std::sync::OnceLock::new(),
        };
        Principal::new(Arc::new(user), Credential::Open)
    }

    fn app() -> App {
        App::plain(AppName::parse("app").unwrap(), Arc::default())
    }

    fn answer(principal: &Principal, capabilities: Capabilities) -> HttpResponse {
        let app = app();
        let admitted = Admitted::User(principal, capabilities);
        allow(&admitted, (&app, &app_value(&app)), Names::Authentik, HandedOn::default())
    }

    #[test]
    fn every_allow_carries_all_ten_headers_and_none_is_empty() {
        for (principal, capabilities) in [
            (principal(None, None), Capabilities::NONE),
            (principal(Some("Zoë 100%"), Some("b@x")), Capabilities::READ_ONLY),
            (principal(None, None), Capabilities::ALL),
        ] {
            let response = answer(&principal, capabilities);
            for name in &super::super::headers::OWNED[..10] {
                let mut values = response.headers().get_all(*name);
                assert!(values.next().is_some_and(|value| !value.is_empty()), "{name}");
                assert!(values.next().is_none(), "{name}");
            }
        }
        let response = answer(&principal(Some("Zoë 100%"), None), Capabilities::NONE);
        assert_eq!(response.headers().get("remote-name").unwrap(), "Zo%C3%AB 100%25");
    }

    #[test]
    fn nobody_has_no_name() {
        let app = app();
        let response = allow(&Admitted::Nobody, (&app, &app_value(&app)), Names::Own, HandedOn::default());
        assert!(response.headers().keys().all(|name| !name.as_str().starts_with("remote-")));
        assert_eq!(response.headers().get("x-auth-method").unwrap(), "public");
    }

    #[test]
    fn another_systems_group_is_never_taken_for_ours() {
        let response = answer(&principal(None, None), Capabilities::NONE);
        assert_eq!(response.headers().get("remote-groups").unwrap(), "users,family");
        assert_eq!(response.headers().get("x-authentik-groups").unwrap(), "users|family");
    }
}
