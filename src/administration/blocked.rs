//! Letting an address try again that has to wait after failed sign-ins.

use std::net::IpAddr;

use super::{Fault, fresh_proof::FreshProof};
use crate::{
    events::{event::Event, kind::Kind},
    state::State,
};

/// Forgets the failures of an address, which then may guess again; `false` where there were none.
pub fn unblock(state: &State, by: &FreshProof, address: IpAddr) -> Result<bool, Fault> {
    let was = state.sign_in.throttle.forgive(address);
    if was {
        let event = Event::new(Kind::SigninUnblocked).with("unblocked", address.to_string());
        state.store.write(|tx| by.record(tx, event))?;
    }
    Ok(was)
}
