//! Pages and the headers that every one of them carries.

use actix_web::{
    HttpResponse, HttpResponseBuilder, Route, guard,
    http::{StatusCode, header::LOCATION},
    web,
};
use askama::Template;
use tracing::error;

use crate::{policy::origin::Origin, state::Snapshot};

/// Where a message leads on.
pub struct Link {
    /// The address, checked.
    pub href: String,
    /// What stands on it.
    pub label: String,
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    base: &'a str,
    heading: &'a str,
    text: &'a str,
    link: Option<Link>,
}

/// The route of a page that is read.
pub fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Starts an answer with the headers that every page carries. `form_target` is where a form may lead beside the
/// portal: browsers apply `form-action` to the redirect after it, too.
pub fn answer(status: StatusCode, form_target: Option<&Origin>) -> HttpResponseBuilder {
    let form_action = form_target.map_or_else(String::new, |origin| format!(" {origin}"));
    let mut builder = HttpResponse::build(status);
    builder
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Frame-Options", "DENY"))
        // Not `no-referrer`, which would make browsers send `Origin: null` with our own forms.
        .insert_header(("Referrer-Policy", "same-origin"))
        .insert_header(("Cross-Origin-Opener-Policy", "same-origin"))
        .insert_header((
            "Content-Security-Policy",
            format!(
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                 form-action 'self'{form_action}; base-uri 'none'; frame-ancestors 'none'"
            ),
        ));
    builder
}

/// Finishes an answer with a page.
pub fn render(mut builder: HttpResponseBuilder, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(html) => builder.content_type("text/html; charset=utf-8").body(html),
        Err(cause) => {
            error!(%cause, "a page could not be rendered");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// A page that only says something.
pub fn message(
    base: &str,
    status: StatusCode,
    (heading, text): (&str, &str),
    link: Option<Link>,
) -> HttpResponse {
    render(answer(status, None), &Message { base, heading, text, link })
}

/// Sends the browser on after a form.
pub fn see_other(address: &str) -> HttpResponseBuilder {
    let mut builder = answer(StatusCode::SEE_OTHER, None);
    builder.insert_header((LOCATION, address));
    builder
}

fn to_sign_in(base: &str) -> Option<Link> {
    Some(Link { href: format!("{base}/login"), label: "Go to the sign-in page".to_owned() })
}

/// The form came from another site.
pub fn foreign(base: &str) -> HttpResponse {
    let text =
        "This form was sent from a page of another site, so nothing was done. Open the page again and retry.";
    message(base, StatusCode::FORBIDDEN, ("Not accepted", text), to_sign_in(base))
}

/// The host is not one that Sluice serves.
pub fn misdirected(base: &str) -> HttpResponse {
    let text = "No app of this name is served here. Check the address, or add the host to an app in the configuration.";
    message(base, StatusCode::MISDIRECTED_REQUEST, ("Unknown host", text), None)
}

/// A form was sent to an app's host, where the portal has one of its own.
pub fn on_another_host(portal: &Origin, base: &str) -> HttpResponse {
    let text = format!(
        "Sign-in, accounts and administration are at {portal} only, where no page of an app can use them. Nothing was done."
    );
    let link = Link { href: format!("{portal}{base}/account"), label: "Go there".to_owned() };
    message(base, StatusCode::MISDIRECTED_REQUEST, ("Not on this host", &text), Some(link))
}

/// Nothing is there.
pub async fn not_found(state: Snapshot) -> HttpResponse {
    let base = &state.config.server.base_path;
    let text = "There is no such page. Check the address, or start from the sign-in page.";
    message(base, StatusCode::NOT_FOUND, ("Page not found", text), to_sign_in(base))
}

/// Too many sign-ins at once.
pub fn busy(base: &str) -> HttpResponse {
    let text = "Too many people are signing in at this moment. Go back and try again in a few seconds.";
    let mut response = message(base, StatusCode::SERVICE_UNAVAILABLE, ("One moment", text), to_sign_in(base));
    response
        .headers_mut()
        .insert(actix_web::http::header::RETRY_AFTER, actix_web::http::header::HeaderValue::from_static("2"));
    response
}

/// Something was done that could not be stored, or nothing could be done at all.
pub fn unstored(base: &str, text: &str) -> HttpResponse {
    message(base, StatusCode::SERVICE_UNAVAILABLE, ("Could not be stored", text), to_sign_in(base))
}
