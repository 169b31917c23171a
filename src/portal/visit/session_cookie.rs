//! The session's cookie in the browser.

use actix_web::{
    HttpResponseBuilder,
    cookie::{Cookie, SameSite, time::Duration},
};

use super::Visit;
use crate::{
    authn::{cookie::Presence, token::Token},
    config::CookieSecure,
    policy::origin::{Claim, Host, Scheme},
    proxy::{claim, target::Target},
    store::sessions::Lifetime,
};

/// Browsers keep no cookie longer; how long the session lives is decided here, and slides.
const COOKIE_DAYS: i64 = 400;

impl Visit {
    /// Adds the cookie of a fresh session, and takes away what is left of earlier ones for other domains, beside which
    /// it would count as repeated.
    pub fn set_session(&self, response: &mut HttpResponseBuilder, token: &Token, lifetime: Lifetime) {
        let mut cookie = self.cookie(token.expose());
        if lifetime == Lifetime::Remembered {
            let longest = Duration::days(COOKIE_DAYS);
            let limit =
                self.state.config.session.max_lifetime.and_then(|limit| Duration::try_from(limit).ok());
            cookie.set_max_age(limit.map_or(longest, |limit| limit.min(longest)));
        }
        response.cookie(cookie);
        if self.state.authenticator.sessions.cookies(self.headers()).ours != Presence::Absent {
            self.clear_for_other_domains(response);
        }
    }

    /// Takes the cookie away, in every form that a browser may hold.
    pub fn clear_session(&self, response: &mut HttpResponseBuilder) {
        response.append_header(("Set-Cookie", expired(self.cookie("")).to_string()));
        self.clear_for_other_domains(response);
    }

    /// Whether the browser keeps the cookie: it drops one for HTTPS only where the page came without.
    pub fn keeps_cookie(&self) -> bool {
        let seen_by_browser = match claim::read(self.headers()) {
            Claim::From(origin) | Claim::CrossSite(origin) => origin.scheme,
            Claim::Missing | Claim::Foreign => self.origin.scheme,
        };
        !self.cookie("").secure().unwrap_or(false) || seen_by_browser == Scheme::Https
    }

    /// Takes away cookies of our name that somebody planted for a path, on the way to this page and to `target`: beside
    /// one of them ours counts as repeated, and is refused.
    pub fn clear_planted(&self, response: &mut HttpResponseBuilder, target: Option<&Target>) {
        let target = target.map(Target::as_str).unwrap_or_default();
        let path = target.strip_prefix(&self.origin.to_string()).unwrap_or(target);
        let path =
            path.split_once("://").map_or(path, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
        for path in prefixes(self.path()).chain(prefixes(path)) {
            for domain in domains(&self.origin.host).map(Some).chain([None]) {
                let mut cookie = self.cookie("");
                cookie.set_path(path.to_owned());
                match domain {
                    Some(domain) => cookie.set_domain(domain.to_owned()),
                    None => cookie.unset_domain(),
                }
                response.append_header(("Set-Cookie", expired(cookie).to_string()));
            }
        }
    }

    /// `session.cookie_domain` may have been another before.
    fn clear_for_other_domains(&self, response: &mut HttpResponseBuilder) {
        let current = self.cookie("");
        let others = domains(&self.origin.host).map(Some).chain([None]);
        for domain in others.filter(|domain| *domain != current.domain()) {
            let mut cookie = current.clone();
            match domain {
                Some(domain) => cookie.set_domain(domain.to_owned()),
                None => cookie.unset_domain(),
            }
            response.append_header(("Set-Cookie", expired(cookie).to_string()));
        }
    }

    fn cookie(&self, value: &str) -> Cookie<'static> {
        let config = &self.state.config.session;
        let secure = match config.cookie_secure {
            CookieSecure::Auto => self.origin.scheme == Scheme::Https,
            CookieSecure::Always => true,
            CookieSecure::Never => false,
        };
        let mut cookie = Cookie::build(config.cookie_name.clone(), value.to_owned())
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(secure)
            .finish();
        // A browser would drop a cookie for a domain that it is not on, as when the portal is opened by address.
        if let Some(domain) =
            config.cookie_domain.as_ref().filter(|domain| self.origin.host.lies_under(domain))
        {
            cookie.set_domain(domain.as_str().to_owned());
        }
        cookie
    }
}

/// The paths that a cookie sent to this one can be for, but for `/`: those of the first few folders, and itself. No cookie
/// is for one with a semicolon, which would begin another attribute.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    let path = path.split(['?', '#', ';']).next().unwrap_or_default();
    let ends = path.match_indices('/').flat_map(|(at, _)| [at, at + 1]).skip(2);
    let whole = (!path.is_empty() && !path.ends_with('/')).then_some(path.len());
    ends.take(6).chain(whole).map(|end| &path[..end])
}

fn expired(mut cookie: Cookie<'static>) -> Cookie<'static> {
    cookie.set_max_age(Duration::ZERO);
    cookie
}

/// The domains that a cookie of this host can be for: its own and those above, of two words at least.
pub(in crate::portal) fn domains(host: &Host) -> impl Iterator<Item = &str> {
    let text = host.as_str();
    let is_address = text.starts_with('[') || text.parse::<std::net::IpAddr>().is_ok();
    let first = Some(text).filter(|text| !is_address && text.contains('.'));
    std::iter::successors(first, |domain| {
        domain.split_once('.').map(|(_, above)| above).filter(|above| above.contains('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_can_be_for_every_folder_on_the_way() {
        for (path, expected) in [
            ("/", &[][..]),
            ("", &[]),
            ("/app", &["/app"]),
            ("/app/", &["/app", "/app/"]),
            ("/app/x?a=/b/c", &["/app", "/app/", "/app/x"]),
            ("/app/x; Max-Age=9/y", &["/app", "/app/", "/app/x"]),
            ("/a/b/c/d/e/f", &["/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/a/b/c/", "/a/b/c/d/e/f"]),
        ] {
            assert_eq!(prefixes(path).collect::<Vec<_>>(), expected, "{path}");
        }
    }

    #[test]
    fn a_cookie_can_be_for_the_host_and_the_domains_above() {
        for (host, expected) in [
            ("a.b.example.com", &["a.b.example.com", "b.example.com", "example.com"][..]),
            ("example.com", &["example.com"]),
            ("nas", &[]),
            ("192.168.1.10", &[]),
            ("[fd00::1]", &[]),
        ] {
            let host = Host::parse(host).unwrap();
            assert_eq!(domains(&host).collect::<Vec<_>>(), expected, "{host:?}");
        }
    }
}
