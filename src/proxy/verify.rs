//! The verify request: parse, who, may they, answer.

use std::time::Duration;

use actix_web::{HttpResponse, dev::RequestHead};
use tracing::debug;

use super::{
    answer::{self, Admitted},
    caller::Caller,
    claim,
    client::{self, Client},
    dialect::{Dialect, Says},
    forged::aliased,
    handed_on::{Bound, HandedOn},
    headers::Marks,
    original::Original,
    person::lines_lack_page,
    refusal::{Refusal, UNKNOWN_APP},
    turned_away::{Refused, forbidden, no_preflight},
};
use crate::{
    authn::{
        chain::{Identity, Presented, Question, Settled},
        cookie::Cookies,
        principal::{Principal, Way},
    },
    clock,
    metrics::{reason::Reason, verdicts::Verdicts},
    policy::{
        app::{App, Authorization, Taken},
        capability::Capabilities,
        needs::Needs,
        preflight,
        rpc::Calls,
        ruling::Ruling,
        verdict::{self, Action, Method, Verdict},
    },
    state::State,
    store::view::Health,
};

/// Answers a verify request, or says what must be found out first. Awaits nothing, takes no lock that a writer holds,
/// touches no disk; never reads the request's own query.
pub fn verify(
    request: &RequestHead,
    state: &State,
    asked: (Dialect, Option<&str>, Calls<'_>),
) -> Result<HttpResponse, Question> {
    let (dialect, app, calls) = asked;
    let begun = clock::monotonic();
    let asked = Asked { request, state, dialect, app, calls };
    let response = match asked.decide() {
        Ok(Decision::Allowed(response)) => response,
        Ok(Decision::Open(question)) => return Err(question),
        Err(refused) => asked.refuse(&refused),
    };
    asked.observe(begun);
    Ok(response)
}

/// Answers a verify request once the question is settled: a password, another provider, a user who is new here.
pub async fn verify_in_time(
    request: &RequestHead,
    state: &State,
    (dialect, app, calls): (Dialect, Option<&str>, Calls<'_>),
    question: Question,
) -> HttpResponse {
    let begun = clock::monotonic();
    let way = question.way();
    let settled = state.authenticator.settle(question, &state.sign_in).await;
    let asked = Asked { request, state, dialect, app, calls };
    let response = asked.conclude(settled, way).unwrap_or_else(|refused| asked.refuse(&refused));
    asked.observe(begun);
    response
}

/// A verify request that is being answered.
pub(super) struct Asked<'a> {
    pub(super) request: &'a RequestHead,
    pub(super) state: &'a State,
    pub(super) dialect: Dialect,
    /// The app that the proxy's configuration fixed.
    pub(super) app: Option<&'a str>,
    /// What the body of the original request calls.
    pub(super) calls: Calls<'a>,
}

/// The original request, the app that it is for, and what it needs there.
pub(super) struct Described<'a> {
    pub(super) original: Original<'a>,
    pub(super) app: &'a App,
    pub(super) ruling: Ruling<'a>,
    pub(super) cookies: Cookies<'a>,
}

enum Decision {
    Allowed(HttpResponse),
    Open(Question),
}

