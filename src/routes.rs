//! Every URL that Sluice answers, on one page.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{self, Data, ServiceConfig},
};
use tracing_actix_web::TracingLogger;

use crate::{
    health,
    portal::{account, assets, log_in, log_out, page, setup, span::PortalSpan},
    proxy::{dialect::Dialect, verify::verify},
    state::State,
};

/// Registers all of them; `base_path` is the portal's.
pub fn configure(service: &mut ServiceConfig, base_path: &str) {
    for (path, dialect) in Dialect::OWN {
        service.route(path, verify_route(dialect)).route(&format!("{path}/{{app}}"), verify_route(dialect));
    }
    for (path, dialect) in Dialect::OTHERS {
        service.route(path, verify_route(dialect));
    }
    service.route("/healthz", web::get().to(health::alive)).route("/readyz", web::get().to(health::ready));
    service.service(
        web::scope(base_path)
            .wrap(TracingLogger::<PortalSpan>::new())
            .route("", web::get().to(account::enter))
            .route("/", web::get().to(account::enter))
            .service(web::resource("/login").get(log_in::show).post(log_in::submit))
            .service(web::resource("/logout").get(log_out::show).post(log_out::submit))
            .service(web::resource("/account").get(account::show))
            .service(web::resource("/account/password").post(account::change_password))
            .service(web::resource("/setup").get(setup::show).post(setup::submit))
            .route("/assets/{name}", web::get().to(assets::serve))
            .default_service(web::to(page::not_found)),
    );
    service.default_service(web::to(not_found));
}

/// Any method: the verify request's own says nothing about the original one.
fn verify_route(dialect: Dialect) -> actix_web::Route {
    web::route().to(move |request: HttpRequest, state: Data<State>| {
        std::future::ready(verify(&request, &state, dialect))
    })
}

async fn not_found() -> HttpResponse {
    HttpResponse::build(StatusCode::NOT_FOUND).insert_header((header::CACHE_CONTROL, "no-store")).finish()
}
