//! Where a request arrives that Sluice itself sent through the proxy, to see what the proxy makes of it: once among the
//! portal's pages, and once in the place of an app, behind the same lines as the app.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use actix_web::{HttpRequest, HttpResponse, http::header::HeaderMap};

use super::visit;
use crate::{
    authn::token::{RandomError, Token, TokenDigest},
    policy::origin::Origin,
    proxy::client::{self, Client},
    state::{Snapshot, State},
};

/// Requests under way; more are those of a check that was cut off.
const MOST: usize = 32;

/// The requests that are waited for.
#[derive(Default)]
pub struct Probes(Mutex<HashMap<TokenDigest, Option<Arrival>>>);

/// A request as it came.
#[derive(Clone)]
pub struct Arrival {
    /// All of its headers.
    pub headers: HeaderMap,
    /// Whether the peer is a proxy that is believed.
    pub from_trusted_proxy: bool,
    /// The peer's address; `None` on the Unix socket.
    pub peer: Option<IpAddr>,
    /// Where the client sent it, as far as that is said.
    pub reached: Option<Origin>,
    /// Where the client is.
    pub client: Client,
}

impl Probes {
    fn lock(&self) -> MutexGuard<'_, HashMap<TokenDigest, Option<Arrival>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a request that brings this token, which nobody can guess.
    pub fn expect(&self) -> Result<Token, RandomError> {
        let token = Token::generate()?;
        let mut waiting = self.lock();
        if waiting.len() >= MOST {
            waiting.clear();
        }
        waiting.insert(token.digest(), None);
        Ok(token)
    }

    /// The request with the token, if it came; it is waited for no longer.
    pub fn take(&self, token: &Token) -> Option<Arrival> {
        self.lock().remove(&token.digest()).flatten()
    }

    /// Notes a request, where one is waited for that brings this token.
    fn arrived(&self, token: &str, arrival: impl FnOnce() -> Arrival) -> bool {
        let Some(digest) = TokenDigest::of(token.as_bytes()) else { return false };
        let mut waiting = self.lock();
        let slot = waiting.get_mut(&digest);
        let waited_for = slot.is_some();
        if let Some(slot) = slot {
            *slot = Some(arrival());
        }
        waited_for
    }
}

/// Takes such a request; to anybody else there is nothing here.
pub async fn receive(request: HttpRequest, state: Snapshot) -> HttpResponse {
    answer(&request, &state)
}

/// The same in the place of an app.
pub fn answer(request: &HttpRequest, state: &State) -> HttpResponse {
    let (peer, trusted) = (request.peer_addr(), &state.config.server.trusted_proxies);
    let waited_for = state.probes.arrived(request.query_string(), || Arrival {
        headers: request.headers().clone(),
        from_trusted_proxy: trusted.trust(peer.map(|peer| peer.ip())),
        peer: peer.map(|peer| peer.ip().to_canonical()),
        reached: visit::reached(request, state),
        client: client::of(peer, request.headers(), trusted),
    });
    let mut response = if waited_for { HttpResponse::NoContent() } else { HttpResponse::NotFound() };
    response.insert_header(("Cache-Control", "no-store")).finish()
}
