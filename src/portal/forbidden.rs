//! Says to people what they may not do, and who can change that; to programs in JSON.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::HeaderName},
};
use askama::Template;

use super::page;
use crate::{
    policy::{capability::Capability, origin::Origin, verdict::Exchange},
    proxy::{
        caller::Caller,
        headers::{Field, field},
        refusal::{NO_PERSON_PAGE, UNKNOWN_APP, reason_text},
    },
    state::Snapshot,
};

/// The header in which a proxy hands the reason on.
const X_AUTH_REASON: HeaderName = HeaderName::from_static("x-auth-reason");

/// What starts a reason that names capabilities.
const MISSING: &str = "missing ";

#[derive(Template)]
#[template(path = "forbidden.html")]
struct Forbidden<'a> {
    base: &'a str,
    sentence: &'a str,
    /// The reason itself, where it is one of ours.
    reason: Option<&'a str>,
    missing: Vec<Capability>,
    /// Whether it is not rights that are missing, but an app.
    is_unknown_app: bool,
}

/// The page that nginx shows in place of its own.
pub async fn show(request: HttpRequest, state: Snapshot) -> HttpResponse {
    let trusted = state.config.server.trusted_proxies.trust(request.peer_addr().map(|peer| peer.ip()));
    let reason = match field(request.headers(), X_AUTH_REASON) {
        Field::Once(reason) if trusted && !reason.is_empty() && reason_text(reason) == reason => reason,
        _ => "not allowed",
    };
    let mut response = match Caller::of(request.headers(), Exchange::Http) {
        Caller::Navigating => page(&state.config.server.base_path, None, reason),
        Caller::Program => {
            page::answer(StatusCode::FORBIDDEN, None).json(serde_json::json!({ "error": reason }))
        }
    };
    if let Ok(value) = reason.parse() {
        response.headers_mut().insert(X_AUTH_REASON, value);
    }
    response
}

/// The page for this reason; `portal` is where the pages are, if not here.
pub fn page(base_path: &str, portal: Option<&Origin>, reason: &str) -> HttpResponse {
    let base = portal.map_or_else(|| base_path.to_owned(), |origin| format!("{origin}{base_path}"));
    let (missing, known) = (missing(reason), is_known(reason).then_some(reason));
    let is_unknown_app = reason == UNKNOWN_APP;
    let page = Forbidden { base: &base, sentence: sentence(reason), reason: known, missing, is_unknown_app };
    page::render(page::answer(StatusCode::FORBIDDEN, None), &page)
}

/// The capabilities that a reason names.
fn missing(reason: &str) -> Vec<Capability> {
    let list = reason.strip_prefix(MISSING).unwrap_or_default();
    list.split(", ").filter_map(Capability::named).collect()
}

/// Whether Sluice says so; a text of anybody else's is not shown to people.
fn is_known(reason: &str) -> bool {
    !missing(reason).is_empty() || (!reason.starts_with(MISSING) && sentence(reason) != sentence(""))
}

fn sentence(reason: &str) -> &'static str {
    match reason {
        "administrators only" => "Only administrators may do this.",
        "not through this gate" => "Nobody may do this from here.",
        "this user may not enter here" => "You are signed in, but you may not enter this app.",
        "the key is not for this app" => "The key that was used is for other apps.",
        "foreign origin" | "missing origin" => {
            "The page that asked for this is not the app’s own. Open the app itself and try again there."
        }
        NO_PERSON_PAGE => "The proxy’s lines here lack a page of Sluice’s. Its log says which line to add.",
        UNKNOWN_APP => "The proxy’s lines here are for an app that Sluice does not know.",
        _ if reason.starts_with(MISSING) => "You are signed in, but you may not do this.",
        _ => "This is not allowed.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reasons_of_ours_are_shown() {
        for (reason, known) in [
            ("missing remove_downloads", true),
            ("missing remove_downloads, add_downloads", true),
            ("administrators only", true),
            ("missing your_password", false),
            ("Your computer is infected, call 0800", false),
            ("", false),
        ] {
            assert_eq!(is_known(reason), known, "{reason}");
        }
    }
}
