//! The sessions of whoever is signed in: their list, and ending others than this one.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Payload};
use tracing::info;

use super::Said;
use crate::{
    administration::{self, Fault},
    clock,
    portal::{form::Form, moment::Moment, page, person::Person},
    store::sessions::{self, Listed},
};

/// How many are listed; more than these come from a program that signs in again and again.
const SHOWN: usize = 50;

/// The section of the page.
pub(in crate::portal) struct Sessions {
    /// The youngest first; `None` where they cannot be read at the moment.
    pub(super) listed: Option<Vec<SessionRow>>,
    /// How many there are beside this one.
    pub(super) others: usize,
}

/// One session.
pub(in crate::portal) struct SessionRow {
    pub(in crate::portal) id: i64,
    pub(in crate::portal) device: String,
    pub(in crate::portal) kind: &'static str,
    pub(in crate::portal) address: String,
    pub(in crate::portal) started: Moment,
    pub(in crate::portal) used: Moment,
    pub(in crate::portal) here: bool,
}

impl SessionRow {
    /// As it is seen from the session of whoever asks.
    pub(in crate::portal) fn of(listed: Listed, asking: &Person) -> Self {
        let now = clock::now();
        Self {
            id: listed.id.get(),
            device: listed.device.unwrap_or_else(|| "Unknown device".to_owned()),
            kind: match listed.kind.as_str() {
                "client" => "app",
                "remembered" => "stays signed in",
                _ => "browser",
            },
            address: listed.address,
            started: Moment::ago(listed.created, now),
            used: Moment::ago(listed.seen, now),
            here: listed.id == asking.session,
        }
    }
}

impl Sessions {
    pub(super) async fn of(person: &Person) -> Self {
        let user = person.user.id;
        let read = person.blocking(move |state| {
            state.store.read(|connection| sessions::page(connection, Some(user), None, SHOWN))
        });
        let listed = read.await.inspect_err(|cause| tracing::error!(%cause, "sessions could not be read"));
        let row = |listed| SessionRow::of(listed, person);
        Self {
            listed: listed.ok().map(|listed| listed.into_iter().map(row).collect()),
            others: others(person).len(),
        }
    }
}

fn others(person: &Person) -> Vec<sessions::SessionId> {
    let all = person.visit.state.store.view().sessions_of(person.user.id);
    all.filter(|&session| session != person.session).collect()
}

/// Takes the form that ends one of one's other sessions.
pub async fn end(person: Person, request: HttpRequest, payload: Payload) -> HttpResponse {
    let form = match Form::read(&request, payload, person.visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let id = form.text("id");
    let Some(ended) = others(&person).into_iter().find(|session| session.get().to_string() == id) else {
        let error = Some("There is no such session of yours; perhaps it has ended already.".to_owned());
        return super::answer(&person, StatusCode::NOT_FOUND, Said { error, ..Said::default() }).await;
    };
    finish(&person, vec![ended], "/account?ended=1").await
}

/// Takes the form that ends all of them but this one.
pub async fn end_others(person: Person) -> HttpResponse {
    finish(&person, others(&person), "/account?alone=1").await
}

/// Ends them. They are denied from here on, even when that cannot be stored.
async fn finish(person: &Person, ended: Vec<sessions::SessionId>, then: &str) -> HttpResponse {
    let (actor, user, count) = (person.actor(), std::sync::Arc::clone(&person.user), ended.len());
    let done =
        person.blocking(move |state| administration::sessions::end(state, &actor, &user, &ended)).await;
    match done {
        Ok(()) => {
            info!(user = %person.user.name, count, "the user ended sessions of their own");
            page::see_other(&person.visit.page(then)).finish()
        }
        Err(Fault::Unstored(cause)) => {
            tracing::error!(%cause, user = %person.user.name, "sessions ended in memory only; will try again to store it");
            let text = "Those sessions are ended, but that could not be stored. If the server restarts before its \
                        disk is repaired, they could come back. Tell the person who runs this server.";
            page::unstored(person.visit.base(), text)
        }
        Err(fault) => person.failed(&fault),
    }
}
