//! Making, changing and deleting users.

use rusqlite::Transaction;
use secrecy::SecretString;
use serde_json::json;

use super::{Actor, Fault, FieldError, about, draft::Draft, fresh_proof::FreshProof, version::Version};
use crate::{
    authn::{lane, name::UserName, password},
    clock,
    config::{AuthConfig, Config},
    events::kind::Kind,
    policy::role::Role,
    state::State,
    store::{
        capabilities,
        database::StoreError,
        owners, sessions,
        users::{self, Details, Entrance, NewUser, Standing, User, UserId},
    },
};

/// What shall become of a password.
pub enum Password {
    /// It stays as it is: none, for a new user.
    Keep,
    /// None: only another system, or a key, lets the user in.
    Remove,
    /// This one.
    Set(SecretString),
}

/// The same, hashed.
pub enum Hashed {
    /// It stays.
    Keep,
    /// None.
    Remove,
    /// This hash.
    Set(String),
}

/// What a change of a user ends, to be said before it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Their sessions, so that they sign in again.
    pub sessions: bool,
    /// Their keys: for good with the user, or for as long as the user is disabled.
    pub keys: bool,
    /// Live connections of apps that follow the events, since less is allowed than before.
    pub connections: bool,
}

impl Ends {
    /// What changing `before` to `draft` ends.
    pub fn by_change(before: &User, draft: &Draft, password: &Hashed) -> Self {
        let disabled = before.standing == Standing::Enabled && draft.standing == Standing::Disabled;
        let new_password = !matches!(password, Hashed::Keep);
        let less = before.held() != held_after(draft)
            || draft.apps.iter().any(|(app, set)| before.per_app.get(app) != *set)
            || before.groups != draft.groups;
        Self {
            sessions: disabled || new_password,
            keys: disabled,
            connections: disabled || new_password || less,
        }
    }

    /// What deleting a user ends.
    pub const BY_DELETION: Self = Self { sessions: true, keys: true, connections: true };
}

const fn held_after(draft: &Draft) -> crate::policy::capability::Capabilities {
    match draft.role {
        Role::Admin => crate::policy::capability::Capabilities::ALL,
        Role::User => draft.granted,
    }
}

/// Hashes a password on the threads for that; says which field is wrong where it is none.
pub async fn hashed(state: &State, password: Password) -> Result<Hashed, Fault> {
    let secret = match password {
        Password::Keep => return Ok(Hashed::Keep),
        Password::Remove => return Ok(Hashed::Remove),
        Password::Set(secret) => secret,
    };
    password::check_new(secrecy::ExposeSecret::expose_secret(&secret))
        .map_err(|problem| Fault::Fields(vec![FieldError::new("password", problem)]))?;
    let cost = state.sign_in.bcrypt_cost;
    match state.sign_in.hashing.run(lane::Turn::INSIDE, move || password::hash(&secret, cost)).await {
        Ok(Ok(hash)) => Ok(Hashed::Set(hash)),
        Ok(Err(_)) | Err(_) => Err(Fault::Busy),
    }
}

/// Makes a user.
pub fn add(state: &State, by: &FreshProof, draft: &Draft, password: &Hashed) -> Result<UserId, Fault> {
    let hash = match password {
        Hashed::Set(hash) => Some(hash.as_str()),
        Hashed::Keep | Hashed::Remove => None,
    };
    let user = NewUser {
        name: &draft.name,
        display_name: draft.display_name.as_ref(),
        email: draft.email.as_ref(),
        role: draft.role,
        granted: draft.granted,
        password_hash: hash,
    };
    Ok(state.store.write_users(|tx| {
        by.administers(tx)?;
        let id = users::insert(tx, &user, clock::now())?;
        users::set_groups(tx, id, &draft.groups)?;
        grant_in_apps(tx, id, draft)?;
        if draft.standing == Standing::Disabled {
            users::set_standing(tx, id, Standing::Disabled)?;
        }
        let event = about(Kind::UserAdded, &draft.name).with("role", draft.role.name());
        by.record(tx, event.granting(draft.granted))?;
        Ok(id)
    })?)
}

