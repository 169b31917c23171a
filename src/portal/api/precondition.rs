//! `If-Match`: a change that is made only to what its sender has seen (RFC 9110, 13.1.1).

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{StatusCode, header::IF_MATCH},
};
use utoipa::{
    IntoParams,
    openapi::{
        Object, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use super::problem::Problem;
use crate::{administration::version::Version, store::users::User};

/// What the request may be carried out on; anything, where it does not say.
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// Fails where the user is another version than the one that is named.
    pub fn check(&self, user: &User) -> Result<(), Problem> {
        match &self.0 {
            Some(tags) if !Version::of(user).is_matched_by(tags) => {
                let detail = "somebody has changed this user since; get them again, and send the new `ETag`";
                Err(Problem::new(StatusCode::PRECONDITION_FAILED, detail))
            }
            _ => Ok(()),
        }
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // What is no text matches nothing.
        let lines: Vec<_> =
            request.headers().get_all(IF_MATCH).map(|line| line.to_str().unwrap_or_default()).collect();
        ready(Ok(Self((!lines.is_empty()).then(|| lines.join(",")))))
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let header = ParameterBuilder::new()
            .name("If-Match")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The `ETag` of what the change was made from"))
            .schema(Some(Object::with_type(Type::String)));
        vec![header.build()]
    }
}
