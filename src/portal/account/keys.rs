//! The API keys of whoever is signed in: their list, making one and revoking one.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Payload};
use askama::Template;
use tracing::{error, info};

use super::Said;
use crate::{
    administration::{
        self, Fault,
        fresh_proof::FreshProof,
        keys::{Made, Typed},
    },
    authn::api_key::KeyName,
    clock::{self, Timestamp},
    portal::{
        expired_form::{self, Sent},
        form::Form,
        frame::{Frame, Place},
        key_form::KeyForm,
        key_words, log_in, moment, page,
        person::Person,
        visit::Visit,
        wrongs::Wrongs,
    },
    store::{keys::ApiKey, users::User},
};

/// The section of the page.
pub(in crate::portal) struct Keys {
    pub(super) rows: Vec<KeyRow>,
    pub(super) allowed: bool,
}

/// One key.
pub(in crate::portal) struct KeyRow {
    pub(in crate::portal) id: i64,
    pub(in crate::portal) name: String,
    pub(in crate::portal) ended: bool,
    pub(in crate::portal) facts: Vec<String>,
    pub(in crate::portal) limits: Vec<String>,
}

#[derive(Template)]
#[template(path = "key.html")]
struct KeyPage<'a> {
    base: &'a str,
    frame: Frame,
    username: &'a str,
    name: &'a str,
    key: &'a str,
}

impl Keys {
    pub(super) fn of(visit: &Visit, user: &User) -> Self {
        let now = clock::now();
        let keys = visit.state.store.view().keys_of(user.id);
        Self {
            rows: keys.iter().map(|key| KeyRow::of(key, now)).collect(),
            allowed: visit.state.config.api_keys.include(user.role),
        }
    }
}

impl KeyRow {
    pub(in crate::portal) fn of(key: &ApiKey, now: Timestamp) -> Self {
        let made = format!("Made {}", moment::date(key.created));
        Self {
            id: key.id.get(),
            name: key.name.clone(),
            ended: key_words::has_ended(key, now),
            facts: vec![made, key_words::used(key), key_words::end(key, now)],
            limits: key_words::limits(&key.scope),
        }
    }
}

/// Takes the form for a new key, and shows the key this once.
pub async fn create(person: Person, request: HttpRequest, payload: Payload) -> HttpResponse {
    let (form, proof) = match Sent::read(&person, &request, payload).await {
        Ok(Sent::ToDo(form, proof)) => (form, proof),
        Ok(Sent::ToCheck(form)) => {
            let error = Some(expired_form::NOTE.to_owned());
            let said = Said { error, key_form: KeyForm::of(&form), ..Said::default() };
            return super::answer(&person, StatusCode::OK, said).await;
        }
        Err(response) => return response,
    };
    let mut typed = KeyForm::of(&form);
    match make(&person, proof, &form, &typed).await {
        Ok((name, made)) => shown(&person, &name, &made),
        Err(Fault::Fields(errors)) => {
            typed.wrongs = Wrongs::new(errors);
            let said = Said { key_form: typed, ..Said::default() };
            super::answer(&person, StatusCode::UNPROCESSABLE_ENTITY, said).await
        }
        Err(fault @ (Fault::Refused(_) | Fault::Conflict(_))) => {
            let status = match fault {
                Fault::Refused(_) => StatusCode::FORBIDDEN,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let said =
                Said { error: Some(format!("Not made: {fault}.")), key_form: typed, ..Said::default() };
            super::answer(&person, status, said).await
        }
        Err(Fault::Unstored(cause)) => {
            error!(%cause, user = %person.user.name, "an API key could not be made");
            let text = "There is no new key, because it could not be stored. Try again when the server's disk is \
                        repaired.";
            page::unstored(person.visit.base(), text)
        }
        Err(Fault::Overtaken) => log_in::ask_again(&person.visit, form),
        Err(fault) => person.failed(&fault),
    }
}

/// Makes a key as a form wants it.
async fn make(
    person: &Person,
    by: FreshProof,
    form: &Form,
    typed: &KeyForm,
) -> Result<(KeyName, Made), Fault> {
    let state = &person.visit.state;
    let typed: Typed = typed.read(form, &state.config.apps).map_err(Wrongs::into_fault)?;
    let (name, scope) = typed.read(state, clock::now()).map_err(Fault::Fields)?;
    let owner = Arc::clone(&person.user);
    let make = move |state: &_| {
        let made = administration::keys::make(state, &by, &owner, (&name, &scope))?;
        info!(user = %owner.name, key = name.as_str(), "an API key is made");
        Ok::<_, Fault>((name, made))
    };
    person.blocking(make).await
}

/// The page that shows a key, this once.
fn shown(person: &Person, name: &KeyName, made: &Made) -> HttpResponse {
    let page = KeyPage {
        base: person.visit.base(),
        frame: person.frame(Place::Account),
        username: person.user.name.as_str(),
        name: name.as_str(),
        key: made.key.expose(),
    };
    page::render(page::answer(StatusCode::OK, None), &page)
}

/// Takes the form that revokes a key. It is denied from here on, even when that cannot be stored.
pub async fn revoke(person: Person, request: HttpRequest, payload: Payload) -> HttpResponse {
    let form = match Form::read(&request, payload, person.visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let id = form.text("id");
    let keys = person.visit.state.store.view().keys_of(person.user.id);
    let Some(key) = keys.into_iter().find(|own| own.id.get().to_string() == id) else {
        let error = Some("You have no such key; perhaps it is revoked already.".to_owned());
        return super::answer(&person, StatusCode::NOT_FOUND, Said { error, ..Said::default() }).await;
    };
    match end(&person, key).await {
        Ok(()) => page::see_other(&person.visit.page("/account?revoked=1")).finish(),
        Err(response) => response,
    }
}

/// Revokes a key, or says why it could not be stored.
async fn end(person: &Person, key: Arc<ApiKey>) -> Result<(), HttpResponse> {
    let (actor, owner, key_id) = (person.actor(), Arc::clone(&person.user), key.id.get());
    let user = &person.user.name;
    match person.blocking(move |state| administration::keys::revoke(state, &actor, &owner, &key)).await {
        Ok(()) => {
            info!(%user, key_id, "an API key is revoked");
            Ok(())
        }
        Err(Fault::Unstored(cause)) => {
            error!(%cause, %user, "a key is revoked in memory only; will try again to store it");
            let text = "The key is revoked, but that could not be stored. If the server restarts before its disk is \
                        repaired, the key could come back. Tell the person who runs this server.";
            Err(page::unstored(person.visit.base(), text))
        }
        Err(fault) => Err(person.failed(&fault)),
    }
}
