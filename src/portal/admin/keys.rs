//! Everybody's API keys, and revoking them.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Payload};
use askama::Template;

use super::{Admin, whose::Whose};
use crate::{
    administration::{Fault, keys},
    clock::{self, Timestamp},
    portal::{
        form::Form,
        frame::{Frame, Place},
        key_words, moment, page,
    },
    store::{
        keys::ApiKey,
        users::{Standing, User},
    },
};

/// Keys on one page.
const PAGE: usize = 50;
/// A key that ends within this time is about to.
const SOON: i64 = 7 * 86_400;
/// A key that was not used for so long after it was made is one that was forgotten.
const FORGOTTEN: i64 = 86_400;

/// Which keys a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// All that are not revoked.
    Live,
    /// Made a while ago, and never used.
    Unused,
    /// Those that end within a week.
    Ending,
}

impl Sort {
    const ALL: [Self; 3] = [Self::Live, Self::Unused, Self::Ending];

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Live => ("all", "All"),
            Self::Unused => ("unused", "Never used"),
            Self::Ending => ("ending", "End within a week"),
        }
    }

    /// Whether a key is one of them.
    pub fn has(self, key: &ApiKey, now: Timestamp) -> bool {
        match self {
            Self::Live => true,
            Self::Unused => {
                key.used.get().is_none()
                    && now.since(key.created) >= FORGOTTEN
                    && !key_words::has_ended(key, now)
            }
            Self::Ending => key.scope.expires.is_some_and(|end| (1..=SOON).contains(&end.since(now))),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/keys.html")]
struct KeysPage<'a> {
    base: &'a str,
    frame: Frame,
    whose: Whose,
    sorts: Vec<Way>,
    keys: Vec<Row>,
    next: Option<String>,
    done: Option<&'static str>,
}

struct Way {
    href: String,
    label: &'static str,
    here: bool,
}

struct Row {
    id: i64,
    name: String,
    owner_id: i64,
    owner: String,
    asleep: bool,
    ended: bool,
    limits: Vec<String>,
    created: String,
    used: String,
    end: String,
}

impl Row {
    fn of(key: &ApiKey, owner: &User, now: Timestamp) -> Self {
        Self {
            id: key.id.get(),
            name: key.name.clone(),
            owner_id: owner.id.get(),
            owner: owner.name.to_string(),
            asleep: owner.standing == Standing::Disabled,
            ended: key_words::has_ended(key, now),
            limits: key_words::limits(&key.scope),
            created: moment::date(key.created),
            used: key_words::used(key),
            end: key_words::end(key, now),
        }
    }
}

/// Shows them, in the order in which they were made.
pub async fn list(admin: Admin) -> HttpResponse {
    let whose = Whose::of(&admin.visit, "/admin/keys");
    let wanted = admin.visit.query("show").unwrap_or_default();
    let sort = Sort::ALL.into_iter().find(|sort| sort.texts().0 == wanted).unwrap_or(Sort::Live);
    let after: i64 = admin.visit.query("after").and_then(|id| id.parse().ok()).unwrap_or(0);
    let (view, now) = (admin.visit.state.store.view(), clock::now());
    let users = view.users();
    let live = if whose.wrong.is_some() { Vec::new() } else { view.live_keys(whose.id()) };
    let mut rows: Vec<_> = live
        .iter()
        .filter(|key| key.id.get() > after && sort.has(key, now))
        .filter_map(|key| Some(Row::of(key, users.by_id(key.user)?, now)))
        .take(PAGE + 1)
        .collect();
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let narrowed = format!("{}show={}", whose.query(), sort.texts().0);
    let way = |other: Sort| Way {
        href: admin.visit.page(&format!("/admin/keys?{}show={}", whose.query(), other.texts().0)),
        label: other.texts().1,
        here: other == sort,
    };
    let status = if whose.wrong.is_some() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let page = KeysPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Keys),
        sorts: Sort::ALL.map(way).into(),
        next: rows.last().filter(|_| more).map(|last| format!("{narrowed}&after={}", last.id)),
        keys: rows,
        done: admin.done(&[("revoked", "The key is revoked: whatever still sends it is refused.")]),
        whose,
    };
    page::render(page::answer(status, None), &page)
}

#[derive(Template)]
#[template(path = "admin/revoke_key.html")]
struct RevokePage<'a> {
    base: &'a str,
    frame: Frame,
    key: Row,
    own: bool,
}

/// Asks whether it is meant.
pub async fn ask(admin: Admin) -> HttpResponse {
    let Some((key, owner)) = found(&admin, admin.visit.query("id").as_deref()) else {
        return admin.cannot("No such key", &Fault::NotFound("key"), "/admin/keys");
    };
    let page = RevokePage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Keys),
        key: Row::of(&key, &owner, clock::now()),
        own: owner.id == admin.user.id,
    };
    page::render(page::answer(StatusCode::OK, None), &page)
}

/// Revokes one.
pub async fn revoke(admin: Admin, request: HttpRequest, payload: Payload) -> HttpResponse {
    let form = match Form::read(&request, payload, admin.visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let Some((key, owner)) = found(&admin, form.once("id")) else {
        return admin.cannot("Nothing was done", &Fault::NotFound("key"), "/admin/keys");
    };
    let actor = admin.actor();
    match admin.blocking(move |state| keys::revoke(state, &actor, &owner, &key)).await {
        Ok(()) => page::see_other(&admin.visit.page("/admin/keys?done=revoked")).finish(),
        Err(fault) => admin.cannot("Revoked now, but not stored", &fault, "/admin/keys"),
    }
}

fn found(admin: &Admin, id: Option<&str>) -> Option<(Arc<ApiKey>, Arc<User>)> {
    let id: i64 = id?.parse().ok()?;
    let view = admin.visit.state.store.view();
    let key = view.live_keys(None).into_iter().find(|key| key.id.get() == id)?;
    let owner = view.users().by_id(key.user).cloned()?;
    Some((key, owner))
}
