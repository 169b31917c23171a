//! `me`: whoever calls, for apps and for people themselves.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{HttpResponse, http::StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::{Id, Json, Query},
    caller::{Caller, Credential},
    keys::{self, KeyMade, KeyView, NewKey},
    list::{Page, Span},
    problem::Problem,
    proof::wrong_password,
    sessions::{self, SessionView},
    users::names,
};
use crate::{
    administration,
    authn::{
        password,
        sign_in::{Claim, Proof},
    },
    clock,
    events::{event::Event, kind::Kind},
    policy::capability::Capabilities,
    store::sessions::SessionId,
};

/// Whoever calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// Stable id.
    id: i64,
    /// Name.
    name: String,
    /// Name for people; the name, where there is none.
    display_name: String,
    /// `admin` or `user`.
    role: &'static str,
    /// Groups, as `Remote-Groups` has them.
    groups: Vec<String>,
    /// What they may do in each app, with the key that they call with.
    apps: BTreeMap<String, Vec<&'static str>>,
    /// `session` or `api-key`.
    method: &'static str,
    /// Seconds until the session ends unless it is used, or the key does; `null` for a key without an end. Asking does not
    /// count as use.
    seconds_left: Option<i64>,
}

/// Who calls, what they may do, and for how long.
#[utoipa::path(get, path = "/me", tag = "me", responses((status = 200, body = Me)))]
pub async fn show(caller: Caller) -> HttpResponse {
    let user = &caller.user;
    let key = match &caller.by {
        Credential::Key(key) => Some(key),
        Credential::Session(_) => None,
    };
    let opens = |app: &_| key.and_then(|key| key.scope.apps.as_ref()).is_none_or(|apps| apps.contains(app));
    let narrowed = |held: Capabilities| {
        key.and_then(|key| key.scope.capabilities).map_or(held, |subset| held.both(subset))
    };
    let apps = caller.visit.state.config.apps.iter();
    let may_enter = |app: &&crate::policy::app::App| {
        app.entry.admits(user.role, user.name.as_str(), user.groups.as_slice()) && opens(&app.name)
    };
    let apps = apps
        .filter(may_enter)
        .map(|app| (app.name.as_str().to_owned(), names(narrowed(user.held_in(&app.name)))));
    let own = std::iter::once(user.role.group()).chain(user.groups.foreign());
    let me = Me {
        id: user.id.get(),
        name: user.name.to_string(),
        display_name: user.display_name.as_ref().map_or_else(|| user.name.to_string(), ToString::to_string),
        role: user.role.name(),
        groups: own.map(ToOwned::to_owned).collect(),
        apps: apps.collect(),
        method: if key.is_some() { "api-key" } else { "session" },
        seconds_left: seconds_left(&caller),
    };
    super::ok(&me)
}

fn seconds_left(caller: &Caller) -> Option<i64> {
    match &caller.by {
        Credential::Session(_) => caller.visit.session_seconds_left(),
        Credential::Key(key) => key.scope.expires.map(|expires| expires.since(clock::now()).max(0)),
    }
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password until now.
    current: String,
    /// The one from now on.
    new: String,
}

/// Changes one's own password, and ends one's other sessions.
#[utoipa::path(put, path = "/me/password", tag = "me", request_body = PasswordChange,
    responses((status = 204, description = "Changed"), (status = 429, body = Problem, content_type = "application/problem+json")))]
pub async fn change_password(
    caller: Caller,
    Json(body): Json<PasswordChange>,
) -> Result<HttpResponse, Problem> {
    let session = own_session(&caller)?;
    let state = &caller.visit.state;
    if administration::users::is_configured(&state.config.auth, &caller.user) {
        let detail = "auth.admin_password sets your password; change it there";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    let new = SecretString::from(body.new);
    if let Err(problem) = password::check_new(new.expose_secret()) {
        return Err(Problem::fields(vec![administration::FieldError::new("new", problem)]));
    }
    let claim = Claim {
        username: caller.user.name.to_string(),
        password: SecretString::from(body.current),
        address: caller.visit.address(),
    };
    let address = claim.address;
    let (store, cost) = (Arc::clone(&state.store), state.sign_in.bcrypt_cost);
    let changed = state.sign_in.prove(claim, Proof::Password, move |user| {
        let hash = password::hash(&new, cost).map_err(|_| administration::Fault::Busy)?;
        let told = Event::new(Kind::UserPasswordChanged).by_and_about(&user.name).from(address);
        store.change_password(&user, &hash, session, told).map_err(administration::Fault::from)
    });
    match changed.await {
        Ok(done) => done.map(|()| super::done()).map_err(Problem::from),
        Err(refused) => Err(wrong_password("current", refused)),
    }
}

/// What changes one's own account asks for a session: a key that leaked must not make itself at home.
pub fn own_session(caller: &Caller) -> Result<SessionId, Problem> {
    caller.session().ok_or_else(|| {
        let detail = "this takes a session of the sign-in page, not a key";
        Problem::new(StatusCode::FORBIDDEN, detail)
    })
}

/// One's own live keys.
#[utoipa::path(get, path = "/me/keys", tag = "me", params(Span), responses((status = 200, body = Page<KeyView>)))]
pub async fn list_keys(caller: Caller, Query(span): Query<Span>) -> Result<HttpResponse, Problem> {
    caller.unlimited("it does not see the others")?;
    Ok(super::ok(&keys::page(&caller, Some(caller.user.id), &span)))
}

/// Makes a key of one's own.
#[utoipa::path(post, path = "/me/keys", tag = "me", request_body = NewKey, responses((status = 201, body = KeyMade)))]
pub async fn add_key(caller: Caller, Json(body): Json<NewKey>) -> Result<HttpResponse, Problem> {
    own_session(&caller)?;
    keys::make(&caller, Arc::clone(&caller.user), body).await
}

/// Revokes one of one's own keys.
#[utoipa::path(delete, path = "/me/keys/{id}", tag = "me", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Revoked")))]
pub async fn revoke_key(caller: Caller, Id(id): Id) -> Result<HttpResponse, Problem> {
    own_session(&caller)?;
    keys::revoke_one(&caller, id, Some(caller.user.id)).await
}

/// One's own sessions.
#[utoipa::path(get, path = "/me/sessions", tag = "me", params(Span),
    responses((status = 200, body = Page<SessionView>)))]
pub async fn list_sessions(caller: Caller, Query(span): Query<Span>) -> Result<HttpResponse, Problem> {
    caller.unlimited("it does not see sessions")?;
    Ok(super::ok(&sessions::page(&caller, Some(caller.user.id), &span).await?))
}

/// Ends one of one's own sessions.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "me", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Ended")))]
pub async fn end_session(caller: Caller, Id(id): Id) -> Result<HttpResponse, Problem> {
    own_session(&caller)?;
    sessions::end_one(&caller, id, Some(caller.user.id)).await
}

/// Ends all of one's own sessions but this.
#[utoipa::path(delete, path = "/me/sessions", tag = "me", responses((status = 204, description = "Ended")))]
pub async fn end_other_sessions(caller: Caller) -> Result<HttpResponse, Problem> {
    let kept = own_session(&caller)?;
    let all = caller.visit.state.store.view().sessions_of(caller.user.id);
    let ended: Vec<_> = all.filter(|&session| session != kept).collect();
    let (actor, user) = (caller.actor(), Arc::clone(&caller.user));
    caller.blocking(move |state| administration::sessions::end(state, &actor, &user, &ended)).await?;
    Ok(super::done())
}
