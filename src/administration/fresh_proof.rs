//! Leave to widen rights. Whoever makes users, keys or settings makes what outlives their session or key, so a session that
//! was stolen, or a key that may do little, must not be enough for it.

use std::{ops::Deref, sync::Arc};

use rusqlite::Connection;
use secrecy::SecretString;
use thiserror::Error;

use super::Actor;
use crate::{
    authn::sign_in::{Claim, Proof, Refused},
    clock::{self, Timestamp},
    state::State,
    store::{
        Store,
        database::StoreError,
        keys::{self, ApiKey, KeyId, Scope},
        sessions::{self, SessionId},
    },
};

/// Minutes for which a proof is fresh.
pub const MINUTES: i64 = 15;
/// How far ahead of our clock, in seconds, a proof may lie.
const CLOCK_SLACK: i64 = 300;

/// That whoever acts proved who they are a moment ago, or acts by a key without any limit. Only this module makes one, and
/// what widens rights takes one.
#[derive(Clone, Debug)]
pub struct FreshProof {
    actor: Actor,
    by: Basis,
}

#[derive(Clone, Copy, Debug)]
enum Basis {
    Session(SessionId),
    Key(KeyId),
}

/// Why there is no such proof.
#[derive(Debug, Error)]
pub enum NoFreshProof {
    /// What proved the session's person is too old.
    #[error("you entered your password more than {MINUTES} minutes ago; enter it again")]
    Stale,
    /// The key has a limit, which nothing that it makes would have.
    #[error("this key is limited, and what it would make or change is not")]
    LimitedKey,
    /// It could not be read, or the session has ended.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FreshProof {
    /// Of a session of the sign-in page. Waits for the database.
    pub fn of_session(store: &Store, actor: Actor, session: SessionId) -> Result<Self, NoFreshProof> {
        let proved = store.read(|connection| sessions::proof::last(connection, session))?;
        match proved.is_some_and(|proved| is_fresh(proved, clock::now())) {
            true => Ok(Self { actor, by: Basis::Session(session) }),
            false => Err(NoFreshProof::Stale),
        }
    }

    /// Of a key, which proves its owner each time.
    pub fn of_key(actor: Actor, key: &ApiKey) -> Result<Self, NoFreshProof> {
        let Scope { capabilities, apps, networks, expires } = &key.scope;
        let unlimited = capabilities.is_none() && apps.is_none() && networks.is_none() && expires.is_none();
        match unlimited {
            true => Ok(Self { actor, by: Basis::Key(key.id) }),
            false => Err(NoFreshProof::LimitedKey),
        }
    }

    /// Whether it is a session's.
    pub const fn is_of_session(&self) -> bool {
        matches!(self.by, Basis::Session(_))
    }

    /// Fails unless the session or key still lives at the moment of the change.
    pub(super) fn holds(&self, connection: &Connection) -> Result<(), StoreError> {
        match self.by {
            Basis::Session(session) => sessions::lives(connection, session),
            Basis::Key(key) => keys::still_proves(connection, key, clock::now()),
        }
    }

    /// The same for what only administrators may do.
    pub(super) fn administers(&self, connection: &Connection) -> Result<(), StoreError> {
        self.holds(connection)?;
        self.actor.still_administers(connection)
    }
}

impl Deref for FreshProof {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.actor
    }
}

/// Why nothing was proved.
pub enum NotProved {
    /// The password is wrong, or could not be compared.
    Refused(Refused),
    /// It is right, but could not be noted.
    Store(StoreError),
}

/// Compares the password of whoever acts, counted like a sign-in, and notes in their session that it was right.
pub async fn prove(
    state: &State,
    actor: Actor,
    session: SessionId,
    password: SecretString,
) -> Result<(), NotProved> {
    let store = Arc::clone(&state.store);
    let claim = Claim { username: actor.name.to_string(), password, address: actor.address };
    let noted = state.sign_in.prove(claim, Proof::Password, move |_| {
        store.write(|tx| sessions::proof::note(tx, session, clock::now()))
    });
    noted.await.map_err(NotProved::Refused)?.map_err(NotProved::Store)
}

fn is_fresh(proved: Timestamp, now: Timestamp) -> bool {
    (-CLOCK_SLACK..MINUTES * 60).contains(&now.since(proved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_fresh_for_a_quarter_of_an_hour() {
        for (age, fresh) in
            [(0, true), (899, true), (900, false), (86_400, false), (-299, true), (-301, false)]
        {
            let now = Timestamp::from_secs(1_000_000);
            assert_eq!(is_fresh(Timestamp::from_secs(1_000_000 - age), now), fresh, "{age}");
        }
    }
}
