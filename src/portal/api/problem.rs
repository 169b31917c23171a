//! Errors of the API in one form: problem details (RFC 9457).

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

use crate::administration::{Fault, FieldError, fresh_proof::NoFreshProof};

/// Why a request was not carried out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[schema(example = "about:blank")]
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong and what to do, in a sentence.
    detail: String,
    /// What a program can go by, where the status does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    /// What is wrong with single fields of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<WrongField>,
    #[serde(skip)]
    allowed: Option<String>,
}

/// What a program can do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The session's last proof is too old: send the password to `proof`, then the same request again.
    ProofRequired,
    /// The key has a limit, so it makes and changes nothing that has none: use a key without limits, or a session.
    LimitedKey,
}

/// What is wrong with a field.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrongField {
    /// The field's name, or the key of a setting.
    field: String,
    /// What is wrong and what to do.
    message: String,
}

impl From<FieldError> for WrongField {
    fn from(error: FieldError) -> Self {
        Self { field: error.field.to_owned(), message: error.message }
    }
}

impl Problem {
    /// One without fields.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            code: None,
            errors: Vec::new(),
            allowed: None,
        }
    }

    /// Fields of the body cannot be taken.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = "some fields of the body cannot be taken; `errors` says which, and why";
        Self {
            errors: errors.into_iter().map(WrongField::from).collect(),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    /// Settings cannot be taken.
    pub fn keys(wrong: impl Iterator<Item = (String, String)>) -> Self {
        let detail = "some settings cannot be taken; `errors` says which, and why";
        Self {
            errors: wrong.map(|(field, message)| WrongField { field, message }).collect(),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    /// The address does not know the method.
    pub fn method(allowed: &[&str]) -> Self {
        let allowed = allowed.join(", ");
        let detail = format!("this address knows {allowed}");
        Self { allowed: Some(allowed), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, detail) }
    }

    fn code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The answer.
    pub fn respond(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.code());
        response.insert_header((CACHE_CONTROL, "no-store"));
        if self.code() == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"Sluice\""));
        }
        if self.code() == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((RETRY_AFTER, "2"));
        }
        if let Some(allowed) = &self.allowed {
            response.insert_header((ALLOW, allowed.as_str()));
        }
        let body = serde_json::to_string(self).unwrap_or_default();
        response.content_type("application/problem+json").body(body)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code()
    }

    fn error_response(&self) -> HttpResponse {
        self.respond()
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let status = match fault {
            Fault::Fields(errors) => return Self::fields(errors),
            Fault::NotFound(what) => return Self::not_found(what),
            Fault::Refused(_) => StatusCode::FORBIDDEN,
            Fault::Conflict(_) | Fault::Changed => StatusCode::CONFLICT,
            Fault::Overtaken => StatusCode::UNAUTHORIZED,
            Fault::Unstored(ref cause) => {
                error!(%cause, "a change could not be stored");
                StatusCode::SERVICE_UNAVAILABLE
            }
            Fault::Busy => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, fault.to_string())
    }
}

impl From<NoFreshProof> for Problem {
    fn from(missing: NoFreshProof) -> Self {
        let (code, detail) = match missing {
            NoFreshProof::Store(cause) => return Fault::from(cause).into(),
            NoFreshProof::Stale => {
                let detail = format!("{missing}: send it to `POST api/v1/proof`, or on the page `proof`");
                (Code::ProofRequired, detail)
            }
            NoFreshProof::LimitedKey => {
                (Code::LimitedKey, format!("{missing}; use a key of an administrator without any limit"))
            }
        };
        Self { code: Some(code), ..Self::new(StatusCode::FORBIDDEN, detail) }
    }
}
