//! The first administrator, made by whoever can read the one-time token on the server.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, http::header::RETRY_AFTER, web::Payload};
use anyhow::Context;
use askama::Template;
use secrecy::{ExposeSecret, SecretString};
use tracing::{error, info, warn};

use super::{
    form::Form,
    moment,
    page::{self, Link},
    visit::Visit,
    wrongs::Wrongs,
};
use crate::{
    administration::FieldError,
    authn::{
        device::Device,
        lane,
        name::UserName,
        password,
        sign_in::Wanted,
        token::{Token, TokenDigest},
    },
    clock,
    config::Config,
    events::{event::Event, kind::Kind},
    policy::{capability::Capabilities, origin::MissingOrigin, role::Role},
    store::{
        Store,
        database::StoreError,
        events, marker,
        sessions::{Lifetime, Opened},
        users::{self, NewUser},
    },
};

/// The one-time token: its digest here, the token itself on the terminal and in a file beside the store.
pub struct SetupToken {
    digest: TokenDigest,
    file: PathBuf,
}

impl SetupToken {
    /// Makes the token where there is no user yet; clears away the file of an earlier one.
    pub fn prepare(config: &Config, store: &Store) -> anyhow::Result<Option<Self>> {
        let file = marker::beside(&config.store.path, ".setup-token");
        remove(&file);
        if !store.view().users().is_empty() {
            return Ok(None);
        }
        let token = Token::generate()?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut written =
            options.open(&file).with_context(|| format!("the setup token's file {}", file.display()))?;
        writeln!(written, "{}", token.expose())?;
        let portal = config.server.public_url.as_ref().map(ToString::to_string).unwrap_or_default();
        // To the terminal, not the log: logs are kept and shipped elsewhere.
        writeln!(
            io::stdout(),
            "There are no users yet. Open {portal}{}/setup and enter this one-time token:\n\n    {}\n\n\
             It is also in {}.",
            config.server.base_path,
            token.expose(),
            file.display()
        )
        .ok();
        Ok(Some(Self { digest: token.digest(), file }))
    }
}

fn remove(file: &Path) {
    if let Err(cause) = fs::remove_file(file)
        && cause.kind() != io::ErrorKind::NotFound
    {
        warn!(%cause, file = %file.display(), "the file of a used setup token could not be removed");
    }
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage<'a> {
    base: &'a str,
    typed: Typed,
    token_file: String,
    note: Option<String>,
    wrongs: Wrongs,
}

/// What is shown again as it was typed: all but the passwords. The token is long, and stays good until it is used.
struct Typed {
    token: String,
    username: String,
}

/// Why nobody was made.
struct Complaint {
    status: StatusCode,
    /// Above the form.
    note: String,
    /// Beside the fields.
    wrongs: Wrongs,
    /// Seconds until the next try.
    wait: Option<u64>,
}

/// The token, while there is no user and never was one.
fn open(visit: &Visit) -> Result<&SetupToken, HttpResponse> {
    let had_users = marker::exists(&visit.state.config.store.path);
    let unused = visit.state.store.view().users().is_empty() && !had_users;
    visit.state.setup.as_deref().filter(|_| unused).ok_or_else(|| {
        let link = Link { href: visit.page("/login"), label: "Go to the sign-in page".to_owned() };
        let text = "Sluice is set up already. Sign in, or ask its administrator for an account.";
        page::message(visit.base(), StatusCode::NOT_FOUND, ("Nothing to set up", text), Some(link))
    })
}

/// Shows the page.
pub async fn show(visit: Visit) -> HttpResponse {
    match open(&visit) {
        Ok(token) => {
            let username = visit.state.config.auth.admin_user.to_string();
            ask(&visit, token, Typed { token: String::new(), username }, None)
        }
        Err(response) => response,
    }
}

fn ask(visit: &Visit, token: &SetupToken, typed: Typed, complaint: Option<Complaint>) -> HttpResponse {
    let status = complaint.as_ref().map_or(StatusCode::OK, |complaint| complaint.status);
    let wait = complaint.as_ref().and_then(|complaint| complaint.wait);
    let (note, wrongs) =
        complaint.map_or((None, Wrongs::default()), |complaint| (Some(complaint.note), complaint.wrongs));
    let token_file = token.file.display().to_string();
    let page = SetupPage { base: visit.base(), typed, token_file, note, wrongs };
    let mut response = page::render(page::answer(status, None), &page);
    if let Some(wait) = wait {
        response.headers_mut().insert(RETRY_AFTER, wait.into());
    }
    response
}

/// What was typed, checked.
struct Admin {
    name: UserName,
    password: SecretString,
}

