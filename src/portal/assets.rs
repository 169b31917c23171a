//! Style, script and icon of the pages.

use actix_web::{HttpResponse, web::Path};

const ASSETS: [(&str, &str, &str); 3] = [
    ("sluice.css", "text/css; charset=utf-8", include_str!("assets/sluice.css")),
    ("sluice.js", "text/javascript; charset=utf-8", include_str!("assets/sluice.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];

/// Serves one of them by name.
pub async fn serve(name: Path<String>) -> HttpResponse {
    match ASSETS.into_iter().find(|(known, ..)| *known == name.as_str()) {
        Some((_, content_type, text)) => HttpResponse::Ok()
            .insert_header(("Cache-Control", "public, max-age=3600"))
            .insert_header(("X-Content-Type-Options", "nosniff"))
            .content_type(content_type)
            .body(text),
        None => HttpResponse::NotFound().finish(),
    }
}
