//! A request to the portal: where it was sent, by whom, and with which session.

pub(super) mod session_cookie;

use std::{
    future::{Ready, ready},
    net::IpAddr,
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    error::InternalError,
    http::header::{HOST, HeaderMap, HeaderName},
    web::Data,
};
use tracing::info;

use super::{page, refusal_log};
use crate::{
    administration::Actor,
    authn::{
        chain::Presented,
        cookie::{Cookies, Presence},
        masked::masked,
    },
    clock,
    policy::{
        app::Taken,
        origin::{self, Host, MissingOrigin, Origin, Scheme, parse_authority},
    },
    proxy::{
        claim,
        client::{self, Client},
        headers::{Field, field},
        refusal::REPEATED,
        target::TargetRules,
    },
    state::{Current, Snapshot, State},
    store::{sessions::SessionId, users::User},
};

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// A request to the portal.
pub struct Visit {
    request: HttpRequest,
    /// What every handler shares.
    pub state: Snapshot,
    /// The portal's own origin.
    pub origin: Origin,
    hosts: Hosts,
}

/// On which hosts a request is answered where the portal has one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hosts {
    /// On the portal's only: the pages of an app share its host's origin, and could use whoever is signed in.
    Portal,
    /// On any, for what takes no session of a person: keys, and the sign-in of an app's clients.
    Any,
}

impl FromRequest for Visit {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).map_err(|response| InternalError::from_response("", response).into()))
    }
}

impl Visit {
    /// The visit of a request to the portal, or the answer to one that is none.
    pub fn of(request: &HttpRequest) -> Result<Self, HttpResponse> {
        Self::on(Hosts::Portal, request)
    }

    /// The same of a request that may come on an app's host as well, since no session of a person is used for it.
    pub fn on_any_host(request: &HttpRequest) -> Result<Self, HttpResponse> {
        Self::on(Hosts::Any, request)
    }

    fn on(hosts: Hosts, request: &HttpRequest) -> Result<Self, HttpResponse> {
        match Snapshot::of(request) {
            Some(state) => Self::under(hosts, request, state),
            None => Err(HttpResponse::InternalServerError().finish()),
        }
    }

    /// The request as it is answered in this state.
    fn under(hosts: Hosts, request: &HttpRequest, state: Snapshot) -> Result<Self, HttpResponse> {
        if hosts == Hosts::Portal
            && let Some(portal) = &state.config.server.public_url
        {
            home(request, &state, portal)?;
        }
        let here = reached(request, &state);
        let taken = |origin: &Origin| !matches!(state.config.apps.on(origin), Taken::ByNone);
        match state.config.server.public_url.clone().or_else(|| here.clone().filter(taken)) {
            Some(origin) => Ok(Self { request: request.clone(), state, origin, hosts }),
            None => {
                let host = here.map(|origin| origin.host.as_str().to_owned());
                let path = masked(request.path()).into_owned();
                let words = move |more| {
                    info!(host, path, more, "page refused: no [[app]] lists the host that it was asked on");
                };
                refusal_log::note(request, &state, "host", words);
                Err(page::misdirected(&state.config.server.base_path))
            }
        }
    }

    /// The same visit in another state; `None` where the portal would not be there.
    pub fn in_state(&self, state: Snapshot) -> Option<Self> {
        Self::under(self.hosts, &self.request, state).ok()
    }

    /// The service that is visited, whatever state it comes to.
    pub fn service(&self) -> Option<Data<Current>> {
        self.request.app_data::<Data<Current>>().cloned()
    }

