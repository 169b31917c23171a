//! How each provider wants to be asked, and where it says that people sign in.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{
    Client, RequestBuilder,
    header::{ACCEPT, AUTHORIZATION, COOKIE, LOCATION, USER_AGENT},
};
use url::Url;

use super::question::Question;

/// A provider's way to ask and answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `/api/auth/nginx`: always 401 with the address in `x-tinyauth-location`.
    Tinyauth,
    /// `/api/authz/auth-request`: 401 with `Location`.
    Authelia,
    /// `/outpost.goauthentik.io/auth/nginx`: 401 without an address; people start below the app's own host.
    Authentik,
    /// The address as it is, with both families of headers; any of the answers above, or a redirect.
    Generic,
}

impl Dialect {
    /// The name in the configuration.
    pub const ALL: [(&'static str, Self); 4] = [
        ("tinyauth", Self::Tinyauth),
        ("authelia", Self::Authelia),
        ("authentik", Self::Authentik),
        ("generic", Self::Generic),
    ];

    /// The header with the user's name, and the one with the groups and what separates them.
    pub const fn usual_headers(self) -> (&'static str, &'static str, char) {
        match self {
            Self::Authentik => ("X-authentik-username", "X-authentik-groups", '|'),
            Self::Tinyauth | Self::Authelia | Self::Generic => ("Remote-User", "Remote-Groups", ','),
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Tinyauth => "/api/auth/nginx",
            Self::Authelia => "/api/authz/auth-request",
            Self::Authentik => "/outpost.goauthentik.io/auth/nginx",
            Self::Generic => "",
        }
    }

    /// The question as a request.
    pub(super) fn request(self, client: &Client, url: &Url, question: &Question) -> RequestBuilder {
        let address = match self {
            Self::Generic => url.as_str().to_owned(),
            _ => format!("{}{}", url.as_str().trim_end_matches('/'), self.path()),
        };
        let mut request = client.get(address).header("X-Forwarded-For", question.client.to_string());
        if matches!(self, Self::Authelia | Self::Authentik | Self::Generic) {
            request = request
                .header("X-Original-URL", question.url())
                .header("X-Original-Method", &question.method);
        }
        if matches!(self, Self::Tinyauth | Self::Generic) {
            request = request
                .header("X-Forwarded-Proto", question.scheme)
                .header("X-Forwarded-Host", &question.host)
                .header("X-Forwarded-Uri", &question.target)
                .header("X-Forwarded-Method", &question.method);
        }
        for (name, value) in [
            (COOKIE, &question.cookies),
            (AUTHORIZATION, &question.authorization),
            (ACCEPT, &question.accept),
            (USER_AGENT, &question.user_agent),
        ] {
            if let Some(value) = value {
                request = request.header(name, value.as_slice());
            }
        }
        request
    }

    /// Where people sign in, as the provider's refusal says it.
    pub(super) fn sign_in(self, headers: &reqwest::header::HeaderMap, question: &Question) -> Option<String> {
        let named = ["x-tinyauth-location", LOCATION.as_str()].into_iter().find_map(|name| headers.get(name));
        match named {
            Some(address) => address.to_str().ok().and_then(web_address),
            None if self == Self::Authentik => {
                let back = utf8_percent_encode(&question.url(), NON_ALPHANUMERIC).to_string();
                let (scheme, host) = (question.scheme, &question.host);
                Some(format!("{scheme}://{host}/outpost.goauthentik.io/start?rd={back}"))
            }
            None => None,
        }
    }
}

/// An absolute address of the web, in the spelling in which it was checked.
fn web_address(text: &str) -> Option<String> {
    let plain = text.len() <= 8_192 && text.bytes().all(|b| b.is_ascii_graphic());
    let url = Url::parse(text).ok().filter(|_| plain)?;
    (matches!(url.scheme(), "http" | "https") && url.host_str().is_some()).then(|| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_sent_to_web_addresses_only() {
        for (text, good) in [
            ("https://auth.example.com/?rd=https%3A%2F%2Fa%2F", true),
            ("http://10.0.0.1:3000/login", true),
            ("/login", false),
            ("//evil", false),
            ("javascript:alert(1)", false),
            ("https://a b/", false),
            ("https:///", false),
            ("", false),
        ] {
            assert_eq!(web_address(text).is_some(), good, "{text}");
        }
    }
}
