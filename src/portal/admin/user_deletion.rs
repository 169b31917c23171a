//! Deleting a user: what ends with them is said, and it takes a press of its own.

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
    endings::Open,
    user,
};
use crate::{
    administration::{Fault, FieldError, fresh_proof::FreshProof, owners, users},
    portal::{
        expired_form::Sent,
        form::Form,
        frame::{Frame, Place},
        moment, page,
    },
    store::users::User,
};

/// Every field; none is a secret.
pub const FIELDS: [&str; 2] = ["legacy", "heir"];

const ORDER: [&str; 1] = ["heir"];

/// Names that are offered while an heir's is typed.
const OFFERED: usize = 200;

#[derive(Template)]
#[template(path = "admin/user_deletion.html")]
struct DeletionPage<'a> {
    base: &'a str,
    frame: Frame,
    complaint: Complaint,
    id: i64,
    name: String,
    ends: String,
    legacy: Option<Legacy>,
}

/// What the user owns, and who is to have it.
struct Legacy {
    owned: String,
    choice: String,
    heir: String,
    offered: Vec<String>,
}

/// The page that asks.
pub async fn ask(admin: Admin, id: Path<String>, request: HttpRequest) -> HttpResponse {
    let user = match user::find(&admin, &id) {
        Ok(user) => user,
        Err(response) => return response,
    };
    show(&admin, &request, &user, (StatusCode::OK, Complaint::default()), ("", "")).await
}

async fn show(
    admin: &Admin,
    request: &HttpRequest,
    user: &User,
    (status, complaint): (StatusCode, Complaint),
    (choice, heir): (&str, &str),
) -> HttpResponse {
    let id = user.id;
    let owned = match admin.blocking(move |state| owners::count_of(state, id)).await {
        Ok(owned) => owned,
        Err(fault) => match complaint::of(admin, request, fault, &ORDER) {
            Ok((_, complaint)) => {
                return page::unstored(admin.visit.base(), complaint.note.as_deref().unwrap_or_default());
            }
            Err(response) => return response,
        },
    };
    let view = admin.visit.state.store.view();
    let others = || view.users().search("").into_iter().filter(move |other| other.id != id);
    let legacy = (owned > 0).then(|| Legacy {
        owned: moment::count(owned, "item"),
        choice: choice.to_owned(),
        heir: heir.to_owned(),
        offered: others().take(OFFERED).map(|user| user.name.to_string()).collect(),
    });
    let page = DeletionPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Users),
        complaint,
        id: id.get(),
        name: user.name.to_string(),
        ends: Open::of(view, user).by_deletion(),
        legacy,
    };
    page::render(page::answer(status, None), &page)
}

/// Deletes the user.
pub async fn submit(admin: Admin, id: Path<String>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let user = match user::find(&admin, &id) {
        Ok(user) => user,
        Err(response) => return response,
    };
    let typed = |form: &Form| (form.text("legacy"), form.text("heir").trim().to_owned());
    let ((choice, heir), proof) = match Sent::read(&admin, &request, payload).await {
        Ok(Sent::ToDo(form, proof)) => (typed(&form), proof),
        Ok(Sent::ToCheck(form)) => {
            let (choice, heir) = typed(&form);
            let said = (StatusCode::OK, Complaint::expired());
            return show(&admin, &request, &user, said, (&choice, &heir)).await;
        }
        Err(response) => return response,
    };
    match delete(&admin, proof, &user, (choice.clone(), heir.clone())).await {
        Ok(()) => {
            info!(user = %admin.user.name, subject = %user.name, "a user is deleted");
            page::see_other(&admin.visit.page("/admin/users?done=deleted")).finish()
        }
        Err(fault) => match complaint::of(&admin, &request, fault, &ORDER) {
            Ok(said) => show(&admin, &request, &user, said, (&choice, &heir)).await,
            Err(response) => response,
        },
    }
}

async fn delete(
    admin: &Admin,
    by: FreshProof,
    user: &std::sync::Arc<User>,
    (choice, heir): (String, String),
) -> Result<(), Fault> {
    let user = std::sync::Arc::clone(user);
    let wrong = |message: &str| Err(Fault::Fields(vec![FieldError::new("heir", message)]));
    admin
        .blocking(move |state| {
            let heir = match choice.as_str() {
                "heir" => match users::named(state, &heir) {
                    Some(heir) => Some(heir),
                    None => return wrong("no user has this name; choose one of the users"),
                },
                "nobody" => None,
                // What was nobody's a moment ago may be the user's by now.
                _ if owners::count_of(state, user.id)? == 0 => None,
                _ => return wrong("choose who is to have what the user owns, or nobody"),
            };
            users::delete(state, &by, &user, heir.as_deref())
        })
        .await
}
