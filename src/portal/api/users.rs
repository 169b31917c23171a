//! `users`: who may come in, and what they may do.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::LOCATION},
};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Id, Json, Query},
    caller::{Administrator, Caller},
    list::{Limit, Page},
    problem::Problem,
};
use crate::{
    administration::{
        draft::{Granted, Typed},
        users::{self, Password},
    },
    authn::profile::{DisplayName, Email},
    clock::Timestamp,
    policy::{capability::Capabilities, preset::Preset},
    store::users::{Standing, User, UserId},
};

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    /// Stable id, never given to another.
    id: i64,
    /// Name, unique.
    name: String,
    /// Name for people.
    display_name: Option<String>,
    /// Address.
    email: Option<String>,
    /// `admin` or `user`; an administrator may do everything, whatever is granted.
    role: &'static str,
    /// Whether they may come in.
    enabled: bool,
    /// Whether a password opens the account.
    password: bool,
    /// The preset that `capabilities` are, else `custom`.
    preset: &'static str,
    /// What is granted in every app that has no set of its own.
    capabilities: Vec<&'static str>,
    /// What is granted in single apps instead.
    apps: BTreeMap<String, Vec<&'static str>>,
    /// Groups beside the role's.
    groups: Vec<String>,
    /// When they were last let in, to the minute.
    last_seen: Option<String>,
    /// Whether the configuration sets this administrator's password, which locks name, role and state.
    configured: bool,
}

impl UserView {
    /// Of a user.
    pub fn of(caller: &Caller, user: &User) -> Self {
        let apps = user.per_app.iter().map(|(app, set)| (app.as_str().to_owned(), names(set)));
        Self {
            id: user.id.get(),
            name: user.name.to_string(),
            display_name: user.display_name.as_ref().map(|name| DisplayName::as_str(name).to_owned()),
            email: user.email.as_ref().map(|email| Email::as_str(email).to_owned()),
            role: user.role.name(),
            enabled: user.standing == Standing::Enabled,
            password: user.password_hash.is_some(),
            preset: user.granted.preset().map_or("custom", Preset::name),
            capabilities: names(user.granted),
            apps: apps.collect(),
            groups: user.groups.as_slice().to_vec(),
            last_seen: user.used.get().map(Timestamp::rfc3339),
            configured: users::is_configured(&caller.visit.state.config.auth, user),
        }
    }
}

/// The capabilities of a set, by name.
pub fn names(set: Capabilities) -> Vec<&'static str> {
    set.iter().map(|capability| capability.name()).collect()
}

/// Sets for single apps; `null` lets what holds in every app hold there.
type AppSets = BTreeMap<String, Option<Vec<String>>>;

/// A user to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Name: a-z 0-9 . _ @ -
    #[schema(example = "bob")]
    name: String,
    /// Name for people.
    display_name: Option<String>,
    /// Address.
    email: Option<String>,
    /// `admin` or `user`, which it is where this is left out.
    role: Option<String>,
    /// Whether they may come in; `true` where this is left out.
    enabled: Option<bool>,
    /// `full`, `read-only`, `sso-default` or `none`; instead of `capabilities`. `read-only` where both are left out.
    preset: Option<String>,
    /// What is granted in every app that has no set of its own.
    capabilities: Option<Vec<String>>,
    /// Sets for single apps; `null` lets what holds in every app hold there.
    apps: Option<AppSets>,
    /// Groups beside the role's.
    groups: Option<Vec<String>>,
    /// The password; without one only another system lets the user in.
    password: Option<String>,
}

/// What shall change of a user; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// Name: a-z 0-9 . _ @ -
    name: Option<String>,
    /// Name for people; `null` for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    display_name: Given<String>,
    /// Address; `null` for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    email: Given<String>,
    /// `admin` or `user`.
    role: Option<String>,
    /// Whether they may come in.
    enabled: Option<bool>,
    /// `full`, `read-only`, `sso-default` or `none`; instead of `capabilities`.
    preset: Option<String>,
    /// What is granted in every app that has no set of its own.
    capabilities: Option<Vec<String>>,
    /// Sets for single apps; `null` lets what holds in every app hold there. Apps that are not named keep theirs.
    apps: Option<AppSets>,
    /// Groups beside the role's.
    groups: Option<Vec<String>>,
    /// A new password, which ends the user's sessions; `null` for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    password: Given<String>,
}

/// A field that may be left out, be `null`, or hold a value.
#[derive(Debug, Default)]
enum Given<T> {
    #[default]
    Not,
    Null,
    Value(T),
}

fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Given<T>, D::Error> {
    Option::deserialize(from).map(|value| value.map_or(Given::Null, Given::Value))
}

impl Given<String> {
    fn text_into(self, text: &mut String) {
        match self {
            Self::Not => {}
            Self::Null => text.clear(),
            Self::Value(value) => *text = value,
        }
    }
}

fn granted(
    preset: Option<String>,
    capabilities: Option<Vec<String>>,
    usual: Granted,
) -> Result<Granted, Problem> {
    match (preset, capabilities) {
        (None, None) => Ok(usual),
        (Some(preset), None) => Ok(Granted::Preset(preset)),
        (None, Some(names)) => Ok(Granted::Each(names)),
        (Some(_), Some(_)) => {
            let detail = "send either `preset` or `capabilities`, not both";
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail))
        }
    }
}

fn sets(apps: Option<AppSets>) -> Vec<(String, Option<Granted>)> {
    apps.unwrap_or_default().into_iter().map(|(app, names)| (app, names.map(Granted::Each))).collect()
}

