//! `apps/{app}/owners`: whose the items of an app are. Apps or their scripts record it.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::Json,
    caller::{Administrator, Caller},
    problem::Problem,
};
use crate::{
    administration::{Fault, FieldError, owners, users},
    policy::{app::AppName, item::ItemKey},
    store::owners::Recorded,
};

/// Items that one look-up may name.
const MOST_ITEMS: usize = 10_000;
/// What every key obeys, as the description says it of each.
const KEY_RULE: &str = "a key has 1 to 128 printable ASCII characters without spaces";
/// Room for that many, in bytes.
const LOOK_UP_BYTES: usize = 2 * 1024 * 1024;

/// The app in the path.
pub struct InApp(pub AppName);

/// The app and the item in the path.
pub struct Item(AppName, ItemKey);

fn app(request: &HttpRequest) -> Result<AppName, Problem> {
    let app = request.match_info().get("app").and_then(AppName::parse);
    app.ok_or_else(|| Problem::not_found("app"))
}

impl FromRequest for InApp {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(app(request).map(Self))
    }
}

impl FromRequest for Item {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let item = request.match_info().get("item").and_then(ItemKey::parse);
        let item = item.ok_or_else(|| {
            let detail = format!("the item in the address cannot be taken: {KEY_RULE}");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        });
        std::future::ready(app(request).and_then(|app| Ok(Self(app, item?))))
    }
}

fn configured(caller: &Caller, app: &AppName) -> Result<(), Problem> {
    let known = caller.visit.state.config.apps.named(app.as_str()).is_some();
    if known { Ok(()) } else { Err(Problem::not_found("app")) }
}

/// Whose an item shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// A user's name.
    user: String,
}

/// Whose an item is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Owner {
    /// The user's name.
    user: String,
}

/// Records whose an item is. The first writer wins: 200 says that it was that user's already, 409 that it is another's.
#[utoipa::path(put, path = "/apps/{app}/owners/{item}", tag = "owners", params(("app" = String, Path), 
        ("item" = String, Path, min_length = 1, max_length = 128, pattern = "^[!-~]+$")),
    request_body = Claim, responses((status = 201, body = Owner), (status = 200, body = Owner)))]
pub async fn record(
    Administrator(caller): Administrator,
    Item(app, item): Item,
    Json(claim): Json<Claim>,
) -> Result<HttpResponse, Problem> {
    configured(&caller, &app)?;
    let owner = users::named(&caller.visit.state, &claim.user)
        .ok_or_else(|| Problem::fields(vec![FieldError::new("user", "there is no user of this name")]))?;
    let (actor, of) = (caller.actor(), Arc::clone(&owner));
    let recorded = caller.blocking(move |state| owners::record(state, &actor, (&app, &item), &of)).await?;
    let status = match recorded {
        Recorded::First => StatusCode::CREATED,
        Recorded::Already => StatusCode::OK,
        Recorded::Another(other) => {
            return Err(Problem::new(StatusCode::CONFLICT, format!("the item is {other}'s already")));
        }
    };
    Ok(super::finish(super::json(status), &Owner { user: owner.name.to_string() }))
}

/// Whose an item is.
#[utoipa::path(get, path = "/apps/{app}/owners/{item}", tag = "owners", params(("app" = String, Path), 
        ("item" = String, Path, min_length = 1, max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, body = Owner)))]
pub async fn show(
    Administrator(caller): Administrator,
    Item(app, item): Item,
) -> Result<HttpResponse, Problem> {
    let found = caller.blocking(move |state| owners::of(state, &app, &[item]).map_err(Fault::from)).await?;
    let (_, user) = found.into_iter().next().ok_or_else(|| Problem::not_found("owner"))?;
    Ok(super::ok(&Owner { user }))
}

/// Makes an item nobody's, as when the app has deleted it.
#[utoipa::path(delete, path = "/apps/{app}/owners/{item}", tag = "owners", params(("app" = String, Path), 
        ("item" = String, Path, min_length = 1, max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 204, description = "It is nobody's")))]
pub async fn forget(
    Administrator(caller): Administrator,
    Item(app, item): Item,
) -> Result<HttpResponse, Problem> {
    let actor = caller.actor();
    let was = caller.blocking(move |state| owners::forget(state, &actor, &app, &item)).await?;
    if was { Ok(super::done()) } else { Err(Problem::not_found("owner")) }
}

/// Items to look up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookUp {
    /// Their keys, 10,000 at most.
    #[schema(max_items = 10_000)]
    items: Vec<String>,
}

/// The owners of those items that have one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Owners {
    /// Users' names by the items' keys, as the request names them.
    owners: BTreeMap<String, String>,
}

/// Whose many items are.
#[utoipa::path(post, path = "/apps/{app}/owners/look-up", tag = "owners", params(("app" = String, Path)),
    request_body = LookUp, responses((status = 200, body = Owners)))]
pub async fn look_up(
    Administrator(caller): Administrator,
    InApp(app): InApp,
    Json(body): Json<LookUp, LOOK_UP_BYTES>,
) -> Result<HttpResponse, Problem> {
    if body.items.len() > MOST_ITEMS {
        let message = format!("names more than {MOST_ITEMS} items; ask in parts");
        return Err(Problem::fields(vec![FieldError::new("items", message)]));
    }
    let items: Option<Vec<_>> = body.items.iter().map(|item| ItemKey::parse(item)).collect();
    let items = items.ok_or_else(|| Problem::fields(vec![FieldError::new("items", KEY_RULE)]))?;
    let keys = items.clone();
    let found = caller.blocking(move |state| owners::of(state, &app, &keys).map_err(Fault::from)).await?;
    let found: std::collections::HashMap<_, _> = found.into_iter().collect();
    let named = body.items.into_iter().zip(&items);
    let owners = named.filter_map(|(name, key)| Some((name, found.get(key)?.clone()))).collect();
    Ok(super::ok(&Owners { owners }))
}
