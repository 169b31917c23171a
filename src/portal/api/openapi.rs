//! The description of the API (OpenAPI 3.1), made of its handlers and types.

use std::sync::OnceLock;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, ContentType, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS},
    },
    web::{Bytes, Data},
};
use sha2::{Digest, Sha256};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, PathItem, Ref, RefOr, Response, ServerBuilder,
        path::Operation,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    audit, blocked, events, keys, me, owners, problem, proof, proxy, sessions, settings, traffic, users,
};
use crate::state::Snapshot;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sluice",
        description = "All that administrators do in the pages, and what apps may ask. Only the first administrator is \
                       made elsewhere: on the page `setup`, or with `sluice user add`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        me::show, me::change_password, me::list_keys, me::add_key, me::revoke_key, me::list_sessions,
        me::end_session, me::end_other_sessions,
        proof::prove,
        users::list, users::add, users::show, users::change, users::delete,
        keys::list, keys::add, keys::revoke,
        sessions::list, sessions::end, sessions::end_all,
        blocked::list, blocked::unblock,
        audit::list, audit::table, traffic::show,
        events::follow,
        owners::record, owners::show, owners::forget, owners::look_up,
        proxy::show_lines, proxy::check,
        settings::show,
        settings::change,
        settings::versions,
        settings::restore,
    ),
    components(schemas(problem::Problem)),
    modifiers(&Common)
)]
struct Description;

/// What holds for every operation: how callers prove themselves, and which problems they meet.
struct Common;

const KEY: &str = "key";
const BEARER: &str = "bearer";
const SESSION: &str = "session";

impl Modify for Common {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")));
        components.add_security_scheme(KEY, header);
        components.add_security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("sluice_session")));
        components.add_security_scheme(SESSION, cookie);
        api.security = Some(
            [KEY, BEARER, SESSION]
                .map(|name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []))
                .into(),
        );
        for (path, item) in &mut api.paths.paths {
            let named = path.contains('{');
            for operation in operations(item) {
                add_problems(operation, named);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

fn add_problems(operation: &mut Operation, named: bool) {
    let mut statuses = vec!["400", "401", "403", "421", "503"];
    if named {
        statuses.push("404");
    }
    if operation.request_body.is_some() || named {
        statuses.extend(["409", "422"]);
    }
    if operation.request_body.is_some() {
        statuses.extend(["408", "413", "415"]);
    }
    for status in statuses {
        let known = &mut operation.responses.responses;
        known.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem_response()));
    }
}

fn problem_response() -> Response {
    let mut response = Response::new("Not carried out; the body says why");
    let schema = Ref::from_schema_name("Problem");
    response.content.insert("application/problem+json".to_owned(), RefOr::T(Content::new(Some(schema))));
    response
}

/// The description as it is sent. It is the same for everybody, so each worker makes it once.
#[derive(Default)]
pub struct Served(OnceLock<Made>);

struct Made {
    text: Bytes,
    tag: String,
}

impl Made {
    fn below(base_path: &str) -> Self {
        let mut api = Description::openapi();
        api.servers = Some(vec![ServerBuilder::new().url(format!("{base_path}/api/v1")).build()]);
        let text = Bytes::from(serde_json::to_vec(&api).unwrap_or_default());
        let digest = Sha256::digest(&text);
        let tag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { text, tag: format!("\"{tag}\"") }
    }
}

/// The description, with the portal's own address.
pub async fn show(request: HttpRequest, served: Data<Served>, state: Snapshot) -> HttpResponse {
    let made = served.0.get_or_init(|| Made::below(&state.config.server.base_path));
    let mut known = request.headers().get_all(IF_NONE_MATCH).filter_map(|tags| tags.to_str().ok());
    let is_known = known.any(|tags| tags.contains(&made.tag));
    let mut response = HttpResponse::build(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((ETAG, made.tag.as_str()))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if is_known {
        return response.finish();
    }
    response.insert_header(ContentType::json()).body(made.text.clone())
}
