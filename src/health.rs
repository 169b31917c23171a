//! `/healthz`, `/readyz` and `/metrics`, for the internal address.

use actix_web::{HttpResponse, web};
use tracing::warn;

use crate::{
    metrics::{exposition, scrape},
    state::Snapshot,
    store::view::Health,
};

/// The process answers.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).content_type("text/plain").body("alive\n")
}

/// What has been counted, for Prometheus.
pub async fn metrics(state: Snapshot) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "no-store"))
        .content_type(exposition::CONTENT_TYPE)
        .body(scrape::text(&state))
}

/// The store can be read.
pub async fn ready(state: Snapshot) -> HttpResponse {
    let health = state.store.view().health();
    let store = std::sync::Arc::clone(&state.store);
    let probed = web::block(move || store.probe()).await;
    let cause = match (health, probed) {
        (Health::Readable, Ok(Ok(()))) => {
            let mut ready = HttpResponse::Ok();
            return ready
                .insert_header(("Cache-Control", "no-store"))
                .content_type("text/plain")
                .body("ready\n");
        }
        (_, Ok(Err(cause))) => cause.to_string(),
        (Health::Lost, _) | (_, Err(_)) => "the database cannot be read".to_owned(),
    };
    warn!(cause, "not ready");
    let mut unready = HttpResponse::ServiceUnavailable();
    unready.insert_header(("Cache-Control", "no-store")).content_type("text/plain").body("not ready\n")
}
