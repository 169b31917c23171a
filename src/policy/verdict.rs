//! The verdict: a pure function of who asks and how, for one app.

use super::{
    app::App,
    capability::Capabilities,
    origin::{self, Claim, MissingOrigin, Origin, OriginRefusal},
    role::Role,
};

/// The method of the original request, as far as rules need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`, `HEAD` or `OPTIONS`, byte for byte, with no override header.
    Safe,
    /// Anything else.
    Unsafe,
    /// The proxy did not say.
    Unknown,
}

/// What kind of exchange the original request opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// A request and its answer.
    Http,
    /// A WebSocket handshake: whatever its method, it can go on to change things.
    WebSocket,
}

/// How far a credential binds a request to the page that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginBinding {
    /// Browsers attach it by themselves, so the page must prove itself.
    Browser,
    /// The client's place in the network is the credential: a browser must prove its page all the same, but a
    /// client that names no page is none.
    Network,
    /// Nothing is attached by itself, so no page can misuse it.
    None,
}

/// The original request, as policy sees it.
#[derive(Debug)]
pub struct Action<'a> {
    /// The app it is for.
    pub app: &'a App,
    /// Its method.
    pub method: Method,
    /// HTTP or WebSocket.
    pub exchange: Exchange,
    /// Where it was sent.
    pub own: &'a Origin,
}

impl Action<'_> {
    /// Whether a page could misuse it; only then is `claim` read.
    fn needs_origin(&self, claim: &impl Fn() -> Claim) -> bool {
        let unsafe_method = || match self.method {
            Method::Safe => false,
            Method::Unsafe => true,
            Method::Unknown => claim() != Claim::Missing,
        };
        self.exchange == Exchange::WebSocket || unsafe_method()
    }
}

/// What the configuration says about origins.
#[derive(Debug)]
pub struct OriginRule {
    /// Origins whose pages may act on every app.
    pub allowed: Vec<Origin>,
    /// What becomes of a request that names no page.
    pub missing: MissingOrigin,
}

/// The answer to *may they*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They may, with these capabilities.
    Allow(Capabilities),
    /// They may not.
    Forbid(Forbidden),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// The page that sent the request is not the app's own.
    Origin(OriginRefusal),
}

/// Decides for a user of `role` who was granted `granted` in this app; `claim` reads which page sent the request.
pub fn decide(
    (role, granted): (Role, Capabilities),
    binding: OriginBinding,
    action: &Action<'_>,
    claim: impl Fn() -> Claim,
    rule: &OriginRule,
) -> Verdict {
    let missing = match binding {
        OriginBinding::Network => MissingOrigin::Allowed,
        OriginBinding::Browser | OriginBinding::None => rule.missing,
    };
    if binding != OriginBinding::None && action.needs_origin(&claim) {
        let allowed = rule.allowed.iter().chain(&action.app.origins);
        if let Err(refusal) = origin::check(&claim(), action.own, allowed, missing) {
            return Verdict::Forbid(Forbidden::Origin(refusal));
        }
    }
    Verdict::Allow(match role {
        Role::Admin => Capabilities::ALL,
        Role::User => granted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::app::AppName;

    fn verdict(method: Method, exchange: Exchange, claim: Claim, binding: OriginBinding) -> Verdict {
        let own = Origin::parse("https://app.test").unwrap();
        let app = App {
            name: AppName::parse("app").unwrap(),
            hosts: Vec::new(),
            origins: vec![Origin::parse("https://listed.test").unwrap()],
        };
        let rule = OriginRule { allowed: Vec::new(), missing: MissingOrigin::Refused };
        let action = Action { app: &app, method, exchange, own: &own };
        decide((Role::User, Capabilities::READ_ONLY), binding, &action, || claim.clone(), &rule)
    }

    #[test]
    fn the_origin_rule_holds_where_a_page_could_misuse_the_credential() {
        use Exchange::{Http, WebSocket};
        use Method::{Safe, Unknown, Unsafe};
        use OriginBinding::{Browser, Network, None};
        let from = |text| Claim::From(Origin::parse(text).unwrap());
        let own = || from("https://app.test");
        let allow = Verdict::Allow(Capabilities::READ_ONLY);
        let foreign = Verdict::Forbid(Forbidden::Origin(OriginRefusal::Foreign));
        let missing = Verdict::Forbid(Forbidden::Origin(OriginRefusal::Missing));
        for (method, exchange, claim, binding, expected) in [
            (Safe, Http, Claim::Foreign, Browser, allow),
            (Safe, Http, Claim::Missing, Browser, allow),
            (Unsafe, Http, own(), Browser, allow),
            (Unsafe, Http, from("https://listed.test"), Browser, allow),
            (Unsafe, Http, Claim::Missing, Browser, missing),
            (Unsafe, Http, Claim::Foreign, Browser, foreign),
            (Unsafe, Http, from("https://evil.test"), Browser, foreign),
            (Safe, WebSocket, from("https://evil.test"), Browser, foreign),
            (Safe, WebSocket, Claim::Missing, Browser, missing),
            (Safe, WebSocket, own(), Browser, allow),
            (Unknown, Http, Claim::Missing, Browser, allow),
            (Unknown, Http, own(), Browser, allow),
            (Unknown, Http, from("https://evil.test"), Browser, foreign),
            (Unknown, WebSocket, Claim::Missing, Browser, missing),
            (Unsafe, Http, Claim::Missing, Network, allow),
            (Unsafe, Http, Claim::Foreign, Network, foreign),
            (Safe, WebSocket, from("https://evil.test"), Network, foreign),
            (Unsafe, WebSocket, Claim::Foreign, None, allow),
        ] {
            assert_eq!(verdict(method, exchange, claim.clone(), binding), expected, "{method:?} {claim:?}");
        }
    }
}
