//! The pages of administration.

pub mod audit;
pub mod blocked;
pub mod keys;
pub mod overview;
pub mod sessions;
pub mod users;
mod whose;

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
use tracing::error;

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
        .service(at("").route(web::get().to(overview::show)))
        .service(at("/users").route(web::get().to(users::list)))
        .service(at("/sessions").route(web::get().to(sessions::list)))
        .service(at("/sessions/end").route(web::post().to(sessions::end)))
        .service(at("/sessions/end-all").route(web::post().to(sessions::end_all)))
        .service(at("/keys").route(web::get().to(keys::list)))
        .service(at("/keys/revoke").route(web::get().to(keys::ask)).route(web::post().to(keys::revoke)))
        .service(at("/audit").route(web::get().to(audit::list)))
        .service(at("/audit.csv").route(web::get().to(audit::csv)))
        .service(at("/blocked").route(web::get().to(blocked::list)))
        .service(at("/blocked/unblock").route(web::post().to(blocked::unblock)));
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
        Frame::new(&self.visit, &self.user, at)
    }

    /// Who acts, for the record.
    pub fn actor(&self) -> Actor {
        self.visit.actor(&self.user)
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
            Fault::Conflict(_) => StatusCode::CONFLICT,
            Fault::Unstored(_) | Fault::Busy => {
                error!(cause = %fault, "a page of administration failed");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        let link = Link { href: self.visit.page(back), label: "Go back to the list".to_owned() };
        page::message(self.visit.base(), status, (heading, &sentence(&fault.to_string())), Some(link))
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

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).chain(['.']).collect())
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
