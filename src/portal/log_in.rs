//! The sign-in page.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::Payload,
};
use askama::Template;
use secrecy::SecretString;
use tracing::info;

use super::{
    expired_form::{self, ExpiredForm},
    form::Form,
    moment,
    page::{self, Link},
    person, prove,
    visit::Visit,
};
use crate::{
    authn::{
        device::Device,
        masked::masked,
        sign_in::{Claim, Refused, Wanted},
    },
    policy::origin::MissingOrigin,
    proxy::{refusal::REPEATED, target::Target},
    store::sessions::{Lifetime, Opened},
};

/// What is said above the form while it carries another.
const KEPT: &str = "Your session had ended, so nothing is saved yet. Sign in to get back to your form: what you typed is kept, \
                    except passwords and secrets.";

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    base: &'a str,
    username: String,
    remember: bool,
    remember_for: String,
    rd: Option<String>,
    app_host: Option<String>,
    error: Option<String>,
    notice: Option<String>,
    wait_seconds: Option<u64>,
    /// The name of our cookie, where the browser sends two of them.
    repeated: Option<&'a str>,
    /// A form that is to come back.
    expired_form: Option<String>,
}

#[derive(Template)]
#[template(path = "expired_form.html")]
pub(super) struct ExpiredFormPage<'a> {
    base: &'a str,
    heading: &'a str,
    path: String,
    carried: String,
}

impl<'a> ExpiredFormPage<'a> {
    /// The way back to a form, where there is room for it.
    pub(super) fn of(visit: &'a Visit, heading: &'a str, expired: &ExpiredForm) -> Option<Self> {
        Some(Self { base: visit.base(), heading, path: expired.path(), carried: expired.carried()? })
    }
}

impl<'a> LoginPage<'a> {
    fn new(visit: &'a Visit, target: Option<&Target>) -> Self {
        let remember_ttl = visit.state.config.session.remember_ttl.as_secs();
        Self {
            base: visit.base(),
            username: String::new(),
            remember: false,
            remember_for: match remember_ttl {
                0..=172_799 => format!("{} hours", remember_ttl.div_ceil(3_600)),
                _ => format!("{} days", remember_ttl / 86_400),
            },
            rd: target.map(|target| target.as_str().to_owned()),
            app_host: target.and_then(Target::origin).map(|origin| origin.host.as_str().to_owned()),
            error: None,
            notice: None,
            wait_seconds: None,
            repeated: visit.sends_two_cookies().then_some(&visit.state.config.session.cookie_name),
            expired_form: None,
        }
    }
}

/// Shows the page.
pub async fn show(visit: Visit) -> HttpResponse {
    let target = target_of(&visit);
    if visit.state.authenticator.open.is_open() && !wants_portal(&visit, target.as_ref()) {
        // A cookie from before would be refused as wrong; without one, everybody comes in.
        return afresh(&visit, target.as_ref());
    }
    if visit.state.authenticator.is_external() {
        if visit.has_dead_session() {
            // It would be refused for ever as wrong; without it, the provider is asked.
            return afresh(&visit, target.as_ref());
        }
        return elsewhere(&visit, StatusCode::OK, target.as_ref());
    }
    if visit.state.store.view().users().is_empty() {
        return page::see_other(&visit.page("/setup")).finish();
    }
    if let Some((user, _)) = visit.signed_in().filter(|_| !visit.sends_two_cookies()) {
        return already(&visit, user.name.as_str(), target.as_ref());
    }
    let mut login = LoginPage::new(&visit, target.as_ref());
    if visit.query("signed_out").is_some() {
        login.notice = Some("You are signed out.".to_owned());
    }
    let response = page::answer(StatusCode::OK, target.as_ref().and_then(Target::origin));
    page::render(response, &login)
}

