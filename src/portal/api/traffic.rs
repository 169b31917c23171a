//! `traffic`: what was counted in the last day.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::{caller::Administrator, problem::Problem};
use crate::{
    administration::Fault,
    clock,
    metrics::{
        sign_ins::Ending,
        traffic::{Day, What},
    },
};

/// The last 24 hours, by the hour; what happened in the last minute may be missing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Traffic {
    /// The hours, the one that runs at the end.
    hours: Vec<HourView>,
    /// Refused requests by reason, the most frequent first.
    refusals: Vec<RefusalCount>,
}

/// What was counted in an hour.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hour)]
pub struct HourView {
    /// When it began.
    start: String,
    /// Requests that passed.
    allowed: u64,
    /// Requests that were refused.
    refused: u64,
    /// Sign-ins.
    sign_ins: u64,
    /// Sign-ins that failed or were not even tried.
    failed_sign_ins: u64,
}

/// How many requests were refused for a reason.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusalCount {
    /// The reason.
    reason: &'static str,
    /// How many.
    count: u64,
}

impl From<&Day> for Traffic {
    fn from(day: &Day) -> Self {
        let allowed = day.by_hour(|what| what == What::Allowed);
        let refused = day.by_hour(|what| matches!(what, What::Refused(_)));
        let sign_ins = day.by_hour(|what| what == What::SignIn(Ending::Succeeded));
        let failed = day.by_hour(|what| matches!(what, What::SignIn(ending) if ending != Ending::Succeeded));
        let counts = allowed.into_iter().zip(refused).zip(sign_ins.into_iter().zip(failed));
        let hours = day.hours().into_iter().zip(counts);
        let hours = hours.map(|(start, ((allowed, refused), (sign_ins, failed_sign_ins)))| HourView {
            start: start.rfc3339(),
            allowed,
            refused,
            sign_ins,
            failed_sign_ins,
        });
        let refusals = day.refusals().into_iter();
        Self {
            hours: hours.collect(),
            refusals: refusals.map(|(reason, count)| RefusalCount { reason: reason.name(), count }).collect(),
        }
    }
}

/// Requests and sign-ins of the last 24 hours.
#[utoipa::path(get, path = "/traffic", tag = "audit", responses((status = 200, body = Traffic)))]
pub async fn show(Administrator(caller): Administrator) -> Result<HttpResponse, Problem> {
    let read = |state: &crate::state::State| Day::until(&state.store, clock::now()).map_err(Fault::from);
    let day = caller.blocking(read).await?;
    Ok(super::ok(&Traffic::from(&day)))
}
