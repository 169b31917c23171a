//! What administrators do to users, keys and sessions. The pages and the JSON API both come here, so that both obey the
//! same rules: each act is checked, changed and put on record in one transaction.

pub mod blocked;
pub mod connection;
pub mod draft;
pub mod fresh_proof;
pub mod keys;
pub mod lines;
pub mod owners;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod users;
pub mod version;

use std::net::IpAddr;

use rusqlite::Connection;
use thiserror::Error;

use crate::{
    authn::name::UserName,
    clock,
    events::{
        event::{By, Event},
        kind::Kind,
    },
    store::{
        database::StoreError,
        events,
        users::{self as users_table, UserId},
    },
};

/// Who acts: an administrator, or a user on their own account.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: UserName,
    /// Where they are.
    pub address: IpAddr,
}

/// A text of a form or a body that cannot be taken, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as forms and the API name it.
    pub field: &'static str,
    /// A sentence without its full stop.
    pub message: String,
}

impl FieldError {
    /// One of them.
    pub fn new(field: &'static str, message: impl ToString) -> Self {
        Self { field, message: message.to_string() }
    }
}

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum Fault {
    /// What was typed cannot be taken.
    #[error("some of what was typed cannot be taken")]
    Fields(Vec<FieldError>),
    /// What it is about is not there.
    #[error("there is no such {0}; perhaps somebody has just deleted it")]
    NotFound(&'static str),
    /// A rule forbids it.
    #[error("{0}")]
    Refused(&'static str),
    /// It does not go with how things are now.
    #[error("{0}")]
    Conflict(String),
    /// Somebody else changed the user after what the change was made from.
    #[error("somebody else has just changed this user; look at them as they are now, then send it again")]
    Changed,
    /// Whoever acts is no administrator any more.
    #[error("you are no longer signed in as an administrator")]
    Overtaken,
    /// Our own failure; the log says more.
    #[error("it could not be stored: {0}")]
    Unstored(StoreError),
    /// No thread is free to hash a password.
    #[error("too many passwords are being set at this moment; try again in a few seconds")]
    Busy,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NameTaken(name) => {
                let message = format!("there is a user {name} already; choose another name");
                Self::Fields(vec![FieldError::new("name", message)])
            }
            StoreError::KeyNameTaken(name) => {
                let message =
                    format!("the user has a key {name} already; revoke it first, or choose another name");
                Self::Fields(vec![FieldError::new("name", message)])
            }
            StoreError::LastAdmin => {
                Self::Conflict("this is the last active administrator; make another one first".to_owned())
            }
            StoreError::LastWayIn | StoreError::TooManyKeys => Self::Conflict(error.to_string()),
            StoreError::Overtaken => Self::Overtaken,
            StoreError::Changed => Self::Changed,
            StoreError::UnknownUser(_) => Self::NotFound("user"),
            StoreError::UnknownKey(_) => Self::NotFound("key"),
            other => Self::Unstored(other),
        }
    }
}

impl Actor {
    /// Puts on record that they did something.
    fn record(&self, connection: &Connection, event: Event) -> Result<(), StoreError> {
        events::append(connection, &self.did(event), clock::now()).map(|_| ())
    }

    /// An event as something that they did.
    fn did(&self, event: Event) -> Event {
        event.by(By::User(&self.name)).from(self.address)
    }

    /// Fails unless they may administer at this moment, which another administrator may have changed.
    fn still_administers(&self, connection: &Connection) -> Result<(), StoreError> {
        users_table::is_active_admin(connection, self.id)
    }
}

/// An event about a user.
fn about(kind: Kind, subject: &UserName) -> Event {
    Event::new(kind).about(subject)
}
