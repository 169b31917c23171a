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
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Resource,
    dev::Payload,
    error::InternalError,
    http::StatusCode,
    web::{self, ServiceConfig},
};

use super::{
    frame::{Frame, Place},
    page::{self, Link},
    visit::Visit,
};
use crate::{
    administration::{Actor, Fault},
    policy::{origin::MissingOrigin, role::Role},
    state::State,
    store::users::User,
};

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

/// A request to a page of administration: of an administrator, and where it changes something from a page of ours.
pub struct Admin {
    /// The request.
    pub visit: Visit,
    /// The administrator.
    pub user: Arc<User>,
}

impl Admin {
    fn of(request: &HttpRequest) -> Result<Self, actix_web::Error> {
        let visit = Visit::from_request(request, &mut Payload::None).into_inner()?;
        let refuse = |response| Err(InternalError::from_response("", response).into());
        if !request.method().is_safe()
            && let Err(response) = visit.refuse_foreign(MissingOrigin::Refused)
        {
            return refuse(response);
        }
        match visit.signed_in() {
            None => refuse(to_sign_in(&visit, request)),
            Some((user, _)) if user.role == Role::Admin => Ok(Self { visit, user }),
            Some(_) => {
                let text =
                    "Only administrators have this page. Ask one of them if you need something changed.";
                let link = Link { href: visit.page("/account"), label: "Go to your account".to_owned() };
                let heading = ("Not for you", text);
                refuse(page::message(visit.base(), StatusCode::FORBIDDEN, heading, Some(link)))
            }
        }
    }

    /// What stands around a page.
    pub fn frame(&self, at: Place) -> Frame {
        Frame::new(&self.user, at)
    }

    /// Who acts, for the record.
    pub fn actor(&self) -> Actor {
        self.visit.actor(&self.user)
    }

    /// Does something that waits for the database, on a thread where that holds nobody up.
    pub async fn blocking<T, E>(
        &self,
        act: impl FnOnce(&State) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Fault>
    where
        T: Send + 'static,
        E: Send + 'static,
        Fault: From<E>,
    {
        let state = self.visit.state.clone();
        match web::block(move || act(&state)).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(Fault::Busy),
        }
    }
}

/// Signing in leads back to the page; after a form, to the page that the form stands on.
fn to_sign_in(visit: &Visit, request: &HttpRequest) -> HttpResponse {
    let page = if request.method().is_safe() { request.uri().path_and_query() } else { None };
    let page = page.map_or_else(|| request.path().to_owned(), ToString::to_string);
    let rd: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
    page::see_other(&visit.page(&format!("/login?rd={rd}"))).finish()
}

impl FromRequest for Admin {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
