//! One user's page, which changes them, and the page that makes a new one.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Path, Payload},
};
use askama::Template;
use tracing::info;

use super::{
    Admin,
    complaint::{self, Complaint},
    endings::{Endings, Open},
    meanwhile, user_app,
    user_form::{ORDER, UserForm},
};
use crate::{
    administration::{
        Fault,
        draft::Draft,
        fresh_proof::FreshProof,
        users::{self, Hashed},
        version::Version,
    },
    policy::app::Apps,
    portal::{
        expired_form::Sent,
        form::Form,
        frame::{Frame, Place},
        log_in, moment, page,
    },
    store::users::{User, UserId},
};

#[derive(Template)]
#[template(path = "admin/user.html")]
struct UserPage<'a> {
    base: &'a str,
    frame: Frame,
    apps: &'a Apps,
    form: UserForm,
    complaint: Complaint,
    done: Option<&'static str>,
    known: Option<Known>,
}

/// What is known of a user who is there.
struct Known {
    id: i64,
    name: String,
    last_seen: String,
    sessions: String,
    keys: String,
    has_password: bool,
    /// Their own, which they could not sign in without.
    keeps_password: bool,
    endings: Endings,
    lock: Option<Lock>,
    apps: Vec<user_app::Line>,
}

/// Why name, role, state or password cannot be changed here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lock {
    /// It is the administrator's own account.
    Own,
    /// The configuration sets it.
    Configured,
}

impl Lock {
    fn of(admin: &Admin, user: &User) -> Option<Self> {
        if users::is_configured(&admin.visit.state.config.auth, user) {
            Some(Self::Configured)
        } else {
            (admin.user.id == user.id).then_some(Self::Own)
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::Own => {
                "This is your own account: another administrator can change its role, disable or delete it."
            }
            Self::Configured => {
                "The configuration sets this administrator by auth.admin_password, and with it name, role, state \
                 and password. Change or remove it there."
            }
        }
    }
}

impl Known {
    fn of(admin: &Admin, user: &User) -> Self {
        let state = &admin.visit.state;
        let open = Open::of(state.store.view(), user);
        Self {
            id: user.id.get(),
            name: user.name.to_string(),
            last_seen: user.used.get().map_or_else(|| "never".to_owned(), moment::time),
            sessions: moment::count(open.sessions, "session"),
            keys: moment::count(open.keys, "key"),
            has_password: user.password_hash.is_some(),
            keeps_password: admin.user.id == user.id
                && users::needs_password(user, users::entrance(&state.config)),
            endings: Endings::of(user, &state.config.apps, open),
            lock: Lock::of(admin, user),
            apps: user_app::lines(user, &state.config.apps),
        }
    }

    fn reason(&self) -> Option<&'static str> {
        self.lock.map(Lock::reason)
    }

    fn is_configured(&self) -> bool {
        self.lock == Some(Lock::Configured)
    }
}

impl UserPage<'_> {
    fn is_locked(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.lock.is_some())
    }

    fn is_configured(&self) -> bool {
        self.known.as_ref().is_some_and(Known::is_configured)
    }

    fn name_attributes(&self) -> &'static str {
        if self.is_configured() {
            "readonly"
        } else {
            "required maxlength=\"64\" autocomplete=\"off\" autocapitalize=\"none\" autocorrect=\"off\" \
             spellcheck=\"false\""
        }
    }

    fn password_label(&self) -> &'static str {
        if self.known.is_some() { "New password" } else { "Password to begin with" }
    }

    fn password_hint(&self) -> &'static str {
        if self.complaint.note.is_some() && self.form.chosen("set") {
            "Type it again: a password is never shown again. At least 8 characters, with a letter, a digit and a \
             special character."
        } else {
            "At least 8 characters, with a letter, a digit and a special character."
        }
    }

    /// Where there is no password, keeping that says the same; the one that lets them back in stays.
    fn offers_none(&self) -> bool {
        self.known.as_ref().is_none_or(|known| known.has_password && !known.keeps_password)
    }
}

/// The user of the path, where there is one.
pub fn find(admin: &Admin, id: &str) -> Result<Arc<User>, HttpResponse> {
    let users = admin.visit.state.store.view().users();
    let user = id.parse().ok().and_then(|id| users.by_id(UserId::named(id)).cloned());
    user.ok_or_else(|| complaint::gone(admin))
}

fn show(
    admin: &Admin,
    user: Option<&User>,
    form: UserForm,
    (status, complaint): (StatusCode, Complaint),
) -> HttpResponse {
    let done = match admin.visit.query("done").as_deref() {
        Some("added") => Some("The user is added."),
        Some("changed") => Some("The changes are saved. They hold from the next request on."),
        _ => None,
    };
    let page = UserPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Users),
        apps: &admin.visit.state.config.apps,
        form,
        done: done.filter(|_| complaint.note.is_none()),
        complaint,
        known: user.map(|user| Known::of(admin, user)),
    };
    page::render(page::answer(status, None), &page)
}

