//! The verify request: parse, who, may they, answer.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use tracing::{debug, info, warn};

use super::{
    answer::{self, Redirect, Refusal},
    caller::Caller,
    client,
    dialect::Dialect,
    headers,
    original::{self, Original},
    target::{self, TargetRules},
};
use crate::{
    authn::{
        chain::{Identity, Presented},
        cookie,
        principal::{Credential, Principal},
    },
    clock,
    policy::{
        app::{App, Taken},
        origin::OriginRefusal,
        verdict::{self, Action, Exchange, Forbidden, OriginBinding, Verdict},
    },
    state::State,
    store::view::Health,
};

/// Bytes of a client's text in a log line.
const LOGGED: usize = 200;

/// Answers a verify request. Awaits nothing, takes no lock that a writer holds, touches no disk; never reads
/// the body or the request's own query.
pub fn verify(
    request: &HttpRequest,
    state: &Data<State>,
    dialect: Dialect,
    app: Option<&str>,
) -> HttpResponse {
    let asked = Asked { request, state, dialect, app };
    match asked.decide() {
        Ok(response) => response,
        Err(refused) => asked.refuse(&refused),
    }
}

struct Asked<'a> {
    request: &'a HttpRequest,
    state: &'a State,
    dialect: Dialect,
    /// The app that the proxy's configuration fixed.
    app: Option<&'a str>,
}

/// A refusal, with what is known of the request by then.
struct Refused<'a> {
    refusal: Refusal,
    /// For the log: what happened and what to do.
    cause: String,
    original: Option<Original<'a>>,
}

impl<'a> Refused<'a> {
    fn new(refusal: Refusal, cause: impl ToString) -> Self {
        Self { refusal, cause: cause.to_string(), original: None }
    }
}

