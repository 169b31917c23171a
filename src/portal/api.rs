//! The JSON API: everything that the pages do, for programs, and what apps ask about whoever is there.
//!
//! Callers prove themselves by the portal's session, whose requests come from a page of ours, or by an API key in a
//! header. Errors are problem details, lists come in pages, and fields that nobody knows are refused.

mod audit;
mod blocked;
mod body;
pub mod caller;
mod events;
mod keys;
mod list;
mod me;
mod openapi;
mod owners;
mod precondition;
pub mod problem;
mod proof;
mod proxy;
mod sessions;
mod settings;
mod traffic;
mod users;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Resource,
    http::{
        Method, StatusCode,
        header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS},
    },
    web::{self, ServiceConfig},
};
use problem::Problem;
use serde::Serialize;

/// Registers its addresses, below `api/v1`.
pub fn configure(api: &mut ServiceConfig) {
    let description = web::Data::new(openapi::Served::default());
    api.service(at("/openapi.json", &["GET"]).app_data(description).route(web::get().to(openapi::show)))
        .service(at("/me", &["GET"]).route(web::get().to(me::show)))
        .service(at("/proof", &["POST"]).route(web::post().to(proof::prove)))
        .service(at("/me/password", &["PUT"]).route(web::put().to(me::change_password)))
        .service(
            at("/me/keys", &["GET", "POST"])
                .route(web::get().to(me::list_keys))
                .route(web::post().to(me::add_key)),
        )
        .service(at("/me/keys/{id}", &["DELETE"]).route(web::delete().to(me::revoke_key)))
        .service(
            at("/me/sessions", &["GET", "DELETE"])
                .route(web::get().to(me::list_sessions))
                .route(web::delete().to(me::end_other_sessions)),
        )
        .service(at("/me/sessions/{id}", &["DELETE"]).route(web::delete().to(me::end_session)));
    administration(api);
    api.default_service(web::to(nothing));
}

fn administration(api: &mut ServiceConfig) {
    api.service(
        at("/users", &["GET", "POST"]).route(web::get().to(users::list)).route(web::post().to(users::add)),
    )
    .service(
        at("/users/{id}", &["GET", "PATCH", "DELETE"])
            .route(web::get().to(users::show))
            .route(web::patch().to(users::change))
            .route(web::delete().to(users::delete)),
    )
    .service(at("/users/{id}/keys", &["POST"]).route(web::post().to(keys::add)))
    .service(at("/users/{id}/sessions", &["DELETE"]).route(web::delete().to(sessions::end_all)))
    .service(at("/keys", &["GET"]).route(web::get().to(keys::list)))
    .service(at("/keys/{id}", &["DELETE"]).route(web::delete().to(keys::revoke)))
    .service(at("/sessions", &["GET"]).route(web::get().to(sessions::list)))
    .service(at("/sessions/{id}", &["DELETE"]).route(web::delete().to(sessions::end)))
    .service(
        at("/settings", &["GET", "PATCH"])
            .route(web::get().to(settings::show))
            .route(web::patch().to(settings::change)),
    )
    .service(at("/settings/versions", &["GET"]).route(web::get().to(settings::versions)))
    .service(at("/settings/versions/{id}/restore", &["POST"]).route(web::post().to(settings::restore)))
    .service(at("/audit", &["GET"]).route(web::get().to(audit::list)))
    .service(at("/audit.csv", &["GET"]).route(web::get().to(audit::table)))
    .service(at("/traffic", &["GET"]).route(web::get().to(traffic::show)))
    .service(at("/blocked", &["GET"]).route(web::get().to(blocked::list)))
    .service(at("/blocked/{address}", &["DELETE"]).route(web::delete().to(blocked::unblock)))
    .service(at("/events", &["GET"]).route(web::get().to(events::follow)))
    .service(at("/apps/{app}/proxy-lines", &["GET"]).route(web::get().to(proxy::show_lines)))
    .service(at("/apps/{app}/proxy-check", &["POST"]).route(web::post().to(proxy::check)))
    .service(at("/apps/{app}/owners/look-up", &["POST"]).route(web::post().to(owners::look_up)))
    .service(
        at("/apps/{app}/owners/{item}", &["GET", "PUT", "DELETE"])
            .route(web::get().to(owners::show))
            .route(web::put().to(owners::record))
            .route(web::delete().to(owners::forget)),
    );
}

/// An address that knows these methods.
fn at(path: &str, methods: &'static [&'static str]) -> Resource {
    web::resource(path).default_service(web::to(move |request: HttpRequest| async move {
        match request.method() {
            // A browser that asks before a request of another origin's page gets no leave.
            &Method::OPTIONS => Problem::new(StatusCode::FORBIDDEN, "no other origin's page may call this"),
            _ => Problem::method(methods),
        }
        .respond()
    }))
}

async fn nothing() -> HttpResponse {
    Problem::not_found("address; openapi.json lists all").respond()
}

/// Starts an answer.
fn json(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, "no-store")).insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}

/// Finishes an answer.
fn finish(mut response: HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    response.json(body)
}

/// The answer to what was read.
fn ok(body: &impl Serialize) -> HttpResponse {
    finish(json(StatusCode::OK), body)
}

/// The answer to what was done and has nothing to say.
fn done() -> HttpResponse {
    json(StatusCode::NO_CONTENT).finish()
}
