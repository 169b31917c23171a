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

/// What a description without a method means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingMethod {
    /// The proxy is set up wrongly.
    Refused,
    /// The snippet is another system's, which never sent one.
    Unknown,
}

/// How the proxy on one path speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Who asks.
    pub proxy: Proxy,
    /// How it describes the original request.
    pub family: Family,
    /// What it means when it leaves out the method.
    pub missing_method: MissingMethod,
}

impl Dialect {
    const NGINX: Self =
        Self { proxy: Proxy::Nginx, family: Family::Original, missing_method: MissingMethod::Refused };
    const TRAEFIK: Self =
        Self { proxy: Proxy::Traefik, family: Family::Forwarded, missing_method: MissingMethod::Refused };
    const CADDY: Self =
        Self { proxy: Proxy::Caddy, family: Family::Forwarded, missing_method: MissingMethod::Refused };
    const TINYAUTH_NGINX: Self =
        Self { proxy: Proxy::Nginx, family: Family::Forwarded, missing_method: MissingMethod::Unknown };
    const AUTHENTIK_NGINX: Self = Self { missing_method: MissingMethod::Unknown, ..Self::NGINX };

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
        ("/outpost.goauthentik.io/auth/traefik", Self::TRAEFIK),
        ("/outpost.goauthentik.io/auth/caddy", Self::CADDY),
    ];
}