impl<'a> Asked<'a> {
    fn decide(&self) -> Result<Decision, Refused<'a>> {
        let described = self.described()?;
        match self.answer(&described) {
            Ok(decision) => Ok(decision),
            Err(refused) => Err(refused.about(described.original, Some(described.app))),
        }
    }

    /// The same with what the question came to; what the proxy says has not changed since.
    fn conclude(&self, settled: Settled, way: Way) -> Result<HttpResponse, Refused<'a>> {
        let described = self.described()?;
        let judged = self.settled(settled, way, &described.original, described.app).and_then(|principal| {
            principal.user.used.note(clock::now());
            self.judge(&principal, &described)
        });
        judged.map_err(|refused| refused.about(described.original, Some(described.app)))
    }

    pub(super) fn described(&self) -> Result<Described<'a>, Refused<'a>> {
        let original = self.describe()?;
        match self.app(&original) {
            Ok(app) => {
                if let Some(refused) = self.forged_of_configured(app) {
                    return Err(refused.about(original, Some(app)));
                }
                let ruling = app.ruling(&original.request(self.calls), |_, _| {});
                let cookies = self.state.authenticator.sessions.cookies(&self.request.headers);
                Ok(Described { original, app, ruling, cookies })
            }
            Err(refused) => Err(refused.about(original, None)),
        }
    }

    fn answer(&self, described: &Described<'a>) -> Result<Decision, Refused<'a>> {
        let Described { original, app, ruling, .. } = described;
        if ruling.needs == Needs::Public {
            let handed_on = self.handed_on(described, Bound::HeldBack);
            return Ok(Decision::Allowed(self.allow(&Admitted::Nobody, app, handed_on)));
        }
        match self.identify(described)? {
            Identity::Proven(principal) => self.judge(&principal, described).map(Decision::Allowed),
            Identity::Unsettled(question) => Ok(Decision::Open(question)),
            Identity::Anonymous if original.is_preflight(&self.request.headers) => {
                self.judge_preflight(described).map(Decision::Allowed)
            }
            Identity::Rejected(way, rejection) => Err(self.rejected(rejection, way, original, app)),
            Identity::Anonymous => Err(self.anonymous(original, app)),
        }
    }

    pub(super) fn anonymous(&self, original: &Original<'a>, app: &App) -> Refused<'a> {
        let cause = match self.state.store.view().users().is_empty() {
            true => "there are no users yet; open the setup page, or use `sluice user add NAME --admin`",
            false => "no credential was sent",
        };
        self.sign_in(Reason::NoCredential, original, app, cause)
    }

    /// First stop: what the proxy says, if it is our proxy.
    fn describe(&self) -> Result<Original<'a>, Refused<'a>> {
        let peer = self.request.peer_addr.map(|peer| peer.ip());
        if !self.state.config.server.trusted_proxies.trust(peer) {
            let peer = peer.map_or_else(|| "the Unix socket".to_owned(), |peer| peer.to_string());
            return Err(Refused::new(
                Reason::UntrustedPeer,
                Refusal::Forbidden("the peer is not a trusted proxy"),
                format!("{peer} is not in server.trusted_proxies; add it if it is your proxy"),
            ));
        }
        let headers = &self.request.headers;
        let marks = Marks::of(headers);
        if let Some(alias) = marks.alias {
            return Err(aliased(alias));
        }
        Original::read(headers, self.dialect, marks)
            .map_err(|cause| Refused::new(Reason::Undescribed, Refusal::Undescribed(cause.reason()), cause))
    }

    /// Who opens an app before there is anybody to configure it is led to the setup page, as with any other app.
    fn unknown_app(&self, original: &Original<'_>) -> Refused<'a> {
        let is_first = self.state.store.view().users().is_empty();
        let refusal = match self.caller(original) {
            Caller::Navigating if is_first => Refusal::SignIn(self.sign_in_address(original)),
            _ => Refusal::Undescribed(UNKNOWN_APP.to_owned()),
        };
        let cause = "the verify address names an app that no [[app]] has; correct one of the two";
        Refused::new(Reason::Undescribed, refusal, cause)
    }

    fn app(&self, original: &Original<'_>) -> Result<&'a App, Refused<'a>> {
        let apps = &self.state.config.apps;
        match self.app {
            Some(name) => apps.named(name).ok_or_else(|| self.unknown_app(original)),
            None => match apps.on(&original.origin) {
                Taken::By(app) => Ok(app),
                Taken::BySeveral => Err(Refused::new(
                    Reason::Undescribed,
                    Refusal::Undescribed("the proxy must name the app".to_owned()),
                    "several apps take this host; end the verify address with the app's name",
                )),
                Taken::ByNone => Err(Refused::new(
                    Reason::UnknownHost,
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
    pub(super) fn identify(&self, described: &Described<'a>) -> Result<Identity, Refused<'a>> {
        let Described { original, app, cookies, .. } = described;
        let view = self.state.store.view();
        if view.health() == Health::Lost {
            let cause = "the database cannot be read; see the log above";
            return Err(Refused::new(Reason::Unavailable, Refusal::Unavailable, cause));
        }
        let headers = &self.request.headers;
        let authenticator = &self.state.authenticator;
        let presented = Presented {
            headers,
            cookies,
            now: clock::now(),
            peer: self.request.peer_addr.map(|peer| peer.ip()),
            client: &|| self.client(),
            origin: &original.origin,
            target: original.target,
            query_of_keys: original.query_of_keys,
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
        let identity = authenticator.identify(&presented, view);
        if let Identity::Proven(principal) = &identity {
            principal.user.used.note(presented.now);
        }
        Ok(identity)
    }

    /// Third stop: may they.
    pub(super) fn judge(
        &self,
        principal: &Principal,
        described: &Described<'a>,
    ) -> Result<HttpResponse, Refused<'a>> {
        let capabilities = self.may(principal, described)?;
        let app = described.app;
        let handed_on = self.handed_on_for(principal, described)?.inject(app);
        debug!(user = %principal.user.name, app = app.name.as_str(), "allowed");
        self.note_action(principal, (&described.original, app), &described.ruling);
        let admitted = Admitted::User(principal, capabilities);
        Ok(self.allow(&admitted, app, handed_on))
    }

    pub(super) fn may(
        &self,
        principal: &Principal,
        described: &Described<'a>,
    ) -> Result<Capabilities, Refused<'a>> {
        let page = || claim::read(&self.request.headers);
        let app = described.app;
        let subject = principal.subject(&app.name);
        match verdict::decide(&subject, &action(described), page, &self.state.config.origins) {
            Verdict::Allow(capabilities) => Ok(capabilities),
            Verdict::Forbid(_) if self.is_our_page(described) => Err(lines_lack_page()),
            Verdict::Forbid(why) => Err(forbidden(why, principal, app, &described.ruling)),
        }
    }

    fn judge_preflight(&self, described: &Described<'a>) -> Result<HttpResponse, Refused<'a>> {
        let page = claim::read(&self.request.headers);
        let Described { app, ruling, .. } = described;
        let origins = &self.state.config.origins;
        match preflight::decide(&action(described), ruling.basis, &page, origins) {
            Ok(()) => Ok(self.allow(&Admitted::Nobody, app, HandedOn::default())),
            Err(why) => Err(no_preflight(why, app, ruling)),
        }
    }

    fn allow(&self, admitted: &Admitted<'_>, app: &App, handed_on: HandedOn) -> HttpResponse {
        self.verdicts(Some(app)).allow(admitted.way());
        let value = self.state.app_values.of(app);
        answer::allow(admitted, (app, value), self.dialect.names, handed_on)
    }

    pub(super) fn verdicts(&self, app: Option<&App>) -> &Verdicts {
        self.state.meters.verdicts(app)
    }

    pub(super) fn observe(&self, begun: Duration) {
        self.state.meters.all.latency.observe(clock::monotonic().saturating_sub(begun));
    }

    pub(super) fn handed_on(&self, described: &Described<'_>, bound: Bound) -> HandedOn {
        HandedOn::of_client(&self.request.headers, described.app, &described.cookies, bound)
    }

    pub(super) fn client(&self) -> Client {
        let trusted = &self.state.config.server.trusted_proxies;
        let client = client::of(self.request.peer_addr, &self.request.headers, trusted);
        match (self.dialect.says, self.request.peer_addr) {
            (Says::All, _) => client,
            // The lines may leave the header as the client wrote it.
            (Says::AddressOnly, peer) => client::peer(peer),
        }
    }
}

fn action<'a>(described: &'a Described<'_>) -> Action<'a> {
    let Described { original, app, ruling, .. } = described;
    Action {
        app,
        method: original.method,
        exchange: original.exchange,
        own: &original.origin,
        needs: ruling.needs,
    }
}
