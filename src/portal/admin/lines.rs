//! The proxy's finished lines for an app, to copy.

use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;

use super::Admin;
use crate::{
    administration::lines::{self, ADDRESS_FORM, SLUICE_FORM},
    portal::{
        frame::{Frame, Place},
        page,
        wrongs::Wrongs,
    },
    proxy::lines::{Address, File, Proxy, own::Added},
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
    /// What headers of the app's own take beside the shipped files.
    added: Vec<(Proxy, Vec<Added>)>,
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
    let sluice = asked("sluice")
        .or_else(|| lines::usual_address(&admin.visit.state.config.server.listen))
        .unwrap_or_default();
    let mut shown = LinesPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Settings),
        app: app.name.as_str(),
        proxies: Proxy::ALL.into_iter().map(|known| (known.title(), Some(known) == proxy)).collect(),
        wrongs: Wrongs::default(),
        files: Vec::new(),
        within: None,
        added: lines::added(&admin.visit.state.config, app),
        address,
        sluice,
    };
    let Some(proxy) = proxy else { return respond(StatusCode::OK, &shown) };
    match (Address::parse(&shown.address), Address::parse(&shown.sluice)) {
        (None, _) => shown.wrongs = Wrongs::one("address", ADDRESS_FORM),
        (_, None) => shown.wrongs = Wrongs::one("sluice", SLUICE_FORM),
        (Some(address), Some(sluice)) => {
            let finished = lines::of(&admin.visit.state.config, app, proxy, (&address, &sluice));
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
