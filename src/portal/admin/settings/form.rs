//! One form of the settings: what it shows, and the change that was typed.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    Admin, Subject, editor,
    keys::{DEFAULT, Key, Kind},
    sentence,
};
use crate::{
    administration::{
        FieldError,
        settings::{self, Change, Overview, Refused},
    },
    config::{Edit, Field, Input, Shown, Source},
    policy::app::{AppName, Apps},
    portal::{
        expired_form::NOTE,
        form::Form,
        frame::{Frame, Place},
        page,
        wrongs::{self, Wrongs},
    },
    store::settings::VersionId,
};

#[derive(Template)]
#[template(path = "admin/settings_form.html")]
struct FormPage<'a> {
    base: &'a str,
    frame: Frame,
    title: String,
    lead: &'static str,
    version: i64,
    /// What the name of a new app was typed as.
    name: Option<String>,
    rows: Vec<Row>,
    wrongs: Wrongs,
    /// What is wrong beside the fields.
    notes: Vec<String>,
    /// What the change brings, which must be confirmed.
    consequences: Vec<String>,
    may_be_removed: bool,
}

struct Row {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    /// What should be looked at in the value that holds.
    note: Option<String>,
    kind: Kind,
    value: String,
    options: Vec<(&'static str, bool)>,
    /// Whether a secret is given.
    given: bool,
    lock: Option<String>,
    /// Whether the portal's layer says it, so that it can be left to those below.
    saved: bool,
    /// Whether that is wanted.
    to_default: bool,
}

impl Row {
    fn is_secret(&self) -> bool {
        self.kind == Kind::Secret
    }

    fn has_lines(&self) -> bool {
        matches!(self.kind, Kind::List | Kind::Table)
    }
}

/// A value as it stands in its field.
fn as_text(kind: Kind, prefix: &str, key: &Key, overview: &Overview) -> String {
    let full = format!("{prefix}.{}", key.name);
    let field = overview.fields.iter().find(|field| field.key == full);
    match (kind, field.map(|field| &field.value)) {
        (Kind::Table, _) => {
            let inner = format!("{full}.");
            let entries = overview.fields.iter().filter_map(|field| {
                field.key.strip_prefix(&inner).map(|name| format!("{name} = {}", field.value))
            });
            entries.collect::<Vec<_>>().join("\n")
        }
        (_, Some(Shown::Text(text))) => text.clone(),
        (_, Some(Shown::List(list))) => list.join("\n"),
        (_, Some(Shown::Secret | Shown::NoSecret) | None) => String::new(),
    }
}

fn field<'o>(prefix: &str, key: &Key, overview: &'o Overview) -> Option<&'o Field> {
    let full = format!("{prefix}.{}", key.name);
    let inner = format!("{full}.");
    overview.fields.iter().find(|field| field.key == full || field.key.starts_with(&inner))
}

