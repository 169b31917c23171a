//! `events`: what happens, as it does.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{ACCEPT, CONTENT_TYPE, HeaderMap},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    body::{Number, Query},
    caller::{Administrator, Caller, Credential},
    problem::Problem,
};
use crate::{
    clock,
    events::{
        kind::{KindError, Kinds},
        stream::Wanted,
    },
    policy::role::Role,
    store::{events::EventId, users::Standing},
};

/// What an event stream is.
const EVENT_STREAM: &str = "text/event-stream";

/// Types of events, in a query.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Types(Kinds);

impl TryFrom<String> for Types {
    type Error = KindError;

    fn try_from(text: String) -> Result<Self, KindError> {
        text.parse().map(Self)
    }
}

impl Default for Types {
    fn default() -> Self {
        Self(Kinds::ALL)
    }
}

/// What to follow.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Following {
    /// Types of events and groups such as `user.*`, separated by commas; all where it is left out.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "user.*,session.ended")]
    types: Types,
    /// The last event that was had, where the client cannot send `Last-Event-ID`.
    #[param(value_type = Option<i64>, minimum = 1)]
    after: Option<Number>,
}

/// Follows what happens, as server-sent events. Each has the event's id, its type and the object that webhooks get.
#[utoipa::path(get, path = "/events", tag = "events",
    params(Following, ("Last-Event-ID" = Option<i64>, Header, description = "The last event that was had")),
    responses((status = 200, description = "Goes on until either side ends it", content_type = "text/event-stream",
        body = String), (status = 406, body = Problem, content_type = "application/problem+json")))]
pub async fn follow(
    Administrator(caller): Administrator,
    request: HttpRequest,
    Query(following): Query<Following>,
) -> Result<HttpResponse, Problem> {
    if !takes_streams(request.headers()) {
        let detail = "this goes on for as long as you listen; send `Accept: text/event-stream`";
        return Err(Problem::new(StatusCode::NOT_ACCEPTABLE, detail));
    }
    let after = match request.headers().get("Last-Event-ID").filter(|id| !id.is_empty()) {
        Some(id) => Some(last_event(id.to_str().unwrap_or_default())?),
        None => following.after.map(|after| EventId::from_number(after.get())),
    };
    let Some(place) = caller.visit.state.streams.place() else {
        let detail = "as many follow what happens as can; end another stream first";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
    };
    let store = Arc::clone(&caller.visit.state.store);
    let wanted = Wanted { kinds: following.types.0, after };
    let body = place.follow(store, wanted, move || still_administers(&caller));
    let mut response = super::json(StatusCode::OK);
    // nginx would hold back what is small.
    response.insert_header((CONTENT_TYPE, EVENT_STREAM)).insert_header(("X-Accel-Buffering", "no"));
    Ok(response.streaming(body))
}

/// Whether the client says that it can read a stream; one that waits for the end of the answer would wait for ever.
fn takes_streams(headers: &HeaderMap) -> bool {
    let names = |accept: &str| {
        accept.split(',').any(|range| range.split(';').next().is_some_and(|name| name.trim() == EVENT_STREAM))
    };
    headers.get_all(ACCEPT).any(|accept| accept.to_str().is_ok_and(names))
}

/// Whether what opened a stream still does.
fn still_administers(caller: &Caller) -> bool {
    let Some(state) = caller.visit.state_now() else { return false };
    let view = state.store.view();
    let user = view.users().by_id(caller.user.id).cloned();
    let may = user.is_some_and(|user| user.role == Role::Admin && user.standing == Standing::Enabled);
    may && match &caller.by {
        Credential::Session(session) => {
            caller.visit.signed_in_under(&state).is_some_and(|(_, now)| now == *session)
        }
        Credential::Key(key) => view.key_by_id(key.id).is_some_and(|key| {
            !key.revoked && key.scope.expires.is_none_or(|expires| clock::now() < expires)
        }),
    }
}

fn last_event(text: &str) -> Result<EventId, Problem> {
    let number = text.parse().ok().filter(|&number: &i64| number >= 0).map(EventId::from_number);
    let wrong = "Last-Event-ID is no event's id; send the last one that came, or leave it out";
    number.ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, wrong))
}
