//! Everybody's sessions, and ending them.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Payload};
use askama::Template;

use super::{Admin, whose::Whose};
use crate::{
    administration::{Fault, sessions},
    portal::{
        form::Form,
        frame::{Frame, Place},
        moment, page,
    },
    store::{
        sessions::{self as table, Listed, SessionId},
        users::UserId,
    },
};

/// Sessions on one page.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "admin/sessions.html")]
struct SessionsPage<'a> {
    base: &'a str,
    frame: Frame,
    whose: Whose,
    sessions: Vec<Row>,
    all: Option<All>,
    next: Option<String>,
    done: Option<&'static str>,
}

struct Row {
    id: i64,
    user_id: i64,
    user: String,
    device: Option<String>,
    kind: &'static str,
    address: String,
    created: String,
    seen: String,
    own: bool,
}

/// All sessions of the user whom the list is about.
struct All {
    id: i64,
    name: String,
    count: usize,
    own: bool,
}

impl Row {
    fn of(listed: Listed, current: Option<SessionId>) -> Self {
        Self {
            id: listed.id.get(),
            user_id: listed.user_id.get(),
            user: listed.user,
            device: listed.device,
            kind: match listed.kind.as_str() {
                "browser" => "Browser, until it is closed",
                "remembered" => "Browser that stays signed in",
                _ => "App or script",
            },
            address: listed.address,
            created: moment::time(listed.created),
            seen: moment::time(listed.seen),
            own: current == Some(listed.id),
        }
    }
}

/// Shows them, the youngest first.
pub async fn list(admin: Admin) -> HttpResponse {
    let whose = Whose::of(&admin.visit, "/admin/sessions");
    let before = admin.visit.query("after").and_then(|id| id.parse().ok());
    let user = whose.id();
    let found = match whose.wrong {
        Some(_) => Ok(Vec::new()),
        None => {
            let read =
                move |connection: &rusqlite::Connection| table::page(connection, user, before, PAGE + 1);
            admin.blocking(move |state| state.store.read(read)).await
        }
    };
    let mut found = match found {
        Ok(found) => found,
        Err(fault) => return admin.cannot("The sessions cannot be read", &fault, "/admin/sessions"),
    };
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let current = admin.visit.signed_in().map(|(_, session)| session);
    let next = found.last().filter(|_| more).map(|last| format!("{}after={}", whose.query(), last.id.get()));
    let all = whose.user.as_ref().map(|user| All {
        id: user.id.get(),
        name: user.name.to_string(),
        count: admin.visit.state.store.view().sessions_of(user.id).count(),
        own: user.id == admin.user.id,
    });
    let status = if whose.wrong.is_some() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let page = SessionsPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Sessions),
        sessions: found.into_iter().map(|listed| Row::of(listed, current)).collect(),
        all: all.filter(|all| all.count > 0),
        next,
        done: admin.done(&[
            ("ended", "The session is ended."),
            ("all-ended", "All sessions of this user are ended."),
        ]),
        whose,
    };
    page::render(page::answer(status, None), &page)
}

/// Ends one.
pub async fn end(admin: Admin, request: HttpRequest, payload: Payload) -> HttpResponse {
    let form = match Form::read(&request, payload, admin.visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let view = admin.visit.state.store.view();
    let named = form.once("id").and_then(|id| id.parse().ok()).and_then(|id| view.session_by_id(id));
    let Some((session, user)) = named else {
        return admin.cannot("Nothing was done", &Fault::NotFound("session"), "/admin/sessions");
    };
    let whose = Whose::of(&admin.visit, "/admin/sessions");
    end_these(&admin, user, &[session], &format!("{}done=ended", whose.query())).await
}

/// Ends all of one user.
pub async fn end_all(admin: Admin, request: HttpRequest, payload: Payload) -> HttpResponse {
    let form = match Form::read(&request, payload, admin.visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let view = admin.visit.state.store.view();
    let id = form.once("user").and_then(|id| id.parse().ok()).map(UserId::named);
    let Some(user) = id.filter(|&id| view.users().by_id(id).is_some()) else {
        return admin.cannot("Nothing was done", &Fault::NotFound("user"), "/admin/sessions");
    };
    let ended: Vec<_> = view.sessions_of(user).collect();
    end_these(&admin, user, &ended, &format!("user={}&done=all-ended", user.get())).await
}

async fn end_these(admin: &Admin, user: UserId, ended: &[SessionId], back: &str) -> HttpResponse {
    let own = admin.visit.signed_in().map(|(_, session)| session);
    let Some(user) = admin.visit.state.store.view().users().by_id(user).cloned() else {
        return admin.cannot("Nothing was done", &Fault::NotFound("user"), "/admin/sessions");
    };
    let (actor, sessions) = (admin.actor(), ended.to_vec());
    let done = admin.blocking(move |state| sessions::end(state, &actor, &user, &sessions)).await;
    if let Err(fault) = done {
        let heading = "Ended now, but not stored";
        return admin.cannot(heading, &fault, "/admin/sessions");
    }
    if own.is_some_and(|own| ended.contains(&own)) {
        let mut response = page::see_other(&admin.visit.page("/login"));
        admin.visit.clear_session(&mut response);
        return response.finish();
    }
    page::see_other(&admin.visit.page(&format!("/admin/sessions?{back}"))).finish()
}
