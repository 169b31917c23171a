//! The proxies, and the paths under which each asks.

/// Who asks, and so how it wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// nginx `auth_request`: knows only 2xx, 401 and 403.
    Nginx,
    /// Traefik `forwardAuth`: passes any answer on.
    Traefik,
    /// Caddy `forward_auth`: passes any answer on.
    Caddy,
}

/// Which headers describe the original request. The other family comes from the client and is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `X-Original-URL` and `X-Original-Method`.
    Original,
    /// `X-Forwarded-Proto`, `-Host`, `-Uri` and `-Method`.
    Forwarded,
}

/// How much the proxy's lines say. What they leave out, the client can write itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// All: the method and the client's address as well.
    All,
    /// Only where the request was sent: the lines are another system's.
    AddressOnly,
}

/// The names under which the answer tells who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Sluice's ten.
    Own,
    /// authentik's beside them, which its snippets read.
    Authentik,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Whether the request may pass.
    All,
    /// Whether its body is worth sending: it passes only after another question, which brings that.
    First,
}

/// How the proxy on one path speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Who asks.
    pub proxy: Proxy,
    /// How it describes the original request.
    pub family: Family,
    /// How much it says.
    pub says: Says,
    /// What the answer is called.
    pub names: Names,
    /// What it asks.
    pub asks: Asks,
}

/// What follows the app's name in the path of the first of two questions.
const FIRST: &str = "/first";

impl Dialect {
    const NGINX: Self = Self {
        proxy: Proxy::Nginx,
        family: Family::Original,
        says: Says::All,
        names: Names::Own,
        asks: Asks::All,
    };
    const TRAEFIK: Self = Self { proxy: Proxy::Traefik, family: Family::Forwarded, ..Self::NGINX };
    const TRAEFIK_FIRST: Self = Self { asks: Asks::First, ..Self::TRAEFIK };
    const CADDY: Self = Self { proxy: Proxy::Caddy, family: Family::Forwarded, ..Self::NGINX };
    const TINYAUTH_NGINX: Self = Self { family: Family::Forwarded, says: Says::AddressOnly, ..Self::NGINX };
    const AUTHENTIK_NGINX: Self = Self { says: Says::AddressOnly, ..Self::NGINX.authentik() };

    const fn authentik(self) -> Self {
        Self { names: Names::Authentik, ..self }
    }

    /// The paths that may be followed by `/` and the name of an app.
    pub const OWN: [(&'static str, Self); 3] =
        [("/verify/nginx", Self::NGINX), ("/verify/traefik", Self::TRAEFIK), ("/verify/caddy", Self::CADDY)];

    /// The paths of Tinyauth, Authelia and authentik, so that their snippets only change an address.
    pub const OTHERS: [(&'static str, Self); 8] = [
        ("/api/auth/nginx", Self::TINYAUTH_NGINX),
        ("/api/auth/traefik", Self::TRAEFIK),
        ("/api/auth/caddy", Self::CADDY),
        ("/api/authz/auth-request", Self::NGINX),
        ("/api/authz/forward-auth", Self::TRAEFIK),
        ("/outpost.goauthentik.io/auth/nginx", Self::AUTHENTIK_NGINX),
        ("/outpost.goauthentik.io/auth/traefik", Self::TRAEFIK.authentik()),
        ("/outpost.goauthentik.io/auth/caddy", Self::CADDY.authentik()),
    ];

    /// How the proxy speaks that asks on this path, and the app that the path fixes.
    pub fn asked_on(path: &str) -> Option<(Self, Option<&str>)> {
        let own = Self::OWN.into_iter().find_map(|(known, dialect)| match path.strip_prefix(known)? {
            "" => Some((dialect, None)),
            rest => {
                let name = |text: &str| !text.is_empty() && text.bytes().all(|b| b != b'/');
                let rest = rest.strip_prefix('/')?;
                let first = || rest.strip_suffix(FIRST).filter(|_| dialect == Self::TRAEFIK);
                match name(rest) {
                    true => Some((dialect, Some(rest))),
                    false => first().filter(|app| name(app)).map(|app| (Self::TRAEFIK_FIRST, Some(app))),
                }
            }
        });
        let other = || Self::OTHERS.into_iter().find(|(known, _)| *known == path);
        own.or_else(|| other().map(|(_, dialect)| (dialect, None)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_who_asks_and_for_which_app() {
        for (path, expected) in [
            ("/verify/nginx", Some((Dialect::NGINX, None))),
            ("/verify/nginx/sonarr", Some((Dialect::NGINX, Some("sonarr")))),
            ("/verify/caddy/sonarr", Some((Dialect::CADDY, Some("sonarr")))),
            ("/api/authz/forward-auth", Some((Dialect::TRAEFIK, None))),
            ("/api/auth/nginx", Some((Dialect::TINYAUTH_NGINX, None))),
            ("/verify/nginx/sonarr/x", None),
            ("/verify/traefik/sonarr/first", Some((Dialect::TRAEFIK_FIRST, Some("sonarr")))),
            ("/verify/traefik/first", Some((Dialect::TRAEFIK, Some("first")))),
            ("/verify/traefik//first", None),
            ("/verify/traefik/a/b/first", None),
            ("/verify/nginx/sonarr/first", None),
            ("/verify/caddy/sonarr/first", None),
            ("/verify/nginx/", None),
            ("/verify/nginxx", None),
            ("/verify", None),
            ("/Verify/nginx", None),
            ("/api/auth/nginx/sonarr", None),
            ("/", None),
        ] {
            assert_eq!(Dialect::asked_on(path), expected, "{path}");
        }
    }
}
