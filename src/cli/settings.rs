//! `sluice settings`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Failure, output};
use crate::{
    clock,
    config::{self, Flags},
    events::{
        event::{By, Event},
        kind::Kind,
    },
    reload,
    store::{
        database::Database,
        events,
        settings::{self, Draft, VersionId},
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the versions that are kept, the newest first, which holds
    #[command(after_help = "Example:\n  sluice settings list --json")]
    List(List),
    /// Go back to a version, as a new one; 0 is that nothing is saved
    #[command(after_help = "Example:\n  sluice settings restore 3")]
    Restore(Restore),
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// Its number in the list
    version: i64,
}

pub(super) fn run(flags: &Flags, command: Command) -> Result<(), Failure> {
    // What is saved may be what is wrong, so the rest of the configuration says where the store is.
    let store = config::store(flags)?;
    let mut database = Database::open_existing(&store.path)?;
    match command {
        Command::List(arguments) => list(&mut database, arguments.json),
        Command::Restore(Restore { version }) => {
            let restored =
                database.read(|connection| settings::at(connection, VersionId::numbered(version)))?;
            if let Err(problems) = config::load_with(flags, &restored).config {
                return Err(Failure::Start(problems.iter().map(ToString::to_string).collect()));
            }
            let base = database.read(settings::latest)?.0;
            let draft = Draft { base, author: By::CommandLine.name(), at: clock::now() };
            let event = Event::new(Kind::SettingsRestored).by(By::CommandLine).with("restored", version);
            let id = database.write(|tx| {
                let id = settings::insert(tx, &draft, &restored)?;
                events::append(tx, &event.with("version", id.get()), draft.at)?;
                Ok(id)
            })?;
            // Without a running service there is nobody to tell.
            let told = reload::ask(&store.path).is_ok();
            let whom =
                if told { "the running service takes it over" } else { "it holds from the next start" };
            output::say(&format!("Version {version} holds again, as version {}; {whom}.", id.get()));
            Ok(())
        }
    }
}

fn list(database: &mut Database, as_json: bool) -> Result<(), Failure> {
    let versions = database.read(settings::history)?;
    if as_json {
        let all: Vec<_> = versions
            .iter()
            .map(|version| json!({ "version": version.id.get(), "at": version.at.secs(), "author": version.author }))
            .collect();
        output::json(&json!(all));
    } else if versions.is_empty() {
        output::say("Nothing is saved.");
    } else {
        let row = |version: &settings::Version| {
            vec![version.id.get().to_string(), output::time(version.at), version.author.clone()]
        };
        output::table(&["VERSION", "SAVED", "BY"], &versions.iter().map(row).collect::<Vec<_>>());
    }
    Ok(())
}
