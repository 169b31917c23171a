//! `settings`: what the portal's layer of the configuration says, and changing it.

use actix_web::{HttpResponse, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::{Id, Json, Unique},
    caller::{Administrator, Caller},
    problem::Problem,
};
use crate::{
    administration::fresh_proof::FreshProof,
    administration::settings::{self, Change, Editor, Preview, Refused, WrongKey},
    config::{Edit, Field, Input, Shown},
    store::settings::{Version, VersionId},
};

/// A key of the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub struct Setting {
    /// The key; an app's holds its name, as in `app.sonarr.hosts`.
    key: String,
    /// The value that holds; `null` for a secret.
    value: Option<Value>,
    /// Whether it is a secret that is given.
    secret: bool,
    /// Where the value came from.
    source: String,
    /// Why it cannot be changed here; `null` where it can.
    lock: Option<String>,
}

/// A value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Value {
    /// One value, as it would stand in the file without its quotes.
    Text(String),
    /// A list.
    List(Vec<String>),
}

/// What a key shall be, in the type that the file has for it, or as a text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "takes a text, a whole number, true, false, or a list or table of those; `remove` takes the key away"
)]
pub enum NewValue {
    /// One value.
    One(Scalar),
    /// A list.
    List(Vec<Scalar>),
    /// A table whose keys are free, such as `sso.group_map`.
    #[schema(value_type = BTreeMap<String, Scalar>)]
    Table(Unique<Scalar>),
}

/// A text, a whole number, true or false.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "takes a text, a whole number, true or false")]
pub enum Scalar {
    /// As it would stand in the file without its quotes.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Switch(bool),
}

impl From<Scalar> for String {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Text(text) => text,
            Scalar::Number(number) => number.to_string(),
            Scalar::Switch(on) => on.to_string(),
        }
    }
}

impl From<NewValue> for Input {
    fn from(value: NewValue) -> Self {
        match value {
            NewValue::One(one) => Self::Text(one.into()),
            NewValue::List(list) => Self::List(list.into_iter().map(String::from).collect()),
            NewValue::Table(table) => {
                Self::Table(table.0.into_iter().map(|(name, value)| (name, value.into())).collect())
            }
        }
    }
}

fn shown(value: Shown) -> Option<Value> {
    match value {
        Shown::Text(text) => Some(Value::Text(text)),
        Shown::List(list) => Some(Value::List(list)),
        Shown::Secret | Shown::NoSecret => None,
    }
}

fn in_words(warnings: Vec<WrongKey>) -> Vec<String> {
    warnings.into_iter().map(|WrongKey { key, message }| format!("{key}: {message}")).collect()
}

impl From<Field> for Setting {
    fn from(field: Field) -> Self {
        Self {
            secret: field.value == Shown::Secret,
            key: field.key,
            value: shown(field.value),
            source: field.source.to_string(),
            lock: field.lock,
        }
    }
}

/// The settings as they are.
#[derive(Debug, Serialize, ToSchema)]
pub struct Settings {
    /// The version that holds; a change names it.
    version: i64,
    /// Every key.
    settings: Vec<Setting>,
    /// Saved apps that do not hold, since the file has one of the same name.
    overridden: Vec<String>,
    /// What holds but should be looked at.
    warnings: Vec<String>,
}

/// The settings as they are, with the source of each.
#[utoipa::path(get, path = "/settings", tag = "settings", responses((status = 200, body = Settings)))]
pub async fn show(Administrator(caller): Administrator) -> Result<HttpResponse, Problem> {
    let overview = caller.blocking(settings::overview).await?;
    Ok(super::ok(&Settings {
        version: overview.version.get(),
        settings: overview.fields.into_iter().map(Setting::from).collect(),
        overridden: overview.overridden,
        warnings: in_words(overview.warnings),
    }))
}

/// A change of settings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    /// The version that was changed; another administrator's save in between is not overwritten.
    version: i64,
    /// Keys with their new values, each checked as in the file.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, NewValue>)]
    set: Unique<NewValue>,
    /// Keys that the layers below shall say again; an app or event as a whole by its own key, as in `app.sonarr`.
    #[serde(default)]
    remove: Vec<String>,
    /// Only says what the change would do.
    #[serde(default)]
    dry_run: bool,
}

