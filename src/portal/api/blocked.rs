//! `blocked`: addresses that have to wait after failed sign-ins.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::{caller::Administrator, problem::Problem};
use crate::{administration::blocked, clock, throttle::Blocked};

/// An address that has to wait.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Blocked)]
pub struct BlockedView {
    /// The address; of IPv6 the first of a /64, or of a /48.
    address: String,
    /// The account that failed from there; `null` for the address as a whole.
    account: Option<String>,
    /// Failures in a row.
    failures: u32,
    /// Seconds until the next try may be made.
    seconds_left: u64,
}

impl From<Blocked> for BlockedView {
    fn from(blocked: Blocked) -> Self {
        Self {
            address: blocked.address.to_string(),
            account: blocked.account.map(|name| name.to_string()),
            failures: blocked.failures,
            seconds_left: blocked.wait.seconds(),
        }
    }
}

/// Everything that has to wait, whoever waits longest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockedList {
    items: Vec<BlockedView>,
}

/// Addresses and accounts that have to wait.
#[utoipa::path(get, path = "/blocked", tag = "blocked", responses((status = 200, body = BlockedList)))]
pub async fn list(Administrator(caller): Administrator) -> HttpResponse {
    let blocked = caller.visit.state.sign_in.throttle.blocked(clock::monotonic());
    super::ok(&BlockedList { items: blocked.into_iter().map(BlockedView::from).collect() })
}

/// Lets an address try again at once.
#[utoipa::path(delete, path = "/blocked/{address}", tag = "blocked", params(("address" = String, Path)),
    responses((status = 204, description = "It may try again")))]
pub async fn unblock(
    Administrator(caller): Administrator,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let unknown = || Problem::not_found("blocked address");
    let address: IpAddr =
        request.match_info().get("address").and_then(|text| text.parse().ok()).ok_or_else(unknown)?;
    let by = caller.fresh_proof().await?;
    let was = caller.blocking(move |state| blocked::unblock(state, &by, address)).await?;
    if was { Ok(super::done()) } else { Err(unknown()) }
}
