//! The values of the headers that let a request pass, ready-made where they can be.

use std::sync::OnceLock;

use actix_web::http::header::HeaderValue;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::{
    authn::{marker::Marker, principal::Way},
    policy::{
        app::{App, Apps},
        capability::Capabilities,
        origin::Host,
        preset::Permission,
        role::Role,
    },
    store::users::User,
};

pub(super) static NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
pub(super) static NONE: HeaderValue = HeaderValue::from_static("none");
pub(super) static ANONYMOUS: HeaderValue = HeaderValue::from_static("anonymous");
pub(super) static ADMIN: HeaderValue = HeaderValue::from_static(Role::Admin.name());
pub(super) static USER: HeaderValue = HeaderValue::from_static(Role::User.name());
pub(super) static ADMINS: HeaderValue = HeaderValue::from_static(Role::Admin.group());
pub(super) static USERS: HeaderValue = HeaderValue::from_static(Role::User.group());
/// The values of `X-Auth-Permission`, by their numbers.
pub(super) static PERMISSIONS: [HeaderValue; 4] = [
    permission(Permission::Full),
    permission(Permission::ReadOnly),
    permission(Permission::None),
    permission(Permission::Custom),
];
/// The values of `X-Auth-Method`, by their numbers.
pub(super) static METHODS: [HeaderValue; Way::ALL.len()] = [
    method(Way::None),
    method(Way::Public),
    method(Way::Session),
    method(Way::ApiKey),
    method(Way::Basic),
    method(Way::Sso),
    method(Way::Upstream),
    method(Way::Bypass),
    method(Way::Open),
];

const fn method(way: Way) -> HeaderValue {
    HeaderValue::from_static(way.name())
}

const fn permission(permission: Permission) -> HeaderValue {
    HeaderValue::from_static(permission.name())
}

/// What stands percent-encoded in a display name, which may be of any script: a header is ASCII.
const NAME_ESCAPES: &AsciiSet = &CONTROLS.add(b'%');

/// The values of `X-Auth-App`, by the apps' places in the configuration.
pub struct AppValues(Box<[HeaderValue]>);

impl AppValues {
    /// For these apps.
    pub fn new(apps: &Apps) -> Self {
        Self(apps.iter().map(app_value).collect())
    }

    /// Of one of them.
    pub fn of(&self, app: &App) -> &HeaderValue {
        self.0.get(app.place).unwrap_or(&NONE)
    }
}

/// The value of `X-Auth-App`.
pub fn app_value(app: &App) -> HeaderValue {
    plain(app.name.as_str())
}

/// The values that stay the same for as long as a user does.
#[derive(Debug)]
pub struct UserAnswer {
    pub(super) user: HeaderValue,
    pub(super) name: HeaderValue,
    pub(super) email: HeaderValue,
    pub(super) groups: HeaderValue,
    pub(super) id: HeaderValue,
    pub(super) granted: HeaderValue,
    /// The marker on the host that they were first let through to an app with cookies of its own; hardly anybody has
    /// another, and it takes as long to make as all the rest of such an answer.
    marker: OnceLock<(Host, Marker)>,
}

impl UserAnswer {
    pub(in crate::proxy) fn of(user: &User) -> Self {
        let name = user.name.as_str();
        let email = user.email.as_ref().map(|email| plain(email.as_str()));
        Self {
            user: plain(name),
            name: escaped(user.display_name.as_ref().map_or(name, |name| name.as_str())),
            email: email.unwrap_or(HeaderValue::from_static("-")),
            groups: groups(user),
            id: HeaderValue::from(user.id.get()),
            granted: list(user.granted),
            marker: OnceLock::new(),
        }
    }

    /// Their marker on this host, which `make` makes.
    pub(in crate::proxy) fn marker(&self, host: &Host, make: impl Fn() -> Marker) -> Marker {
        let (known, marker) = self.marker.get_or_init(|| (host.clone(), make()));
        if known == host { *marker } else { make() }
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
pub(super) fn piped(groups: &HeaderValue) -> HeaderValue {
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

pub(super) fn list(capabilities: Capabilities) -> HeaderValue {
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
    use super::*;

    #[test]
    fn the_constants_are_what_they_stand_for() {
        assert_eq!(Capabilities::ALL.to_string(), ALL);
        for way in Way::ALL {
            assert_eq!(METHODS[way as usize], way.name());
        }
        for set in [Capabilities::ALL, Capabilities::READ_ONLY, Capabilities::NONE, Capabilities::SSO_DEFAULT]
        {
            assert_eq!(PERMISSIONS[set.permission() as usize], set.permission().name());
        }
    }
}
