//! Who calls the API: somebody signed in, or the owner of an API key.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode};
use tracing::info;

use super::problem::Problem;
use crate::{
    administration::{Actor, Fault, fresh_proof::FreshProof},
    authn::{
        api_key,
        authorization::Authorization,
        chain::{Attempt, Presented, Rejection},
        cookie::Cookies,
        principal::Principal,
    },
    clock,
    policy::{origin::MissingOrigin, role::Role},
    portal::visit::Visit,
    store::{keys::ApiKey, sessions::SessionId, users::User},
};

/// Whoever calls.
pub struct Caller {
    /// The request.
    pub visit: Visit,
    /// Whom it proves.
    pub user: Arc<User>,
    /// By what.
    pub by: Credential,
}

/// What proves the caller.
pub enum Credential {
    /// The session of the sign-in page; a request of it that changes something comes from a page of ours.
    Session(SessionId),
    /// A key in a header.
    Key(Arc<ApiKey>),
}

/// A caller who may administer: in a session, or with a key that is not limited to some capabilities or apps.
pub struct Administrator(pub Caller);

impl Caller {
    /// Refuses a key that is limited to some capabilities or apps, `so`.
    pub fn unlimited(&self, so: &str) -> Result<(), Problem> {
        match &self.by {
            Credential::Key(key) if key.scope.capabilities.is_some() || key.scope.apps.is_some() => {
                let detail = format!("this key is limited to some capabilities or apps, so {so}");
                Err(Problem::new(StatusCode::FORBIDDEN, detail))
            }
            Credential::Key(_) | Credential::Session(_) => Ok(()),
        }
    }

    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let visit = Visit::on_any_host(request).map_err(|_| {
            let detail = "this host is neither the portal's nor an app's; use the address of one of them";
            Problem::new(StatusCode::MISDIRECTED_REQUEST, detail)
        })?;
        match by_key(&visit, request) {
            Attempt::Accepted(Principal { user, key: Some(key), .. }) => {
                Ok(Self { visit, user, by: Credential::Key(key) })
            }
            Attempt::NotPresented => Self::in_session(request),
            Attempt::Accepted(_) | Attempt::Unsettled(_) => Err(unknown()),
            Attempt::Rejected(rejection) => {
                let client = visit.address();
                let words =
                    move |more| info!(%client, cause = %rejection, more, "a request to the API is refused");
                visit.note_refusal("api", words);
                if matches!(rejection, Rejection::KeyUnknown) {
                    visit.state.sign_in.count_wrong_key(visit.address());
                }
                Err(unknown())
            }
        }
    }

    fn in_session(request: &HttpRequest) -> Result<Self, Problem> {
        let visit = Visit::of(request).map_err(|_| {
            let detail = "a session is taken on the portal's own host only (server.public_url); use that, or an API key";
            Problem::new(StatusCode::MISDIRECTED_REQUEST, detail)
        })?;
        let (user, session) = visit.signed_in().ok_or_else(unknown)?;
        if !request.method().is_safe() && visit.is_foreign(MissingOrigin::Refused) {
            let detail = "the request comes from a page of another origin, or names none; use an API key";
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        }
        Ok(Self { visit, user, by: Credential::Session(session) })
    }

    /// Who acts, for the record.
    pub fn actor(&self) -> Actor {
        self.visit.actor(&self.user)
    }

    /// Leave to widen rights: a session with a fresh proof, or a key without limits.
    pub async fn fresh_proof(&self) -> Result<FreshProof, Problem> {
        let actor = self.actor();
        match &self.by {
            Credential::Session(session) => {
                let session = *session;
                self.blocking(move |state| FreshProof::of_session(&state.store, actor, session)).await
            }
            Credential::Key(key) => Ok(FreshProof::of_key(actor, key)?),
        }
    }

    /// The session, where it is one: some acts need it to go on living.
    pub const fn session(&self) -> Option<SessionId> {
        match self.by {
            Credential::Session(session) => Some(session),
            Credential::Key(_) => None,
        }
    }

    /// Does something that waits for the database, on a thread where that holds nobody up.
    pub async fn blocking<T, E>(
        &self,
        act: impl FnOnce(&crate::state::State) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Send + 'static,
        Problem: From<E>,
    {
        let state = self.visit.state.clone();
        match actix_web::web::block(move || act(&state)).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(Fault::Busy.into()),
        }
    }
}

fn unknown() -> Problem {
    let detail = "sign in, or send an API key as X-API-Key or Authorization: Bearer";
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

/// A key in a header only: addresses end up in histories and logs, and cookies are for sessions.
fn by_key(visit: &Visit, request: &HttpRequest) -> Attempt {
    let headers = request.headers();
    let authorization = Authorization::of(headers);
    let presented = Presented {
        headers,
        cookies: &Cookies::default(),
        now: clock::now(),
        peer: request.peer_addr().map(|peer| peer.ip()),
        client: &|| visit.client(),
        origin: &visit.origin,
        target: request.path(),
        query_of_keys: "",
        method: request.method().as_str(),
        navigating: false,
        preflight: false,
        authorization_is_the_apps: false,
        app_has_own_keys: false,
        foreign_authorization_is_asked: false,
    };
    let keys = visit.state.authenticator.keys;
    match api_key::attempt(keys, &presented, &authorization, visit.state.store.view()) {
        Attempt::NotPresented => match authorization {
            Authorization::Absent => Attempt::NotPresented,
            // A password here would be one more place to guess at.
            _ => Attempt::Rejected(Rejection::AuthorizationMalformed),
        },
        decided => decided,
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl FromRequest for Administrator {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).and_then(|caller| match caller.user.role {
            Role::Admin => caller.unlimited("it administers nothing").map(|()| Self(caller)),
            Role::User => Err(Problem::new(StatusCode::FORBIDDEN, "only administrators may do this")),
        }))
    }
}