fn grant_in_apps(tx: &Transaction<'_>, id: UserId, draft: &Draft) -> Result<(), StoreError> {
    draft.apps.iter().try_for_each(|(app, set)| capabilities::set_in(tx, id, app, *set))
}

/// Changes a user from what they were `before`, unless they are something else by now. What is taken away is denied in
/// memory even when it cannot be stored.
pub fn change(
    state: &State,
    by: &FreshProof,
    before: &User,
    (draft, password): (&Draft, &Hashed),
) -> Result<(), Fault> {
    let entrance = entrance(&state.config);
    own_account(by, before, (draft, password), entrance)?;
    configured(&state.config.auth, before, draft, password)?;
    let id = before.id;
    let ends = Ends::by_change(before, draft, password);
    let details = Details {
        name: &draft.name,
        display_name: draft.display_name.as_ref(),
        email: draft.email.as_ref(),
        groups: &draft.groups,
    };
    let changed = state.store.change_user(id, ends.connections, |tx| {
        by.administers(tx)?;
        let stored = users::get(tx, id)?;
        if !Version::of(before).is_stored_as(&Version::of(&stored)) {
            return Err(StoreError::Changed);
        }
        users::set_details(tx, id, &details)?;
        users::keep_a_way_in(tx, entrance, || set_rights(tx, before, (draft, password)))?;
        if ends.sessions {
            sessions::delete_all(tx, Some(id))?;
        }
        record_change(tx, by, before, (draft, password))
    });
    changed.map_err(|error| match (error, password) {
        (error @ StoreError::LastWayIn, Hashed::Remove) => {
            Fault::Fields(vec![FieldError::new("password", error)])
        }
        (error, _) => error.into(),
    })
}

/// What opens the account, and what it may do.
fn set_rights(
    tx: &Transaction<'_>,
    before: &User,
    (draft, password): (&Draft, &Hashed),
) -> Result<(), StoreError> {
    let id = before.id;
    if before.role != draft.role {
        users::set_role(tx, id, draft.role)?;
    }
    if before.standing != draft.standing {
        users::set_standing(tx, id, draft.standing)?;
    }
    capabilities::set(tx, id, draft.granted)?;
    grant_in_apps(tx, id, draft)?;
    match password {
        Hashed::Keep => Ok(()),
        Hashed::Remove => users::set_password(tx, id, None),
        Hashed::Set(hash) => users::set_password(tx, id, Some(hash)),
    }
}

/// An event for each kind of change, so that whoever follows one kind need not know the others.
fn record_change(
    tx: &Transaction<'_>,
    actor: &Actor,
    before: &User,
    (draft, password): (&Draft, &Hashed),
) -> Result<(), StoreError> {
    let event = |kind| about(kind, &draft.name);
    if before.name != draft.name
        || before.display_name != draft.display_name
        || before.email != draft.email
        || before.groups != draft.groups
    {
        let name = Some(before.name.as_str()).filter(|&name| name != draft.name.as_str());
        let changed = event(Kind::UserChanged).with("groups", draft.groups.as_slice());
        actor.record(tx, changed.with("name_before", name))?;
    }
    let sets = draft.apps.iter().filter(|(app, set)| before.per_app.get(app) != *set);
    let sets: serde_json::Map<_, _> =
        sets.map(|(app, set)| (app.as_str().to_owned(), json!(set.map(|set| set.to_string())))).collect();
    if before.role != draft.role || before.granted != draft.granted || !sets.is_empty() {
        let changed = event(Kind::UserCapabilitiesChanged)
            .with("role", draft.role.name())
            .granting(draft.granted)
            .with("role_before", before.role.name())
            .with("capabilities_before", before.granted.to_string())
            .with("apps", sets);
        actor.record(tx, changed)?;
    }
    if before.standing != draft.standing {
        let kind = match draft.standing {
            Standing::Enabled => Kind::UserEnabled,
            Standing::Disabled => Kind::UserDisabled,
        };
        actor.record(tx, event(kind))?;
    }
    match password {
        Hashed::Keep => Ok(()),
        Hashed::Remove | Hashed::Set(_) => {
            let opens = matches!(password, Hashed::Set(_));
            actor.record(tx, event(Kind::UserPasswordChanged).with("password", opens))
        }
    }
}