/// What a change does.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    /// The version that holds now.
    version: i64,
    /// Each key with another value than before.
    changes: Vec<ChangedKey>,
    /// What else the change brings, such as sessions that end.
    consequences: Vec<String>,
    /// What holds but should be looked at.
    warnings: Vec<String>,
}

/// A key with another value than before; of secrets only that they are another.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedKey {
    key: String,
    before: Option<Value>,
    after: Option<Value>,
}

impl Changed {
    fn new(version: VersionId, preview: Preview) -> Self {
        let changed = |(key, before, after)| ChangedKey { key, before: shown(before), after: shown(after) };
        Self {
            version: version.get(),
            changes: preview.changes.into_iter().map(changed).collect(),
            consequences: preview.consequences,
            warnings: in_words(preview.warnings),
        }
    }
}

/// Changes settings, which hold at once. Checked like the file before anything is saved; what would lock the caller out is
/// refused.
#[utoipa::path(patch, path = "/settings", tag = "settings", request_body = SettingsChange,
    responses((status = 200, body = Changed)))]
pub async fn change(
    Administrator(caller): Administrator,
    Json(body): Json<SettingsChange, { 256 * 1024 }>,
) -> Result<HttpResponse, Problem> {
    let proof = caller.fresh_proof().await?;
    let sets = body.set.0.into_iter().map(|(key, value)| Edit::Set(key, value.into()));
    let edits = sets.chain(body.remove.into_iter().map(Edit::Remove)).collect();
    let change = Change { base: VersionId::numbered(body.version), edits };
    let editor = editor(&caller, &proof);
    let preview = settings::preview(&editor, &change).await.map_err(refused)?;
    let version = match body.dry_run {
        true => change.base,
        false => settings::save(&editor, &change).await.map_err(refused)?,
    };
    Ok(super::ok(&Changed::new(version, preview)))
}

const fn editor<'a>(caller: &'a Caller, proof: &'a FreshProof) -> Editor<'a> {
    Editor { visit: &caller.visit, user: &caller.user, proof }
}

fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::Keys(wrong) => Problem::keys(wrong.into_iter().map(|wrong| (wrong.key, wrong.message))),
        Refused::Overtaken { .. } => Problem::new(StatusCode::CONFLICT, refused.to_string()),
        Refused::Fault(fault) => fault.into(),
    }
}

/// A version that one can go back to.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionView {
    /// Its number.
    version: i64,
    /// When it was saved.
    at: String,
    /// Who saved it.
    author: String,
}

impl From<Version> for VersionView {
    fn from(version: Version) -> Self {
        Self { version: version.id.get(), at: version.at.rfc3339(), author: version.author }
    }
}

/// The versions that are kept, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Versions {
    items: Vec<VersionView>,
}

/// The versions that are kept.
#[utoipa::path(get, path = "/settings/versions", tag = "settings", responses((status = 200, body = Versions)))]
pub async fn versions(Administrator(caller): Administrator) -> Result<HttpResponse, Problem> {
    let overview = caller.blocking(settings::overview).await?;
    Ok(super::ok(&Versions { items: overview.history.into_iter().map(VersionView::from).collect() }))
}

/// Which version holds until then.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// The version that holds.
    version: i64,
    /// Only says what going back would do.
    #[serde(default)]
    dry_run: bool,
}

/// Goes back to a version, as a new one.
#[utoipa::path(post, path = "/settings/versions/{id}/restore", tag = "settings", params(("id" = i64, Path, minimum = 1)),
    request_body = Restore, responses((status = 200, body = Changed)))]
pub async fn restore(
    Administrator(caller): Administrator,
    Id(id): Id,
    Json(body): Json<Restore>,
) -> Result<HttpResponse, Problem> {
    let proof = caller.fresh_proof().await?;
    let (base, wanted) = (VersionId::numbered(body.version), VersionId::numbered(id));
    let editor = editor(&caller, &proof);
    let preview = settings::preview_version(&editor, base, wanted).await.map_err(refused)?;
    let version = match body.dry_run {
        true => base,
        false => settings::restore(&editor, base, wanted).await.map_err(refused)?,
    };
    Ok(super::ok(&Changed::new(version, preview)))
}
