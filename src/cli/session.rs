//! `sluice session`.

use clap::Subcommand;
use rusqlite::Connection;
use serde_json::json;

use super::{Failure, configuration, database, output};
use crate::{
    authn::name::UserName,
    clock,
    config::Flags,
    events::{
        event::{By, Event},
        kind::Kind,
    },
    store::{database::StoreError, events, sessions, users},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the sessions, the last used first
    #[command(after_help = "Example:\n  sluice session list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End every session of a user
    #[command(after_help = "Example:\n  sluice session revoke bob")]
    Revoke {
        /// The user's name
        name: String,
    },
    /// End every session, for instance after a backup was restored
    #[command(after_help = "Example:\n  sluice session revoke-all")]
    RevokeAll,
}

pub(super) fn run(flags: &Flags, command: Command) -> Result<(), Failure> {
    let config = configuration(flags)?;
    let mut database = database(&config)?;
    match command {
        Command::List { json } => {
            let listed = database.read(sessions::list)?;
            if json {
                output::json(&listed.iter().map(as_json).collect());
            } else {
                output::table(&["USER", "SIGNED IN", "LAST USED", "ADDRESS", "KIND"], &rows(&listed));
            }
        }
        Command::Revoke { name } => {
            let name = UserName::parse(&name)?;
            let ended = database.write(|tx| {
                let ended = sessions::delete_all(tx, Some(users::find(tx, &name)?))?;
                tell(tx, Event::new(Kind::SessionEnded).about(&name), ended)
            })?;
            output::say(&format!("Ended {ended} sessions of {name}."));
        }
        Command::RevokeAll => {
            let ended = database.write(|tx| {
                let ended = sessions::delete_all(tx, None)?;
                tell(tx, Event::new(Kind::SessionEnded).with("everybody", true), ended)
            })?;
            output::say(&format!("Ended {ended} sessions. Everybody has to sign in again."));
        }
    }
    Ok(())
}

fn tell(connection: &Connection, told: Event, ended: usize) -> Result<usize, StoreError> {
    if ended > 0 {
        events::append(connection, &told.by(By::CommandLine).with("sessions", ended), clock::now())?;
    }
    Ok(ended)
}

fn as_json(session: &sessions::Listed) -> serde_json::Value {
    json!({
        "id": session.id.get(),
        "user": session.user,
        "kind": session.kind,
        "created": session.created.secs(),
        "seen": session.seen.secs(),
        "address": session.address,
    })
}

fn rows(sessions: &[sessions::Listed]) -> Vec<Vec<String>> {
    sessions
        .iter()
        .map(|session| {
            vec![
                session.user.clone(),
                output::time(session.created),
                output::time(session.seen),
                session.address.clone(),
                session.kind.clone(),
            ]
        })
        .collect()
}