impl NewUser {
    fn typed(self) -> Result<(Typed, Password), Problem> {
        let usual = Typed::default();
        let typed = Typed {
            name: self.name,
            display_name: self.display_name.unwrap_or_default(),
            email: self.email.unwrap_or_default(),
            role: self.role.unwrap_or(usual.role),
            enabled: self.enabled.unwrap_or(true),
            granted: granted(self.preset, self.capabilities, usual.granted)?,
            apps: sets(self.apps),
            groups: self.groups.unwrap_or_default(),
        };
        let password = self.password.map_or(Password::Keep, |text| Password::Set(SecretString::from(text)));
        Ok((typed, password))
    }
}

impl UserChange {
    fn typed(self, user: &User) -> Result<(Typed, Password), Problem> {
        let mut typed = Typed::of(user);
        typed.name = self.name.unwrap_or(typed.name);
        self.display_name.text_into(&mut typed.display_name);
        self.email.text_into(&mut typed.email);
        typed.role = self.role.unwrap_or(typed.role);
        typed.enabled = self.enabled.unwrap_or(typed.enabled);
        typed.granted = granted(self.preset, self.capabilities, typed.granted)?;
        typed.apps = sets(self.apps);
        typed.groups = self.groups.unwrap_or(typed.groups);
        let password = match self.password {
            Given::Not => Password::Keep,
            Given::Null => Password::Remove,
            Given::Value(text) => Password::Set(SecretString::from(text)),
        };
        Ok((typed, password))
    }
}

/// Which users.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those whose name, display name, address or group holds this text, without regard to case.
    q: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// How many entries, at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

/// The users in the order of their names.
#[utoipa::path(get, path = "/users", tag = "users", params(Which), responses((status = 200, body = Page<UserView>)))]
pub async fn list(
    Administrator(caller): Administrator,
    Query(which): Query<Which>,
) -> Result<HttpResponse, Problem> {
    let limit = which.limit.get();
    let view = caller.visit.state.store.view().users();
    let found = view.search(which.q.as_deref().unwrap_or_default());
    let follows = |user: &Arc<User>| which.after.as_deref().is_none_or(|after| user.name.as_str() > after);
    let items = found.into_iter().filter(follows).take(limit + 1);
    let items = items.map(|user| UserView::of(&caller, &user)).collect();
    Ok(super::ok(&Page::of(items, limit, |user: &UserView| user.name.clone())))
}

/// Makes a user.
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUser, responses((status = 201, body = UserView)))]
pub async fn add(
    Administrator(caller): Administrator,
    Json(body): Json<NewUser>,
) -> Result<HttpResponse, Problem> {
    let (typed, password) = body.typed()?;
    let draft = typed.read(&caller.visit.state.config.apps, None).map_err(Problem::fields)?;
    let password = users::hashed(&caller.visit.state, password).await?;
    let actor = caller.actor();
    let id = caller.blocking(move |state| users::add(state, &actor, &draft, &password)).await?;
    let user = find(&caller, id.get())?;
    let mut response = super::json(StatusCode::CREATED);
    response.insert_header((LOCATION, caller.visit.page(&format!("/api/v1/users/{}", id.get()))));
    Ok(super::finish(response, &UserView::of(&caller, &user)))
}

/// A user.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = UserView)))]
pub async fn show(Administrator(caller): Administrator, Id(id): Id) -> Result<HttpResponse, Problem> {
    let user = find(&caller, id)?;
    Ok(super::ok(&UserView::of(&caller, &user)))
}

/// Changes a user. What is taken from them holds from the next request on.
#[utoipa::path(patch, path = "/users/{id}", tag = "users", params(("id" = i64, Path, minimum = 1)),
    request_body = UserChange, responses((status = 200, body = UserView)))]
pub async fn change(
    Administrator(caller): Administrator,
    Id(id): Id,
    Json(body): Json<UserChange>,
) -> Result<HttpResponse, Problem> {
    let before = find(&caller, id)?;
    let (typed, password) = body.typed(&before)?;
    let draft = typed.read(&caller.visit.state.config.apps, Some(&before)).map_err(Problem::fields)?;
    let password = users::hashed(&caller.visit.state, password).await?;
    let actor = caller.actor();
    caller.blocking(move |state| users::change(state, &actor, &before, (&draft, &password))).await?;
    let user = find(&caller, id)?;
    Ok(super::ok(&UserView::of(&caller, &user)))
}

/// What becomes of what a deleted user owns.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Legacy {
    /// The name of the user whom it goes to; without one it is nobody's.
    heir: Option<String>,
}

/// Deletes a user with their sessions and keys.
#[utoipa::path(delete, path = "/users/{id}", tag = "users", params(("id" = i64, Path, minimum = 1), Legacy),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    Administrator(caller): Administrator,
    Id(id): Id,
    Query(legacy): Query<Legacy>,
) -> Result<HttpResponse, Problem> {
    let user = find(&caller, id)?;
    let heir = match legacy.heir {
        None => None,
        Some(name) => Some(
            users::named(&caller.visit.state, &name)
                .ok_or_else(|| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "`heir` is no user's name"))?,
        ),
    };
    let actor = caller.actor();
    caller.blocking(move |state| users::delete(state, &actor, &user, heir.as_deref())).await?;
    Ok(super::done())
}

/// The user of an id.
pub fn find(caller: &Caller, id: i64) -> Result<Arc<User>, Problem> {
    let users = caller.visit.state.store.view().users();
    users.by_id(UserId::named(id)).cloned().ok_or_else(|| Problem::not_found("user"))
}
