//! `sluice session`.

use clap::Subcommand;
use serde_json::json;

use super::{Failure, configuration, database, output};
use crate::{
    authn::name::UserName,
    config::Flags,
    store::{sessions, users},
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
            let ended = database.write(|tx| sessions::delete_all(tx, Some(users::find(tx, &name)?)))?;
            output::say(&format!("Ended {ended} sessions of {name}."));
        }
        Command::RevokeAll => {
            let ended = database.write(|tx| sessions::delete_all(tx, None))?;
            output::say(&format!("Ended {ended} sessions. Everybody has to sign in again."));
        }
    }
    Ok(())
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