impl<'a> Asked<'a> {
    fn decide(&self) -> Result<HttpResponse, Refused<'a>> {
        let described = self.describe()?;
        match self.judge(&described) {
            Ok(response) => Ok(response),
            Err(refused) => Err(Refused { original: Some(described), ..refused }),
        }
    }

    /// First stop: what the proxy says, if it is our proxy.
    fn describe(&self) -> Result<Original<'a>, Refused<'a>> {
        let peer = self.request.peer_addr().map(|peer| peer.ip());
        if !self.state.config.server.trusted_proxies.trust(peer) {
            let peer = peer.map_or_else(|| "the Unix socket".to_owned(), |peer| peer.to_string());
            return Err(Refused::new(
                Refusal::Forbidden("the peer is not a trusted proxy"),
                format!("{peer} is not in server.trusted_proxies; add it if it is your proxy"),
            ));
        }
        let headers = self.request.headers();
        if let Some(alias) = headers::alias(headers) {
            return Err(Refused::new(
                Refusal::Undescribed("an alias of an identity header".to_owned()),
                format!("the client sent `{alias}`, which an app would take for a header of Sluice"),
            ));
        }
        Original::read(headers, self.dialect)
            .map_err(|cause| Refused::new(Refusal::Undescribed(cause.to_string()), cause))
    }

    fn judge(&self, original: &Original<'_>) -> Result<HttpResponse, Refused<'a>> {
        let app = self.app(original)?;
        let principal = self.identify(original)?;
        let headers = self.request.headers();
        let action =
            Action { app, method: original.method, exchange: original.exchange, own: &original.origin };
        let who = (principal.user.role, principal.user.granted);
        let claim = || original::claim(headers);
        match verdict::decide(who, binding(&principal), &action, claim, &self.state.config.origins) {
            Verdict::Allow(capabilities) => {
                let cookies = cookie::without(headers, self.state.authenticator.sessions.cookie_name());
                debug!(user = %principal.user.name, app = app.name.as_str(), "allowed");
                Ok(answer::allow(&principal, capabilities, app, cookies))
            }
            Verdict::Forbid(Forbidden::Origin(OriginRefusal::Foreign)) => Err(Refused::new(
                Refusal::Forbidden("foreign origin"),
                "the page that sent it is of another origin; list that under origins.allowed if it is yours",
            )),
            Verdict::Forbid(Forbidden::Origin(OriginRefusal::Missing)) => Err(Refused::new(
                Refusal::Forbidden("missing origin"),
                "it names no page (Origin or Referer); origins.allow_missing lets such requests pass",
            )),
        }
    }

    fn app(&self, original: &Original<'_>) -> Result<&'a App, Refused<'a>> {
        let apps = &self.state.config.apps;
        match self.app {
            Some(name) => apps.named(name).ok_or_else(|| {
                Refused::new(
                    Refusal::Undescribed("the proxy names an app that is not configured".to_owned()),
                    "the verify address names an app that no [[app]] has; correct one of the two",
                )
            }),
            None => match apps.on(&original.origin) {
                Taken::By(app) => Ok(app),
                Taken::BySeveral => Err(Refused::new(
                    Refusal::Undescribed("the proxy must name the app".to_owned()),
                    "several apps take this host; end the verify address with the app's name",
                )),
                Taken::ByNone => Err(Refused::new(
                    Refusal::Forbidden("no app takes this host"),
                    format!(
                        "no [[app]] lists the host {}; add it to one's hosts",
                        original.origin.host.as_str()
                    ),
                )),
            },
        }
    }

    /// Second stop: who.
    fn identify(&self, original: &Original<'_>) -> Result<Principal, Refused<'a>> {
        let view = self.state.store.view();
        if view.health() == Health::Lost {
            return Err(Refused::new(Refusal::Unavailable, "the database cannot be read; see the log above"));
        }
        let presented = Presented { headers: self.request.headers(), now: clock::now() };
        let sign_in = |cause: &dyn ToString| {
            let refusal = match Caller::of(self.request.headers(), original.exchange) {
                Caller::Navigating => Refusal::SignIn(self.sign_in_address(original)),
                Caller::Program => Refusal::Unauthenticated,
            };
            Refused::new(refusal, cause.to_string())
        };
        match self.state.authenticator.identify(&presented, view) {
            Identity::Proven(principal) => Ok(principal),
            Identity::Rejected(rejection) => Err(sign_in(&rejection)),
            Identity::Anonymous if view.users().is_empty() => Err(sign_in(
                &"there are no users yet; open the setup page, or use `sluice user add NAME --admin`",
            )),
            Identity::Anonymous => Err(sign_in(&"no credential was sent")),
        }
    }

    fn sign_in_address(&self, original: &Original<'_>) -> String {
        let server = &self.state.config.server;
        let portal = server.public_url.as_ref().unwrap_or(&original.origin);
        let wanted = target::without_keys(&format!("{}{}", original.origin, original.target));
        let checked = TargetRules::new(&self.state.config, portal.clone()).check(&wanted);
        let portal = format!("{portal}{}", server.base_path);
        answer::sign_in_address(&portal, checked.as_ref().map(target::Target::as_str))
    }

    fn refuse(&self, refused: &Refused<'_>) -> HttpResponse {
        let headers = self.request.headers();
        let original = refused.original.as_ref();
        let client: IpAddr =
            client::address(self.request.peer_addr(), headers, &self.state.config.server.trusted_proxies);
        let method = original.map_or("-", |original| original.method_name);
        let host = original.map_or_else(String::new, |original| original.origin.to_string());
        let path = original.map_or("-", Original::path);
        let (cause, redirect) = (bounded(&refused.cause), redirect(method));
        let (method, path) = (bounded(method), bounded(path));
        if matches!(refused.refusal, Refusal::Undescribed(_) | Refusal::Unavailable) {
            warn!(%client, method, host, path, cause, "refused");
        } else {
            info!(%client, method, host, path, cause, "refused");
        }
        let exchange = original.map_or(Exchange::Http, |original| original.exchange);
        answer::refuse(&refused.refusal, self.dialect.proxy, Caller::of(headers, exchange), redirect)
    }
}

/// What a client wrote, cut to a length that a log line can bear; it is ASCII by then.
fn bounded(text: &str) -> &str {
    text.get(..LOGGED).unwrap_or(text)
}

fn redirect(method: &str) -> Redirect {
    match method {
        "GET" | "HEAD" => Redirect::Found,
        _ => Redirect::SeeOther,
    }
}

/// How this credential binds a request to the page that sent it.
const fn binding(principal: &Principal) -> OriginBinding {
    match principal.credential {
        Credential::Session(_) => OriginBinding::Browser,
        Credential::Open => OriginBinding::Network,
    }
}
