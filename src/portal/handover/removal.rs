//! The cookies of apps that a browser is told to forget: a browser forgets one only by its name, its path and its domain.

use std::{collections::BTreeSet, iter};

use actix_web::cookie::{Cookie, SameSite, time::Duration};

use crate::{
    authn::cookie::{Cookies, name_of},
    policy::{
        app::Apps,
        cookies::{CookiePattern, Treatment},
        origin::{Host, Origin, Scheme},
    },
    portal::visit::session_cookie::domains,
    state::State,
};

/// Folders of the way back in which an app's cookies are looked for.
const MOST_FOLDERS: usize = 4;
/// Cookies that one answer takes away; proxies take a header of some thousand bytes only.
const MOST: usize = 100;

/// The names of cookies that belong to one person, among those that the browser shows here.
pub(super) fn visible<'a>(apps: &Apps, cookies: &Cookies<'a>) -> impl Iterator<Item = &'a str> {
    let names = cookies
        .pairs()
        .map(name_of)
        .filter(|name| apps.iter().any(|app| app.cookies.treatment(name.trim_ascii()) == Treatment::Bind));
    names.filter_map(|name| std::str::from_utf8(name).ok())
}

/// All of them, for every path that they can have on the way back. The first round tries what is likely, later ones also
/// what is not.
pub(super) fn removals(
    state: &State,
    here: &Origin,
    (target, round): (&str, u8),
    cookies: &Cookies<'_>,
) -> impl Iterator<Item = Cookie<'static>> + use<> {
    let apps = &state.config.apps;
    let bound = || apps.iter().filter(|app| app.cookies.bind_any());
    let seen = visible(apps, cookies).filter(|name| CookiePattern::parse(name).is_some());
    let mut names: BTreeSet<_> = seen.map(str::to_owned).collect();
    names.extend(bound().flat_map(|app| app.cookies.bound_names().map(str::to_owned)));
    let mut paths: BTreeSet<_> = bound().flat_map(|app| app.cookies.places(&app.base_path)).collect();
    paths.extend(folders(target));
    let domains: Vec<_> = self::domains_of(state, &here.host, round).collect();
    let secure = here.scheme == Scheme::Https;
    let places: Vec<_> = paths
        .into_iter()
        .flat_map(|path| domains.clone().into_iter().map(move |domain| (path.clone(), domain)))
        .collect();
    names
        .into_iter()
        .flat_map(move |name| {
            places.clone().into_iter().map(move |(path, domain)| {
                let mut cookie = Cookie::build(name.clone(), "")
                    .path(path)
                    .secure(secure)
                    .http_only(true)
                    .same_site(SameSite::Lax)
                    .max_age(Duration::ZERO)
                    .finish();
                if let Some(domain) = domain {
                    cookie.set_domain(domain);
                }
                cookie
            })
        })
        .take(MOST)
}

/// This host alone, the domain of the session's cookie where the host lies under it; later all domains above.
fn domains_of(state: &State, host: &Host, round: u8) -> impl Iterator<Item = Option<String>> {
    let configured = state.config.session.cookie_domain.as_ref().filter(|domain| host.lies_under(domain));
    let above = domains(host).filter(move |_| round > 0);
    let all: BTreeSet<_> = configured.map(Host::as_str).into_iter().chain(above).map(str::to_owned).collect();
    iter::once(None).chain(all.into_iter().map(Some))
}

/// The folders that lead to a page, each with and without a slash at its end, as browsers tell cookies' paths apart.
fn folders(target: &str) -> impl Iterator<Item = String> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let ends = path.match_indices('/').map(|(at, _)| at).skip(1).take(MOST_FOLDERS);
    // A cookie's path ends at a semicolon.
    let ends = ends.take_while(|&end| !path[..end].contains([';', ',']));
    ends.flat_map(move |end| [path[..end].to_owned(), path[..=end].to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_a_page_lead_to_it() {
        for (target, expected) in [
            ("/", &[][..]),
            ("/a?b/c", &[]),
            ("/a/b", &["/a", "/a/"]),
            ("/a/b;c/d", &["/a", "/a/"]),
            ("/a/b/?x", &["/a", "/a/", "/a/b", "/a/b/"]),
        ] {
            assert_eq!(folders(target).collect::<Vec<_>>(), expected, "{target}");
        }
        assert_eq!(folders("/a/b/c/d/e/f/").count(), 2 * MOST_FOLDERS);
    }
}
