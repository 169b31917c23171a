//! Changing the settings: looked at first, then saved as a version, put on record and applied without a restart.

mod consequences;
mod lockout;
#[cfg(test)]
mod tests;
mod warnings;

use std::sync::Arc;

use actix_web::web;
use thiserror::Error;

use super::{Fault, fresh_proof::FreshProof};
use crate::{
    clock,
    config::{self, Edit, Field, Outcome, Problem, Saved, Shown},
    events::{event::Event, kind::Kind},
    portal::visit::Visit,
    reload, startup,
    state::{Current, Snapshot, State},
    store::{
        database::StoreError,
        settings::{self, Draft, Version, VersionId},
        users::User,
    },
};

/// The settings as they are.
pub struct Overview {
    /// The version that a change starts from.
    pub version: VersionId,
    /// The versions that are kept, the newest first.
    pub history: Vec<Version>,
    /// Every key, with what holds and what locks it.
    pub fields: Vec<Field>,
    /// Saved apps that do not hold, since the file has one of the same name.
    pub overridden: Vec<String>,
    /// What holds but should be looked at.
    pub warnings: Vec<WrongKey>,
    /// Those of them that nobody can have meant, or that leave the door open: somebody should see to them.
    pub to_mend: Vec<WrongKey>,
    /// The kinds that an app can be of.
    pub packs: Vec<String>,
    /// Who is told of events, in their order, without what could be a secret.
    pub targets: Vec<String>,
}

/// A change as it was typed.
#[derive(Clone)]
pub struct Change {
    /// The version that was changed.
    pub base: VersionId,
    /// Key by key. A secret that is not among them stays as it is.
    pub edits: Vec<Edit>,
}

/// The administrator who changes settings, and how they do.
pub struct Editor<'a> {
    /// Their request.
    pub visit: &'a Visit,
    /// Who they are.
    pub user: &'a Arc<User>,
    /// Their leave to do it.
    pub proof: &'a FreshProof,
}

/// What a change would do.
pub struct Preview {
    /// Each key that would have another value: the one before and the one after, secrets masked.
    pub changes: Vec<(String, Shown, Shown)>,
    /// What else it brings, such as sessions that end.
    pub consequences: Vec<String>,
    /// What holds but should be looked at.
    pub warnings: Vec<WrongKey>,
}

/// What is wrong with a key, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongKey {
    /// The key; empty where it is about all of them.
    pub key: String,
    /// A sentence without its full stop.
    pub message: String,
}

impl WrongKey {
    fn new(key: &str, message: impl Into<String>) -> Self {
        Self { key: key.to_owned(), message: message.into() }
    }

    fn of(problem: &Problem, outcome: &Outcome) -> Self {
        Self::new(&outcome.placed.address(problem.key()), problem.text())
    }
}

/// Why nothing was saved.
#[derive(Debug, Error)]
pub enum Refused {
    /// These keys cannot be taken.
    #[error("some settings cannot be taken")]
    Keys(Vec<WrongKey>),
    /// Somebody else saved meanwhile; what was typed can be saved on top of theirs.
    #[error("{author} saved other settings meanwhile; look at those, then save yours again")]
    Overtaken {
        /// The version that holds.
        version: VersionId,
        /// Whose it is.
        author: String,
    },
    /// Another rule, or our own failure.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::SettingsOvertaken { version, author } => {
                Self::Overtaken { version: VersionId::numbered(version), author }
            }
            StoreError::UnknownVersion(_) => Self::Fault(Fault::NotFound("version of the settings")),
            other => Self::Fault(other.into()),
        }
    }
}

/// The settings as they are. Waits for the database and reads the file.
pub fn overview(state: &State) -> Result<Overview, Fault> {
    let ((version, saved), history) =
        state.store.read(|connection| Ok((settings::latest(connection)?, settings::history(connection)?)))?;
    let outcome = config::load_with(&state.flags, &saved);
    let overridden = outcome.placed.overridden().map(|(_, name)| name.to_owned()).collect();
    let targets = outcome.config.as_ref().map_or(&[][..], |config| &config.events);
    Ok(Overview {
        version,
        history,
        fields: outcome.fields(),
        overridden,
        warnings: warnings::of(&outcome, state.store.view()),
        to_mend: warnings::to_mend(&outcome, state.store.view()),
        packs: config::packs(&state.flags).map(|packs| packs.names()).unwrap_or_default(),
        targets: targets.iter().map(ToString::to_string).collect(),
    })
}

/// Says what a change would do; changes nothing.
pub async fn preview(editor: &Editor<'_>, change: &Change) -> Result<Preview, Refused> {
    Ok(look(editor, change.base, Wanted::Edits(change.edits.clone())).await?.preview)
}

/// Says what going back to a version would do; changes nothing.
pub async fn preview_version(
    editor: &Editor<'_>,
    base: VersionId,
    version: VersionId,
) -> Result<Preview, Refused> {
    Ok(look(editor, base, Wanted::Version(version)).await?.preview)
}

/// Makes a change, which holds at once.
pub async fn save(editor: &Editor<'_>, change: &Change) -> Result<VersionId, Refused> {
    let looked = look(editor, change.base, Wanted::Edits(change.edits.clone())).await?;
    if looked.saved == looked.before {
        return Ok(change.base);
    }
    let mut keys: Vec<_> = change.edits.iter().map(Edit::key).collect();
    keys.sort_unstable();
    keys.dedup();
    let event = Event::new(Kind::SettingsChanged).with("keys", keys.join(", "));
    commit(editor, change.base, looked.saved, event).await
}