/// Asks whoever sent a form without a session to sign in, and keeps what they typed where they can come back to it.
pub async fn ask_sender(visit: &Visit, request: &HttpRequest, payload: Payload) -> HttpResponse {
    let elsewhere = visit.state.authenticator.is_external() || visit.state.store.view().users().is_empty();
    if elsewhere || !(ExpiredForm::is_sent_to(visit) || prove::is_sent_to(visit)) {
        return person::to_sign_in(visit);
    }
    match Form::read_carrying(request, payload, visit.base()).await {
        Ok(form) => ask_again(visit, form),
        Err(response) if response.status() == StatusCode::PAYLOAD_TOO_LARGE => carry(visit, None),
        Err(_) => person::to_sign_in(visit),
    }
}

/// The same with a form that is read already.
pub fn ask_again(visit: &Visit, form: Form) -> HttpResponse {
    match ExpiredForm::of(visit, form) {
        Some(expired) => carry(visit, expired.carried()),
        None => person::to_sign_in(visit),
    }
}

fn carry(visit: &Visit, expired_form: Option<String>) -> HttpResponse {
    let (path, kept) = (masked(visit.path()).into_owned(), expired_form.is_some());
    visit.note_refusal("session ended", move |more| {
        info!(path, kept, more, "a form was sent after its session had ended");
    });
    let target = visit.targets().check(&person::page_before(visit));
    let notice = match expired_form {
        Some(_) => KEPT,
        None => {
            // The form is sent to its own address, so a browser sends it again when the answer is loaded anew.
            "Your session had ended, so nothing is saved, and the form is too large to be kept on this page. Your browser \
             still has it: sign in in another tab, then reload this page and let the browser send the form again."
        }
    };
    let page =
        LoginPage { notice: Some(notice.to_owned()), expired_form, ..LoginPage::new(visit, target.as_ref()) };
    page::render(page::answer(StatusCode::UNAUTHORIZED, None), &page)
}

/// Whether somebody came for the portal's own sake: it still asks who administers it where no app asks anybody.
fn wants_portal(visit: &Visit, target: Option<&Target>) -> bool {
    let admin = visit.page("/admin");
    match target.map(Target::as_str) {
        Some(address) => {
            let path = address.strip_prefix(&visit.origin.to_string()).unwrap_or(address);
            path.strip_prefix(&admin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        }
        None => visit.query("rd").is_none() && visit.query("redirect_uri").is_none(),
    }
}

/// Sends the person on without the cookie that they came with.
fn afresh(visit: &Visit, target: Option<&Target>) -> HttpResponse {
    let mut response = page::see_other(outside(visit, target).unwrap_or("/"));
    visit.clear_session(&mut response);
    if visit.sends_two_cookies() {
        visit.clear_planted(&mut response, target);
    }
    response.finish()
}

/// Where the person wanted to go: `rd`, or `redirect_uri` as Tinyauth's proxy lines call it. Those write the address
/// without encoding it, so that all of the query that follows is part of it.
fn target_of(visit: &Visit) -> Option<Target> {
    let rules = visit.targets();
    let rd = visit.query("rd").and_then(|rd| rules.check(&rd));
    rd.or_else(|| {
        let unencoded = visit.query_string().strip_prefix("redirect_uri=")?;
        rules.check(unencoded).or_else(|| rules.check(&visit.query("redirect_uri")?))
    })
}

/// The target, unless it is one of the portal's own pages, which without a session only lead back here.
fn outside<'a>(visit: &Visit, target: Option<&'a Target>) -> Option<&'a str> {
    let address = target?.as_str();
    let path = address.strip_prefix(&visit.origin.to_string()).unwrap_or(address);
    let rest = path.strip_prefix(visit.base());
    let own = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
    (!own).then_some(address)
}

/// People sign in at another provider: there is no form, and no redirect, which could go round for ever.
fn elsewhere(visit: &Visit, status: StatusCode, target: Option<&Target>) -> HttpResponse {
    let app = outside(visit, target);
    let text = if target.is_some() && app.is_none() {
        "This server leaves the sign-in to another provider, so it keeps no account page for you. The person who runs \
         it can make you an API key."
    } else {
        "This server leaves the sign-in to another provider. Open the app: whoever is not signed in there is led to it. \
         If you come back to this page, that provider does not know you, or the person who runs this server has not \
         let you in."
    };
    let link = Link { href: app.unwrap_or("/").to_owned(), label: "Open the app".to_owned() };
    page::message(visit.base(), status, ("Sign in at your provider", text), Some(link))
}

