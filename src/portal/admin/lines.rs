//! The proxy's finished lines for an app, to copy.

use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;

use super::Admin;
use crate::{
    policy::{app::App, origin::Host, pack::ApiRefusal},
    portal::{
        frame::{Frame, Place},
        page,
        wrongs::Wrongs,
    },
    proxy::lines::{self, Address, File, Proxy, Site, Traits},
};

#[derive(Template)]
#[template(path = "admin/lines.html")]
struct LinesPage<'a> {
    base: &'a str,
    frame: Frame,
    app: &'a str,
    /// Where the proxy reaches the app, as it was typed.
    address: String,
    /// Where the proxy reaches Sluice.
    sluice: String,
    proxies: Vec<(&'static str, bool)>,
    wrongs: Wrongs,
    files: Vec<File>,
    within: Option<String>,
}

/// Shows the form, and once it is filled in the lines. Nothing is stored, so it is asked for like any page.
pub async fn show(admin: Admin, name: Path<String>) -> HttpResponse {
    let Some(app) = admin.visit.state.config.apps.named(&name) else {
        return page::not_found(admin.visit.state.clone()).await;
    };
    let asked = |name| admin.visit.query(name);
    let proxy = asked("proxy");
    let proxy = Proxy::ALL.into_iter().find(|known| Some(known.title()) == proxy.as_deref());
    let address = asked("address").unwrap_or_default();
    let sluice = asked("sluice").unwrap_or_else(|| "127.0.0.1:9180".to_owned());
    let mut shown = LinesPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Settings),
        app: app.name.as_str(),
        proxies: Proxy::ALL.into_iter().map(|known| (known.title(), Some(known) == proxy)).collect(),
        wrongs: Wrongs::default(),
        files: Vec::new(),
        within: None,
        address,
        sluice,
    };
    let Some(proxy) = proxy else { return respond(StatusCode::OK, &shown) };
    match (Address::parse(&shown.address), Address::parse(&shown.sluice)) {
        (None, _) => {
            shown.wrongs = Wrongs::one("address", "write it like 127.0.0.1:8080 or http://qbittorrent:8080")
        }
        (_, None) => shown.wrongs = Wrongs::one("sluice", "write it like 127.0.0.1:9180 or sluice:9180"),
        (Some(address), Some(sluice)) => {
            let finished = lines::of(proxy, &site(&admin, app, (&address, &sluice)));
            shown.files = finished.once.into_iter().chain([finished.app]).collect();
            shown.within = finished.within;
        }
    }
    let status = if shown.wrongs.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    respond(status, &shown)
}

fn respond(status: StatusCode, shown: &LinesPage<'_>) -> HttpResponse {
    page::render(page::answer(status, None), shown)
}

fn site<'a>(admin: &'a Admin, app: &'a App, (address, sluice): (&'a Address, &'a Address)) -> Site<'a> {
    let server = &admin.visit.state.config.server;
    let signs_in = app.pack.api.iter().any(|area| area.refusal == ApiRefusal::Qbittorrent);
    let portal_host: Option<&Host> = server.public_url.as_ref().map(|portal| &portal.host);
    Site {
        app: &app.name,
        address,
        host: app.hosts.first().map(|(host, _)| host),
        path: &app.base_path,
        traits: Traits { signs_in_like_qbittorrent: signs_in, decided_by_body: !app.pack.rpc.is_empty() },
        sluice,
        base_path: &server.base_path,
        portal_host,
    }
}
