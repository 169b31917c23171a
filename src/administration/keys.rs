//! Making and revoking API keys: one's own, or as an administrator anybody's.

use cidr::IpCidr;

use super::{Actor, Fault, FieldError, about, fresh_proof::FreshProof};
use crate::{
    authn::api_key::{KeyName, NewKey},
    clock::{self, Timestamp},
    config::{parse_lifetime, parse_network},
    events::kind::Kind,
    policy::{app::AppName, capability::Capabilities},
    state::State,
    store::{
        database::StoreError,
        keys::{self, ApiKey, KeyId, NewApiKey, Scope},
        users::User,
    },
};

/// A key as it was typed or sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// Its name.
    pub name: String,
    /// The most that it may do; [`None`] for all that its owner may.
    pub capabilities: Option<Vec<String>>,
    /// The only apps; [`None`] for all.
    pub apps: Option<Vec<String>>,
    /// The only networks of clients; [`None`] for all.
    pub networks: Option<Vec<String>>,
    /// How long it lives, such as `90d`; [`None`] for ever.
    pub lifetime: Option<String>,
}

/// A key that was made.
pub struct Made {
    /// Its id.
    pub id: KeyId,
    /// Its text, to be shown once.
    pub key: NewKey,
}

impl Typed {
    /// Reads it, and says everything that is wrong. What is missing or unknown never stands for *no limit*.
    pub fn read(&self, state: &State, now: Timestamp) -> Result<(KeyName, Scope), Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |field, message: String| errors.push(FieldError::new(field, message));
        let name = KeyName::parse(&self.name).map_err(|problem| wrong("name", problem.to_string())).ok();
        let capabilities = self.capabilities.as_ref().map(|names| names.join(",").parse::<Capabilities>());
        let capabilities = match capabilities.transpose() {
            Ok(set) => set,
            Err(problem) => {
                wrong("capabilities", problem.to_string());
                None
            }
        };
        let app = |name: &String| {
            let app = state.config.apps.named(name).map(|app| app.name.clone());
            app.ok_or_else(|| format!("`{name}` is no app of the configuration"))
        };
        let apps = self.apps.as_ref().map(|names| list(names, app));
        let apps: Option<Vec<AppName>> = apps.transpose().unwrap_or_else(|problem| {
            wrong("apps", problem);
            None
        });
        let network = |text: &String| parse_network(text).map_err(|problem| format!("`{text}` {problem}"));
        let networks = self.networks.as_ref().map(|texts| list(texts, network));
        let networks: Option<Vec<IpCidr>> = networks.transpose().unwrap_or_else(|problem| {
            wrong("networks", problem);
            None
        });
        let lifetime = self.lifetime.as_deref().map(parse_lifetime).transpose();
        let expires = lifetime
            .map_err(|problem| wrong("lifetime", format!("the time {problem}")))
            .ok()
            .flatten()
            .map(|seconds| Timestamp::from_secs(now.secs().saturating_add(seconds)));
        match name {
            Some(name) if errors.is_empty() => Ok((name, Scope { capabilities, apps, networks, expires })),
            _ => Err(errors),
        }
    }
}

/// A list with at least one entry: an empty one would be a key that opens nothing.
fn list<T>(texts: &[String], read: impl Fn(&String) -> Result<T, String>) -> Result<Vec<T>, String> {
    if texts.is_empty() {
        return Err("name at least one, or leave the list out".to_owned());
    }
    texts.iter().map(read).collect()
}

/// Makes a key of `owner`'s: one's own, or as an administrator anybody's.
pub fn make(
    state: &State,
    by: &FreshProof,
    owner: &User,
    (name, scope): (&KeyName, &Scope),
) -> Result<Made, Fault> {
    if !state.config.api_keys.include(owner.role) {
        return Err(Fault::Refused(
            "only administrators have API keys here, since api_keys.admin_only is true",
        ));
    }
    let key = NewKey::generate().map_err(|cause| Fault::Unstored(StoreError::Foreign(cause.to_string())))?;
    let id = state.store.write_users(|tx| {
        if by.id == owner.id {
            by.holds(tx)?
        } else {
            by.administers(tx)?
        }
        let new = NewApiKey { user: owner.id, name, scope };
        let id = keys::insert(tx, &key.digest(), &new, clock::now())?;
        let apps = scope.apps.as_ref().map(|apps| apps.iter().map(AppName::as_str).collect::<Vec<_>>());
        let event = about(Kind::KeyMade, &owner.name)
            .with("key", name.as_str())
            .with("capabilities", scope.capabilities.map(|set| set.to_string()))
            .with("apps", apps);
        by.record(tx, event)?;
        Ok(id)
    })?;
    Ok(Made { id, key })
}

/// Revokes a key and ends the sessions that it opened: denied at once, even when that cannot be stored.
pub fn revoke(state: &State, actor: &Actor, owner: &User, key: &ApiKey) -> Result<(), Fault> {
    let told = actor.did(about(Kind::KeyRevoked, &owner.name).with("key", key.name.as_str()));
    Ok(state.store.revoke_key(key.id, told, clock::now())?)
}
