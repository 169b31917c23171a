//! `proof`: showing again who one is, before what widens rights.

use actix_web::{HttpResponse, http::StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{body::Json, caller::Caller, me::own_session, problem::Problem};
use crate::{
    administration::{
        Fault, FieldError,
        fresh_proof::{self, NotProved},
    },
    authn::sign_in::Refused,
};

/// What proves the person behind a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProof {
    /// Their password.
    password: String,
}

/// Proves who one is, in this session: what makes or changes users, keys and settings asks for a proof that is no older than
/// 15 minutes, and answers 403 with the code `proof_required` without one. The sign-in is such a proof.
#[utoipa::path(post, path = "/proof", tag = "me", request_body = NewProof,
    responses((status = 204, description = "Proved"), (status = 429, body = Problem, content_type = "application/problem+json")))]
pub async fn prove(caller: Caller, Json(body): Json<NewProof>) -> Result<HttpResponse, Problem> {
    let session = own_session(&caller)?;
    let password = SecretString::from(body.password);
    match fresh_proof::prove(&caller.visit.state, caller.actor(), session, password).await {
        Ok(()) => Ok(super::done()),
        Err(NotProved::Refused(refused)) => Err(wrong_password("password", refused)),
        Err(NotProved::Store(cause)) => Err(Fault::from(cause).into()),
    }
}

/// Why a password did not prove its owner; `field` is where it stood.
pub fn wrong_password(field: &'static str, refused: Refused) -> Problem {
    match refused {
        Refused::Wrong(wait) => {
            let message = format!("is not right; wait {} seconds before the next try", wait.seconds());
            Problem::fields(vec![FieldError::new(field, message)])
        }
        Refused::Throttled(wait) => {
            let detail = format!("there were too many failures; wait {} seconds", wait.seconds());
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
        }
        Refused::Busy | Refused::Failed => Fault::Busy.into(),
    }
}
