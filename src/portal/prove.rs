//! The page on which whoever is signed in proves again who they are, before they do what widens rights. What they sent comes
//! back afterwards, as after a sign-in.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::{self, Payload},
};
use askama::Template;
use secrecy::SecretString;
use tracing::info;

use super::{
    expired_form::{self, ExpiredForm},
    form::Form,
    log_in::{self, ExpiredFormPage},
    moment, page,
    person::{self, Person},
    visit::Visit,
};
use crate::{
    administration::{
        Fault,
        fresh_proof::{self, FreshProof, MINUTES, NoFreshProof, NotProved},
    },
    authn::{masked::masked, sign_in::Refused},
    proxy::target::Target,
    store::database::StoreError,
};

/// What is said above the field while the page carries a form.
const KEPT: &str = "Nothing is saved yet. What you typed is kept, except passwords and secrets.";
/// The page's address, below the portal's.
pub const PATH: &str = "/proof";

#[derive(Template)]
#[template(path = "proof.html")]
struct ProofPage<'a> {
    base: &'a str,
    username: &'a str,
    minutes: i64,
    notice: Option<&'a str>,
    error: Option<String>,
    wait_seconds: Option<u64>,
    rd: Option<String>,
    /// A form that is to come back.
    expired_form: Option<String>,
}

impl<'a> ProofPage<'a> {
    fn new(person: &'a Person, target: Option<&Target>) -> Self {
        Self {
            base: person.visit.base(),
            username: person.user.name.as_str(),
            minutes: MINUTES,
            notice: None,
            error: None,
            wait_seconds: None,
            rd: target.map(|target| target.as_str().to_owned()),
            expired_form: None,
        }
    }
}

/// Whether a form was sent to this page.
pub fn is_sent_to(visit: &Visit) -> bool {
    visit.path().strip_prefix(visit.base()) == Some(PATH)
}

/// The fresh proof of whoever sent a form, or the page that asks for one and keeps what they typed.
pub async fn fresh(person: &Person, form: &Form) -> Result<FreshProof, HttpResponse> {
    let (state, actor, session) = (person.visit.state.clone(), person.actor(), person.session);
    match web::block(move || FreshProof::of_session(&state.store, actor, session)).await {
        Ok(Ok(proof)) => Ok(proof),
        Ok(Err(NoFreshProof::Stale | NoFreshProof::LimitedKey)) => Err(ask(person, form)),
        Ok(Err(NoFreshProof::Store(StoreError::Overtaken))) => {
            Err(log_in::ask_again(&person.visit, form.clone()))
        }
        Ok(Err(NoFreshProof::Store(cause))) => Err(person.failed(&Fault::Unstored(cause))),
        Err(_) => Err(person.failed(&Fault::Busy)),
    }
}

fn ask(person: &Person, form: &Form) -> HttpResponse {
    let visit = &person.visit;
    info!(user = %person.user.name, path = &*masked(visit.path()), "a form waits for the password");
    let target = visit.targets().check(&person::page_before(visit));
    let sent = ExpiredForm::of(visit, form.clone());
    let is_typed = sent.is_some();
    let expired_form = sent.and_then(|sent| sent.carried());
    let notice = match (is_typed, &expired_form) {
        (false, _) => "Nothing is done yet. Afterwards you come back to the page that you were on.",
        (true, Some(_)) => KEPT,
        (true, None) => {
            "Nothing is saved yet, and the form is too large to be kept on this page. Your browser still has it: confirm \
             your password in another tab, then reload this page and let the browser send the form again."
        }
    };
    let page = ProofPage { notice: Some(notice), expired_form, ..ProofPage::new(person, target.as_ref()) };
    page::render(page::answer(StatusCode::FORBIDDEN, None), &page)
}

/// Shows the page by itself, for whoever is sent here by a program's answer.
pub async fn show(person: Person) -> HttpResponse {
    let target = person.visit.query("rd").and_then(|rd| person.visit.targets().check(&rd));
    page::render(page::answer(StatusCode::OK, None), &ProofPage::new(&person, target.as_ref()))
}

/// Takes the password.
pub async fn submit(person: Person, request: HttpRequest, payload: Payload) -> HttpResponse {
    submitted(&person, &request, payload).await.unwrap_or_else(|response| response)
}

async fn submitted(
    person: &Person,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, HttpResponse> {
    let visit = &person.visit;
    let form = Form::read_carrying(request, payload, visit.base()).await?;
    let expired = ExpiredForm::carried_by(&form, visit.base())?;
    let target = form.once("rd").and_then(|rd| visit.targets().check(rd));
    let password = SecretString::from(form.text("password"));
    match fresh_proof::prove(&visit.state, person.actor(), person.session, password).await {
        Ok(()) => {
            let account = visit.page("/account");
            Ok(match expired.and_then(|expired| ExpiredFormPage::of(visit, "Password confirmed", &expired)) {
                Some(back) => page::render(page::answer(StatusCode::OK, None), &back),
                None => page::see_other(target.as_ref().map_or(&account, |target| target.as_str())).finish(),
            })
        }
        Err(NotProved::Refused(refused)) => Ok(refuse(person, refused, &form, target.as_ref())),
        Err(NotProved::Store(StoreError::Overtaken)) => Err(log_in::ask_again(visit, form)),
        Err(NotProved::Store(cause)) => Err(person.failed(&Fault::Unstored(cause))),
    }
}

fn refuse(person: &Person, refused: Refused, form: &Form, target: Option<&Target>) -> HttpResponse {
    let (status, seconds, text) = match refused {
        Refused::Wrong(wait) => (StatusCode::UNAUTHORIZED, wait.seconds(), "That is not your password."),
        Refused::Throttled(wait) => {
            (StatusCode::TOO_MANY_REQUESTS, wait.seconds(), "There were too many failures.")
        }
        Refused::Busy => {
            (StatusCode::SERVICE_UNAVAILABLE, 2, "Too many people are signing in at this moment.")
        }
        Refused::Failed => {
            (StatusCode::SERVICE_UNAVAILABLE, 0, "Your password cannot be compared now. Try again soon.")
        }
    };
    let mut response = page::answer(status, None);
    let mut page = ProofPage::new(person, target);
    page.error = Some(text.to_owned());
    page.expired_form = form.once(expired_form::FIELD).map(str::to_owned);
    page.notice = page.expired_form.is_some().then_some(KEPT);
    if seconds > 0 {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
        page.error = Some(format!("{text} Wait {}, then try again.", moment::wait(seconds)));
        page.wait_seconds = Some(seconds);
    }
    page::render(response, &page)
}