    /// What the request shows of who sends it, for a look at whom another system knows.
    pub fn presented<'a>(
        &'a self,
        cookies: &'a Cookies<'a>,
        client: &'a dyn Fn() -> Client,
    ) -> Presented<'a> {
        Presented {
            headers: self.request.headers(),
            cookies,
            now: clock::now(),
            peer: self.request.peer_addr().map(|peer| peer.ip()),
            client,
            origin: &self.origin,
            target: self.request.path(),
            query_of_keys: "",
            method: "GET",
            navigating: false,
            preflight: false,
            authorization_is_the_apps: false,
            app_has_own_keys: false,
            foreign_authorization_is_asked: true,
        }
    }

    /// The same visit on the app's own host, also where the portal has one of its own: a client that knows only its
    /// app signs in there, and there its cookie must go.
    pub fn on_the_apps_host(self) -> Self {
        let here = reached(&self.request, &self.state);
        let taken = |origin: &Origin| !matches!(self.state.config.apps.on(origin), Taken::ByNone);
        match here.filter(taken) {
            Some(origin) => Self { origin, ..self },
            None => self,
        }
    }

    /// Whether the request only reads.
    pub fn is_read(&self) -> bool {
        self.request.method().is_safe()
    }

    /// The page's own path.
    pub fn path(&self) -> &str {
        self.request.path()
    }

    /// The page's own path and query.
    pub fn address_of_page(&self) -> String {
        self.request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
    }

    /// The request's headers.
    pub fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    /// The path that the portal lies under.
    pub fn base(&self) -> &str {
        &self.state.config.server.base_path
    }

    /// The address of one of the portal's pages.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }

    /// Where the client is.
    pub fn client(&self) -> Client {
        let trusted = &self.state.config.server.trusted_proxies;
        client::of(self.request.peer_addr(), self.request.headers(), trusted)
    }

    /// The client's address, to count and to log by.
    pub fn address(&self) -> IpAddr {
        self.client().address()
    }

    /// The query as it came.
    pub fn query_string(&self) -> &str {
        self.request.query_string()
    }

    /// A value of the query, where it stands there exactly once.
    pub fn query(&self, name: &str) -> Option<String> {
        let mut values = url::form_urlencoded::parse(self.request.query_string().as_bytes())
            .filter_map(|(key, value)| (key == name).then(|| value.into_owned()));
        values.next().filter(|_| values.next().is_none())
    }

    /// Which addresses people may be sent to.
    pub fn targets(&self) -> TargetRules {
        TargetRules::new(&self.state.config, self.origin.clone())
    }

    /// Whoever is signed in. Only a session of the sign-in page counts here: no other credential opens the portal.
    pub fn signed_in(&self) -> Option<(Arc<User>, SessionId)> {
        self.signed_in_under(&self.state)
    }

    /// The same as another state sees it.
    pub fn signed_in_under(&self, state: &State) -> Option<(Arc<User>, SessionId)> {
        let sessions = &state.authenticator.sessions;
        sessions.of_person(self.request.headers(), clock::now(), state.store.view())
    }

    /// The state that holds by now, for what goes on longer than an answer takes.
    pub fn state_now(&self) -> Option<Snapshot> {
        Snapshot::of(&self.request)
    }

    /// A user as the one who acts here.
    pub fn actor(&self, user: &User) -> Actor {
        Actor { id: user.id, name: user.name.clone(), address: self.address() }
    }

    /// Seconds until the session of whoever is signed in ends, unless it is used.
    pub fn session_seconds_left(&self) -> Option<i64> {
        let sessions = &self.state.authenticator.sessions;
        sessions.seconds_left(self.request.headers(), clock::now(), self.state.store.view())
    }

    /// The session that the cookie names, whoever opened it; for ending it.
    pub fn any_session(&self) -> Option<(Arc<User>, SessionId)> {
        let sessions = &self.state.authenticator.sessions;
        sessions.of_cookie(self.request.headers(), clock::now(), self.state.store.view())
    }

    /// Whether the client sends a session cookie that proves nobody.
    pub fn has_dead_session(&self) -> bool {
        let cookies = self.state.authenticator.sessions.cookies(self.request.headers());
        cookies.ours != Presence::Absent && self.any_session().is_none()
    }

    /// Has a refusal written to the log by `words`; `cause` tells one kind from another.
    pub fn note_refusal(&self, cause: &str, words: impl Fn(Option<u64>) + Send + Sync + 'static) {
        refusal_log::note(&self.request, &self.state, cause, words);
    }

    /// Whether the client sends two cookies of our name, here or to the app that sent them here.
    pub fn sends_two_cookies(&self) -> bool {
        let cookies = self.state.authenticator.sessions.cookies(self.request.headers());
        cookies.ours == Presence::Repeated || self.query(REPEATED).is_some()
    }

    /// Whether a page of another site sent the request. `missing` says what becomes of one that names no page.
    pub fn is_foreign(&self, missing: MissingOrigin) -> bool {
        let foreign = self.looks_foreign(missing);
        if foreign {
            let (client, own) = (self.address(), self.origin.clone());
            let path = masked(self.request.path()).into_owned();
            let words = move |more| {
                info!(
                    %client, path, %own, more,
                    "form refused: it comes from a page of another origin; if that is the portal's own address, \
                     set server.public_url or let the proxy send X-Forwarded-Proto and X-Forwarded-Host"
                );
            };
            self.note_refusal("origin", words);
        }
        foreign
    }

    /// The same for a look, which nobody need know of.
    pub fn looks_foreign(&self, missing: MissingOrigin) -> bool {
        let rule = &self.state.config.origins;
        let missing = if rule.missing == MissingOrigin::Allowed { rule.missing } else { missing };
        let page = claim::read(self.request.headers());
        // Pages of other hosts that may act on apps may not administer. Whatever ends TLS changes scheme and port alone.
        let allowed = rule.allowed.iter().filter(|listed| listed.host == self.origin.host);
        origin::check(&page, &self.origin, allowed, missing).is_err()
    }

    /// Refuses a form that a page of another site sent. `missing` says what becomes of one that names no page.
    pub fn refuse_foreign(&self, missing: MissingOrigin) -> Result<(), HttpResponse> {
        if self.is_foreign(missing) { Err(page::foreign(self.base())) } else { Ok(()) }
    }
}

