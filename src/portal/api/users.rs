//! `users`: who may come in, and what they may do.

mod body;

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{ETAG, LOCATION},
    },
};
use body::{NewUser, UserChange};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Id, Json, Query},
    caller::{Administrator, Caller},
    list::{Limit, Page},
    precondition::IfMatch,
    problem::Problem,
};
use crate::{
    administration::{
        Fault,
        fresh_proof::FreshProof,
        users::{self, Hashed},
        version::Version,
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

/// The largest body, in bytes: room for a set of every capability in each of hundreds of apps.
const MAX_BYTES: usize = 256 * 1024;

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
    Json(body): Json<NewUser, MAX_BYTES>,
) -> Result<HttpResponse, Problem> {
    let by = caller.fresh_proof().await?;
    let (typed, password) = body.typed()?;
    let draft = typed.read(&caller.visit.state.config.apps, None).map_err(Problem::fields)?;
    let password = users::hashed(&caller.visit.state, password).await?;
    let id = caller.blocking(move |state| users::add(state, &by, &draft, &password)).await?;
    let user = find(&caller, id.get())?;
    let mut response = super::json(StatusCode::CREATED);
    response.insert_header((LOCATION, caller.visit.page(&format!("/api/v1/users/{}", id.get()))));
    response.insert_header((ETAG, Version::of(&user).etag()));
    Ok(super::finish(response, &UserView::of(&caller, &user)))
}

/// The answer with a user, and with the tag that a change of theirs can name in `If-Match`.
fn answer(caller: &Caller, user: &User) -> HttpResponse {
    let mut response = super::json(StatusCode::OK);
    response.insert_header((ETAG, Version::of(user).etag()));
    super::finish(response, &UserView::of(caller, user))
}

/// A user.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = UserView)))]
pub async fn show(Administrator(caller): Administrator, Id(id): Id) -> Result<HttpResponse, Problem> {
    let user = find(&caller, id)?;
    Ok(answer(&caller, &user))
}

/// Changes a user. What is taken from them holds from the next request on. With `If-Match` nothing is changed where
/// somebody else has changed the user since; the `ETag` of every answer with a user is what to send.
#[utoipa::path(patch, path = "/users/{id}", tag = "users", params(("id" = i64, Path, minimum = 1), IfMatch),
    request_body = UserChange, responses((status = 200, body = UserView),
        (status = 412, body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    Administrator(caller): Administrator,
    Id(id): Id,
    if_match: IfMatch,
    Json(body): Json<UserChange, MAX_BYTES>,
) -> Result<HttpResponse, Problem> {
    let by = caller.fresh_proof().await?;
    let state = &caller.visit.state;
    let before = find(&caller, id)?;
    if_match.check(&before)?;
    body.typed(&before)?.read(&state.config.apps, Some(&before)).map_err(Problem::fields)?;
    let password = Arc::new(users::hashed(state, body.password()).await?);
    if !change_from(&caller, &by, before, (&body, &password)).await? {
        // What another process changed is known now.
        let before = find(&caller, id)?;
        if_match.check(&before)?;
        if !change_from(&caller, &by, before, (&body, &password)).await? {
            return Err(Fault::Changed.into());
        }
    }
    let user = find(&caller, id)?;
    Ok(answer(&caller, &user))
}

/// Changes a user from what they were `before`; `false` where they are something else by now.
async fn change_from(
    caller: &Caller,
    by: &FreshProof,
    before: Arc<User>,
    (body, password): (&UserChange, &Arc<Hashed>),
) -> Result<bool, Problem> {
    let apps = &caller.visit.state.config.apps;
    let draft = body.typed(&before)?.read(apps, Some(&before)).map_err(Problem::fields)?;
    let (by, password) = (by.clone(), Arc::clone(password));
    let change =
        move |state: &crate::state::State| match users::change(state, &by, &before, (&draft, &password)) {
            Err(Fault::Changed) => Ok(false),
            done => done.map(|()| true),
        };
    caller.blocking(change).await
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
#[utoipa::path(delete, path = "/users/{id}", tag = "users", params(("id" = i64, Path, minimum = 1), Legacy, IfMatch),
    responses((status = 204, description = "Deleted"),
        (status = 412, body = Problem, content_type = "application/problem+json")))]
pub async fn delete(
    Administrator(caller): Administrator,
    Id(id): Id,
    Query(legacy): Query<Legacy>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    let by = caller.fresh_proof().await?;
    let user = find(&caller, id)?;
    if_match.check(&user)?;
    let heir = match legacy.heir {
        None => None,
        Some(name) => Some(
            users::named(&caller.visit.state, &name)
                .ok_or_else(|| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "`heir` is no user's name"))?,
        ),
    };
    caller.blocking(move |state| users::delete(state, &by, &user, heir.as_deref())).await?;
    Ok(super::done())
}

/// The user of an id.
pub fn find(caller: &Caller, id: i64) -> Result<Arc<User>, Problem> {
    let users = caller.visit.state.store.view().users();
    users.by_id(UserId::named(id)).cloned().ok_or_else(|| Problem::not_found("user"))
}
