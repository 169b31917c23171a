//! What every request handler shares, and how it is replaced while the service runs.

use std::{
    future::{Ready, ready},
    ops::Deref,
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, error::ErrorInternalServerError, web::Data};
use arc_swap::ArcSwap;

use crate::{
    authn::{chain::Authenticator, sign_in::SignIn},
    config::Config,
    events::{deliveries::Deliveries, log::Log, stream::Streams},
    metrics::Meters,
    portal::setup::SetupToken,
    store::Store,
};

/// The running service. Verify reads `config`, `authenticator` and the store's view; the portal all of it.
pub struct State {
    /// The configuration.
    pub config: Config,
    /// The database and its view.
    pub store: Arc<Store>,
    /// Credentials and what they are compared with.
    pub authenticator: Authenticator,
    /// Signing in.
    pub sign_in: SignIn,
    /// Where what happens is noted.
    pub log: Log,
    /// Who is told of it.
    pub deliveries: Deliveries,
    /// Who follows it.
    pub streams: Streams,
    /// What is counted, for these apps.
    pub meters: Meters,
    /// The one-time token that makes the first administrator, until it has.
    pub setup: Option<Arc<SetupToken>>,
}

/// The state that holds now; another takes its place when the configuration is read again.
pub struct Current(ArcSwap<State>);

impl Current {
    /// Starts with this one.
    pub fn new(state: State) -> Self {
        Self(ArcSwap::from_pointee(state))
    }

    /// The one that holds now.
    pub fn get(&self) -> Arc<State> {
        self.0.load_full()
    }

    /// Puts another in its place. Requests under way go on with the one that they began with.
    pub fn replace(&self, state: State) {
        self.0.store(Arc::new(state));
    }
}

/// The state with which one request is answered from beginning to end.
#[derive(Clone)]
pub struct Snapshot(Arc<State>);

impl Snapshot {
    /// Of a request to this service.
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.app_data::<Data<Current>>().map(|current| Self(current.get()))
    }
}

impl Deref for Snapshot {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

impl FromRequest for Snapshot {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).ok_or_else(|| ErrorInternalServerError("the service has no state")))
    }
}
