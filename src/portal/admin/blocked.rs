//! Who has to wait after failed sign-ins, and letting them try again.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Payload};
use askama::Template;

use super::Admin;
use crate::{
    administration::{Fault, blocked},
    clock,
    portal::{
        form::Form,
        frame::{Frame, Place},
        moment, page, prove,
    },
    throttle::{Blocked, Wait},
};

/// Addresses on one page; whoever waits longest comes first.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "admin/blocked.html")]
struct BlockedPage<'a> {
    base: &'a str,
    frame: Frame,
    addresses: Vec<Row>,
    next: Option<IpAddr>,
    done: Option<&'static str>,
}

/// An address with all that waits there.
struct Row {
    address: IpAddr,
    prefix: u8,
    accounts: Vec<String>,
    everybody: bool,
    failures: u32,
    wait: Wait,
}

impl Row {
    /// Of IPv6 a whole network waits.
    fn shown(&self) -> String {
        match self.address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("{address}/{}", self.prefix),
        }
    }

    fn whom(&self) -> String {
        if self.everybody { "everybody".to_owned() } else { self.accounts.join(", ") }
    }

    fn in_words(&self) -> String {
        moment::wait(self.wait.seconds())
    }

    /// One row for an address, in the order of the first of each.
    fn all(blocked: Vec<Blocked>) -> Vec<Self> {
        let mut rows: Vec<Self> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for Blocked { address, prefix, account, failures, wait } in blocked {
            let place = *places.entry((address, prefix)).or_insert(rows.len());
            if place == rows.len() {
                rows.push(Self {
                    address,
                    prefix,
                    accounts: Vec::new(),
                    everybody: false,
                    failures: 0,
                    wait,
                });
            }
            let row = &mut rows[place];
            row.failures = row.failures.max(failures);
            row.wait = row.wait.max(wait);
            match account {
                Some(account) => row.accounts.push(account.to_string()),
                None => row.everybody = true,
            }
        }
        rows
    }
}

/// How many addresses have to wait.
pub fn count(blocked: Vec<Blocked>) -> usize {
    Row::all(blocked).len()
}

/// Shows them.
pub async fn list(admin: Admin) -> HttpResponse {
    let mut addresses = Row::all(admin.visit.state.sign_in.throttle.blocked(clock::monotonic()));
    let after: Option<IpAddr> = admin.visit.query("after").and_then(|text| text.parse().ok());
    // An address that waits no more is no place in the list, which then begins at its beginning.
    if let Some(place) = after.and_then(|after| addresses.iter().position(|row| row.address == after)) {
        addresses.drain(..=place);
    }
    let more = addresses.len() > PAGE;
    addresses.truncate(PAGE);
    let page = BlockedPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Blocked),
        next: addresses.last().filter(|_| more).map(|row| row.address),
        addresses,
        done: admin.done(&[
            ("unblocked", "This address may try again at once."),
            ("free", "This address did not have to wait any more."),
        ]),
    };
    page::render(page::answer(StatusCode::OK, None), &page)
}

/// Lets an address try again.
pub async fn unblock(admin: Admin, request: HttpRequest, payload: Payload) -> HttpResponse {
    let form = match Form::read(&request, payload, admin.visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let Some(address) = form.once("address").and_then(|text| text.parse().ok()) else {
        return admin.cannot("Nothing was done", &Fault::NotFound("address"), "/admin/blocked");
    };
    let by = match prove::fresh(&admin, &form).await {
        Ok(proof) => proof,
        Err(response) => return response,
    };
    match admin.blocking(move |state| blocked::unblock(state, &by, address)).await {
        Ok(was) => {
            let done = if was { "unblocked" } else { "free" };
            page::see_other(&admin.visit.page(&format!("/admin/blocked?done={done}"))).finish()
        }
        Err(fault) => admin.cannot("Done, but not on record", &fault, "/admin/blocked"),
    }
}
