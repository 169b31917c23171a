//! The API keys of whoever is signed in: their list on the account page, making one and revoking one.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{self, Payload},
};
use askama::Template;
use tracing::{error, info};

use super::{
    account,
    form::Form,
    key_form::{Select, Typed},
    key_words, page,
    visit::Visit,
};
use crate::{
    administration,
    authn::api_key::{KeyName, NewKey},
    clock::{self, Timestamp},
    events::{event::Event, kind::Kind},
    policy::origin::MissingOrigin,
    store::{
        database::StoreError,
        events,
        keys::{self, ApiKey, NewApiKey, Scope},
        sessions::{self, SessionId},
        users::User,
    },
};

/// The section of the account page.
#[derive(Template)]
#[template(path = "account_keys.html")]
pub(super) struct KeySection<'a> {
    base: &'a str,
    keys: Vec<KeyRow>,
    may_have_keys: bool,
    typed: Typed,
    selects: Vec<Select>,
    error: Option<String>,
    done: Option<&'static str>,
}

struct KeyRow {
    id: i64,
    name: String,
    ended: bool,
    facts: Vec<String>,
    limits: Vec<String>,
}

#[derive(Template)]
#[template(path = "key.html")]
struct KeyPage<'a> {
    base: &'a str,
    username: &'a str,
    name: &'a str,
    key: &'a str,
}

impl<'a> KeySection<'a> {
    /// As it is before anything was typed.
    pub(super) fn new(visit: &'a Visit, user: &User) -> Self {
        Self::with(visit, user, Typed::default())
    }

    fn with(visit: &'a Visit, user: &User, typed: Typed) -> Self {
        let now = clock::now();
        Self {
            base: visit.base(),
            keys: visit.state.store.view().keys_of(user.id).iter().map(|key| KeyRow::of(key, now)).collect(),
            may_have_keys: visit.state.config.api_keys.include(user.role),
            selects: typed.selects(&visit.state.config.apps),
            typed,
            error: None,
            done: visit.query("revoked").map(|_| "The key is revoked."),
        }
    }

    /// Whether it says what went wrong.
    pub(super) const fn complains(&self) -> bool {
        self.error.is_some()
    }
}

impl KeyRow {
    fn of(key: &ApiKey, now: Timestamp) -> Self {
        let ended = key_words::has_ended(key, now);
        let made = format!("Made {}", page::date(key.created));
        Self {
            id: key.id.get(),
            name: key.name.clone(),
            ended,
            facts: vec![made, key_words::used(key), key_words::end(key, now)],
            limits: key_words::limits(&key.scope),
        }
    }
}

/// Takes the form for a new key, and shows the key this once.
pub async fn create(visit: Visit, request: HttpRequest, payload: Payload) -> HttpResponse {
    if let Err(response) = visit.refuse_foreign(MissingOrigin::Refused) {
        return response;
    }
    let Some((user, session)) = visit.signed_in() else { return account::to_sign_in(&visit) };
    let form = match Form::read(&request, payload, visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let typed = Typed::of(&form);
    let retry = |typed, status, text: &str| {
        let error = Some(format!("Not made: {text}."));
        account::with_keys(
            &visit,
            &user,
            status,
            KeySection { error, ..KeySection::with(&visit, &user, typed) },
        )
    };
    if !visit.state.config.api_keys.include(user.role) {
        return retry(typed, StatusCode::FORBIDDEN, "only administrators have API keys here");
    }
    let (name, scope) = match typed.read(&visit.state.config.apps, clock::now()) {
        Ok(wanted) => wanted,
        Err(problem) => return retry(typed, StatusCode::UNPROCESSABLE_ENTITY, &problem),
    };
    match make(&visit, &user, session, (name.clone(), scope)).await {
        Ok(key) => {
            info!(user = %user.name, key = name.as_str(), "an API key is made");
            let (username, name, key) = (user.name.as_str(), name.as_str(), key.expose());
            page::render(
                page::answer(StatusCode::OK, None),
                &KeyPage { base: visit.base(), username, name, key },
            )
        }
        Err(Some(StoreError::KeyNameTaken(_))) => {
            let text = "you have a key of that name already; revoke that one first, or choose another name";
            retry(typed, StatusCode::UNPROCESSABLE_ENTITY, text)
        }
        Err(Some(StoreError::TooManyKeys)) => {
            let text = "you have as many keys as one can have; revoke some first";
            retry(typed, StatusCode::UNPROCESSABLE_ENTITY, text)
        }
        Err(Some(StoreError::Overtaken)) => account::to_sign_in(&visit),
        Err(cause) => {
            let cause =
                cause.map_or_else(|| "no random bytes, or no thread".to_owned(), |cause| cause.to_string());
            error!(cause, user = %user.name, "an API key could not be made");
            let text = "You have no new key, because it could not be stored. Try again when the server's disk is \
                        repaired.";
            page::unstored(visit.base(), text)
        }
    }
}

/// Stores a key, unless the session has ended meanwhile: the key would outlive what proved its owner.
async fn make(
    visit: &Visit,
    user: &Arc<User>,
    session: SessionId,
    (name, scope): (KeyName, Scope),
) -> Result<NewKey, Option<StoreError>> {
    let (store, user) = (Arc::clone(&visit.state.store), Arc::clone(user));
    let told =
        Event::new(Kind::KeyMade).by_and_about(&user.name).from(visit.address()).with("key", name.as_str());
    let key = NewKey::generate().map_err(|_| None)?;
    let made = web::block(move || {
        store.write_users(|tx| {
            sessions::lives(tx, session)?;
            let new = NewApiKey { user: user.id, name: &name, scope: &scope };
            keys::insert(tx, &key.digest(), &new, clock::now())?;
            events::append(tx, &told, clock::now())
        })?;
        Ok(key)
    });
    made.await.unwrap_or(Err(None))
}

/// Takes the form that revokes a key. It is denied from here on, even when that cannot be stored.
pub async fn revoke(visit: Visit, request: HttpRequest, payload: Payload) -> HttpResponse {
    if let Err(response) = visit.refuse_foreign(MissingOrigin::Refused) {
        return response;
    }
    let Some((user, _)) = visit.signed_in() else { return account::to_sign_in(&visit) };
    let form = match Form::read(&request, payload, visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let Some(key) = own(&visit, &user, &form.text("id")) else {
        let error = Some("You have no such key; perhaps it is revoked already.".to_owned());
        let keys = KeySection { error, ..KeySection::new(&visit, &user) };
        return account::with_keys(&visit, &user, StatusCode::NOT_FOUND, keys);
    };
    let (state, actor, owner) = (visit.state.clone(), visit.actor(&user), std::sync::Arc::clone(&user));
    let key_id = key.id.get();
    match web::block(move || administration::keys::revoke(&state, &actor, &owner, &key)).await {
        Ok(Ok(())) => {
            info!(user = %user.name, key_id, "an API key is revoked");
            page::see_other(&visit.page("/account?revoked=1")).finish()
        }
        failed => {
            if let Ok(Err(cause)) = failed {
                error!(%cause, user = %user.name, "a key is revoked in memory only; will try again to store it");
            }
            let text = "The key is revoked, but that could not be stored. If the server restarts before its disk is \
                        repaired, the key could come back. Tell the person who runs this server.";
            page::unstored(visit.base(), text)
        }
    }
}

/// The user's own live key that a form names.
fn own(visit: &Visit, user: &User, id: &str) -> Option<Arc<ApiKey>> {
    let keys = visit.state.store.view().keys_of(user.id);
    keys.into_iter().find(|own| own.id.get().to_string() == id)
}
