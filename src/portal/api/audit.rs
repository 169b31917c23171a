//! `audit`: what happened, as a list and as a table.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Number, Query},
    caller::Administrator,
    list::{Limit, Page},
    problem::Problem,
};
use crate::{
    administration::{Fault, FieldError},
    clock::Timestamp,
    events::{kind::Kinds, payload, sentence::sentence},
    portal::audit_csv,
    store::events::{self, EventId, Filter, Recorded},
};

/// Something that happened: what webhooks and streams are told of it, and the same in a sentence.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = AuditEntry, value_type = Object)]
pub struct EntryView(Map<String, Value>);

impl From<Recorded> for EntryView {
    fn from(recorded: Recorded) -> Self {
        let mut entry = payload::json(&recorded);
        entry.insert("sentence".to_owned(), sentence(&recorded.event).into());
        Self(entry)
    }
}

/// Which entries of the table.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Types of events and groups such as `user.*`, separated by commas; all where it is left out.
    types: Option<String>,
    /// Only what this one did.
    actor: Option<String>,
    /// Only what is about this user.
    subject: Option<String>,
    /// Only what happened in this app.
    app: Option<String>,
    /// From this moment on (RFC 3339).
    #[param(example = "2026-03-31T00:00:00Z")]
    since: Option<String>,
    /// Up to this moment (RFC 3339).
    until: Option<String>,
}

/// Which entries of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhichPage {
    /// Types of events and groups such as `user.*`, separated by commas; all where it is left out.
    types: Option<String>,
    /// Only what this one did.
    actor: Option<String>,
    /// Only what is about this user.
    subject: Option<String>,
    /// Only what happened in this app.
    app: Option<String>,
    /// From this moment on (RFC 3339).
    #[param(example = "2026-03-31T00:00:00Z")]
    since: Option<String>,
    /// Up to this moment (RFC 3339).
    until: Option<String>,
    /// `next` of the page before.
    #[param(value_type = Option<i64>, minimum = 1)]
    after: Option<Number>,
    /// How many entries, at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

impl Which {
    fn read(self) -> Result<Filter, Problem> {
        let kinds = self.types.as_deref().map_or(Ok(Kinds::ALL), str::parse);
        let kinds = kinds.map_err(|error| wrong("types", error))?;
        let moment = |field, text: Option<String>| {
            let Some(text) = text else { return Ok(None) };
            let moment = Timestamp::parse_rfc3339(&text);
            let moment = moment.ok_or_else(|| wrong(field, "is a moment such as 2026-03-31T12:00:00Z"));
            moment.map(Some)
        };
        let (since, until) = (moment("since", self.since)?, moment("until", self.until)?);
        Ok(Filter { kinds, actor: self.actor, subject: self.subject, app: self.app, since, until })
    }
}

fn wrong(field: &'static str, message: impl ToString) -> Problem {
    Problem::fields(vec![FieldError::new(field, message)])
}

/// What happened, the newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(WhichPage),
    responses((status = 200, body = Page<EntryView>), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn list(
    Administrator(caller): Administrator,
    Query(which): Query<WhichPage>,
) -> Result<HttpResponse, Problem> {
    let WhichPage { types, actor, subject, app, since, until, after, limit } = which;
    let filter = Which { types, actor, subject, app, since, until }.read()?;
    let (before, wanted) = (after.map(|id| EventId::from_number(id.get())), limit.get());
    let read = move |state: &crate::state::State| {
        let read = state.store.read(|connection| events::page(connection, &filter, before, wanted + 1));
        read.map_err(Fault::from)
    };
    let found = caller.blocking(read).await?;
    let items = found.into_iter().map(EntryView::from).collect();
    Ok(super::ok(&Page::of(items, wanted, |entry: &EntryView| {
        entry.0.get("id").map_or_else(String::new, Value::to_string)
    })))
}

/// The same as a table for spreadsheets (RFC 4180), whole.
#[utoipa::path(get, path = "/audit.csv", tag = "audit", params(Which),
    responses((status = 200, body = String, content_type = "text/csv"),
        (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn table(
    Administrator(caller): Administrator,
    Query(which): Query<Which>,
) -> Result<HttpResponse, Problem> {
    Ok(audit_csv::answer(&caller.visit.state.store, which.read()?).await?)
}