/// Takes the form.
pub async fn submit(visit: Visit, request: HttpRequest, payload: Payload) -> HttpResponse {
    if let Err(response) = visit.refuse_foreign(MissingOrigin::Allowed) {
        return response;
    }
    let token = match open(&visit) {
        Ok(token) => token,
        Err(response) => return response,
    };
    let form = match Form::read(&request, payload, visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    match check(&visit, token, &form) {
        Err(complaint) => {
            let typed =
                Typed { token: form.text("token").trim().to_owned(), username: form.text("username") };
            ask(&visit, token, typed, Some(complaint))
        }
        Ok(admin) => make(&visit, token, admin).await,
    }
}

fn check(visit: &Visit, token: &SetupToken, form: &Form) -> Result<Admin, Complaint> {
    let now = clock::monotonic();
    let reserved = visit.state.sign_in.throttle.reserve(visit.address(), None, now).map_err(|wait| {
        let note =
            format!("There were too many failures. Wait {}, then try again.", moment::wait(wait.seconds()));
        let status = StatusCode::TOO_MANY_REQUESTS;
        Complaint { status, note, wrongs: Wrongs::default(), wait: Some(wait.seconds()) }
    })?;
    let read = read(form);
    let complaint = |status, wrongs, wait| {
        let note = "Nobody is made yet: look at what is marked below.".to_owned();
        Complaint { status, note, wrongs: Wrongs::new(wrongs), wait }
    };
    let presented = TokenDigest::of(form.text("token").trim().as_bytes());
    if !presented.is_some_and(|digest| digest.matches(&token.digest)) {
        let wait = visit.state.sign_in.wrong_setup_token(reserved, visit.address()).seconds();
        let client = visit.address();
        visit.note_refusal("setup token", move |more| info!(%client, more, "setup refused: wrong token"));
        let text = format!("the token is not right; wait {}, then try again", moment::wait(wait));
        let mut wrongs = vec![FieldError::new("token", text)];
        wrongs.extend(read.err().into_iter().flatten());
        return Err(complaint(StatusCode::UNAUTHORIZED, wrongs, Some(wait)));
    }
    reserved.succeeded();
    read.map_err(|wrongs| complaint(StatusCode::UNPROCESSABLE_ENTITY, wrongs, None))
}

/// Reads name and password, and says everything that is wrong with them, in the order of the page.
fn read(form: &Form) -> Result<Admin, Vec<FieldError>> {
    let mut wrongs = Vec::new();
    let name = UserName::parse(&form.text("username"))
        .map_err(|error| wrongs.push(FieldError::new("username", error)));
    let password = SecretString::from(form.text("password"));
    if let Err(problem) = password::check_new(password.expose_secret()) {
        wrongs.push(FieldError::new("password", problem));
    }
    if password.expose_secret() != form.text("password_again") {
        let problem = "the two passwords differ; type the same one twice";
        wrongs.push(FieldError::new("password_again", problem));
    }
    match name {
        Ok(name) if wrongs.is_empty() => Ok(Admin { name, password }),
        _ => Err(wrongs),
    }
}

async fn make(visit: &Visit, token: &SetupToken, admin: Admin) -> HttpResponse {
    let sign_in = visit.state.sign_in.clone();
    let address = visit.address();
    let device = Device::of(visit.headers());
    let make = move || {
        let hash = password::hash(&admin.password, sign_in.bcrypt_cost).map_err(|cause| cause.to_string())?;
        let user = NewUser {
            name: &admin.name,
            display_name: None,
            email: None,
            role: Role::Admin,
            granted: Capabilities::ALL,
            password_hash: Some(&hash),
        };
        let told = Event::new(Kind::UserAdded).by_and_about(&admin.name).from(address);
        let told = told.with("role", Role::Admin.name()).granting(Capabilities::ALL);
        let stored = sign_in.store.write_users(|tx| {
            users::insert_first(tx, &user, clock::now())?;
            events::append(tx, &told, clock::now())
        });
        match stored {
            Ok(_) => {}
            Err(StoreError::NotEmpty) => return Ok(None),
            Err(cause) => return Err(cause.to_string()),
        }
        info!(user = %admin.name, "the first administrator is made");
        let user = sign_in.store.view().users().by_name(&admin.name).cloned();
        let wanted = Wanted { lifetime: Lifetime::Browser, opened: Opened::Page, replaced: None, device };
        Ok(user.map(|user| sign_in.start_session(&user, address, wanted)))
    };
    // Whoever has the token is no stranger.
    match visit.state.sign_in.hashing.run(lane::Turn::INSIDE, make).await {
        Ok(Ok(Some(session))) => {
            remove(&token.file);
            let mut response = page::see_other(&visit.page("/admin/start"));
            if let Some(session) = session {
                visit.set_session(&mut response, &session, Lifetime::Browser);
            }
            response.finish()
        }
        // Somebody else was quicker; they hold the token too.
        Ok(Ok(None)) => page::see_other(&visit.page("/login")).finish(),
        Ok(Err(cause)) => {
            error!(cause, "the first administrator could not be made");
            page::unstored(
                visit.base(),
                "The administrator could not be stored. Look into Sluice's log, then try again.",
            )
        }
        Err(_) => page::busy(visit.base()),
    }
}
