//! The pages of administration.

mod complaint;
mod endings;
mod set_form;
pub mod settings;
pub mod user;
pub mod user_deletion;
mod user_form;
pub mod users;

use std::{
    future::{Ready, ready},
    ops::Deref,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Resource,
    dev::Payload,
    error::InternalError,
    http::StatusCode,
    web::{self, ServiceConfig},
};

use super::{
    page::{self, Link},
    person::Person,
};
use crate::policy::role::Role;

/// Registers the pages, below `admin`.
pub fn configure(pages: &mut ServiceConfig) {
    pages
        .service(at("/users").route(web::get().to(users::list)))
        .service(at("/users/new").route(web::get().to(user::blank)).route(web::post().to(user::add)))
        .service(at("/users/{id}").route(web::get().to(user::edit)).route(web::post().to(user::change)))
        .service(
            at("/users/{id}/delete")
                .route(web::get().to(user_deletion::ask))
                .route(web::post().to(user_deletion::submit)),
        )
        .service(at("/settings").route(web::get().to(settings::show)))
        .service(at("/settings/versions/restore").route(web::post().to(settings::restore)))
        .service(
            at("/settings/{name}")
                .route(web::get().to(settings::edit))
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
    fn of(request: &HttpRequest) -> Result<Self, HttpResponse> {
        let person = Person::of(request)?;
        if person.user.role == Role::Admin {
            return Ok(Self(person));
        }
        let text = "Only administrators have this page. Ask one of them if you need something changed.";
        let link = Link { href: person.visit.page("/account"), label: "Go to your account".to_owned() };
        let heading = ("Not for you", text);
        Err(page::message(person.visit.base(), StatusCode::FORBIDDEN, heading, Some(link)))
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
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).map_err(|response| InternalError::from_response("", response).into()))
    }
}
