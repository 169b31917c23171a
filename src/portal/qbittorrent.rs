//! The sign-in of qBittorrent's clients (Sonarr, Radarr, phone apps), which know only its two addresses, `Ok.`,
//! `Fails.` and a cookie. The password may be an API key.

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, http::StatusCode, web, web::Payload};
use secrecy::{ExposeSecret, SecretString};
use tracing::{error, info};

use super::{form::Form, visit::Visit};
use crate::{
    authn::{
        api_key::{self, Use},
        chain::Rejection,
        device::Device,
        sign_in::{Claim, Proof, Refused, Wanted},
        token::Token,
    },
    clock,
    events::{event::Event, kind::Kind},
    policy::{
        app::{App, Apps},
        origin::{MissingOrigin, Origin},
        pack::ApiRefusal,
    },
    proxy::caller,
    store::{
        keys::KeyId,
        sessions::{Lifetime, Opened},
        users::User,
    },
};

/// Where its clients sign in.
const LOG_IN: &str = "/api/v2/auth/login";

/// What qBittorrent says to an address that it has banned; its clients show it.
const BANNED: &str = "Your IP address has been banned after too many failed authentication attempts.";

/// `POST /api/v2/auth/login`.
pub async fn log_in(request: HttpRequest, payload: Payload) -> HttpResponse {
    let visit = match Visit::on_any_host(&request) {
        Ok(visit) => visit.on_the_apps_host(),
        Err(response) => return response,
    };
    if visit.is_foreign(MissingOrigin::Allowed) {
        return plain(StatusCode::FORBIDDEN).body("Forbidden");
    }
    let form = match Form::read(&request, payload, visit.base()).await {
        Ok(form) => form,
        Err(response) => return plain(response.status()).body("Send the form fields username and password."),
    };
    let (username, password) = (form.text("username"), SecretString::from(form.text("password")));
    let started = match api_key::looks_like_one(password.expose_secret()) {
        true => with_key(&visit, username, password).await,
        false => with_password(&visit, username, password).await,
    };
    match started {
        Ok(token) => {
            let mut response = plain(StatusCode::OK);
            visit.set_session(&mut response, &token, Lifetime::Browser);
            response.body("Ok.")
        }
        Err(Refused::Wrong(_)) => plain(StatusCode::OK).body("Fails."),
        Err(Refused::Throttled(wait)) => plain(StatusCode::FORBIDDEN)
            .insert_header(("Retry-After", wait.seconds().to_string()))
            .body(BANNED),
        Err(Refused::Busy | Refused::Failed) => {
            plain(StatusCode::SERVICE_UNAVAILABLE).body("Sluice cannot sign anybody in now; try again soon.")
        }
    }
}

/// `POST /api/v2/auth/logout`.
pub async fn log_out(request: HttpRequest) -> HttpResponse {
    let visit = match Visit::on_any_host(&request) {
        Ok(visit) => visit.on_the_apps_host(),
        Err(response) => return response,
    };
    if visit.is_foreign(MissingOrigin::Allowed) {
        return plain(StatusCode::FORBIDDEN).body("Forbidden");
    }
    let mut response = plain(StatusCode::OK);
    if let Some((user, session)) = visit.any_session() {
        let store = std::sync::Arc::clone(&visit.state.store);
        let told = Event::new(Kind::SessionEnded).by_and_about(&user.name).from(visit.address());
        match web::block(move || store.end_session(session, told)).await {
            Ok(Ok(())) => info!(user = %user.name, "a client signed out"),
            Ok(Err(cause)) => {
                error!(%cause, user = %user.name, "signed out in memory only; will try again to store it");
                response = plain(StatusCode::SERVICE_UNAVAILABLE);
            }
            Err(_) => response = plain(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
    visit.clear_session(&mut response);
    response.finish()
}

async fn with_password(visit: &Visit, username: String, password: SecretString) -> Result<Token, Refused> {
    let claim = Claim { username, password, address: visit.address() };
    let (state, here) = (visit.state.clone(), visit.origin.clone());
    let may_enter = move |user: &User| entered(&state.config.apps, &here, user).map(|_| ());
    visit.state.sign_in.sign_in_where(claim, wanted(visit, None), may_enter).await
}

/// The key must open something for its owner right now; each later request looks again.
async fn with_key(visit: &Visit, username: String, key: SecretString) -> Result<Token, Refused> {
    let (state, client, address) = (visit.state.clone(), visit.client(), visit.address());
    let holders = state.config.api_keys;
    let here = visit.origin.clone();
    let prove = move || {
        let used = Use { now: clock::now(), client: &|| client };
        let principal = api_key::prove(holders, (&username, &key), used, state.store.view())?;
        let apps = entered(&state.config.apps, &here, &principal.user)?;
        let opened = principal.key.as_ref().and_then(|key| key.scope.apps.as_ref());
        match opened {
            Some(opened) if !apps.iter().any(|app| opened.contains(&app.name)) => {
                Err(Rejection::KeyForOtherApps)
            }
            _ => Ok(principal),
        }
    };
    let state = &visit.state;
    let principal = state.sign_in.prove_key(address, prove).await?;
    state.sign_in.succeeded(&principal.user.name, address, Proof::Key);
    let wanted = wanted(visit, principal.key.as_ref().map(|key| key.id));
    let sign_in = state.sign_in.clone();
    let started = web::block(move || sign_in.start_session(&principal.user, address, wanted)).await;
    started.ok().flatten().ok_or(Refused::Failed)
}

/// The apps that a client may mean which signs in here. The address says no more than the host: those of
/// qBittorrent's API on it, else any of that API, else all.
fn signed_into<'a>(apps: &'a Apps, here: &Origin) -> Vec<&'a App> {
    let on_host = |app: &App| app.hosts.is_empty() || app.hosts.iter().any(|(host, _)| *host == here.host);
    let speaks = |app: &App| app.pack.api_refusal(LOG_IN) == Some(ApiRefusal::Qbittorrent);
    let named = |meant: &dyn Fn(&App) -> bool| {
        let named: Vec<_> = apps.iter().filter(|app| meant(app)).collect();
        (!named.is_empty()).then_some(named)
    };
    named(&|app| speaks(app) && on_host(app))
        .or_else(|| named(&speaks))
        .or_else(|| named(&|_| true))
        .unwrap_or_default()
}

/// Those of them that let the user in. Where none does, a session would be refused with each request, which clients take
/// for an end of the session.
fn entered<'a>(apps: &'a Apps, here: &Origin, user: &User) -> Result<Vec<&'a App>, Rejection> {
    let mut entered = signed_into(apps, here);
    entered.retain(|app| app.entry.admits(user.role, user.name.as_str(), user.groups.as_slice()));
    if entered.is_empty() { Err(Rejection::NotAdmitted) } else { Ok(entered) }
}

/// A browser must go on proving its page; a program never names one.
fn wanted(visit: &Visit, key: Option<KeyId>) -> Wanted {
    let browser = caller::sends_fetch_metadata(visit.headers());
    let opened = if browser && key.is_none() { Opened::Page } else { Opened::Client(key) };
    Wanted {
        lifetime: Lifetime::Browser,
        opened,
        replaced: visit.any_session().map(|(_, session)| session),
        device: Device::of(visit.headers()),
    }
}

fn plain(status: StatusCode) -> HttpResponseBuilder {
    let mut builder = HttpResponse::build(status);
    builder
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .content_type("text/plain; charset=utf-8");
    builder
}
