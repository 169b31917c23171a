//! Changing one's own password.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::Payload,
};
use secrecy::SecretString;
use tracing::{error, info};

use super::Said;
use crate::{
    administration::users,
    authn::{
        password,
        sign_in::{Claim, Proof, Refused},
    },
    events::{event::Event, kind::Kind},
    portal::{form::Form, moment, page, person::Person, visit::Visit, wrongs::Wrongs},
    store::users::User,
};

/// Why a user cannot change their password here.
pub(super) fn note(visit: &Visit, user: &User) -> Option<&'static str> {
    if users::is_configured(&visit.state.config.auth, user) {
        Some("Your password is set in Sluice's configuration and is changed there.")
    } else if user.password_hash.is_none() {
        Some("Your account has no password.")
    } else {
        None
    }
}

/// What changing the password came to.
enum Change {
    Done,
    Unstored,
}

/// Takes the form.
pub async fn change(person: Person, request: HttpRequest, payload: Payload) -> HttpResponse {
    let base = person.visit.base();
    let form = match Form::read(&request, payload, base).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    if let Some(note) = note(&person.visit, &person.user) {
        let said = Said { error: Some(note.to_owned()), ..Said::default() };
        return super::answer(&person, StatusCode::FORBIDDEN, said).await;
    }
    let new = form.text("new_password");
    if let Err(problem) = password::check_new(&new) {
        return retry(&person, StatusCode::UNPROCESSABLE_ENTITY, ("new_password", problem.to_string())).await;
    }
    if new != form.text("new_password_again") {
        let problem = "the two new passwords differ; type the same one twice".to_owned();
        return retry(&person, StatusCode::UNPROCESSABLE_ENTITY, ("new_password_again", problem)).await;
    }
    let current = SecretString::from(form.text("current_password"));
    match prove_and_set(&person, current, SecretString::from(new)).await {
        Ok(Change::Done) => page::see_other(&person.visit.page("/account?changed=1")).finish(),
        Ok(Change::Unstored) | Err(Refused::Failed) => {
            let text = "Your password is unchanged, because the new one could not be stored. Your other devices \
                        are signed out. Try again when the server's disk is repaired.";
            page::unstored(base, text)
        }
        Err(Refused::Busy) => page::busy(base),
        Err(Refused::Wrong(wait)) => {
            let text =
                format!("this is not your password; wait {}, then try again", moment::wait(wait.seconds()));
            retry(&person, StatusCode::UNAUTHORIZED, ("current_password", text)).await
        }
        Err(Refused::Throttled(wait)) => {
            let seconds = wait.seconds();
            let text =
                format!("there were too many failures; wait {}, then try again", moment::wait(seconds));
            let mut response =
                retry(&person, StatusCode::TOO_MANY_REQUESTS, ("current_password", text)).await;
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
            response
        }
    }
}

async fn prove_and_set(person: &Person, current: SecretString, new: SecretString) -> Result<Change, Refused> {
    let state = &person.visit.state;
    let (store, cost) = (std::sync::Arc::clone(&state.store), state.sign_in.bcrypt_cost);
    let (kept, address) = (person.session, person.visit.address());
    let claim = Claim { username: person.user.name.to_string(), password: current, address };
    let changed = state.sign_in.prove(claim, Proof::Password, move |user| {
        let hash = password::hash(&new, cost).map_err(|cause| cause.to_string())?;
        let told = Event::new(Kind::UserPasswordChanged).by_and_about(&user.name).from(address);
        store.change_password(&user, &hash, kept, told).map_err(|cause| cause.to_string())?;
        info!(user = %user.name, "password changed; the user's other sessions ended");
        Ok::<_, String>(())
    });
    match changed.await? {
        Ok(()) => Ok(Change::Done),
        Err(cause) => {
            error!(cause, "a password could not be changed");
            Ok(Change::Unstored)
        }
    }
}

async fn retry(
    person: &Person,
    status: StatusCode,
    (field, problem): (&'static str, String),
) -> HttpResponse {
    let said = Said { password_wrongs: Wrongs::one(field, problem), ..Said::default() };
    super::answer(person, status, said).await
}
