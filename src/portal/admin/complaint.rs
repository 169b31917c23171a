//! Why a form was not taken, as its page says it.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use tracing::{error, info};

use super::Admin;
use crate::{
    administration::{Fault, FieldError},
    authn::masked::masked,
    portal::{
        expired_form,
        page::{self, Link},
        person,
        wrongs::{Wrongs, sentence},
    },
};

/// What a page says above its form and beside the fields.
#[derive(Default)]
pub struct Complaint {
    /// Above the form.
    pub note: Option<String>,
    /// Beside the fields.
    pub wrongs: Wrongs,
}

impl Complaint {
    /// That the form comes from before a sign-in.
    pub fn expired() -> Self {
        Self { note: Some(expired_form::NOTE.to_owned()), ..Self::default() }
    }

    /// About fields; `order` is that of the page.
    pub fn about(fields: Vec<FieldError>, order: &[&'static str]) -> Self {
        let place = |error: &FieldError| order.iter().position(|field| *field == error.field);
        let (mut beside, above): (Vec<_>, Vec<_>) =
            fields.into_iter().partition(|error| place(error).is_some());
        beside.sort_by_key(place);
        // What the page has no field for is said above the form.
        let above: String = above.iter().map(|error| format!(" {}", sentence(&error.message))).collect();
        let note = Some(format!("Nothing is done yet: look at what is marked below.{above}"));
        Self { note, wrongs: Wrongs::new(beside) }
    }

    /// Whether the note is what is read first, for want of a field.
    pub fn leads(&self) -> bool {
        self.wrongs.is_empty()
    }
}

/// What a page says of a fault, and the status it says it with; as an error, where it is another page's to say.
pub fn of(
    admin: &Admin,
    request: &HttpRequest,
    fault: Fault,
    order: &[&'static str],
) -> Result<(StatusCode, Complaint), HttpResponse> {
    let path = &*masked(request.path());
    info!(user = %admin.user.name, path, cause = %fault, "a form of administration is not taken");
    let note = |text: &str| Complaint { note: Some(text.to_owned()), ..Complaint::default() };
    let said = note(&sentence(&fault.to_string()));
    Ok(match fault {
        Fault::Fields(fields) => (StatusCode::UNPROCESSABLE_ENTITY, Complaint::about(fields, order)),
        Fault::Refused(_) => (StatusCode::FORBIDDEN, said),
        Fault::Conflict(_) | Fault::Changed => (StatusCode::CONFLICT, said),
        Fault::Busy => (StatusCode::SERVICE_UNAVAILABLE, said),
        Fault::NotFound(_) => return Err(gone(admin)),
        Fault::Overtaken => return Err(person::to_sign_in(&admin.visit)),
        Fault::Unstored(cause) => {
            error!(%cause, user = %admin.user.name, "a change of administration could not be stored");
            let text = "It could not be stored, and is not done. A user from whom something was to be taken is \
                        refused everywhere until it can be: tell the person who runs this server, and try again \
                        when its disk is repaired.";
            (StatusCode::SERVICE_UNAVAILABLE, note(text))
        }
    })
}

/// The user is not there.
pub fn gone(admin: &Admin) -> HttpResponse {
    let link = Link { href: admin.visit.page("/admin/users"), label: "Go to the users".to_owned() };
    let text = "There is no such user. Perhaps another administrator has just deleted them.";
    page::message(admin.visit.base(), StatusCode::NOT_FOUND, ("User not found", text), Some(link))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_of_the_page_is_the_one_to_go_to() {
        let errors = vec![FieldError::new("email", "no address"), FieldError::new("name", "no name")];
        let complaint = Complaint::about(errors, &["name", "email"]);
        assert!(complaint.wrongs.is_first("name") && !complaint.leads());
        assert_eq!(complaint.wrongs.of("email").as_deref(), Some("No address."));
    }

    #[test]
    fn what_no_field_of_the_page_is_to_blame_for_is_said_above_it() {
        let complaint = Complaint::about(vec![FieldError::new("heir", "nobody")], &["name"]);
        assert!(complaint.leads() && complaint.note.is_some_and(|note| note.ends_with(" Nobody.")));
    }
}
