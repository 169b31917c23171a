//! The settings: what holds and where it came from, the versions to go back to, and the forms of their sections.

mod form;
mod keys;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Path, Payload},
};
use askama::Template;
use keys::{APP, EVENT, SECTIONS, Section};

use super::Admin;
use crate::{
    administration::{
        settings::{self, Editor, Overview, Refused},
        setup::Step,
    },
    config::{Field, Shown, Source},
    portal::{
        expired_form::Sent,
        form::Form,
        frame::{Frame, Place},
        moment, page,
    },
    store::settings::{Version, VersionId},
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
    /// Somebody who is told of events, by their place.
    Event(usize),
}

impl Subject {
    fn section(&self) -> &'static Section {
        match self {
            Self::Section(index) => &SECTIONS[*index],
            Self::App(_) | Self::NewApp => &APP,
            Self::Event(_) => &EVENT,
        }
    }

    /// Reads the part of the address behind `settings/`.
    fn read(text: &str, overview: &Overview) -> Option<Self> {
        let events = table_names(overview, "event").len();
        match text.split_once('.') {
            None if text == "new-app" => Some(Self::NewApp),
            None if text == "new-event" => Some(Self::Event(events)),
            None => SECTIONS.iter().position(|section| section.name == text).map(Self::Section),
            Some(("app", name)) => {
                let known = table_names(overview, "app").iter().any(|known| known == name);
                known.then(|| Self::App(name.to_owned()))
            }
            Some(("event", index)) => {
                index.parse().ok().filter(|&index: &usize| index < events).map(Self::Event)
            }
            Some(_) => None,
        }
    }

    /// What every key of it begins with; `None` for an app without a name.
    fn prefix(&self) -> Option<String> {
        match self {
            Self::Section(index) => Some(SECTIONS[*index].name.to_owned()),
            Self::App(name) => Some(format!("app.{name}")),
            Self::NewApp => None,
            Self::Event(index) => Some(format!("event.{index}")),
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

/// What is said above the list.
#[derive(Default)]
struct Said {
    done: Option<&'static str>,
    wrong: Option<String>,
    going_back: Option<GoingBack>,
}

/// A version that is gone back to only once that is confirmed.
struct GoingBack {
    version: i64,
    consequences: Vec<String>,
}

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct SettingsPage<'a> {
    base: &'a str,
    frame: Frame,
    said: Said,
    /// Whether a step of setting up is left.
    setting_up: bool,
    sections: Vec<Group>,
    apps: Vec<Table>,
    events: Vec<Table>,
    overridden: Vec<String>,
    version: i64,
    versions: Vec<Kept>,
}

/// A section with its values.
struct Group {
    name: &'static str,
    title: &'static str,
    lead: &'static str,
    rows: Vec<Row>,
}

struct Row {
    label: &'static str,
    value: String,
    /// Where it came from, where that is not the default.
    source: Option<String>,
    locked: bool,
}

/// An app, or somebody who is told of events.
struct Table {
    name: String,
    text: String,
    locked: bool,
}

struct Kept {
    id: i64,
    at: String,
    author: String,
}

/// A value as people read it; empty for none.
fn in_words(value: &Shown) -> String {
    match value {
        Shown::Text(text) if text == "true" => "yes".to_owned(),
        Shown::Text(text) if text == "false" => "no".to_owned(),
        Shown::List(entries) => entries.join(", "),
        other => other.to_string(),
    }
}

fn find<'o>(overview: &'o Overview, key: &str) -> Option<&'o Field> {
    overview.fields.iter().find(|field| field.key == key)
}

impl Group {
    fn of(section: &Section, overview: &Overview) -> Self {
        let row = |key: &keys::Key| {
            let field = find(overview, &format!("{}.{}", section.name, key.name))?;
            Some(Row::of(key.label, field))
        };
        let rows = section.keys.iter().filter_map(row).collect();
        Self { name: section.name, title: section.title, lead: section.lead, rows }
    }
}

