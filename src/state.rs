//! What every request handler shares, and how it is replaced while the service runs.

use std::{
    future::{Ready, ready},
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, error::ErrorInternalServerError, web::Data};
use arc_swap::ArcSwap;

use crate::{
    administration::setup::Checked,
    authn::{chain::Authenticator, marker::MarkerKey, sign_in::SignIn},
    config::{Config, Flags},
    events::{deliveries::Deliveries, log::Log, stream::Streams},
    metrics::Meters,
    portal::{probe::Probes, setup::SetupToken},
    proxy::{answer::AppValues, bodies::Bodies},
    store::Store,
};

/// The running service. Verify reads `config`, `authenticator` and the store's view; the portal all of it.
pub struct State {
    /// The configuration.
    pub config: Config,
    /// What the command line said about it, for when it is read again.
    pub flags: Flags,
    /// The database and its view.
    pub store: Arc<Store>,
    /// Credentials and what they are compared with.
    pub authenticator: Authenticator,
    /// Whose the cookies are that apps have set in a browser.
    pub markers: Arc<MarkerKey>,
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
    /// What answers name these apps by.
    pub app_values: AppValues,
    /// Bodies that are being read.
    pub bodies: Arc<Bodies>,
    /// What the last look at the proxy came to.
    pub checked: Arc<Checked>,
    /// Requests that Sluice sent through the proxy, to see what comes of them.
    pub probes: Arc<Probes>,
    /// The one-time token that makes the first administrator, until it has.
    pub setup: Option<Arc<SetupToken>>,
}

/// The state that holds now; another takes its place when the configuration is read again.
pub struct Current {
    state: ArcSwap<State>,
    /// Held by whoever makes the next one.
    changing: Mutex<()>,
}

impl Current {
    /// Starts with this one.
    pub fn new(state: State) -> Self {
        Self { state: ArcSwap::from_pointee(state), changing: Mutex::default() }
    }

    /// The one that holds now.
    pub fn get(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Puts the one that `make` makes of it in its place; nobody else does meanwhile. Requests under way go on with the
    /// one that they began with.
    pub fn replace<E>(&self, make: impl FnOnce(&State) -> Result<State, E>) -> Result<(), E> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.state.store(Arc::new(make(&self.get())?));
        Ok(())
    }
}

/// The state with which one request is answered from beginning to end.
#[derive(Clone)]
pub struct Snapshot(Arc<State>);

impl Snapshot {
    /// One that does not hold yet, to see what would become of a request.
    pub fn trial(state: State) -> Self {
        Self(Arc::new(state))
    }

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
