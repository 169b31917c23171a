//! What a user may do in a single app: a page of its own for each app.

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
    set_form::{SetForm, Tick},
    user,
};
use crate::{
    administration::{
        Fault, FieldError,
        draft::{Draft, Typed},
        fresh_proof::FreshProof,
        users::{self, Hashed},
        version::Version,
    },
    policy::{
        app::{AppName, Apps},
        role::Role,
    },
    portal::{
        expired_form::Sent,
        form::Form,
        frame::{Frame, Place},
        log_in,
        page::{self, Link},
        wrongs::Wrongs,
    },
    store::users::User,
};

const ORDER: [&str; 1] = ["apps"];
/// The form's fields.
pub const FIELDS: [&str; 3] = ["set", "may", "made_from"];

#[derive(Template)]
#[template(path = "admin/user_app.html")]
struct UserAppPage<'a> {
    base: &'a str,
    frame: Frame,
    complaint: Complaint,
    id: i64,
    name: String,
    app: &'a str,
    is_admin: bool,
    usual: String,
    set: SetForm,
    ticks: Vec<Tick>,
    ends: String,
    made_from: Version,
}

/// An app in the list of a user's page.
pub struct Line {
    /// Its name.
    pub name: String,
    /// Whether the configuration still has it.
    pub configured: bool,
    /// What the user may do there.
    pub set: SetForm,
}

/// Whose set in which app a page is about.
struct Subject {
    user: Arc<User>,
    app: AppName,
}

impl Subject {
    /// Of the path, where both are known: an app that is no longer configured, too, as long as the user has a set for it.
    fn find(admin: &Admin, path: &(String, String)) -> Result<Self, HttpResponse> {
        let user = user::find(admin, &path.0)?;
        let known = |app: &AppName| {
            user.per_app.get(app).is_some() || admin.visit.state.config.apps.named(app.as_str()).is_some()
        };
        match AppName::parse(&path.1).filter(known) {
            Some(app) => Ok(Self { user, app }),
            None => {
                let href = admin.visit.page(&format!("/admin/users/{}", user.id.get()));
                let link = Link { href, label: "Go to the user".to_owned() };
                let heading = ("App not found", "There is no such app in the configuration.");
                Err(page::message(admin.visit.base(), StatusCode::NOT_FOUND, heading, Some(link)))
            }
        }
    }

    fn set(&self) -> SetForm {
        SetForm::of_app(self.user.per_app.get(&self.app), self.user.granted)
    }

    fn version(&self) -> Version {
        Version::of(&self.user).in_app(self.app.as_str())
    }

    fn page(
        &self,
        admin: &Admin,
        (set, made_from): (SetForm, Version),
        (status, complaint): (StatusCode, Complaint),
    ) -> HttpResponse {
        let (user, state) = (&self.user, &admin.visit.state);
        let apps = &state.config.apps;
        let page = UserAppPage {
            base: admin.visit.base(),
            frame: admin.frame(Place::Users),
            complaint,
            id: user.id.get(),
            name: user.name.to_string(),
            app: self.app.as_str(),
            is_admin: user.role == Role::Admin,
            usual: SetForm::of(user.granted).word().to_owned(),
            ticks: set.ticks(apps.named(self.app.as_str()).into_iter()),
            set,
            ends: Endings::of(user, apps, Open::of(state.store.view(), user)).rights,
            made_from,
        };
        page::render(page::answer(status, None), &page)
    }

    /// The page once more, with what somebody else saved while it was open.
    fn changed_meanwhile(&self, admin: &Admin, typed: SetForm) -> HttpResponse {
        info!(user = %admin.user.name, subject = self.user.id.get(), "a set was changed while a form was open");
        let wrong = format!(
            "somebody else changed this to “{}”; saving again puts what is chosen here in its place",
            self.set().word()
        );
        let note = "Nothing is saved yet: somebody else changed this set while the page was open.".to_owned();
        let complaint = Complaint { note: Some(note), wrongs: Wrongs::one("apps", wrong) };
        self.page(admin, (typed, self.version()), (StatusCode::CONFLICT, complaint))
    }

    /// The user with the set that is typed, else what is wrong with it.
    fn draft(&self, typed: &SetForm, apps: &Apps) -> Result<Draft, Fault> {
        if let Some(wrong) = typed.passed_over(&self.set()) {
            return Err(Fault::Fields(vec![FieldError::new("apps", wrong)]));
        }
        let sets = vec![(self.app.as_str().to_owned(), typed.granted_in_app())];
        Typed { apps: sets, ..Typed::of(&self.user) }.read(apps, Some(&self.user)).map_err(Fault::Fields)
    }
}

/// Every app that can have a set: the configured ones, then those for which the user has one still.
pub fn lines(user: &User, apps: &Apps) -> Vec<Line> {
    let line = |name: &AppName, configured| Line {
        name: name.as_str().to_owned(),
        configured,
        set: SetForm::of_app(user.per_app.get(name), user.granted),
    };
    let former = user.per_app.iter().filter(|(name, _)| apps.named(name.as_str()).is_none());
    let former = former.map(|(name, _)| line(name, false));
    apps.iter().map(|app| line(&app.name, true)).chain(former).collect()
}

/// The set as it is.
pub async fn show(admin: Admin, path: Path<(String, String)>) -> HttpResponse {
    match Subject::find(&admin, &path) {
        Ok(subject) => {
            let now = (subject.set(), subject.version());
            subject.page(&admin, now, (StatusCode::OK, Complaint::default()))
        }
        Err(response) => response,
    }
}

/// The set that a form was made from, where it says so.
fn made_from(form: &Form) -> Option<Version> {
    form.once("made_from").and_then(Version::parse)
}

/// Changes the set.
pub async fn submit(
    admin: Admin,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    submitted(&admin, &path, &request, payload).await.unwrap_or_else(|response| response)
}

async fn submitted(
    admin: &Admin,
    path: &(String, String),
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, HttpResponse> {
    let subject = Subject::find(admin, path)?;
    let (form, proof) = match Sent::read(admin, request, payload).await? {
        Sent::ToDo(form, proof) => (form, proof),
        Sent::ToCheck(form) => {
            let made_from = made_from(&form).unwrap_or_else(|| subject.version());
            let said = (StatusCode::OK, Complaint::expired());
            return Ok(subject.page(admin, (SetForm::sent(&form), made_from), said));
        }
    };
    let set = SetForm::sent(&form);
    if made_from(&form).is_some_and(|from| from != subject.version()) {
        return Ok(subject.changed_meanwhile(admin, set));
    }
    match save(admin, proof, &subject, &set).await {
        Ok(()) => {
            info!(user = %admin.user.name, subject = %subject.user.name, app = subject.app.as_str(), "a set is saved");
            let page = format!("/admin/users/{}?done=changed", subject.user.id.get());
            Ok(page::see_other(&admin.visit.page(&page)).finish())
        }
        Err(Fault::Overtaken) => Ok(log_in::ask_again(&admin.visit, form)),
        Err(fault) => {
            let said = complaint::of(admin, request, fault, &ORDER)?;
            Ok(subject.page(admin, (set, subject.version()), said))
        }
    }
}

async fn save(admin: &Admin, by: FreshProof, subject: &Subject, set: &SetForm) -> Result<(), Fault> {
    let draft = subject.draft(set, &admin.visit.state.config.apps)?;
    let user = Arc::clone(&subject.user);
    admin.blocking(move |state| users::change(state, &by, &user, (&draft, &Hashed::Keep))).await
}
