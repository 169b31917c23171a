//! Ending sessions: one's own, or as an administrator anybody's.

use super::{Actor, Fault, about};
use crate::{
    events::kind::Kind,
    state::State,
    store::{
        sessions::{self, SessionId},
        users::User,
    },
};

/// Ends sessions of one user: denied at once, even when that cannot be stored.
pub fn end(state: &State, actor: &Actor, user: &User, ended: &[SessionId]) -> Result<(), Fault> {
    if ended.is_empty() {
        return Ok(());
    }
    let told = actor.did(about(Kind::SessionEnded, &user.name).with("sessions", ended.len()));
    Ok(state.store.end_sessions(ended, told, |tx| sessions::delete(tx, ended))?)
}
