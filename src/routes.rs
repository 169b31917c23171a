//! Every URL that Sluice answers, on one page.

use actix_web::{
    HttpRequest, HttpResponse, Resource, Route,
    http::header,
    web::{self, ServiceConfig},
};
use tracing_actix_web::TracingLogger;

use crate::{
    health,
    portal::{
        account, admin, api, assets, forbidden, handover, log_in, log_out, page, probe, prove, qbittorrent,
        setup, span::PortalSpan,
    },
    proxy::{lines, person},
    state::Snapshot,
};

/// Registers all but the verify requests, which [`crate::proxy::gate`] has taken before; `base_path` is the portal's.
pub fn configure(service: &mut ServiceConfig, base_path: &str) {
    service
        .route("/healthz", page::read().to(health::alive))
        .route("/readyz", page::read().to(health::ready))
        .route("/metrics", page::read().to(health::metrics));
    service
        .service(resource("/api/v2/auth/login", web::post().to(qbittorrent::log_in)))
        .service(resource("/api/v2/auth/logout", web::post().to(qbittorrent::log_out)));
    service.service(
        web::scope(base_path)
            .wrap(TracingLogger::<PortalSpan>::new())
            .route("", page::read().to(account::enter))
            .route("/", page::read().to(account::enter))
            .service(resource("/login", page::read().to(log_in::show)).route(web::post().to(log_in::submit)))
            .service(
                resource("/logout", page::read().to(log_out::show)).route(web::post().to(log_out::submit)),
            )
            .service(resource("/account", page::read().to(account::show)))
            .service(resource("/account/password", web::post().to(account::password::change)))
            .service(resource("/account/keys", web::post().to(account::keys::create)))
            .service(resource("/account/keys/revoke", web::post().to(account::keys::revoke)))
            .service(resource("/account/sessions/end", web::post().to(account::sessions::end)))
            .service(resource("/account/sessions/end-others", web::post().to(account::sessions::end_others)))
            .service(resource("/setup", page::read().to(setup::show)).route(web::post().to(setup::submit)))
            .service(resource("/proof", page::read().to(prove::show)).route(web::post().to(prove::submit)))
            .service(resource(person::PAGE, page::read().to(handover::show)))
            .route("/probe", web::get().to(probe::receive))
            .service(resource("/forbidden", web::to(forbidden::show)))
            .service(web::scope("/admin").configure(admin::configure))
            .service(web::scope("/api/v1").configure(api::configure))
            .service(resource("/assets/{name}", page::read().to(assets::serve)))
            .default_service(web::to(page::not_found)),
    );
    service.default_service(web::to(nothing));
}

fn resource(path: &str, route: Route) -> Resource {
    web::resource(path).route(route)
}

async fn nothing(request: HttpRequest, state: Snapshot) -> HttpResponse {
    if request.path().ends_with(lines::CHECK) {
        return probe::answer(&request, &state);
    }
    HttpResponse::NotFound().insert_header((header::CACHE_CONTROL, "no-store")).finish()
}
