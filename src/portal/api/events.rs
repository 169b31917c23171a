//! `events`: what happens, as it does; and `audit`: what happened.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{ACCEPT, CONTENT_TYPE, HeaderMap},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Number, Query},
    caller::{Administrator, Caller, Credential},
    list::{Limit, Page},
    problem::Problem,
};
use crate::{
    administration::Fault,
    clock::{self, Timestamp},
    events::{
        kind::{KindError, Kinds},
        payload,
        stream::Wanted,
    },
    policy::role::Role,
    store::{
        events::{self, EventId, Filter},
        users::Standing,
    },
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

/// An event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = Event, value_type = Object)]
pub struct EventView(Map<String, Value>);

/// Which events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Types of events and groups such as `user.*`, separated by commas; all where it is left out.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "user.*,session.ended")]
    types: Types,
    /// Who did it.
    actor: Option<String>,
    /// The user whom it is about.
    subject: Option<String>,
    /// In which app.
    app: Option<String>,
    /// From this moment on, in seconds since 1970.
    #[param(value_type = Option<i64>, minimum = 1)]
    since: Option<Number>,
    /// Up to this moment, in seconds since 1970.
    #[param(value_type = Option<i64>, minimum = 1)]
    until: Option<Number>,
    /// `next` of the page before.
    #[param(value_type = Option<i64>, minimum = 1)]
    after: Option<Number>,
    /// How many entries, at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

/// Follows what happens, as server-sent events. Each has the event's id, its type and the object that webhooks get.
#[utoipa::path(get, path = "/events", tag = "events",
    params(Following, ("Last-Event-ID" = Option<i64>, Header, description = "The last event that was had")),
    responses((status = 200, description = "Goes on until either side ends it", content_type = "text/event-stream",
        body = String), (status = 406, body = Problem)))]
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
    let view = caller.visit.state.store.view();
    let user = view.users().by_id(caller.user.id).cloned();
    let may = user.is_some_and(|user| user.role == Role::Admin && user.standing == Standing::Enabled);
    may && match &caller.by {
        Credential::Session(session) => caller.visit.signed_in().is_some_and(|(_, now)| now == *session),
        Credential::Key(key) => view.key_by_id(key.id).is_some_and(|key| {
            !key.revoked && key.scope.expires.is_none_or(|expires| clock::now() < expires)
        }),
    }
}

/// The audit log, the newest first.
#[utoipa::path(get, path = "/audit", tag = "events", params(Which), responses((status = 200, body = Page<EventView>)))]
pub async fn list(
    Administrator(caller): Administrator,
    Query(which): Query<Which>,
) -> Result<HttpResponse, Problem> {
    let time = |seconds: Number| Timestamp::from_secs(seconds.get());
    let filter = Filter {
        kinds: which.types.0,
        actor: which.actor,
        subject: which.subject,
        app: which.app,
        since: which.since.map(time),
        until: which.until.map(time),
    };
    let (before, limit) = (which.after.map(|after| EventId::from_number(after.get())), which.limit.get());
    let read = move |state: &crate::state::State| {
        state
            .store
            .read(|connection| events::page(connection, &filter, before, limit + 1))
            .map_err(Fault::from)
    };
    let page = Page::of(caller.blocking(read).await?, limit, |recorded| recorded.id.get().to_string());
    let items = page.items.iter().map(|recorded| EventView(payload::json(recorded))).collect();
    Ok(super::ok(&Page { items, next: page.next }))
}

fn last_event(text: &str) -> Result<EventId, Problem> {
    let number = text.parse().ok().filter(|&number: &i64| number >= 0).map(EventId::from_number);
    let wrong = "Last-Event-ID is no event's id; send the last one that came, or leave it out";
    number.ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, wrong))
}
