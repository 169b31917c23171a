//! The commands; a file each.

mod check;
mod explain;
mod healthcheck;
mod key;
mod output;
mod pack;
mod password_input;
mod reload;
mod serve;
mod session;
mod settings;
mod user;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::{
    config::{self, Config, Flags, Problem},
    store::database::Database,
};

/// The forward-auth sidecar for torrent web apps: nginx, Traefik and Caddy ask it about every request.
#[derive(Debug, Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "Example:\n  sluice serve --config config/sluice.toml"
)]
struct Arguments {
    /// The configuration file; else SLUICE_CONFIG, else config/sluice.toml where that exists
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service
    #[command(after_help = "Example:\n  sluice serve --listen 127.0.0.1:9180")]
    Serve(serve::Arguments),
    /// Show the configuration that holds, secrets masked, and everything that is wrong with it
    #[command(after_help = "Example:\n  sluice check --config config/sluice.toml")]
    Check(check::Arguments),
    /// Say what would be answered to a request, and by which rule
    #[command(
        after_help = "Example:\n  sluice explain POST https://nas/api/v2/torrents/delete --user bob --app qbittorrent"
    )]
    Explain(explain::Arguments),
    /// Show what packs ask for on each route of an app
    #[command(subcommand, after_help = "Example:\n  sluice pack show qbittorrent")]
    Pack(pack::Command),
    /// Add, list and change users
    #[command(subcommand, after_help = "Example:\n  sluice user add bob --preset read-only")]
    User(user::Command),
    /// Make, list and revoke API keys
    #[command(subcommand, after_help = "Example:\n  sluice key create bob --name phone --expires 90d")]
    Key(key::Command),
    /// List and end sessions
    #[command(subcommand, after_help = "Example:\n  sluice session revoke bob")]
    Session(session::Command),
    /// List what administrators saved in the portal, and go back to an earlier version
    #[command(subcommand, after_help = "Example:\n  sluice settings restore 0")]
    Settings(settings::Command),
    /// Let the running service read its configuration and packs again, as SIGHUP does; a bad file changes nothing
    #[command(after_help = "Example:\n  sluice reload --config config/sluice.toml")]
    Reload,
    /// Exit with 0 when the running service is ready; for container health checks
    #[command(after_help = "Example:\n  sluice healthcheck")]
    Healthcheck,
}

/// Why a command failed.
enum Failure {
    /// It cannot start: the configuration, or what it names, is wrong.
    Start(Vec<String>),
    /// It was refused or went wrong.
    Command(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Command(error.into())
    }
}

/// Runs the command of this process. Exit code 2 means that it could not start, 1 that it failed.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let flags = Flags { file: arguments.config, values: Vec::new() };
    let done = match arguments.command {
        Command::Serve(arguments) => serve::run(flags, arguments),
        Command::Check(arguments) => check::run(&flags, &arguments),
        Command::Explain(arguments) => explain::run(&flags, &arguments),
        Command::Pack(command) => pack::run(&flags, command),
        Command::User(command) => user::run(&flags, command),
        Command::Key(command) => key::run(&flags, command),
        Command::Session(command) => session::run(&flags, command),
        Command::Settings(command) => settings::run(&flags, command),
        Command::Reload => reload::run(&flags),
        Command::Healthcheck => healthcheck::run(&flags),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Start(lines)) => {
            lines.iter().for_each(|line| output::complain(line));
            ExitCode::from(2)
        }
        Err(Failure::Command(error)) => {
            output::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn configuration(flags: &Flags) -> Result<Config, Failure> {
    let outcome = config::load(flags);
    if outcome.file.is_none() && outcome.config.is_ok() {
        output::remark("note: no configuration file was read, so defaults hold; name one with --config");
    }
    outcome.config.map_err(|problems| {
        let hint = settings_hint(&problems);
        Failure::Start(problems.iter().map(ToString::to_string).chain(hint).collect())
    })
}

/// The way back where what the portal saved stops the start.
fn settings_hint(problems: &[Problem]) -> Option<String> {
    let hint = "what the portal saved is in the way: `sluice settings list` shows its versions, `sluice settings \
                restore VERSION` goes back to one, and version 0 is that nothing is saved";
    problems.iter().any(Problem::is_of_settings).then(|| hint.to_owned())
}

/// The store of the configuration, for a command that changes it beside a running service.
fn database(config: &Config) -> anyhow::Result<Database> {
    let path = &config.store.path;
    Database::open_existing(path).with_context(|| format!("store.path: {}", path.display()))
}