/// The form for a new user.
pub async fn blank(admin: Admin) -> HttpResponse {
    show(&admin, None, UserForm::blank(), (StatusCode::OK, Complaint::default()))
}

/// The user as they are.
pub async fn edit(admin: Admin, id: Path<String>) -> HttpResponse {
    match find(&admin, &id) {
        Ok(user) => show(&admin, Some(&user), UserForm::of(&user), (StatusCode::OK, Complaint::default())),
        Err(response) => response,
    }
}

/// Makes a user.
pub async fn add(admin: Admin, request: HttpRequest, payload: Payload) -> HttpResponse {
    submitted(&admin, None, &request, payload).await.unwrap_or_else(|response| response)
}

/// Changes a user.
pub async fn change(admin: Admin, id: Path<String>, request: HttpRequest, payload: Payload) -> HttpResponse {
    match find(&admin, &id) {
        Ok(user) => {
            submitted(&admin, Some(user), &request, payload).await.unwrap_or_else(|response| response)
        }
        Err(response) => response,
    }
}

async fn submitted(
    admin: &Admin,
    before: Option<Arc<User>>,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, HttpResponse> {
    let (fields, proof) = match Sent::read(admin, request, payload).await? {
        Sent::ToDo(fields, proof) => (fields, proof),
        Sent::ToCheck(fields) => {
            let said = (StatusCode::OK, Complaint::expired());
            return Ok(show(admin, before.as_deref(), UserForm::sent(&fields), said));
        }
    };
    let form = UserForm::sent(&fields);
    if let Some((user, from)) = before.as_deref().zip(form.made_from.clone())
        && from != Version::of(user).besides_apps()
    {
        return Ok(changed_meanwhile(admin, form, &from, user));
    }
    match save(admin, &proof, before.clone(), (&form, &fields)).await {
        Ok((id, done)) => {
            info!(user = %admin.user.name, subject = id.get(), done, "a user is saved");
            let page = admin.visit.page(&format!("/admin/users/{}?done={done}", id.get()));
            Ok(page::see_other(&page).finish())
        }
        Err(Fault::Overtaken) => Ok(log_in::ask_again(&admin.visit, fields)),
        Err(fault) => {
            if let (Fault::Changed, Some(before)) = (&fault, &before) {
                let user = find(admin, &before.id.get().to_string())?;
                return Ok(changed_meanwhile(admin, form, &Version::of(before).besides_apps(), &user));
            }
            let said = complaint::of(admin, request, fault, &ORDER)?;
            Ok(show(admin, before.as_deref(), form, said))
        }
    }
}

/// The form once more, with what somebody else saved while it was open.
fn changed_meanwhile(admin: &Admin, form: UserForm, from: &Version, user: &User) -> HttpResponse {
    info!(user = %admin.user.name, subject = user.id.get(), "a user was changed while a form was open");
    let (form, complaint) = meanwhile::taken_over(form, from, user);
    show(admin, Some(user), form, (StatusCode::CONFLICT, complaint))
}

async fn save(
    admin: &Admin,
    proof: &FreshProof,
    before: Option<Arc<User>>,
    (form, fields): (&UserForm, &Form),
) -> Result<(UserId, &'static str), Fault> {
    let (draft, password) = read(admin, before.as_deref(), form, fields).await?;
    let by = proof.clone();
    match before {
        None => {
            let id = admin.blocking(move |state| users::add(state, &by, &draft, &password)).await?;
            Ok((id, "added"))
        }
        Some(user) => {
            let id = user.id;
            admin.blocking(move |state| users::change(state, &by, &user, (&draft, &password))).await?;
            Ok((id, "changed"))
        }
    }
}

/// Reads everything before it complains, the password too: all that is wrong is said at once.
async fn read(
    admin: &Admin,
    before: Option<&User>,
    form: &UserForm,
    fields: &Form,
) -> Result<(Draft, Hashed), Fault> {
    let state = &admin.visit.state;
    let mut errors = Vec::from_iter(form.passed_over(before));
    let draft = form.typed().read(&state.config.apps, before).map_err(|found| errors.extend(found)).ok();
    match (draft, form.password(fields)) {
        (Some(draft), Ok(password)) if errors.is_empty() => {
            Ok((draft, users::hashed(state, password).await?))
        }
        (_, password) => {
            errors.extend(password.err());
            Err(Fault::Fields(errors))
        }
    }
}