impl Table {
    /// One of an array, in the words of the keys that it is known by.
    fn of(overview: &Overview, (array, about): (&str, &[&str]), name: String) -> Self {
        let fields: Vec<_> =
            about.iter().filter_map(|key| find(overview, &format!("{array}.{name}.{key}"))).collect();
        let words = fields.iter().map(|field| in_words(&field.value)).filter(|text| !text.is_empty());
        let text = words.collect::<Vec<_>>().join(", ");
        Self { text, locked: fields.iter().any(|field| field.lock.is_some()), name }
    }
}

impl Kept {
    fn of(version: &Version) -> Self {
        Self { id: version.id.get(), at: moment::time(version.at), author: version.author.clone() }
    }
}

impl Row {
    fn of(label: &'static str, field: &Field) -> Self {
        Self {
            label,
            value: in_words(&field.value),
            source: (field.source != Source::Default).then(|| field.source.to_string()),
            locked: field.lock.is_some(),
        }
    }
}

/// Shows them.
pub async fn show(admin: Admin) -> HttpResponse {
    let done = admin.visit.query("saved").map(|_| "The settings are saved, and hold from now on.");
    all(&admin, StatusCode::OK, Said { done, ..Said::default() }).await
}

async fn all(admin: &Admin, status: StatusCode, said: Said) -> HttpResponse {
    let overview = match admin.blocking(settings::overview).await {
        Ok(overview) => overview,
        Err(fault) => return page::unstored(admin.visit.base(), &fault.to_string()),
    };
    let tables = |array, about| {
        let of = |name| Table::of(&overview, (array, about), name);
        table_names(&overview, array).into_iter().map(of).collect()
    };
    let settings = SettingsPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Settings),
        said,
        setting_up: Step::next(&admin.visit.state, &overview).is_some(),
        sections: SECTIONS.iter().map(|section| Group::of(section, &overview)).collect(),
        apps: tables("app", &["pack", "hosts"]),
        events: tables("event", &["types", "command"]),
        overridden: overview.overridden.clone(),
        version: overview.version.get(),
        versions: overview.history.iter().map(Kept::of).collect(),
    };
    page::render(page::answer(status, None), &settings)
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
    let sent = Sent::read(&admin.visit, request, payload).await?;
    let (subject, overview) = opened(admin, name).await?;
    Ok(match sent {
        Sent::ToDo(typed) => form::take(admin, &subject, &overview, &typed).await,
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
        return all(&admin, StatusCode::UNPROCESSABLE_ENTITY, Said { wrong, ..Said::default() }).await;
    };
    let editor = editor(&admin);
    let restored = match settings::preview_version(&editor, base, version).await {
        Ok(preview) if preview.consequences.is_empty() || form.once("confirmed").is_some() => {
            settings::restore(&editor, base, version).await
        }
        Ok(preview) => {
            let back = GoingBack { version: version.get(), consequences: preview.consequences };
            let said = Said { going_back: Some(back), ..Said::default() };
            return all(&admin, StatusCode::UNPROCESSABLE_ENTITY, said).await;
        }
        Err(refused) => Err(refused),
    };
    match restored {
        Ok(_) => page::see_other(&admin.visit.page("/admin/settings?saved=1")).finish(),
        Err(refused) => {
            let wrong = match &refused {
                Refused::Keys(keys) => {
                    keys.iter().map(|wrong| sentence(&wrong.key, &wrong.message)).collect()
                }
                other => vec![format!("{other}.")],
            };
            all(
                &admin,
                StatusCode::UNPROCESSABLE_ENTITY,
                Said { wrong: Some(wrong.join(" ")), ..Said::default() },
            )
            .await
        }
    }
}

fn editor(admin: &Admin) -> Editor<'_> {
    let session = admin.visit.signed_in().map(|(_, session)| session);
    Editor { visit: &admin.visit, user: &admin.user, session }
}

fn sentence(key: &str, message: &str) -> String {
    if key.is_empty() { format!("{message}.") } else { format!("{key}: {message}.") }
}
