//! The page of whoever is signed in: what they are called, what they may do, their sessions, password and keys.

pub mod keys;
pub mod password;
pub mod rights;
pub mod sessions;

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use self::{keys::Keys, rights::Right, sessions::Sessions};
use super::{
    frame::{Frame, Place},
    key_form::{Choice, KeyForm},
    log_out, page,
    person::Person,
    visit::Visit,
    wrongs::Wrongs,
};
use crate::{
    policy::{role::Role, words},
    store::users::User,
};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    base: &'a str,
    frame: Frame,
    name: String,
    display_name: String,
    email: Option<String>,
    role: &'static str,
    preset: String,
    rights: Vec<Right>,
    sessions: Sessions,
    password_note: Option<&'static str>,
    password_wrongs: Wrongs,
    keys: Keys,
    key_form: KeyForm,
    key_apps: Vec<Choice>,
    error: Option<String>,
    done: Option<&'static str>,
}

/// What the page says beside what it always shows.
#[derive(Default)]
pub(super) struct Said {
    done: Option<&'static str>,
    error: Option<String>,
    password_wrongs: Wrongs,
    key_form: KeyForm,
}

impl AccountPage<'_> {
    fn complains(&self) -> bool {
        self.error.is_some() || !self.password_wrongs.is_empty() || !self.key_form.wrongs.is_empty()
    }
}

/// The portal's own address leads here.
pub async fn enter(visit: Visit) -> HttpResponse {
    page::see_other(&visit.page("/account")).finish()
}

/// Shows the page.
pub async fn show(person: Person) -> HttpResponse {
    let done = [
        ("changed", "Your password is changed. Your other devices are signed out."),
        ("revoked", "The key is revoked."),
        ("ended", "Signed out there."),
        ("alone", "You are signed out everywhere else."),
    ];
    let done = done.into_iter().find(|(name, _)| person.visit.query(name).is_some()).map(|(_, text)| text);
    answer(&person, StatusCode::OK, Said { done, ..Said::default() }).await
}

async fn answer(person: &Person, status: StatusCode, said: Said) -> HttpResponse {
    let (visit, user) = (&person.visit, &person.user);
    let page = AccountPage {
        base: visit.base(),
        frame: person.frame(Place::Account),
        name: user.name.to_string(),
        display_name: user.display_name.as_ref().map_or_else(|| user.name.to_string(), ToString::to_string),
        email: user.email.as_ref().map(ToString::to_string),
        role: match user.role {
            Role::Admin => "Administrator",
            Role::User => "User",
        },
        preset: preset(visit, user),
        rights: rights::of(user, &visit.state.config.apps),
        sessions: Sessions::of(person).await,
        password_note: password::note(visit, user),
        password_wrongs: said.password_wrongs,
        keys: Keys::of(visit, user),
        key_apps: said.key_form.apps(&visit.state.config.apps),
        key_form: said.key_form,
        error: said.error,
        done: said.done,
    };
    page::render(page::answer(status, log_out::leads_to(visit).as_ref()), &page)
}

/// What the user holds, in a few words; with it the apps in which they hold something else.
fn preset(visit: &Visit, user: &User) -> String {
    let held = user.held();
    let mut text = held.label().to_owned();
    for app in visit.state.config.apps.iter() {
        let there = user.held_in(&app.name);
        if there != held {
            text.push_str(&format!("; in {}: {}", words::title(app), there.label()));
        }
    }
    text
}
