//! What is stored of a user's password: compared, and brought up to date.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tracing::warn;

use crate::{
    authn::password,
    store::{
        Store,
        users::{self, Standing, User},
    },
};

/// Whether a user has this password and may come in; the same work for all, also where there is no user.
pub(super) fn is_right(user: Option<&Arc<User>>, password: &SecretString, work: u32) -> bool {
    let stored = user.and_then(|user| user.password_hash.as_ref());
    let enabled = user.is_some_and(|user| user.standing == Standing::Enabled);
    password::verify(password, stored, work) && enabled
}

/// Brings a right password's hash to the configured cost.
pub(super) fn renew(store: &Store, user: &User, password: &SecretString, cost: u32) {
    if let Some(stored) = &user.password_hash
        && password::outdated(stored, cost)
        && let Ok(hash) = password::hash(password, cost)
        && let Err(cause) =
            store.write_users(|tx| users::renew_hash(tx, user.id, stored.expose_secret(), &hash))
    {
        warn!(%cause, "a password hash could not be brought to the configured cost; will try again");
    }
}
