//! The answer that lets a request pass. Only [`allow`] builds a 2xx.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, HeaderMap, HeaderName, HeaderValue},
    },
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tracing::error;

use super::{dialect::Names, handed_on::HandedOn};
use crate::{
    authn::principal::{Principal, Way},
    policy::{app::App, capability::Capabilities, extras::Fact},
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
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_AUTHENTIK_USERNAME: HeaderName = HeaderName::from_static("x-authentik-username");
const X_AUTHENTIK_NAME: HeaderName = HeaderName::from_static("x-authentik-name");
const X_AUTHENTIK_EMAIL: HeaderName = HeaderName::from_static("x-authentik-email");
const X_AUTHENTIK_GROUPS: HeaderName = HeaderName::from_static("x-authentik-groups");
const X_AUTHENTIK_UID: HeaderName = HeaderName::from_static("x-authentik-uid");

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

/// What stands percent-encoded in a display name, which may be of any script: a header is ASCII.
const NAME_ESCAPES: &AsciiSet = &CONTROLS.add(b'%');

/// The values that stay the same for as long as a user does.
#[derive(Debug)]
pub struct UserAnswer {
    user: HeaderValue,
    name: HeaderValue,
    email: HeaderValue,
    groups: HeaderValue,
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
            groups: groups(user),
            id: HeaderValue::from(user.id.get()),
            granted: list(user.granted),
        }
    }
}

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
/// take for a user's name.
pub fn allow(admitted: &Admitted<'_>, app: &App, names: Names, handed_on: HandedOn) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::OK);
    // Each name stands here once, so that appending, which takes less, is the same as replacing.
    let headers = response.headers_mut();
    headers.append(CACHE_CONTROL, NO_STORE);
    let capabilities = match admitted {
        Admitted::User(principal, capabilities) => {
            identify(headers, principal, *capabilities, names);
            if !app.extras.headers.is_empty() {
                add_extras(headers, principal, *capabilities, app);
            }
            *capabilities
        }
        Admitted::Nobody => {
            headers.append(X_AUTH_ROLE, HeaderValue::from_static("anonymous"));
            headers.append(X_AUTH_CAPABILITIES, HeaderValue::from_static("none"));
            headers.append(X_AUTH_METHOD, HeaderValue::from_static(Way::Public.name()));
            Capabilities::NONE
        }
    };
    headers.append(X_AUTH_PERMISSION, HeaderValue::from_static(capabilities.permission().name()));
    headers.append(X_AUTH_APP, plain(app.name.as_str()));
    // The proxy hands the app these instead of the client's own, so that no app sees a credential of ours.
    for (name, value) in [
        (COOKIE, handed_on.cookies),
        (AUTHORIZATION, handed_on.authorization),
        (X_API_KEY, handed_on.api_key),
    ] {
        if let Some(value) = value {
            headers.append(name, value);
        }
    }
    response
}

fn identify(headers: &mut HeaderMap, principal: &Principal, capabilities: Capabilities, names: Names) {
    let user = &principal.user;
    let own = user.answer.get_or_init(|| UserAnswer::of(user));
    let role = principal.role();
    let groups = match principal.is_narrowed() {
        true => HeaderValue::from_static(role.group()),
        false => own.groups.clone(),
    };
    if names == Names::Authentik {
        headers.append(X_AUTHENTIK_USERNAME, own.user.clone());
        headers.append(X_AUTHENTIK_NAME, own.name.clone());
        headers.append(X_AUTHENTIK_EMAIL, own.email.clone());
        headers.append(X_AUTHENTIK_GROUPS, piped(&groups));
        headers.append(X_AUTHENTIK_UID, own.id.clone());
    }
    let list = if capabilities == user.granted { own.granted.clone() } else { list(capabilities) };
    headers.append(REMOTE_USER, own.user.clone());
    headers.append(REMOTE_NAME, own.name.clone());
    headers.append(REMOTE_EMAIL, own.email.clone());
    headers.append(REMOTE_GROUPS, groups);
    headers.append(X_AUTH_USER_ID, own.id.clone());
    headers.append(X_AUTH_ROLE, HeaderValue::from_static(role.name()));
    headers.append(X_AUTH_CAPABILITIES, list);
    headers.append(X_AUTH_METHOD, HeaderValue::from_static(principal.credential.way().name()));
}

/// The headers of the app's own. A value that no header can hold is left out, and the app then knows nobody.
fn add_extras(headers: &mut HeaderMap, principal: &Principal, capabilities: Capabilities, app: &App) {
    for (name, text) in &app.extras.headers {
        let text = text.fill(|fact, into| {
            let header = match fact {
                Fact::User => REMOTE_USER,
                Fact::Name => REMOTE_NAME,
                Fact::Email => REMOTE_EMAIL,
                Fact::Groups => REMOTE_GROUPS,
                Fact::Id => X_AUTH_USER_ID,
                Fact::Role => X_AUTH_ROLE,
                Fact::Capabilities => X_AUTH_CAPABILITIES,
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

/// The role's group, then those that another system named.
fn groups(user: &User) -> HeaderValue {
    let mut list = user.role.group().to_owned();
    for group in user.groups.foreign() {
        list.push(',');
        list.push_str(group);
    }
    plain(&list)
}

/// authentik separates groups by `|`.
fn piped(groups: &HeaderValue) -> HeaderValue {
    plain(&groups.to_str().unwrap_or_default().replace(',', "|"))
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
            users::{Standing, UserId},
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
        allow(&Admitted::User(principal, capabilities), &app(), Names::Authentik, HandedOn::default())
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
        let response = allow(&Admitted::Nobody, &app(), Names::Own, HandedOn::default());
        assert!(response.headers().keys().all(|name| !name.as_str().starts_with("remote-")));
        assert_eq!(response.headers().get("x-auth-method").unwrap(), "public");
    }

    #[test]
    fn another_systems_group_is_never_taken_for_ours() {
        let response = answer(&principal(None, None), Capabilities::NONE);
        assert_eq!(response.headers().get("remote-groups").unwrap(), "users,family");
        assert_eq!(response.headers().get("x-authentik-groups").unwrap(), "users|family");
    }

    #[test]
    fn the_constant_list_is_the_list() {
        assert_eq!(Capabilities::ALL.to_string(), ALL);
        assert_eq!(Role::Admin.group(), "admins");
    }
}