/// What is to be known where an app shares hosts with others.
fn shared_hosts(apps: &Apps, name: &str) -> Option<String> {
    let shared =
        apps.shared_hosts().filter(|shared| shared.apps().iter().any(|app| app.name.as_str() == name));
    let said: Vec<_> = shared.map(|shared| wrongs::sentence(&shared.to_string())).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

fn is_to_default(typed: &Form, key: &Key) -> bool {
    typed.once(&format!("{DEFAULT}{}", key.name)).is_some()
}

fn row(prefix: &str, key: &Key, overview: &Overview, typed: Option<&Form>) -> Row {
    let known = field(prefix, key, overview);
    let value = match typed.and_then(|form| form.once(key.name)).filter(|_| key.kind != Kind::Secret) {
        Some(typed) => typed.replace("\r\n", "\n"),
        None => as_text(key.kind, prefix, key, overview),
    };
    let choices: &[&str] = match key.kind {
        Kind::Switch => &["false", "true"],
        Kind::Choice(choices) => choices,
        _ => &[],
    };
    Row {
        name: key.name,
        label: key.label,
        hint: key.hint,
        note: None,
        kind: key.kind,
        options: choices.iter().map(|&choice| (choice, choice == value)).collect(),
        value,
        given: known.is_some_and(|field| field.value == Shown::Secret),
        lock: known.and_then(|field| field.lock.clone()),
        saved: known.is_some_and(|field| field.source == Source::Settings),
        to_default: typed.is_some_and(|form| is_to_default(form, key)),
    }
}

impl<'a> FormPage<'a> {
    fn new(admin: &'a Admin, subject: &Subject, overview: &Overview, typed: Option<&Form>) -> Self {
        let section = subject.section();
        // An app without a name has no values yet; nothing begins with this.
        let prefix = subject.prefix().unwrap_or_else(|| "app.".to_owned());
        let mut rows: Vec<_> = section.keys.iter().map(|key| row(&prefix, key, overview, typed)).collect();
        if let (Subject::App(name), Some(hosts)) = (subject, rows.iter_mut().find(|row| row.name == "hosts"))
        {
            hosts.note = shared_hosts(&admin.visit.state.config.apps, name);
        }
        Self {
            base: admin.visit.base(),
            frame: admin.frame(Place::Settings),
            title: match subject {
                Subject::Section(_) => section.title.to_owned(),
                Subject::App(name) => format!("App {name}"),
                Subject::NewApp => "Add an app".to_owned(),
                Subject::Event(_) => "Who is told of events".to_owned(),
            },
            lead: section.lead,
            version: overview.version.get(),
            name: (*subject == Subject::NewApp)
                .then(|| typed.map(|form| form.text("name")).unwrap_or_default()),
            may_be_removed: matches!(subject, Subject::App(_) | Subject::Event(_))
                && rows.iter().any(|row| row.saved),
            rows,
            wrongs: Wrongs::default(),
            notes: Vec::new(),
            consequences: Vec::new(),
        }
    }

    fn respond(&self, status: StatusCode) -> HttpResponse {
        page::render(page::answer(status, None), self)
    }
}

/// Shows it.
pub(super) fn show(admin: &Admin, subject: &Subject, overview: &Overview) -> HttpResponse {
    FormPage::new(admin, subject, overview, None).respond(StatusCode::OK)
}

/// Shows it as it was sent before a sign-in, made from the same version of the settings as then.
pub(super) fn show_expired(
    admin: &Admin,
    subject: &Subject,
    overview: &Overview,
    typed: &Form,
) -> HttpResponse {
    let form = FormPage::new(admin, subject, overview, Some(typed));
    let version = typed.text("version").parse().unwrap_or(form.version);
    FormPage { version, notes: vec![NOTE.to_owned()], ..form }.respond(StatusCode::OK)
}

/// Takes it: saves, or shows it again with what is wrong or what is to be confirmed.
pub(super) async fn take(
    admin: &Admin,
    subject: &Subject,
    overview: &Overview,
    typed: &Form,
) -> HttpResponse {
    let mut again = FormPage::new(admin, subject, overview, Some(typed));
    let prefix = match (subject.prefix(), AppName::parse(&typed.text("name"))) {
        (Some(prefix), _) => prefix,
        (None, Some(name)) => format!("app.{}", name.as_str()),
        (None, None) => {
            let message = "a name has 1 to 64 of the characters a-z 0-9 _ and -";
            again.wrongs = Wrongs::one("name", message);
            return again.respond(StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    let edits = match (typed.once("remove"), subject) {
        (Some(_), Subject::App(_) | Subject::Event(_)) => vec![Edit::Remove(prefix.clone())],
        _ => edits(&prefix, subject, overview, typed),
    };
    let base = typed.text("version").parse().map_or(overview.version, VersionId::numbered);
    let change = Change { base, edits };
    let editor = editor(admin);
    let looked = match settings::preview(&editor, &change).await {
        Ok(preview) if preview.consequences.is_empty() || typed.once("confirmed").is_some() => {
            settings::save(&editor, &change).await.map(|_| Vec::new())
        }
        Ok(preview) => Ok(preview.consequences),
        Err(refused) => Err(refused),
    };
    match looked {
        Ok(consequences) if consequences.is_empty() => {
            return page::see_other(&admin.visit.page("/admin/settings?saved=1")).finish();
        }
        Ok(consequences) => again.consequences = consequences,
        Err(Refused::Keys(wrong)) => {
            let mut errors = Vec::new();
            for wrong in wrong {
                let rest = wrong.key.strip_prefix(&prefix).and_then(|rest| rest.strip_prefix('.'));
                let inside = |key: &&Key| {
                    rest.is_some_and(|rest| rest == key.name || rest.starts_with(&format!("{}.", key.name)))
                };
                match subject.section().keys.iter().find(inside) {
                    Some(key) => errors.push(FieldError::new(key.name, wrong.message)),
                    None => again.notes.push(sentence(&wrong.key, &wrong.message)),
                }
            }
            again.wrongs = Wrongs::new(errors);
        }
        Err(refused) => again.notes.push(format!("{refused}.")),
    }
    again.respond(StatusCode::UNPROCESSABLE_ENTITY)
}

/// What was typed and differs from what holds.
fn edits(prefix: &str, subject: &Subject, overview: &Overview, typed: &Form) -> Vec<Edit> {
    let mut edits = Vec::new();
    for key in subject.section().keys {
        let full = format!("{prefix}.{}", key.name);
        let locked = field(prefix, key, overview).is_some_and(|field| field.lock.is_some());
        let Some(text) = typed.once(key.name).map(|text| text.replace("\r\n", "\n")) else { continue };
        let text = text.trim();
        if locked {
            continue;
        }
        if is_to_default(typed, key) {
            edits.push(Edit::Remove(full));
            continue;
        }
        // An app is there once one of its keys is, so a new one has hosts, even if none.
        let is_new = matches!(subject, Subject::NewApp)
            && (key.name == "hosts" || (key.name == "pack" && !text.is_empty()));
        let same = text == as_text(key.kind, prefix, key, overview);
        if (same && !is_new) || (key.kind == Kind::Secret && text.is_empty()) {
            continue;
        }
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
        let input = match key.kind {
            Kind::List => Input::List(lines().map(ToOwned::to_owned).collect()),
            Kind::Table => Input::Table(
                lines()
                    .map(|line| line.split_once('=').unwrap_or((line, "")))
                    .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                    .collect(),
            ),
            _ => Input::Text(text.to_owned()),
        };
        edits.push(Edit::Set(full, input));
    }
    edits
}