/// Passes what was sent to the portal's own host; a page that is read on another leads there. Only the host counts:
/// whatever ends TLS before the proxy changes the scheme and the port.
fn home(request: &HttpRequest, state: &State, portal: &Origin) -> Result<(), HttpResponse> {
    let here = authority(request, state).map(|(host, _)| host);
    match here {
        Some(here) if here == portal.host => Ok(()),
        Some(_) if request.method().is_safe() => {
            let page = request.uri().path_and_query().map_or("/", |page| page.as_str());
            Err(page::see_other(&format!("{portal}{page}")).finish())
        }
        here => {
            let host = here.map(|here| here.as_str().to_owned());
            let path = masked(request.path()).into_owned();
            let words = move |more| {
                info!(
                    host,
                    path, more, "form refused: it was sent to another host than that of server.public_url"
                );
            };
            refusal_log::note(request, state, "not the portal's host", words);
            Err(page::on_another_host(portal, &state.config.server.base_path))
        }
    }
}

/// The origin that the client used: as a trusted proxy says, else by `Host`.
pub fn reached(request: &HttpRequest, state: &State) -> Option<Origin> {
    let proto = said(request, state, X_FORWARDED_PROTO)?;
    let scheme = proto.map_or(Some(Scheme::Http), Scheme::parse)?;
    Some(Origin::new(scheme, authority(request, state)?))
}

fn authority(request: &HttpRequest, state: &State) -> Option<(Host, Option<u16>)> {
    let host = said(request, state, X_FORWARDED_HOST)?;
    parse_authority(host.or(once(request, HOST)?)?)
}

/// A header of a trusted proxy's; `None` where it cannot be read.
#[expect(clippy::option_option, reason = "an absent header and an unreadable one are different things")]
fn said<'a>(request: &'a HttpRequest, state: &State, name: HeaderName) -> Option<Option<&'a str>> {
    let trusted = state.config.server.trusted_proxies.trust(request.peer_addr().map(|peer| peer.ip()));
    if trusted { once(request, name) } else { Some(None) }
}

#[expect(clippy::option_option, reason = "an absent header and an unreadable one are different things")]
fn once(request: &HttpRequest, name: HeaderName) -> Option<Option<&str>> {
    match field(request.headers(), name) {
        Field::Once(text) => Some(Some(text)),
        Field::Absent => Some(None),
        Field::Bad => None,
    }
}
