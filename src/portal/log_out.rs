//! Signing out.

use actix_web::{HttpResponse, http::StatusCode, web};
use askama::Template;
use tracing::{error, info};

use super::{page, visit::Visit};
use crate::{
    events::{event::Event, kind::Kind},
    policy::origin::{MissingOrigin, Origin},
};

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    base: &'a str,
    signed_in_as: Option<String>,
}

/// Where another provider's people go: its own sign-out, else the app, as there is nothing to end here.
fn after(visit: &Visit) -> &str {
    visit.state.config.provider_logout().map_or("/", url::Url::as_str)
}

/// Where the form for signing out leads beside the portal.
pub(super) fn leads_to(visit: &Visit) -> Option<Origin> {
    visit.state.config.provider_logout().and_then(|url| Origin::of_url(url.as_str()))
}

/// Shows a button: opening an address must not sign anybody out.
pub async fn show(visit: Visit) -> HttpResponse {
    if visit.state.authenticator.is_external() && visit.any_session().is_none() {
        return page::see_other(after(&visit)).finish();
    }
    let signed_in_as = visit.any_session().map(|(user, _)| user.name.to_string());
    let response = page::answer(StatusCode::OK, leads_to(&visit).as_ref());
    page::render(response, &LogoutPage { base: visit.base(), signed_in_as })
}

/// Ends the session. It is denied from here on, even when that cannot be stored.
pub async fn submit(visit: Visit) -> HttpResponse {
    if let Err(response) = visit.refuse_foreign(MissingOrigin::Refused) {
        return response;
    }
    let mut stored = true;
    if let Some((user, session)) = visit.any_session() {
        let store = std::sync::Arc::clone(&visit.state.store);
        let told = Event::new(Kind::SessionEnded).by_and_about(&user.name).from(visit.address());
        match web::block(move || store.end_session(session, told)).await {
            Ok(Ok(())) => info!(user = %user.name, "signed out"),
            Ok(Err(cause)) => {
                error!(%cause, user = %user.name, "signed out in memory only; will try again to store it");
                stored = false;
            }
            Err(_) => stored = false,
        }
    }
    if stored {
        let own = visit.page("/login?signed_out=1");
        let mut response =
            page::see_other(if visit.state.authenticator.is_external() { after(&visit) } else { &own });
        visit.clear_session(&mut response);
        return response.finish();
    }
    let text = "You are signed out, but that could not be stored. If the server restarts before its disk is \
                repaired, the session could come back. Tell the person who runs this server.";
    let mut response = page::unstored(visit.base(), text);
    let mut cookies = HttpResponse::Ok();
    visit.clear_session(&mut cookies);
    for cookie in cookies.finish().headers().get_all("set-cookie") {
        response.headers_mut().append(actix_web::http::header::SET_COOKIE, cookie.clone());
    }
    response
}