/// Goes back to a version that is kept, as a new one; `base` is the one that holds until then.
pub async fn restore(editor: &Editor<'_>, base: VersionId, version: VersionId) -> Result<VersionId, Refused> {
    let looked = look(editor, base, Wanted::Version(version)).await?;
    let event = Event::new(Kind::SettingsRestored).with("restored", version.get());
    commit(editor, base, looked.saved, event).await
}

/// What is to be saved.
enum Wanted {
    Edits(Vec<Edit>),
    Version(VersionId),
}

/// A change that the rest of the configuration goes with.
struct Looked {
    before: Saved,
    saved: Saved,
    preview: Preview,
}

/// Checks a change like the file, and that whoever makes it can make another one afterwards.
async fn look(editor: &Editor<'_>, base: VersionId, wanted: Wanted) -> Result<Looked, Refused> {
    let state = editor.visit.state.clone();
    let (looked, next) =
        web::block(move || candidate(&state, base, wanted)).await.map_err(|_| Fault::Busy)??;
    let locked_out = lockout::found(editor, &next, &looked.preview.changes).await;
    if locked_out.is_empty() { Ok(looked) } else { Err(Refused::Keys(locked_out)) }
}

/// The change as the configuration would read it, and the state that would come of it.
fn candidate(state: &State, base: VersionId, wanted: Wanted) -> Result<(Looked, Snapshot), Refused> {
    let (version, before) = state.store.read(settings::latest)?;
    if version != base {
        let newest = state.store.read(settings::history)?.into_iter().next();
        let author = newest.map_or_else(|| "somebody".to_owned(), |newest| newest.author);
        return Err(Refused::Overtaken { version, author });
    }
    let outcome_before = config::load_with(&state.flags, &before);
    let saved = match wanted {
        Wanted::Version(version) => state.store.read(|connection| settings::at(connection, version))?,
        Wanted::Edits(edits) => {
            refuse_locked(&outcome_before, &edits)?;
            before.edited(&edits, &outcome_before.placed).map_err(|problems| {
                Refused::Keys(problems.iter().map(|problem| WrongKey::of(problem, &outcome_before)).collect())
            })?
        }
    };
    let outcome = config::load_with(&state.flags, &saved);
    let changes = changes(&outcome_before, &outcome);
    let warnings = warnings::of(&outcome, state.store.view());
    let config = checked(outcome)?;
    let next = startup::renew(state, config).map_err(|cause| Fault::Conflict(format!("{cause:#}")))?;
    let consequences = consequences::of(state, &next, clock::now())?;
    let preview = Preview { changes, consequences, warnings };
    Ok((Looked { before, saved, preview }, Snapshot::trial(next)))
}

fn refuse_locked(outcome: &Outcome, edits: &[Edit]) -> Result<(), Refused> {
    let locked = |edit: &Edit| {
        let lock = outcome.lock(edit.key())?;
        Some(WrongKey::new(edit.key(), format!("it cannot be changed here: {lock}")))
    };
    let wrong: Vec<_> = edits.iter().filter_map(locked).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Refused::Keys(wrong)) }
}

/// The configuration, or everything that is wrong with it, each at its key.
fn checked(outcome: Outcome) -> Result<config::Config, Refused> {
    let placed = outcome.placed;
    outcome.config.map_err(|problems| {
        let wrong = |problem: &Problem| WrongKey::new(&placed.address(problem.key()), problem.text());
        Refused::Keys(problems.iter().map(wrong).collect())
    })
}

fn changes(before: &Outcome, after: &Outcome) -> Vec<(String, Shown, Shown)> {
    let (before, after) = (before.fields(), after.fields());
    let value_in = |fields: &[Field], key: &str| {
        let field = fields.iter().find(|field| field.key == key);
        field.map_or_else(|| Shown::Text(String::new()), |field| field.value.clone())
    };
    let added = after.iter().filter(|field| !before.iter().any(|other| other.key == field.key));
    let keys = before.iter().chain(added).map(|field| &field.key);
    let change = |key: &String| (key.clone(), value_in(&before, key), value_in(&after, key));
    keys.map(change).filter(|(_, before, after)| before != after).collect()
}

/// Saves and applies in one go, so that versions take effect in the order of their numbers.
async fn commit(
    editor: &Editor<'_>,
    base: VersionId,
    saved: Saved,
    event: Event,
) -> Result<VersionId, Refused> {
    let proof = editor.proof.clone();
    let service = editor.visit.service().ok_or(Fault::Busy)?;
    let saving = web::block(move || apply(&service, &proof, (base, &saved), event));
    saving.await.map_err(|_| Fault::Busy)?
}

fn apply(
    current: &Current,
    by: &FreshProof,
    (base, saved): (VersionId, &Saved),
    event: Event,
) -> Result<VersionId, Refused> {
    let mut version = base;
    current.replace(|before| {
        let config = checked(config::load_with(&before.flags, saved))?;
        let next =
            reload::take_over(before, config).map_err(|cause| Fault::Conflict(format!("{cause:#}")))?;
        let draft = Draft { base, author: by.name.as_str(), at: clock::now() };
        version = before.store.write(|tx| {
            by.administers(tx)?;
            let version = settings::insert(tx, &draft, saved)?;
            by.record(tx, event.with("version", version.get()))?;
            Ok(version)
        })?;
        if let Err(cause) = next.deliveries.follow(&next.config.events) {
            tracing::error!(
                cause = format!("{cause:#}"),
                "events go where they went before until the next start"
            );
        }
        Ok::<_, Refused>(next)
    })?;
    tracing::info!(user = %by.name, version = version.get(), "settings are saved and hold from now on");
    Ok(version)
}
