//! Every URL that Sluice answers, on one page.

use actix_web::{
    Error, FromRequest, HttpRequest, HttpResponse, Resource, Route,
    dev::{Payload, ServiceRequest, ServiceResponse, fn_service},
    guard,
    http::header,
    web::{self, ServiceConfig},
};
use tracing_actix_web::TracingLogger;

use crate::{
    health,
    portal::{
        account, admin, api, assets, forbidden, log_in, log_out, page, qbittorrent, setup, span::PortalSpan,
    },
    proxy::{
        body::{self, Called},
        dialect::Dialect,
        verify::{verify, verify_in_time},
    },
    state::{Snapshot, State},
};

/// Registers all of them; `base_path` is the portal's. Of verify requests, which are many, nothing but one guard is
/// asked before they are answered.
pub fn configure(service: &mut ServiceConfig, base_path: &str) {
    let others = guard::fn_guard(|request| Dialect::asked_on(request.head().uri.path()).is_none());
    service.service(web::scope("").guard(others).configure(|service| pages(service, base_path)));
    service.default_service(fn_service(verify_or_nothing));
}

fn pages(service: &mut ServiceConfig, base_path: &str) {
    service
        .route("/healthz", read().to(health::alive))
        .route("/readyz", read().to(health::ready))
        .route("/metrics", read().to(health::metrics));
    service
        .service(resource("/api/v2/auth/login", web::post().to(qbittorrent::log_in)))
        .service(resource("/api/v2/auth/logout", web::post().to(qbittorrent::log_out)));
    service.service(
        web::scope(base_path)
            .wrap(TracingLogger::<PortalSpan>::new())
            .route("", read().to(account::enter))
            .route("/", read().to(account::enter))
            .service(resource("/login", read().to(log_in::show)).route(web::post().to(log_in::submit)))
            .service(resource("/logout", read().to(log_out::show)).route(web::post().to(log_out::submit)))
            .service(resource("/account", read().to(account::show)))
            .service(resource("/account/password", web::post().to(account::password::change)))
            .service(resource("/account/keys", web::post().to(account::keys::create)))
            .service(resource("/account/keys/revoke", web::post().to(account::keys::revoke)))
            .service(resource("/account/sessions/end", web::post().to(account::sessions::end)))
            .service(resource("/account/sessions/end-others", web::post().to(account::sessions::end_others)))
            .service(resource("/setup", read().to(setup::show)).route(web::post().to(setup::submit)))
            .service(resource("/forbidden", web::to(forbidden::show)))
            .service(web::scope("/admin").configure(admin::configure))
            .service(web::scope("/api/v1").configure(api::configure))
            .service(resource("/assets/{name}", read().to(assets::serve)))
            .default_service(web::to(page::not_found)),
    );
}

fn resource(path: &str, route: Route) -> Resource {
    web::resource(path).route(route)
}

fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// The paths of [`Dialect`], with any method: the verify request's own says nothing about the original one. They
/// are found here because a pattern for the app's name would cost a regular expression on every request.
async fn verify_or_nothing(request: ServiceRequest) -> Result<ServiceResponse, Error> {
    let (request, payload) = request.into_parts();
    let state = Snapshot::extract(&request).await?;
    let response = respond(&request, payload, &state).await;
    Ok(ServiceResponse::new(request, response))
}

async fn respond(request: &HttpRequest, payload: Payload, state: &State) -> HttpResponse {
    match Dialect::asked_on(request.path()) {
        Some((dialect, app)) => match body::wanted(request, state, dialect, app) {
            None => answer(request, state, (dialect, app), &Called::Unseen).await,
            Some(rpc) => {
                let called = body::read(request, payload, rpc).await;
                answer(request, state, (dialect, app), &called).await
            }
        },
        None => HttpResponse::NotFound().insert_header((header::CACHE_CONTROL, "no-store")).finish(),
    }
}

async fn answer(
    request: &HttpRequest,
    state: &State,
    (dialect, app): (Dialect, Option<&str>),
    called: &Called,
) -> HttpResponse {
    let asked = (dialect, app, called.as_calls());
    match verify(request, state, asked) {
        Ok(response) => response,
        // On the heap: most requests never come here, and need not carry its size.
        Err(question) => Box::pin(verify_in_time(request, state, asked, question)).await,
    }
}
