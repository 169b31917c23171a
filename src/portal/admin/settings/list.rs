//! The page of all settings: each with its source, the apps, who is told of events, and the versions to go back to.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    Admin,
    keys::{Key, Kind, SECTIONS, Section},
    table_names,
    value::{self, find},
    warning::{self, Warning},
};
use crate::{
    administration::{
        settings::{self, Overview},
        setup::Step,
    },
    config::{Shown, Source},
    portal::{
        frame::{Frame, Place},
        moment, page,
    },
    store::settings::Version,
};

/// What is said above the list.
#[derive(Default)]
pub(super) struct Said {
    pub(super) done: Option<&'static str>,
    pub(super) wrong: Option<String>,
    pub(super) going_back: Option<GoingBack>,
}

/// A version that is gone back to only once that is confirmed.
pub(super) struct GoingBack {
    pub(super) version: i64,
    pub(super) consequences: Vec<String>,
}

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct SettingsPage<'a> {
    base: &'a str,
    frame: Frame,
    said: Said,
    /// Whether a step of setting up is left.
    setting_up: bool,
    warnings: Vec<Warning>,
    sections: Vec<Group>,
    apps: Vec<Table>,
    events: Vec<Table>,
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

impl Group {
    fn of(section: &Section, overview: &Overview) -> Self {
        let rows = section.keys.iter().filter_map(|key| Row::of(section.name, key, overview)).collect();
        Self { name: section.name, title: section.title, lead: section.lead, rows }
    }
}

impl Row {
    fn of(section: &str, key: &Key, overview: &Overview) -> Option<Self> {
        let known = value::field(section, key, overview);
        let value = match (key.kind, known) {
            (Kind::Table, _) => value::held(section, key, overview).replace('\n', ", "),
            (_, known) => in_words(&known?.value),
        };
        Some(Self {
            label: key.label,
            value,
            source: known
                .filter(|field| field.source != Source::Default)
                .map(|field| field.source.to_string()),
            locked: known.is_some_and(|field| field.lock.is_some()),
        })
    }
}

impl Table {
    fn of_app(overview: &Overview, name: String) -> Self {
        let value =
            |key: &str| find(overview, &format!("app.{name}.{key}")).map(|field| in_words(&field.value));
        let words: Vec<_> =
            ["pack", "hosts"].into_iter().filter_map(value).filter(|text| !text.is_empty()).collect();
        Self { text: words.join(", "), locked: is_locked(overview, &format!("app.{name}.hosts")), name }
    }

    fn of_event(overview: &Overview, name: String) -> Self {
        let types = find(overview, &format!("event.{name}.types")).map(|field| in_words(&field.value));
        let text = format!("{}: {}", target(overview, &name), types.unwrap_or_default());
        Self { text, locked: is_locked(overview, &format!("event.{name}.types")), name }
    }
}

/// What is shown of an address or a program.
fn target<'o>(overview: &'o Overview, place: &str) -> &'o str {
    let known = place.parse().ok().and_then(|place: usize| overview.targets.get(place));
    known.map_or("webhook", String::as_str)
}

fn is_locked(overview: &Overview, key: &str) -> bool {
    find(overview, key).is_some_and(|field| field.lock.is_some())
}

impl Kept {
    fn of(version: &Version) -> Self {
        Self { id: version.id.get(), at: moment::time(version.at), author: version.author.clone() }
    }
}

/// Shows it.
pub(super) async fn show(admin: &Admin, status: StatusCode, said: Said) -> HttpResponse {
    let overview = match admin.blocking(settings::overview).await {
        Ok(overview) => overview,
        Err(fault) => return page::unstored(admin.visit.base(), &fault.to_string()),
    };
    let tables = |array, of: fn(&Overview, String) -> Table| {
        table_names(&overview, array).into_iter().map(|name| of(&overview, name)).collect()
    };
    let settings = SettingsPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Settings),
        said,
        setting_up: Step::next(&admin.visit.state, &overview).is_some(),
        warnings: warning::in_words(&admin.visit, &overview.warnings),
        sections: SECTIONS.iter().map(|section| Group::of(section, &overview)).collect(),
        apps: tables("app", Table::of_app),
        events: tables("event", Table::of_event),
        version: overview.version.get(),
        versions: overview.history.iter().map(Kept::of).collect(),
    };
    page::render(page::answer(status, None), &settings)
}
