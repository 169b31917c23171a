//! The audit log: what happened, the newest first.

mod filter;

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use filter::{Choice, Typed};

use super::Admin;
use crate::{
    administration::{Fault, FieldError},
    events::{
        kind::Kind,
        sentence::{facts, sentence},
    },
    portal::{
        audit_csv,
        frame::{Frame, Place},
        moment, page,
    },
    store::events::{self, EventId, Recorded},
};

/// Events on one page.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct AuditPage<'a> {
    base: &'a str,
    frame: Frame,
    typed: &'a Typed,
    kinds: Vec<Choice>,
    apps: Vec<Choice>,
    wrong: Vec<FieldError>,
    query: String,
    events: Vec<Row>,
    later: bool,
    next: Option<String>,
}

impl AuditPage<'_> {
    /// What is wrong with a field.
    fn wrong(&self, field: &str) -> Option<String> {
        self.wrong.iter().find(|wrong| wrong.field == field).map(|wrong| super::sentence(&wrong.message))
    }
}

struct Row {
    at: String,
    moment: String,
    what: String,
    facts: Vec<String>,
    address: Option<String>,
    refused: bool,
}

impl From<&Recorded> for Row {
    fn from(recorded: &Recorded) -> Self {
        let event = &recorded.event;
        Self {
            at: moment::second(recorded.at),
            moment: recorded.at.rfc3339(),
            what: sentence(event),
            facts: facts(event),
            address: event.address.clone(),
            refused: matches!(event.kind, Kind::RequestRefused | Kind::SigninFailed | Kind::SigninBlocked),
        }
    }
}

/// Shows what a filter lets through.
pub async fn list(admin: Admin) -> HttpResponse {
    let typed = Typed::of(&admin.visit);
    let before = admin.visit.query("before").and_then(|id| id.parse().ok()).map(EventId::from_number);
    let (found, wrong) = match typed.read() {
        Err(wrong) => (Ok(Vec::new()), wrong),
        Ok(filter) => {
            let read =
                move |connection: &rusqlite::Connection| events::page(connection, &filter, before, PAGE + 1);
            (admin.blocking(move |state| state.store.read(read)).await, Vec::new())
        }
    };
    let mut found: Vec<Recorded> = match found {
        Ok(found) => found,
        Err(fault) => return admin.cannot("The audit log cannot be read", &fault, "/admin/audit"),
    };
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let query = typed.query();
    let next = found.last().filter(|_| more).map(|last| format!("{query}before={}", last.id.get()));
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = AuditPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Audit),
        kinds: typed.kinds(),
        apps: typed.apps(&admin.visit.state.config.apps),
        wrong,
        query,
        events: found.iter().map(Row::from).collect(),
        later: before.is_some(),
        next,
        typed: &typed,
    };
    page::render(page::answer(status, None), &page)
}

/// The same as a table for spreadsheets.
pub async fn csv(admin: Admin) -> HttpResponse {
    let answer = match Typed::of(&admin.visit).read() {
        Ok(filter) => audit_csv::answer(&admin.visit.state.store, filter).await,
        Err(wrong) => Err(Fault::Fields(wrong)),
    };
    answer.unwrap_or_else(|fault| admin.cannot("There is no table", &fault, "/admin/audit"))
}
