//! The span around a portal request: an id that ties its log lines together, and never a query string.

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
};
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};

use crate::authn::masked::masked;

/// Names the span.
pub struct PortalSpan;

impl RootSpanBuilder for PortalSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        let (method, path) = (request.method().as_str(), request.path());
        tracing::info_span!("portal", id, method = &*masked(method), path = &*masked(path))
    }

    fn on_request_end<B: MessageBody>(_: Span, _: &Result<ServiceResponse<B>, Error>) {}
}
