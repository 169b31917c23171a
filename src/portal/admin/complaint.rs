//! Why a form was not taken, as its page says it.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use tracing::{error, info};

use super::Admin;
use crate::{
    administration::{Fault, FieldError},
    portal::page::{self, Link},
};

/// What a page says above its form and beside the fields.
#[derive(Default)]
pub struct Complaint {
    /// Above the form.
    pub note: Option<String>,
    fields: Vec<FieldError>,
    first: Option<&'static str>,
}

/// What stands beside one field.
pub struct Mark {
    /// What is wrong with it.
    pub text: Option<String>,
    /// Whether it is the first field of the page with which something is wrong.
    pub first: bool,
}

impl Complaint {
    /// About fields; `order` is that of the page.
    pub fn about(fields: Vec<FieldError>, order: &[&'static str]) -> Self {
        let wrong = |field: &&&'static str| fields.iter().any(|error| error.field == **field);
        let first = order.iter().find(wrong).copied();
        // Where no field of the page is to blame, the note says it all.
        let rest = fields.iter().filter(|error| !order.contains(&error.field));
        let rest: String = rest.map(|error| format!(" {}", sentence(&error.message))).collect();
        let note = Some(format!("Nothing is done yet: look at what is marked below.{rest}"));
        Self { note, fields, first }
    }

    /// What stands beside a field.
    pub fn mark(&self, field: &str) -> Mark {
        let texts: Vec<_> = self.fields.iter().filter(|error| error.field == field).collect();
        let text = texts.iter().map(|error| sentence(&error.message)).collect::<Vec<_>>().join(" ");
        Mark { text: Some(text).filter(|text| !text.is_empty()), first: self.first == Some(field) }
    }

    /// Whether the note is what is read first, for want of a field.
    pub const fn leads(&self) -> bool {
        self.first.is_none()
    }
}

/// What a page says of a fault, and the status it says it with; as an error, where it is another page's to say.
pub fn of(
    admin: &Admin,
    request: &HttpRequest,
    fault: Fault,
    order: &[&'static str],
) -> Result<(StatusCode, Complaint), HttpResponse> {
    info!(user = %admin.user.name, path = request.path(), cause = %fault, "a form of administration is not taken");
    let note = |text: &str| Complaint { note: Some(text.to_owned()), ..Complaint::default() };
    let said = note(&sentence(&fault.to_string()));
    Ok(match fault {
        Fault::Fields(fields) => (StatusCode::UNPROCESSABLE_ENTITY, Complaint::about(fields, order)),
        Fault::Refused(_) => (StatusCode::FORBIDDEN, said),
        Fault::Conflict(_) => (StatusCode::CONFLICT, said),
        Fault::Busy => (StatusCode::SERVICE_UNAVAILABLE, said),
        Fault::NotFound(_) => return Err(gone(admin)),
        Fault::Overtaken => return Err(super::to_sign_in(&admin.visit, request)),
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

/// A message as a sentence of its own.
fn sentence(message: &str) -> String {
    let mut rest = message.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(rest).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_of_the_page_is_the_one_to_go_to() {
        let errors = vec![FieldError::new("email", "no address"), FieldError::new("name", "no name")];
        let complaint = Complaint::about(errors, &["name", "email"]);
        assert!(complaint.mark("name").first && !complaint.mark("email").first && !complaint.leads());
        assert_eq!(complaint.mark("email").text.as_deref(), Some("No address."));
        assert!(complaint.mark("role").text.is_none());
    }

    #[test]
    fn what_no_field_of_the_page_is_to_blame_for_is_said_above_it() {
        let complaint = Complaint::about(vec![FieldError::new("heir", "nobody")], &["name"]);
        assert!(complaint.leads() && complaint.note.is_some_and(|note| note.ends_with(" Nobody.")));
    }
}
