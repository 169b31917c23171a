//! The page of whoever is signed in: what they are called, what they may do, their password, their keys.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::Payload,
};
use askama::Template;
use secrecy::SecretString;
use tracing::{error, info};

use super::{
    account_keys::KeySection,
    form::Form,
    frame::{Frame, Place},
    log_out, page,
    visit::Visit,
    wrongs::Wrongs,
};
use crate::{
    authn::{
        password,
        sign_in::{Claim, Proof, Refused},
    },
    events::{event::Event, kind::Kind},
    policy::{capability::Capability, origin::MissingOrigin, role::Role},
    store::{sessions::SessionId, users::User},
};

struct CapabilityRow {
    label: &'static str,
    description: &'static str,
    held: bool,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    base: &'a str,
    frame: Frame,
    name: String,
    display_name: String,
    email: Option<String>,
    role: &'static str,
    preset: &'static str,
    capabilities: Vec<CapabilityRow>,
    sessions: String,
    password_form: bool,
    password_note: Option<&'static str>,
    wrongs: Wrongs,
    error: Option<String>,
    done: Option<&'static str>,
    keys: KeySection<'a>,
}

impl AccountPage<'_> {
    fn complains(&self) -> bool {
        self.error.is_some() || !self.wrongs.is_empty() || self.keys.complains()
    }
}

/// The portal's own address leads here.
pub async fn enter(visit: Visit) -> HttpResponse {
    page::see_other(&visit.page("/account")).finish()
}

/// Shows the page.
pub async fn show(visit: Visit) -> HttpResponse {
    let Some((user, _)) = visit.signed_in() else { return to_sign_in(&visit) };
    let done = visit.query("changed").map(|_| "Your password is changed. Your other devices are signed out.");
    let account = AccountPage { done, ..account(&visit, &user) };
    render(&visit, StatusCode::OK, &account)
}

/// Sends on whoever has no session, or none any more.
pub(super) fn to_sign_in(visit: &Visit) -> HttpResponse {
    let account = visit.page("/account").replace('/', "%2F");
    page::see_other(&visit.page(&format!("/login?rd={account}"))).finish()
}

fn account<'a>(visit: &'a Visit, user: &User) -> AccountPage<'a> {
    let held = user.held();
    let row = |capability: Capability| CapabilityRow {
        label: capability.label(),
        description: capability.description(),
        held: held.holds(capability),
    };
    let devices = visit.state.store.view().sessions_of(user.id).count();
    let password_note = password_note(visit, user);
    AccountPage {
        base: visit.base(),
        frame: Frame::new(user, Place::Account),
        name: user.name.to_string(),
        display_name: user.display_name.as_ref().map_or_else(|| user.name.to_string(), ToString::to_string),
        email: user.email.as_ref().map(ToString::to_string),
        role: match user.role {
            Role::Admin => "Administrator",
            Role::User => "User",
        },
        preset: held.preset().map_or("custom", |preset| preset.name()),
        capabilities: Capability::ALL.into_iter().map(row).collect(),
        sessions: match devices {
            0 | 1 => "You are signed in on this device only.".to_owned(),
            _ => format!("You are signed in on {devices} devices."),
        },
        password_form: password_note.is_none(),
        password_note,
        wrongs: Wrongs::default(),
        error: None,
        done: None,
        keys: KeySection::new(visit, user),
    }
}

/// Why a user cannot change their password here.
fn password_note(visit: &Visit, user: &User) -> Option<&'static str> {
    let auth = &visit.state.config.auth;
    if auth.admin_password.is_some() && user.name == auth.admin_user {
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

/// Takes the password form.
pub async fn change_password(visit: Visit, request: HttpRequest, payload: Payload) -> HttpResponse {
    if let Err(response) = visit.refuse_foreign(MissingOrigin::Refused) {
        return response;
    }
    let Some((user, session)) = visit.signed_in() else { return to_sign_in(&visit) };
    let form = match Form::read(&request, payload, visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    if let Some(note) = password_note(&visit, &user) {
        let account = AccountPage { error: Some(note.to_owned()), ..account(&visit, &user) };
        return render(&visit, StatusCode::FORBIDDEN, &account);
    }
    let new = form.text("new_password");
    if let Err(problem) = password::check_new(&new) {
        return retry(&visit, &user, StatusCode::UNPROCESSABLE_ENTITY, Wrongs::one("new_password", problem));
    }
    if new != form.text("new_password_again") {
        let wrongs =
            Wrongs::one("new_password_again", "the two new passwords differ; type the same one twice");
        return retry(&visit, &user, StatusCode::UNPROCESSABLE_ENTITY, wrongs);
    }
    let claim = Claim {
        username: user.name.to_string(),
        password: SecretString::from(form.text("current_password")),
        address: visit.address(),
    };
    match change(&visit, claim, SecretString::from(new), session).await {
        Ok(Change::Done) => page::see_other(&visit.page("/account?changed=1")).finish(),
        Ok(Change::Unstored) | Err(Refused::Failed) => {
            let text = "Your password is unchanged, because the new one could not be stored. Your other devices \
                        are signed out. Try again when the server's disk is repaired.";
            page::unstored(visit.base(), text)
        }
        Err(Refused::Busy) => page::busy(visit.base()),
        Err(Refused::Wrong(wait)) => {
            let text =
                format!("this is not your password; wait {}, then try again", page::in_words(wait.seconds()));
            retry(&visit, &user, StatusCode::UNAUTHORIZED, Wrongs::one("current_password", text))
        }
        Err(Refused::Throttled(wait)) => {
            let text = format!(
                "there were too many failures; wait {}, then try again",
                page::in_words(wait.seconds())
            );
            let wrongs = Wrongs::one("current_password", text);
            let mut response = retry(&visit, &user, StatusCode::TOO_MANY_REQUESTS, wrongs);
            response.headers_mut().insert(RETRY_AFTER, wait.seconds().into());
            response
        }
    }
}

async fn change(visit: &Visit, claim: Claim, new: SecretString, kept: SessionId) -> Result<Change, Refused> {
    let (store, cost) = (std::sync::Arc::clone(&visit.state.store), visit.state.sign_in.bcrypt_cost);
    let address = claim.address;
    let changed = visit.state.sign_in.prove(claim, Proof::Password, move |user| {
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

/// Shows the page again after something was done about the keys.
pub(super) fn with_keys(
    visit: &Visit,
    user: &User,
    status: StatusCode,
    keys: KeySection<'_>,
) -> HttpResponse {
    render(visit, status, &AccountPage { keys, ..account(visit, user) })
}

fn retry(visit: &Visit, user: &User, status: StatusCode, wrongs: Wrongs) -> HttpResponse {
    render(visit, status, &AccountPage { wrongs, ..account(visit, user) })
}

fn render(visit: &Visit, status: StatusCode, account: &AccountPage<'_>) -> HttpResponse {
    page::render(page::answer(status, log_out::leads_to(visit).as_ref()), account)
}