/// No redirect: where the app refuses a session that is valid here, that would go round for ever.
fn already(visit: &Visit, name: &str, target: Option<&Target>) -> HttpResponse {
    let text = format!("You are signed in as {name}.");
    let link = match target {
        Some(target) => Link { href: target.as_str().to_owned(), label: "Continue".to_owned() },
        None => Link { href: visit.page("/account"), label: "Your account".to_owned() },
    };
    page::message(visit.base(), StatusCode::OK, ("You are signed in", &text), Some(link))
}

/// Takes the form.
pub async fn submit(visit: Visit, request: HttpRequest, payload: Payload) -> HttpResponse {
    // A form without a word about its page cannot come from another site's: browsers always say.
    if let Err(response) = visit.refuse_foreign(MissingOrigin::Allowed) {
        return response;
    }
    if visit.state.authenticator.is_external() {
        return elsewhere(&visit, StatusCode::FORBIDDEN, None);
    }
    let form = match Form::read_carrying(&request, payload, visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let expired = match ExpiredForm::carried_by(&form, visit.base()) {
        Ok(expired) => expired,
        Err(response) => return response,
    };
    let target = form.once("rd").and_then(|rd| visit.targets().check(rd));
    let lifetime = if form.once("remember") == Some("on") { Lifetime::Remembered } else { Lifetime::Browser };
    let claim = Claim {
        username: form.text("username"),
        password: SecretString::from(form.text("password")),
        address: visit.address(),
    };
    let replaced = visit.any_session().map(|(_, session)| session);
    let device = Device::of(visit.headers());
    let wanted = Wanted { lifetime, opened: Opened::Page, replaced, device };
    match visit.state.sign_in.sign_in(claim, wanted).await {
        Ok(token) => {
            let account = visit.page("/account");
            let back = expired.and_then(|expired| ExpiredFormPage::of(&visit, "You are signed in", &expired));
            let mut response = match back {
                Some(_) => page::answer(StatusCode::OK, None),
                None => page::see_other(target.as_ref().map_or(&account, |target| target.as_str())),
            };
            visit.set_session(&mut response, &token, lifetime);
            if visit.sends_two_cookies() || form.once(REPEATED).is_some() {
                visit.clear_planted(&mut response, target.as_ref());
            }
            match back {
                Some(back) => page::render(response, &back),
                None => response.finish(),
            }
        }
        Err(refused) => refuse(&visit, refused, &form, target.as_ref()),
    }
}

fn refuse(visit: &Visit, refused: Refused, form: &Form, target: Option<&Target>) -> HttpResponse {
    let (status, seconds, text) = match refused {
        Refused::Wrong(wait) => {
            (StatusCode::UNAUTHORIZED, wait.seconds(), "That user name or password is not right.")
        }
        Refused::Throttled(wait) => {
            (StatusCode::TOO_MANY_REQUESTS, wait.seconds(), "There were too many failed sign-ins.")
        }
        Refused::Busy => {
            (StatusCode::SERVICE_UNAVAILABLE, 2, "Too many people are signing in at this moment.")
        }
        Refused::Failed => {
            (StatusCode::SERVICE_UNAVAILABLE, 0, "Nobody can sign in at this moment. Try again soon.")
        }
    };
    let mut response = page::answer(status, target.and_then(Target::origin));
    let mut login = LoginPage::new(visit, target);
    login.username = form.text("username");
    login.remember = form.once("remember") == Some("on");
    login.error = Some(text.to_owned());
    if form.once(REPEATED).is_some() {
        login.repeated = Some(&visit.state.config.session.cookie_name);
    }
    login.expired_form = form.once(expired_form::FIELD).map(str::to_owned);
    login.notice = login.expired_form.is_some().then(|| KEPT.to_owned());
    if seconds > 0 {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
        login.error = Some(format!("{text} Wait {}, then try again.", moment::wait(seconds)));
        login.wait_seconds = Some(seconds);
    }
    page::render(response, &login)
}
