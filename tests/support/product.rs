//! What the sign-in providers that Sluice can ask really answer, each in its own way.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use url::form_urlencoded::byte_serialize;

use super::echo::Seen;

/// The password by which a provider knows its people.
pub const PROVIDER_PASSWORD: &str = "provider-password";

/// A provider by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    Tinyauth,
    Authelia,
    Authentik,
    Generic,
}

pub const PRODUCTS: [Product; 4] =
    [Product::Tinyauth, Product::Authelia, Product::Authentik, Product::Generic];

/// Somebody the provider knows.
struct Person {
    user: &'static str,
    name: &'static str,
    email: &'static str,
    groups: &'static [&'static str],
}

const PEOPLE: [Person; 5] = [
    Person { user: "vera", name: "Vera Rubin", email: "vera@example.com", groups: &["family"] },
    Person { user: "wes", name: "Wes", email: "wes@example.com", groups: &["family", "wheel"] },
    Person { user: "ann", name: "Ann", email: "ann@example.com", groups: &["adders"] },
    Person { user: "abe", name: "Abe", email: "abe@example.com", groups: &["family", "adders"] },
    Person { user: "max", name: "Max", email: "max@example.com", groups: &["others"] },
];

/// An answer under construction.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} As The Product Says\r\n", self.status);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{}", self.body.len(), self.body));
        text.into_bytes()
    }
}

/// Text as it stands in a query.
pub fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

