//! The settings: what holds and where it came from, the versions to go back to, and the forms of their sections.

mod form;
mod keys;
mod list;
mod row;
mod typed;
mod value;
mod warning;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Path, Payload},
};
use keys::{APP, COMMAND, SECTIONS, Section, WEBHOOK};
use list::{GoingBack, Said};
use value::find;
pub use warning::{Warning, in_words as warnings};

use super::Admin;
use crate::{
    administration::{
        fresh_proof::FreshProof,
        settings::{self, Editor, Overview, Refused},
    },
    portal::{expired_form::Sent, form::Form, page, prove},
    store::settings::VersionId,
};

/// What a form is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    /// A section, by its place in the list.
    Section(usize),
    /// An app, by its name.
    App(String),
    /// An app that is yet to be named.
    NewApp,
    /// A webhook, by its place among all who are told of events.
    Webhook(usize),
    /// A program that is told, by its place.
    Command(usize),
}

impl Subject {
    fn section(&self) -> &'static Section {
        match self {
            Self::Section(index) => &SECTIONS[*index],
            Self::App(_) | Self::NewApp => &APP,
            Self::Webhook(_) => &WEBHOOK,
            Self::Command(_) => &COMMAND,
        }
    }

    /// Reads the part of the address behind `settings/`.
    fn read(text: &str, overview: &Overview) -> Option<Self> {
        let events = table_names(overview, "event").len();
        match text.split_once('.') {
            None if text == "new-app" => Some(Self::NewApp),
            None if text == "new-event" => Some(Self::Webhook(events)),
            None => SECTIONS.iter().position(|section| section.name == text).map(Self::Section),
            Some(("app", name)) => {
                let known = table_names(overview, "app").iter().any(|known| known == name);
                known.then(|| Self::App(name.to_owned()))
            }
            Some(("event", index)) => {
                let index = index.parse().ok().filter(|&index: &usize| index < events)?;
                let is_program = find(overview, &format!("event.{index}.command")).is_some();
                Some(if is_program { Self::Command(index) } else { Self::Webhook(index) })
            }
            Some(_) => None,
        }
    }

    /// Whether it is one of several, which can be removed as a whole.
    const fn is_table(&self) -> bool {
        matches!(self, Self::App(_) | Self::Webhook(_) | Self::Command(_))
    }

    /// What every key of it begins with; `None` for an app without a name.
    fn prefix(&self) -> Option<String> {
        match self {
            Self::Section(index) => Some(SECTIONS[*index].name.to_owned()),
            Self::App(name) => Some(format!("app.{name}")),
            Self::NewApp => None,
            Self::Webhook(index) | Self::Command(index) => Some(format!("event.{index}")),
        }
    }
}

/// Whether there can be a form of this name behind `settings/`.
pub fn has_form(name: &str) -> bool {
    Section::of_form(name).is_some()
}

/// Whether what was typed into a field of a form is shown again.
pub fn shows_again(form: &str, field: &str) -> bool {
    Section::of_form(form).is_some_and(|section| section.shows_again(field))
}

/// The names of apps, or the places of events, in the order in which they are read.
fn table_names(overview: &Overview, array: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for field in &overview.fields {
        let name = field.key.strip_prefix(array).and_then(|rest| rest.strip_prefix('.'));
        let name = name.and_then(|rest| rest.split('.').next());
        if let Some(name) = name
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

/// Shows them.
pub async fn show(admin: Admin) -> HttpResponse {
    let done = admin.visit.query("saved").map(|_| "The settings are saved, and hold from now on.");
    list::show(&admin, StatusCode::OK, Said { done, ..Said::default() }).await
}

/// Shows the form of a section, an app or somebody who is told.
pub async fn edit(admin: Admin, name: Path<String>) -> HttpResponse {
    match opened(&admin, &name).await {
        Ok((subject, overview)) => form::show(&admin, &subject, &overview),
        Err(response) => response,
    }
}

/// Takes it.
pub async fn change(
    admin: Admin,
    name: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    changed(&admin, &name, &request, payload).await.unwrap_or_else(|response| response)
}

async fn changed(
    admin: &Admin,
    name: &str,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, HttpResponse> {
    let sent = Sent::read_large(admin, request, payload).await?;
    let (subject, overview) = opened(admin, name).await?;
    Ok(match sent {
        Sent::ToDo(typed, proof) => {
            form::take(&editor(admin, &proof), (admin, &subject), &overview, &typed).await
        }
        Sent::ToCheck(typed) => form::show_expired(admin, &subject, &overview, &typed),
    })
}

async fn opened(admin: &Admin, name: &str) -> Result<(Subject, Overview), HttpResponse> {
    let overview = admin
        .blocking(settings::overview)
        .await
        .map_err(|fault| page::unstored(admin.visit.base(), &fault.to_string()))?;
    match Subject::read(name, &overview) {
        Some(subject) => Ok((subject, overview)),
        None => Err(page::not_found(admin.visit.state.clone()).await),
    }
}

/// Goes back to a version.
pub async fn restore(admin: Admin, request: HttpRequest, payload: Payload) -> HttpResponse {
    let form = match Form::read(&request, payload, admin.visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let number = |name| form.text(name).parse().map(VersionId::numbered).ok();
    let (Some(base), Some(version)) = (number("base"), number("version")) else {
        let wrong = Some("Choose a version from the list.".to_owned());
        return list::show(&admin, StatusCode::UNPROCESSABLE_ENTITY, Said { wrong, ..Said::default() }).await;
    };
    let proof = match prove::fresh(&admin, &form).await {
        Ok(proof) => proof,
        Err(response) => return response,
    };
    let editor = editor(&admin, &proof);
    let restored = match settings::preview_version(&editor, base, version).await {
        Ok(preview) if preview.consequences.is_empty() || form.once("confirmed").is_some() => {
            settings::restore(&editor, base, version).await
        }
        Ok(preview) => {
            let back = GoingBack { version: version.get(), consequences: preview.consequences };
            let said = Said { going_back: Some(back), ..Said::default() };
            return list::show(&admin, StatusCode::UNPROCESSABLE_ENTITY, said).await;
        }
        Err(refused) => Err(refused),
    };
    match restored {
        Ok(_) => page::see_other(&admin.visit.page("/admin/settings?saved=1")).finish(),
        Err(refused) => {
            let wrong = match &refused {
                Refused::Keys(keys) => {
                    keys.iter().map(|wrong| warning::sentence(&wrong.key, &wrong.message)).collect()
                }
                other => vec![format!("{other}.")],
            };
            list::show(
                &admin,
                StatusCode::UNPROCESSABLE_ENTITY,
                Said { wrong: Some(wrong.join(" ")), ..Said::default() },
            )
            .await
        }
    }
}

fn editor<'a>(admin: &'a Admin, proof: &'a FreshProof) -> Editor<'a> {
    Editor { visit: &admin.visit, user: &admin.user, proof }
}