/// Deletes a user with their sessions and keys; what they own goes to `heir`, else it is nobody's.
pub fn delete(state: &State, by: &FreshProof, user: &User, heir: Option<&User>) -> Result<(), Fault> {
    if by.id == user.id {
        return Err(Fault::Refused("you cannot delete your own account; ask another administrator to"));
    }
    if is_configured(&state.config.auth, user) {
        return Err(Fault::Refused(
            "the configuration would make this administrator again at the next start; remove auth.admin_password first",
        ));
    }
    if heir.is_some_and(|heir| heir.id == user.id) {
        let message = "what the user owns cannot go to the user who is deleted; choose another";
        return Err(Fault::Fields(vec![FieldError::new("heir", message)]));
    }
    Ok(state.store.change_user(user.id, true, |tx| {
        by.administers(tx)?;
        users::get(tx, user.id)?;
        let items = match heir {
            Some(heir) => owners::hand_over(tx, user.id, heir.id)?,
            None => owners::count_of(tx, user.id)?,
        };
        users::keep_a_way_in(tx, entrance(&state.config), || users::delete(tx, user.id))?;
        if items > 0 {
            let event = match heir {
                Some(heir) => about(Kind::OwnerHandedOver, &heir.name).with("from", user.name.as_str()),
                None => about(Kind::OwnerDropped, &user.name),
            };
            by.record(tx, event.with("items", items))?;
        }
        let event = about(Kind::UserDeleted, &user.name).with("owned", items);
        by.record(tx, event.with("heir", heir.map(|heir| heir.name.as_str())))
    })?)
}

/// Nobody locks themselves out: that takes another administrator.
fn own_account(
    actor: &Actor,
    before: &User,
    (draft, password): (&Draft, &Hashed),
    entrance: Entrance,
) -> Result<(), Fault> {
    if actor.id != before.id {
        return Ok(());
    }
    let mut errors = Vec::new();
    if draft.role != before.role {
        let message = "you cannot change your own role; ask another administrator to";
        errors.push(FieldError::new("role", message));
    }
    if draft.standing != before.standing {
        let message = "you cannot disable your own account; ask another administrator to";
        errors.push(FieldError::new("enabled", message));
    }
    if matches!(password, Hashed::Remove) && needs_password(before, entrance) {
        let message = "you cannot remove your own password, since nothing else lets you sign in; ask another \
                       administrator to, or set another one";
        errors.push(FieldError::new("password", message));
    }
    if errors.is_empty() { Ok(()) } else { Err(Fault::Fields(errors)) }
}

/// Where the configuration lets people sign in.
pub const fn entrance(config: &Config) -> Entrance {
    if config.sso.is_some() || config.upstream.is_some() { Entrance::Elsewhere } else { Entrance::Here }
}

/// Whether the user signs in with a password, and could not without it.
pub fn needs_password(user: &User, entrance: Entrance) -> bool {
    entrance == Entrance::Here && user.password_hash.is_some()
}

/// Whether the configuration sets this administrator's password, and with it name, role and standing.
pub fn is_configured(auth: &AuthConfig, user: &User) -> bool {
    auth.admin_password.is_some() && user.name == auth.admin_user
}

fn configured(auth: &AuthConfig, before: &User, draft: &Draft, password: &Hashed) -> Result<(), Fault> {
    if !is_configured(auth, before) {
        return Ok(());
    }
    let mut errors = Vec::new();
    let mut locked = |changed: bool, field| {
        if changed {
            let message =
                "the configuration sets this administrator by auth.admin_password; change or remove it there";
            errors.push(FieldError::new(field, message));
        }
    };
    locked(draft.name != before.name, "name");
    locked(draft.role != before.role, "role");
    locked(draft.standing != before.standing, "enabled");
    locked(!matches!(password, Hashed::Keep), "password");
    if errors.is_empty() { Ok(()) } else { Err(Fault::Fields(errors)) }
}

/// The user of this name, as lists and other users see them.
pub fn named(state: &State, name: &str) -> Option<std::sync::Arc<User>> {
    state.store.view().users().by_name(&UserName::parse(name).ok()?).cloned()
}
