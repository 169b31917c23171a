//! The users: their list, and each of them.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::Admin;
use crate::{
    policy::{preset::Preset, role::Role},
    portal::{
        frame::{Frame, Place},
        page,
    },
    store::users::{Standing, User},
};

/// Users on one page.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "admin/users.html")]
struct UsersPage<'a> {
    base: &'a str,
    frame: Frame,
    sought: String,
    users: Vec<Row>,
    next: Option<String>,
    done: Option<&'static str>,
}

struct Row {
    id: i64,
    name: String,
    display_name: Option<String>,
    rights: &'static str,
    disabled: bool,
    last_seen: String,
}

impl Row {
    fn of(user: &User) -> Self {
        Self {
            id: user.id.get(),
            name: user.name.to_string(),
            display_name: user.display_name.as_ref().map(ToString::to_string),
            rights: match user.role {
                Role::Admin => "Administrator",
                Role::User => user.granted.preset().map_or("custom", Preset::name),
            },
            disabled: user.standing == Standing::Disabled,
            last_seen: user.used.get().map_or_else(|| "never".to_owned(), crate::portal::moment::time),
        }
    }
}

/// Shows the list, or those whom a search finds.
pub async fn list(admin: Admin) -> HttpResponse {
    let sought = admin.visit.query("q").unwrap_or_default();
    let after = admin.visit.query("after").unwrap_or_default();
    let found = admin.visit.state.store.view().users().search(&sought);
    let mut users: Vec<_> =
        found.iter().filter(|user| user.name.as_str() > after.as_str()).take(PAGE + 1).collect();
    let more = users.len() > PAGE;
    users.truncate(PAGE);
    let next = users.last().filter(|_| more).map(|user| user.name.to_string());
    let page = UsersPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Users),
        users: users.into_iter().map(|user| Row::of(user)).collect(),
        sought,
        next,
        done: admin.visit.query("done").filter(|done| done == "deleted").map(|_| "The user is deleted."),
    };
    page::render(page::answer(StatusCode::OK, None), &page)
}
