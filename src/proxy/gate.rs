//! The gate: takes verify requests before actix-web looks for a page, because they are many and each byte of work on
//! them is felt in every request of every app.

use std::{
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use actix_http::{Request, Response};
use actix_web::{
    Error,
    body::BoxBody,
    dev::{AppConfig, Service, ServiceFactory, ServiceResponse},
};
use futures_util::future::{Either, LocalBoxFuture};

use super::{
    bodies::Full,
    body::{self, Called},
    dialect::{Asks, Dialect},
    first::{self, First, Known},
    verify::{Asked, verify, verify_in_time},
};
use crate::{
    policy::rpc::Calls,
    state::{Current, State},
};

/// The gate before the pages; makes one of itself for each worker.
pub struct Gate<P> {
    pages: P,
    current: Arc<Current>,
}

impl<P> Gate<P> {
    /// Before these pages.
    pub fn before(pages: P, current: Arc<Current>) -> Self {
        Self { pages, current }
    }
}

impl<P> ServiceFactory<Request> for Gate<P>
where
    P: ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse, Error = Error>,
    P::Future: 'static,
    <P::Service as Service<Request>>::Future: 'static,
{
    type Response = Response<BoxBody>;
    type Error = Error;
    type Config = AppConfig;
    type Service = Gate<P::Service>;
    type InitError = P::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, P::InitError>>;

    fn new_service(&self, config: AppConfig) -> Self::Future {
        let (pages, current) = (self.pages.new_service(config), Arc::clone(&self.current));
        Box::pin(async move { Ok(Gate { pages: pages.await?, current }) })
    }
}

type Answer = Result<Response<BoxBody>, Error>;

impl<P> Service<Request> for Gate<P>
where
    P: Service<Request, Response = ServiceResponse, Error = Error>,
    P::Future: 'static,
{
    type Response = Response<BoxBody>;
    type Error = Error;
    type Future = Either<Ready<Answer>, LocalBoxFuture<'static, Answer>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.pages.poll_ready(context)
    }

    /// Any method will do: the verify request's own says nothing about the original one.
    fn call(&self, request: Request) -> Self::Future {
        let head = request.head();
        let Some((dialect, app)) = Dialect::asked_on(head.uri.path()) else {
            let answer = self.pages.call(request);
            return Either::Right(Box::pin(async move { Ok(answer.await?.into()) }));
        };
        let state = self.current.get();
        if dialect.asks == Asks::First {
            let app = app.map(str::to_owned);
            return Either::Right(Box::pin(async move {
                Ok(first::answer(request.head(), &state, (dialect, app.as_deref())).await.into())
            }));
        }
        if body::wanted(head, &state, dialect, app).is_some() {
            let app = app.map(str::to_owned);
            return Either::Right(Box::pin(with_body(request, state, dialect, app)));
        }
        match verify(head, &state, (dialect, app, Calls::Unseen)) {
            Ok(response) => Either::Left(ready(Ok(response.into()))),
            Err(question) => {
                let app = app.map(str::to_owned);
                Either::Right(Box::pin(async move {
                    let asked = (dialect, app.as_deref(), Calls::Unseen);
                    Ok(verify_in_time(request.head(), &state, asked, question).await.into())
                }))
            }
        }
    }
}

/// The same where the body of the original request decides: read only for those who could be let through by some body.
async fn with_body(mut request: Request, state: Arc<State>, dialect: Dialect, app: Option<String>) -> Answer {
    let (payload, head) = (request.take_payload(), request.head());
    let known = match first::first(head, &state, (dialect, app.as_deref())).await {
        First::Refused(response) => return Ok(response.into()),
        First::Undecided(known) => known,
    };
    let asked = |calls| Asked { request: head, state: &state, dialect, app: app.as_deref(), calls };
    let wanted = body::wanted(head, &state, dialect, app.as_deref());
    let called = match (wanted, &known) {
        (Some(rpc), Some(known)) => match state.bodies.read(head, payload, (rpc, known.user)).await {
            Ok(called) => called,
            Err(Full) => return Ok(first::busy(&asked(Calls::Unclear)).into()),
        },
        _ => Called::Unclear,
    };
    let calls = called.as_calls();
    if let Some(Known { proof: Some(principal), .. }) = &known {
        return Ok(first::last(&asked(calls), principal).into());
    }
    let question = (dialect, app.as_deref(), calls);
    let response = match verify(head, &state, question) {
        Ok(response) => response,
        Err(open) => verify_in_time(head, &state, question, open).await,
    };
    Ok(response.into())
}
