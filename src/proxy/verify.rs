//! The verify request: parse, who, may they, answer.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use tracing::debug;

use super::{
    answer::{self, Admitted, HandedOn},
    caller::Caller,
    claim,
    client::{self, Client},
    dialect::{Dialect, Says},
    headers,
    original::Original,
    refusal::Refusal,
    turned_away::{Refused, foreign},
};
use crate::{
    authn::{
        api_key,
        chain::{Identity, Presented, Question, Settled},
        cookie,
        principal::Principal,
    },
    clock,
    policy::{
        app::{App, Authorization, Taken},
        verdict::{self, Action, Forbidden, Method, Verdict},
    },
    state::State,
    store::view::Health,
};

/// Answers a verify request, or says what must be found out first. Awaits nothing, takes no lock that a writer holds,
/// touches no disk; never reads the body or the request's own query.
pub fn verify(
    request: &HttpRequest,
    state: &Data<State>,
    dialect: Dialect,
    app: Option<&str>,
) -> Result<HttpResponse, Question> {
    let asked = Asked { request, state, dialect, app };
    match asked.decide() {
        Ok(Decision::Allowed(response)) => Ok(response),
        Ok(Decision::Open(question)) => Err(question),
        Err(refused) => Ok(asked.refuse(&refused)),
    }
}

/// Answers a verify request once the question is settled: a password, another provider, a user who is new here.
pub async fn verify_in_time(
    request: HttpRequest,
    state: Data<State>,
    (dialect, app): (Dialect, Option<String>),
    question: Question,
) -> HttpResponse {
    let settled = state.authenticator.settle(question, &state.sign_in).await;
    let asked = Asked { request: &request, state: &state, dialect, app: app.as_deref() };
    asked.conclude(settled).unwrap_or_else(|refused| asked.refuse(&refused))
}

/// A verify request that is being answered.
pub(super) struct Asked<'a> {
    pub(super) request: &'a HttpRequest,
    pub(super) state: &'a State,
    pub(super) dialect: Dialect,
    /// The app that the proxy's configuration fixed.
    app: Option<&'a str>,
}

enum Decision {
    Allowed(HttpResponse),
    Open(Question),
}

