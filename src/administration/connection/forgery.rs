//! What a client can write into a request to be taken for somebody else, or for somewhere else, and what of it came
//! through.

use actix_web::http::header::HeaderMap;

use crate::{
    authn::sso::IdentityHeaders,
    config::Config,
    policy::app::App,
    proxy::headers::{OWNED, titled},
};

/// An address that nobody has (RFC 5737), for a client who says that it is theirs.
pub(super) const ADDRESS: &str = "203.0.113.9";
/// What nobody but a check writes into a header.
const MARK: &str = "sluice-forged";
/// Headers in which apps and proxies look for a user's name.
const USUAL: [&str; 5] =
    ["remote-user", "remote-name", "x-forwarded-user", "x-remote-user", "x-authentik-username"];
/// Of the names that Sluice answers with or reads, those that say nothing of a user to an app.
const NOT_FOR_APPS: [&str; 4] = ["x-auth-reason", "x-sluice-secret", "x-sluice-uri", "x-sluice-upgrade"];

/// Headers with their values.
pub(super) type Headers = Vec<(String, String)>;

/// What should let somebody in who proves nothing, as the user of this name.
pub(super) fn claiming(config: &Config, name: &str) -> Headers {
    let sso = config.sso.as_ref().map(|sso| sso.headers.user.as_str());
    let rights = [
        ("remote-groups", "admins"),
        ("x-auth-role", "admin"),
        ("x-auth-user-id", "1"),
        ("x-auth-capabilities", "edit_all_downloads"),
        ("x-sluice-secret", "forged"),
    ];
    let names = each_once(USUAL.into_iter().chain(sso).map(str::to_owned));
    let names = names.into_iter().filter(|header| rights.iter().all(|(known, _)| known != header));
    let names = names.map(|header| (header, name.to_owned()));
    let rights = rights.map(|(header, value)| (header.to_owned(), value.to_owned()));
    names.chain(rights).chain(elsewhere()).collect()
}

/// Every header in which Sluice says or reads who somebody is, each with a mark that shows where it came through.
pub(super) fn marked(config: &Config, app: &App) -> Headers {
    let sso = config.sso.iter().flat_map(|sso| read(&sso.headers));
    let names = USUAL.into_iter().chain(OWNED).map(str::to_owned).chain(told(app)).chain(sso);
    let marked = each_once(names).into_iter().map(|header| (header, MARK.to_owned()));
    marked.chain(elsewhere()).collect()
}

fn each_once(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn elsewhere() -> impl Iterator<Item = (String, String)> {
    ["x-forwarded-for", "x-real-ip"].into_iter().map(|header| (header.to_owned(), ADDRESS.to_owned()))
}

/// The headers by which an app knows a user.
pub(super) fn told(app: &App) -> impl Iterator<Item = String> {
    let own = OWNED.into_iter().filter(|name| !NOT_FOR_APPS.contains(name)).map(str::to_owned);
    own.chain(app.extras.headers.iter().map(|(name, _)| name.to_ascii_lowercase()))
}

/// The headers in which another proxy says who somebody is.
pub(super) fn read(headers: &IdentityHeaders) -> impl Iterator<Item = String> {
    let beside = [&headers.name, &headers.email, &headers.groups].into_iter().flatten();
    [&headers.user].into_iter().chain(beside).map(ToString::to_string)
}

/// Those of the names that came with what was forged.
pub(super) fn came_through(names: impl Iterator<Item = String>, headers: &HeaderMap) -> Vec<String> {
    names.filter(|name| headers.get_all(name).any(|value| is_forged(value.as_bytes()))).collect()
}

/// Whether a proxy handed this value on, by itself or beside its own.
pub(super) fn is_forged(value: &[u8]) -> bool {
    value.windows(MARK.len()).any(|part| part == MARK.as_bytes())
}

/// The names in a sentence, as people write them.
pub(super) fn in_words(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| titled(name)).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::policy::{app::AppName, extras::HeaderText};

    #[test]
    fn each_header_by_which_an_app_knows_a_user_is_found_where_it_came_as_forged() {
        let mut app = App::plain(AppName::parse("sonarr").unwrap(), Arc::default());
        app.extras.headers = vec![("X-WebAuth-User".to_owned(), HeaderText::parse("{user}").unwrap())];
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("remote-user", "ada"),
            ("remote-name", MARK),
            ("remote-groups", "users, sluice-forged"),
            ("x-auth-permission", "full"),
            ("x-auth-permission", MARK),
            ("x-auth-reason", MARK),
            ("x-forwarded-user", MARK),
            ("x-webauth-user", MARK),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let came = came_through(told(&app), &headers);
        assert_eq!(in_words(&came), "Remote-Name, Remote-Groups, X-Auth-Permission and X-Webauth-User");
        assert_eq!(in_words(&came[..1]), "Remote-Name");
    }
}
