//! One form of the settings: what it shows, and the change that was typed.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use super::{Admin, Subject, row::Row, table_names, typed, warning};
use crate::{
    administration::{
        FieldError, lines,
        settings::{self, Change, Editor, Overview, Refused, WrongKey},
    },
    config::{Config, Edit},
    policy::app::Apps,
    portal::{
        expired_form::NOTE,
        form::Form,
        frame::{Frame, Place},
        page,
        wrongs::{self, Wrongs},
    },
    proxy::lines::{Proxy, own::Added},
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
    /// What headers of an app's own take in the proxy.
    added: Vec<(Proxy, Vec<Added>)>,
    may_be_saved: bool,
    may_be_removed: bool,
    /// Whether it is asked if all of it shall go.
    removing: bool,
}

fn title(subject: &Subject, overview: &Overview) -> String {
    let title = subject.section().title;
    match subject {
        Subject::Section(_) => title.to_owned(),
        Subject::App(name) => format!("{title} {name}"),
        Subject::NewApp => "Add an app".to_owned(),
        Subject::Webhook(place) if table_names(overview, "event").len() == *place => {
            "Add a webhook".to_owned()
        }
        Subject::Webhook(place) | Subject::Command(place) => {
            let target = overview.targets.get(*place).map_or("", String::as_str);
            format!("{title} {target}").trim_end().to_owned()
        }
    }
}

/// What is to be known where an app shares hosts with others.
fn shared_hosts(apps: &Apps, name: &str) -> Option<String> {
    let shared =
        apps.shared_hosts().filter(|shared| shared.apps().iter().any(|app| app.name.as_str() == name));
    let said: Vec<_> = shared.map(|shared| wrongs::sentence(&shared.to_string())).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// The lines that the headers of an app take.
fn added_lines(config: &Config, subject: &Subject) -> Vec<(Proxy, Vec<Added>)> {
    match subject {
        Subject::App(name) => {
            config.apps.named(name).map(|app| lines::added(config, app)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

impl<'a> FormPage<'a> {
    fn new(admin: &'a Admin, subject: &Subject, overview: &Overview, typed: Option<&Form>) -> Self {
        let section = subject.section();
        let mut rows: Vec<_> =
            section.keys.iter().map(|key| Row::new(subject, key, overview, typed)).collect();
        if let (Subject::App(name), Some(hosts)) = (subject, rows.iter_mut().find(|row| row.name == "hosts"))
        {
            hosts.note = shared_hosts(&admin.visit.state.config.apps, name);
        }
        Self {
            base: admin.visit.base(),
            frame: admin.frame(Place::Settings),
            title: title(subject, overview),
            lead: section.lead,
            version: overview.version.get(),
            name: (*subject == Subject::NewApp)
                .then(|| typed.map(|form| form.text("name")).unwrap_or_default()),
            may_be_saved: rows.iter().any(|row| row.lock.is_none()),
            may_be_removed: subject.is_table() && rows.iter().any(|row| row.saved),
            added: added_lines(&admin.visit.state.config, subject),
            removing: false,
            rows,
            wrongs: Wrongs::default(),
            notes: Vec::new(),
            consequences: Vec::new(),
        }
    }

    /// Says what is wrong beside its field, or above where it has none.
    fn refuse(&mut self, (prefix, subject): (&str, &Subject), wrong: Vec<WrongKey>) {
        let mut errors = Vec::new();
        for wrong in wrong {
            let rest = wrong.key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'));
            let mut keys = subject.section().keys.iter();
            match rest.and_then(|rest| keys.find(|key| key.holds(rest))) {
                Some(key) => errors.push(FieldError::new(key.name, wrong.message)),
                None => self.notes.push(warning::sentence(&wrong.key, &wrong.message)),
            }
        }
        self.wrongs = Wrongs::new(errors);
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
    editor: &Editor<'_>,
    (admin, subject): (&Admin, &Subject),
    overview: &Overview,
    typed: &Form,
) -> HttpResponse {
    let mut again = FormPage::new(admin, subject, overview, Some(typed));
    let removing = subject.is_table() && typed.once("remove").is_some();
    let prefix = typed::prefix(subject, overview, typed).map_err(|wrong| vec![wrong]);
    let wanted = prefix.and_then(|prefix| {
        let edits = match removing {
            true => vec![Edit::Remove(prefix.clone())],
            false => typed::edits((&prefix, subject), overview, typed)?,
        };
        Ok((prefix, edits))
    });
    let (prefix, edits) = match wanted {
        Ok(wanted) => wanted,
        Err(wrong) => {
            again.wrongs = Wrongs::new(wrong);
            return again.respond(StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    let base = typed.text("version").parse().map_or(overview.version, VersionId::numbered);
    let is_confirmed = typed.once("confirmed").is_some();
    match save(editor, &Change { base, edits }, |consequences| {
        is_confirmed || (consequences.is_empty() && !removing)
    })
    .await
    {
        Ok(None) => return page::see_other(&admin.visit.page("/admin/settings?saved=1")).finish(),
        Ok(Some(consequences)) => (again.removing, again.consequences) = (removing, consequences),
        Err(Refused::Keys(wrong)) => again.refuse((&prefix, subject), wrong),
        Err(refused) => again.notes.push(format!("{refused}.")),
    }
    again.respond(StatusCode::UNPROCESSABLE_ENTITY)
}

/// Saves a change, or says what it brings where that is not agreed to.
async fn save(
    editor: &Editor<'_>,
    change: &Change,
    agreed: impl Fn(&[String]) -> bool,
) -> Result<Option<Vec<String>>, Refused> {
    let preview = settings::preview(editor, change).await?;
    if !agreed(&preview.consequences) {
        return Ok(Some(preview.consequences));
    }
    settings::save(editor, change).await.map(|_| None)
}