impl<'a> Asked<'a> {
    fn decide(&self) -> Result<Decision, Refused<'a>> {
        let (original, app) = self.described()?;
        match self.answer(&original, app) {
            Ok(decision) => Ok(decision),
            Err(refused) => Err(refused.about(original, Some(app))),
        }
    }

    /// The same with what the question came to; what the proxy says has not changed since.
    fn conclude(&self, settled: Settled) -> Result<HttpResponse, Refused<'a>> {
        let (original, app) = self.described()?;
        let judged = self
            .settled(settled, &original, app)
            .and_then(|principal| self.judge(&principal, &original, app));
        judged.map_err(|refused| refused.about(original, Some(app)))
    }

    fn described(&self) -> Result<(Original<'a>, &'a App), Refused<'a>> {
        let original = self.describe()?;
        match self.app(&original) {
            Ok(app) => Ok((original, app)),
            Err(refused) => Err(refused.about(original, None)),
        }
    }

    fn answer(&self, original: &Original<'a>, app: &'a App) -> Result<Decision, Refused<'a>> {
        match self.identify(original, app)? {
            Identity::Proven(principal) => self.judge(&principal, original, app).map(Decision::Allowed),
            Identity::Unsettled(question) => Ok(Decision::Open(question)),
            Identity::Anonymous if original.is_preflight(self.request.headers()) => {
                self.judge_preflight(original, app).map(Decision::Allowed)
            }
            Identity::Rejected(rejection) => Err(self.rejected(rejection, original, app)),
            Identity::Anonymous if self.state.store.view().users().is_empty() => Err(self.sign_in(
                original,
                app,
                "there are no users yet; open the setup page, or use `sluice user add NAME --admin`",
            )),
            Identity::Anonymous => Err(self.sign_in(original, app, "no credential was sent")),
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
    fn identify(&self, original: &Original<'a>, app: &'a App) -> Result<Identity, Refused<'a>> {
        let view = self.state.store.view();
        if view.health() == Health::Lost {
            return Err(Refused::new(Refusal::Unavailable, "the database cannot be read; see the log above"));
        }
        let headers = self.request.headers();
        let authenticator = &self.state.authenticator;
        let presented = Presented {
            headers,
            now: clock::now(),
            peer: self.request.peer_addr().map(|peer| peer.ip()),
            client: &|| self.client(),
            origin: &original.origin,
            target: original.target,
            query: original.query(),
            method: match original.method {
                Method::Unknown | Method::UnknownOfPage => "GET",
                Method::Safe | Method::Unsafe => original.method_name,
            },
            navigating: authenticator.upstream.is_some()
                && Caller::of(headers, original.exchange) == Caller::Navigating,
            preflight: authenticator.upstream.is_some() && original.is_preflight(headers),
            authorization_is_the_apps: app.authorization == Authorization::App,
            app_has_own_keys: app.has_own_keys(),
            foreign_authorization_is_asked: authenticator.upstream.is_some(),
        };
        Ok(authenticator.identify(&presented, view))
    }

    /// Third stop: may they.
    fn judge(
        &self,
        principal: &Principal,
        original: &Original<'_>,
        app: &App,
    ) -> Result<HttpResponse, Refused<'a>> {
        let headers = self.request.headers();
        let page = || claim::read(headers);
        match verdict::decide(&principal.subject(), &action(original, app), page, &self.state.config.origins)
        {
            Verdict::Allow(capabilities) => {
                debug!(user = %principal.user.name, app = app.name.as_str(), "allowed");
                let admitted = Admitted::User(principal, capabilities);
                Ok(answer::allow(&admitted, app, self.dialect.names, self.handed_on(app)))
            }
            Verdict::Forbid(Forbidden::App) => Err(Refused::new(
                Refusal::Forbidden("the key is not for this app"),
                "the API key opens other apps only; make one with another --app",
            )),
            Verdict::Forbid(Forbidden::Origin(refusal)) => Err(foreign(refusal)),
        }
    }

    fn judge_preflight(&self, original: &Original<'_>, app: &App) -> Result<HttpResponse, Refused<'a>> {
        let page = claim::read(self.request.headers());
        match verdict::decide_preflight(&action(original, app), &page, &self.state.config.origins) {
            Ok(()) => Ok(answer::allow(&Admitted::Preflight, app, self.dialect.names, HandedOn::default())),
            Err(refusal) => Err(foreign(refusal)),
        }
    }

    /// What the app receives of the client's own credentials.
    fn handed_on(&self, app: &App) -> HandedOn {
        let headers = self.request.headers();
        let cookies = cookie::without(headers, self.state.authenticator.sessions.cookie_name());
        let (authorization, api_key) = match (app.authorization, app.has_own_keys()) {
            (Authorization::App, _) => {
                (api_key::apps_own_authorization(headers), api_key::apps_own_header(headers))
            }
            (Authorization::Gate, true) => {
                (api_key::apps_own_bearer(headers), api_key::apps_own_header(headers))
            }
            (Authorization::Gate, false) => (None, None),
        };
        HandedOn { cookies, authorization: authorization.cloned(), api_key: api_key.cloned() }
    }

    pub(super) fn client(&self) -> Client {
        let trusted = &self.state.config.server.trusted_proxies;
        let client = client::of(self.request.peer_addr(), self.request.headers(), trusted);
        match (self.dialect.says, self.request.peer_addr()) {
            (Says::All, _) => client,
            // The lines may leave the header as the client wrote it.
            (Says::AddressOnly, peer) => client::peer(peer),
        }
    }
}

fn action<'a>(original: &'a Original<'_>, app: &'a App) -> Action<'a> {
    Action { app, method: original.method, exchange: original.exchange, own: &original.origin }
}
