//! The pages of administration.

pub mod audit;
pub mod blocked;
mod complaint;
mod endings;
pub mod keys;
pub mod lines;
mod meanwhile;
pub mod overview;
pub mod sessions;
mod set_form;
pub mod settings;
pub mod start;
pub mod user;
pub mod user_app;
pub mod user_deletion;
pub mod user_form;
pub mod users;
mod whose;

use std::ops::Deref;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Resource,
    dev::Payload,
    http::StatusCode,
    web::{self, ServiceConfig},
};
use tracing::error;

use super::{
    page::{self, Link},
    person::{Absent, Extracted, Person, extracted},
    wrongs::sentence,
};
use crate::{administration::Fault, policy::role::Role};

/// Registers the pages, below `admin`.
pub fn configure(pages: &mut ServiceConfig) {
    pages
        .service(at("/users").route(page::read().to(users::list)))
        .service(at("/users/new").route(page::read().to(user::blank)).route(web::post().to(user::add)))
        .service(at("/users/{id}").route(page::read().to(user::edit)).route(web::post().to(user::change)))
        .service(
            at("/users/{id}/delete")
                .route(page::read().to(user_deletion::ask))
                .route(web::post().to(user_deletion::submit)),
        )
        .service(
            at("/users/{id}/apps/{app}")
                .route(page::read().to(user_app::show))
                .route(web::post().to(user_app::submit)),
        )
        .service(at("").route(page::read().to(overview::show)))
        .service(at("/start").route(page::read().to(start::show)))
        .service(at("/start/check").route(web::post().to(start::check)))
        .service(at("/sessions").route(page::read().to(sessions::list)))
        .service(at("/sessions/end").route(web::post().to(sessions::end)))
        .service(at("/sessions/end-all").route(web::post().to(sessions::end_all)))
        .service(at("/keys").route(page::read().to(keys::list)))
        .service(at("/keys/revoke").route(page::read().to(keys::ask)).route(web::post().to(keys::revoke)))
        .service(at("/audit").route(page::read().to(audit::list)))
        .service(at("/audit.csv").route(page::read().to(audit::csv)))
        .service(at("/blocked").route(page::read().to(blocked::list)))
        .service(at("/blocked/unblock").route(web::post().to(blocked::unblock)))
        .service(at("/lines/{app}").route(page::read().to(lines::show)))
        .service(at("/settings").route(page::read().to(settings::show)))
        .service(at("/settings/versions/restore").route(web::post().to(settings::restore)))
        .service(
            at("/settings/{name}")
                .route(page::read().to(settings::edit))
                .route(web::post().to(settings::change)),
        );
}

/// A page's address; what is no method of it leads nowhere.
fn at(path: &str) -> Resource {
    web::resource(path).default_service(web::to(page::not_found))
}

/// Somebody signed in who may administer.
pub struct Admin(Person);

impl Admin {
    fn of(request: &HttpRequest) -> Result<Self, Absent> {
        let person = Person::of(request)?;
        if person.user.role == Role::Admin {
            return Ok(Self(person));
        }
        let text = "Only administrators have this page. Ask one of them if you need something changed.";
        let link = Link { href: person.visit.page("/account"), label: "Go to your account".to_owned() };
        let heading = ("Not for you", text);
        Err(page::message(person.visit.base(), StatusCode::FORBIDDEN, heading, Some(link)).into())
    }

    /// What the form before this page did, where the query names one of these.
    pub fn done(&self, texts: &[(&str, &'static str)]) -> Option<&'static str> {
        let done = self.visit.query("done")?;
        texts.iter().find(|(name, _)| *name == done).map(|(_, text)| *text)
    }

    /// A page that says why something could not be done, and leads back.
    pub fn cannot(&self, heading: &str, fault: &Fault, back: &str) -> HttpResponse {
        let status = match fault {
            Fault::Fields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Fault::NotFound(_) => StatusCode::NOT_FOUND,
            Fault::Refused(_) | Fault::Overtaken => StatusCode::FORBIDDEN,
            Fault::Conflict(_) | Fault::Changed => StatusCode::CONFLICT,
            Fault::Unstored(_) | Fault::Busy => {
                error!(cause = %fault, "a page of administration failed");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        let link = Link { href: self.visit.page(back), label: "Go back to the list".to_owned() };
        page::message(self.visit.base(), status, (heading, &sentence(&fault.to_string())), Some(link))
    }
}

impl Deref for Admin {
    type Target = Person;

    fn deref(&self) -> &Person {
        &self.0
    }
}

impl FromRequest for Admin {
    type Error = actix_web::Error;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        extracted(Self::of(request), request, payload)
    }
}
