//! Whoever asks for a page that is for people who are signed in.

use std::{
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    error::InternalError,
    http::{StatusCode, header::REFERER},
    web,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    frame::{Frame, Place},
    log_in,
    page::{self, Link},
    visit::Visit,
};
use crate::{
    administration::{Actor, Fault},
    policy::origin::MissingOrigin,
    state::State,
    store::{sessions::SessionId, users::User},
};

/// Somebody signed in, whose form comes from a page of ours.
pub struct Person {
    /// The request.
    pub visit: Visit,
    /// Who.
    pub user: Arc<User>,
    /// In which session.
    pub session: SessionId,
}

/// Whoever does not get the page that they ask for.
pub enum Absent {
    /// What they are told instead.
    Told(HttpResponse),
    /// They have no session, or none any more.
    SignedOut(Visit),
}

impl From<HttpResponse> for Absent {
    fn from(response: HttpResponse) -> Self {
        Self::Told(response)
    }
}

/// What an extractor of somebody signed in comes to.
pub type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, actix_web::Error>>>>;

/// Finishes an extractor. The body is read only of a form whose sender is signed out: what they typed is kept.
pub fn extracted<T: 'static>(
    found: Result<T, Absent>,
    request: &HttpRequest,
    payload: &mut Payload,
) -> Extracted<T> {
    let refused = |response| Err(InternalError::from_response("", response).into());
    match found {
        Ok(found) => Box::pin(ready(Ok(found))),
        Err(Absent::Told(response)) => Box::pin(ready(refused(response))),
        Err(Absent::SignedOut(visit)) if visit.is_read() => Box::pin(ready(refused(to_sign_in(&visit)))),
        Err(Absent::SignedOut(visit)) => {
            let (request, body) = (request.clone(), web::Payload::from_request(request, payload));
            Box::pin(async move { refused(log_in::ask_sender(&visit, &request, body.await?).await) })
        }
    }
}

impl Person {
    /// Of a request, or whoever sent it instead.
    pub fn of(request: &HttpRequest) -> Result<Self, Absent> {
        let visit = Visit::of(request)?;
        if !request.method().is_safe() {
            visit.refuse_foreign(MissingOrigin::Refused)?;
        }
        match visit.signed_in() {
            Some((user, session)) => Ok(Self { visit, user, session }),
            None => Err(Absent::SignedOut(visit)),
        }
    }

    /// Who acts, for the record.
    pub fn actor(&self) -> Actor {
        self.visit.actor(&self.user)
    }

    /// The frame of their page.
    pub fn frame(&self, here: Place) -> Frame {
        Frame::new(&self.user, here)
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

    /// What is answered where something could not be done at all; the form is of no use then.
    pub fn failed(&self, fault: &Fault) -> HttpResponse {
        let base = self.visit.base();
        match fault {
            Fault::Overtaken => to_sign_in(&self.visit),
            Fault::Busy => page::busy(base),
            Fault::Unstored(cause) => {
                tracing::error!(%cause, "something could not be stored");
                let text = "Nothing was changed, because it could not be stored. What should be denied is denied \
                            all the same until the next start. Try again when the server's disk is repaired.";
                page::unstored(base, text)
            }
            Fault::NotFound(_) => {
                let text = super::wrongs::sentence(&fault.to_string());
                page::message(base, StatusCode::NOT_FOUND, ("Not found", &text), self.back())
            }
            Fault::Fields(_) | Fault::Refused(_) | Fault::Conflict(_) | Fault::Changed => {
                let text = match fault {
                    Fault::Fields(errors) => {
                        errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ")
                    }
                    other => other.to_string(),
                };
                let text = super::wrongs::sentence(&text);
                page::message(base, StatusCode::CONFLICT, ("Nothing was changed", &text), self.back())
            }
        }
    }

    /// To the page that the form stood on.
    fn back(&self) -> Option<Link> {
        Some(Link { href: page_before(&self.visit), label: "Back".to_owned() })
    }
}

/// Sends on whoever has no session, or none any more; afterwards they come back to the page that they were on.
pub(super) fn to_sign_in(visit: &Visit) -> HttpResponse {
    let page = page_before(visit);
    let rd = utf8_percent_encode(&page, NON_ALPHANUMERIC);
    page::see_other(&visit.page(&format!("/login?rd={rd}"))).finish()
}

/// The page that is asked for; of a form, the page that it stands on.
pub(super) fn page_before(visit: &Visit) -> String {
    if visit.is_read() {
        return visit.address_of_page();
    }
    let referer = visit.headers().get(REFERER).and_then(|referer| referer.to_str().ok());
    let own = referer.and_then(|referer| referer.strip_prefix(&visit.origin.to_string()));
    let portal = visit.page("/");
    let known = own.filter(|page| page.starts_with(&portal) && visit.targets().check(page).is_some());
    known.map_or_else(|| visit.page("/account"), str::to_owned)
}

impl FromRequest for Person {
    type Error = actix_web::Error;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        extracted(Self::of(request), request, payload)
    }
}
