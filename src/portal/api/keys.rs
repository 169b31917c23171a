//! `keys`: everybody's, for administrators; and making one for a user.

use std::sync::Arc;

use actix_web::{HttpResponse, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Id, Json, Number, Query},
    caller::{Administrator, Caller},
    list::{Limit, Page, Span},
    problem::Problem,
    users::{find, names},
};
use crate::{
    administration::keys::{self, Made, Typed},
    clock::{self, Timestamp},
    policy::app::AppName,
    store::{
        keys::ApiKey,
        users::{User, UserId},
    },
};

/// A key. Its text is shown once, when it is made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyView {
    /// Its id.
    id: i64,
    /// The id of its owner.
    user_id: i64,
    /// The name of its owner.
    user: String,
    /// Its name.
    name: String,
    /// The most that it may do, within what its owner may; `null` for all of that.
    capabilities: Option<Vec<&'static str>>,
    /// The only apps; `null` for all.
    apps: Option<Vec<String>>,
    /// The only networks of clients; `null` for all.
    networks: Option<Vec<String>>,
    /// Its end; `null` for none.
    expires: Option<String>,
    /// When it was made.
    created: String,
    /// When it was last used, to the minute.
    last_used: Option<String>,
}

impl KeyView {
    fn of(key: &ApiKey, owner: &User) -> Self {
        let scope = &key.scope;
        let texts = |names: &Vec<AppName>| names.iter().map(|app| app.as_str().to_owned()).collect();
        Self {
            id: key.id.get(),
            user_id: owner.id.get(),
            user: owner.name.to_string(),
            name: key.name.clone(),
            capabilities: scope.capabilities.map(names),
            apps: scope.apps.as_ref().map(texts),
            networks: scope.networks.as_ref().map(|list| list.iter().map(ToString::to_string).collect()),
            expires: scope.expires.map(Timestamp::rfc3339),
            created: key.created.rfc3339(),
            last_used: key.used.get().map(Timestamp::rfc3339),
        }
    }
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Its name, unique among the owner's.
    #[schema(example = "sonarr")]
    name: String,
    /// The most that it may do, within what its owner may; all of that where this is left out.
    capabilities: Option<Vec<String>>,
    /// The only apps; all where this is left out.
    apps: Option<Vec<String>>,
    /// The only networks of clients, such as `192.168.1.0/24`; all where this is left out.
    networks: Option<Vec<String>>,
    /// How long it lives, such as `90d`; for ever where this is left out.
    lifetime: Option<String>,
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyMade {
    #[serde(flatten)]
    made: KeyView,
    /// The key's text: shown this once, and stored nowhere.
    key: String,
}

impl NewKey {
    fn typed(self) -> Typed {
        let Self { name, capabilities, apps, networks, lifetime } = self;
        Typed { name, capabilities, apps, networks, lifetime }
    }
}

/// Whose keys.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those of this user.
    #[param(value_type = Option<i64>, minimum = 1)]
    user_id: Option<Number>,
    /// `next` of the page before.
    #[param(value_type = Option<i64>, minimum = 1)]
    after: Option<Number>,
    /// How many entries, at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

/// The live keys, in the order in which they were made.
#[utoipa::path(get, path = "/keys", tag = "keys", params(Which), responses((status = 200, body = Page<KeyView>)))]
pub async fn list(
    Administrator(caller): Administrator,
    Query(which): Query<Which>,
) -> Result<HttpResponse, Problem> {
    let span = Span { after: which.after, limit: which.limit };
    Ok(super::ok(&page(&caller, which.user_id.map(|id| UserId::named(id.get())), &span)))
}

/// A page of the live keys of one user or of all.
pub fn page(caller: &Caller, user: Option<UserId>, span: &Span) -> Page<KeyView> {
    let view = caller.visit.state.store.view();
    let users = view.users();
    let after = span.after.map_or(0, Number::get);
    let keys = view.live_keys(user).into_iter().filter(|key| key.id.get() > after);
    let limit = span.limit.get();
    let keys = keys.filter_map(|key| Some(KeyView::of(&key, users.by_id(key.user)?)));
    Page::of(keys.take(limit + 1).collect(), limit, |key: &KeyView| key.id.to_string())
}

/// Makes a key for a user.
#[utoipa::path(post, path = "/users/{id}/keys", tag = "keys", params(("id" = i64, Path, minimum = 1)),
    request_body = NewKey, responses((status = 201, body = KeyMade)))]
pub async fn add(
    Administrator(caller): Administrator,
    Id(id): Id,
    Json(body): Json<NewKey>,
) -> Result<HttpResponse, Problem> {
    let owner = find(&caller, id)?;
    make(&caller, owner, body).await
}

/// Makes a key, and answers with its text.
pub async fn make(caller: &Caller, owner: Arc<User>, body: NewKey) -> Result<HttpResponse, Problem> {
    let by = caller.fresh_proof().await?;
    let (name, scope) = body.typed().read(&caller.visit.state, clock::now()).map_err(Problem::fields)?;
    let of = Arc::clone(&owner);
    let Made { id, key } = caller.blocking(move |state| keys::make(state, &by, &of, (&name, &scope))).await?;
    let made = caller.visit.state.store.view().key_by_id(id).ok_or_else(|| Problem::not_found("key"))?;
    let made = KeyMade { made: KeyView::of(&made, &owner), key: key.expose().to_owned() };
    Ok(super::finish(super::json(StatusCode::CREATED), &made))
}

/// Revokes a key and ends the sessions that it opened.
#[utoipa::path(delete, path = "/keys/{id}", tag = "keys", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Revoked")))]
pub async fn revoke(Administrator(caller): Administrator, Id(id): Id) -> Result<HttpResponse, Problem> {
    revoke_one(&caller, id, None).await
}

/// Revokes a key, where one is to be of one owner only of theirs.
pub async fn revoke_one(caller: &Caller, id: i64, of: Option<UserId>) -> Result<HttpResponse, Problem> {
    let view = caller.visit.state.store.view();
    let key = view.live_keys(of).into_iter().find(|key| key.id.get() == id);
    let key = key.ok_or_else(|| Problem::not_found("key"))?;
    let owner = find(caller, key.user.get())?;
    let actor = caller.actor();
    caller.blocking(move |state| keys::revoke(state, &actor, &owner, &key)).await?;
    Ok(super::done())
}
