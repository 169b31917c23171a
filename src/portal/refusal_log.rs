//! Lines of the log about what the portal refuses: each kind of refusal once a minute for each network, then counted.

use std::sync::Arc;

use actix_web::HttpRequest;

use crate::{
    events::{line::Topic, repeats::Alike},
    proxy::client,
    state::State,
    throttle,
};

/// Has a refusal written to the log by `words`; `cause` tells one kind from another.
pub fn note(
    request: &HttpRequest,
    state: &State,
    cause: &str,
    words: impl Fn(Option<u64>) + Send + Sync + 'static,
) {
    let trusted = &state.config.server.trusted_proxies;
    let network = throttle::network(client::of(request.peer_addr(), request.headers(), trusted).address());
    let alike = Alike { topic: Topic::Portal, network, user: "", app: "", cause };
    state.log.line(&alike, || Arc::new(words));
}