impl Product {
    /// Its word for `upstream.kind`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tinyauth => "tinyauth",
            Self::Authelia => "authelia",
            Self::Authentik => "authentik",
            Self::Generic => "generic",
        }
    }

    /// Where it is asked.
    pub fn target(self) -> &'static str {
        match self {
            Self::Tinyauth => "/api/auth/nginx",
            Self::Authelia => "/api/authz/auth-request",
            Self::Authentik => "/outpost.goauthentik.io/auth/nginx",
            Self::Generic => "/check?for=sluice",
        }
    }

    /// What of that stands in `upstream.url`.
    pub fn path_in_url(self) -> &'static str {
        if self == Self::Generic { self.target() } else { "" }
    }

    /// The header in which it names the user.
    pub fn user_header(self) -> &'static str {
        if self == Self::Authentik { "X-authentik-username" } else { "Remote-User" }
    }

    /// The cookie of somebody who is signed in there.
    pub fn cookie(self, user: &str) -> String {
        format!("{}=signed-in-{user}", self.cookie_name())
    }

    fn cookie_name(self) -> &'static str {
        match self {
            Self::Tinyauth => "tinyauth-session-5f3a1c2b",
            Self::Authelia => "authelia_session",
            Self::Authentik => "authentik_proxy_4b1f09ac",
            Self::Generic => "provider_session",
        }
    }

    /// Where somebody who is not signed in must end up.
    pub fn sign_in_address(self, app: &str, original: &str, method: &str) -> String {
        let encoded = encoded(original);
        match self {
            Self::Tinyauth => {
                format!("https://tinyauth.example.com/login?login_for=app&redirect_uri={encoded}")
            }
            Self::Authelia => format!("https://login.example.com:8080/?rd={encoded}&rm={method}"),
            Self::Authentik => format!("{app}/outpost.goauthentik.io/start?rd={encoded}"),
            Self::Generic => format!("https://sso.example.com/start?to={encoded}"),
        }
    }

    /// What it makes of a question; `forbidding` is a rule against everybody who is signed in.
    pub fn answer(self, question: &Seen, forbidding: bool) -> Reply {
        if question.target != self.target() {
            return Reply::new(404);
        }
        if question.method != "GET" {
            return Reply::new(405);
        }
        let (original, method) = match self.original(question) {
            Ok(original) => original,
            Err(status) => return Reply::new(status),
        };
        // Each of them keeps its own session alive with every answer.
        let kept = format!("{}=kept-alive; Path=/; HttpOnly; Secure", self.cookie_name());
        let reply = match self.user(question) {
            None => self.unknown(&original, &method),
            Some(_) if forbidding => self.forbidden(),
            Some(user) => self.known(question, &user),
        };
        reply.header("Set-Cookie", &kept)
    }

    /// The original URL and method, from the headers that this product reads.
    fn original(self, question: &Seen) -> Result<(String, String), u16> {
        let one = |name: &str| match question.all(name)[..] {
            [value] => Some(value.to_owned()),
            _ => None,
        };
        let forwarded = || {
            let (proto, host) = (one("x-forwarded-proto")?, one("x-forwarded-host")?);
            let uri = one("x-forwarded-uri").filter(|uri| uri.starts_with('/') && !uri.starts_with("//"))?;
            Some(format!("{proto}://{host}{uri}"))
        };
        let method = || one("x-original-method").or_else(|| one("x-forwarded-method"));
        match self {
            Self::Tinyauth => one("x-original-url")
                .or_else(forwarded)
                .map(|url| (url, method().unwrap_or_default()))
                .ok_or(400),
            // No cookie of its would reach a page without TLS.
            Self::Authelia => one("x-original-url")
                .filter(|url| url.starts_with("https://"))
                .zip(one("x-original-method"))
                .ok_or(400),
            Self::Authentik => one("x-original-url").map(|url| (url, String::new())).ok_or(500),
            Self::Generic => one("x-original-url").zip(method()).ok_or(400),
        }
    }

    /// Whom a cookie, a password or a token of its own proves.
    fn user(self, question: &Seen) -> Option<String> {
        let cookies = question.all("cookie").join("; ");
        let cookie = cookies.split("; ").find_map(|pair| {
            let value = pair.strip_prefix(self.cookie_name())?.strip_prefix('=')?;
            value.strip_prefix("signed-in-").map(ToOwned::to_owned)
        });
        cookie.or_else(|| {
            let authorization = *question.all("authorization").first()?;
            if let Some(credentials) = authorization.strip_prefix("Basic ") {
                let credentials = String::from_utf8(BASE64_STANDARD.decode(credentials).ok()?).ok()?;
                let (user, password) = credentials.split_once(':')?;
                return (password == PROVIDER_PASSWORD).then(|| user.to_owned());
            }
            let token = authorization.strip_prefix("Bearer provider-token-")?;
            // It has no tokens.
            (self != Self::Tinyauth).then(|| token.to_owned())
        })
    }

    fn known(self, question: &Seen, user: &str) -> Reply {
        let person = PEOPLE.iter().find(|person| person.user.eq_ignore_ascii_case(user));
        let (name, email) = person.map_or((user, ""), |person| (person.name, person.email));
        let groups = person.map_or(&[][..], |person| person.groups);
        match self {
            Self::Authentik => Reply::new(200)
                .header("X-authentik-username", user)
                .header("X-authentik-name", name)
                .header("X-authentik-email", email)
                .header("X-authentik-groups", &groups.join("|"))
                .header("X-authentik-entitlements", "")
                .header("X-authentik-uid", "8a1f")
                .header("X-authentik-jwt", "eyJ.provider.jwt")
                .header("X-authentik-meta-app", "app"),
            Self::Tinyauth => {
                let reply =
                    remote(Reply::new(200), user, name, email).header("Remote-Groups", &groups.join(","));
                // It hands back what the client sent.
                let reply = question
                    .all("authorization")
                    .iter()
                    .fold(reply, |reply, value| reply.header("Authorization", value));
                reply.header("Content-Type", "application/json").body(r#"{"message":"Authenticated"}"#)
            }
            Self::Authelia => {
                remote(Reply::new(200), user, name, email).header("Remote-Groups", &groups.join(","))
            }
            // As oauth2-proxy says it.
            Self::Generic => {
                remote(Reply::new(202), user, name, email).header("Remote-Groups", &groups.join(","))
            }
        }
    }

    fn unknown(self, original: &str, method: &str) -> Reply {
        let to = self.sign_in_address("", original, method);
        match self {
            Self::Tinyauth => Reply::new(401)
                .header("x-tinyauth-location", &to)
                .header("Content-Type", "application/json")
                .body(r#"{"message":"Unauthorized","status":401}"#),
            Self::Authelia => Reply::new(401)
                .header("Location", &to)
                .header("Content-Type", "text/html; charset=utf-8")
                .body(&format!("<a href=\"{to}\">401 Unauthorized</a>")),
            Self::Authentik => Reply::new(401),
            Self::Generic => Reply::new(302).header("Location", &to),
        }
    }

    fn forbidden(self) -> Reply {
        match self {
            Self::Tinyauth => Reply::new(403)
                .header("x-tinyauth-location", "https://tinyauth.example.com/unauthorized?resource=app")
                .header("Remote-User", "")
                .body(r#"{"message":"Forbidden","status":403}"#),
            Self::Authelia => Reply::new(403).body("403 Forbidden"),
            Self::Authentik => Reply::new(403).body("<!doctype html><title>Permission denied</title>"),
            Self::Generic => Reply::new(403),
        }
    }
}

fn remote(reply: Reply, user: &str, name: &str, email: &str) -> Reply {
    reply.header("Remote-User", user).header("Remote-Name", name).header("Remote-Email", email)
}
