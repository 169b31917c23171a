//! `sluice user`.

mod list;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use rusqlite::Transaction;
use secrecy::SecretString;

use super::{Failure, configuration, database, output, password_input};
use crate::{
    administration::users::entrance,
    authn::{
        name::UserName,
        password,
        profile::{DisplayName, Email},
    },
    clock,
    config::{Config, Flags},
    events::{
        event::{By, Event},
        kind::Kind,
    },
    policy::{capability::Capabilities, preset::Preset, role::Role},
    store::{
        capabilities,
        database::{Database, StoreError},
        events, owners, sessions,
        users::{self, NewUser, Standing, UserId},
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a user; the password is asked for, or read as one line of standard input
    #[command(after_help = "Example:\n  sluice user add bob --preset read-only")]
    Add(Add),
    /// List the users
    #[command(after_help = "Example:\n  sluice user list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Set a user's password and end their sessions
    #[command(after_help = "Example:\n  sluice user set-password bob")]
    SetPassword {
        /// The user's name
        name: String,
    },
    /// Set what a user may do
    #[command(
        after_help = "Example:\n  sluice user set-capabilities bob --capabilities search,add_downloads"
    )]
    SetCapabilities(SetCapabilities),
    /// Let a disabled user in again
    #[command(after_help = "Example:\n  sluice user enable bob")]
    Enable {
        /// The user's name
        name: String,
    },
    /// Keep a user but refuse them everywhere, and end their sessions
    #[command(after_help = "Example:\n  sluice user disable bob")]
    Disable {
        /// The user's name
        name: String,
    },
    /// Delete a user with all that is theirs
    #[command(after_help = "Example:\n  sluice user delete bob")]
    Delete {
        /// The user's name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// The user's name: a-z 0-9 . _ @ -
    name: String,
    /// Make an administrator, who may do everything, whatever else is granted
    #[arg(long)]
    admin: bool,
    /// Grant a named set: full, read-only, sso-default or none [default: read-only]
    #[arg(long, value_name = "PRESET", conflicts_with = "capabilities")]
    preset: Option<String>,
    /// Grant these capabilities, separated by commas
    #[arg(long, value_name = "LIST")]
    capabilities: Option<String>,
    /// The name for people
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// The e-mail address that apps are told
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Make an account that no password opens
    #[arg(long)]
    no_password: bool,
}

#[derive(Debug, Args)]
pub(super) struct SetCapabilities {
    /// The user's name
    name: String,
    /// Grant a named set: full, read-only, sso-default or none
    #[arg(long, value_name = "PRESET", conflicts_with = "capabilities")]
    preset: Option<String>,
    /// Grant these capabilities, separated by commas
    #[arg(long, value_name = "LIST")]
    capabilities: Option<String>,
    /// Grant what a permission of pyTorrent means: none, ro or full
    #[arg(long, value_name = "WORD", conflicts_with_all = ["capabilities", "preset"])]
    permission: Option<PermissionName>,
    /// For this app only, instead of what holds for all
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Let what holds for all apps hold for --app again
    #[arg(long, requires = "app", conflicts_with_all = ["capabilities", "preset", "permission"])]
    inherit: bool,
    /// Make an administrator, or an ordinary user again
    #[arg(long, conflicts_with = "app")]
    role: Option<RoleName>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PermissionName {
    None,
    Ro,
    Full,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    Admin,
    User,
}

pub(super) fn run(flags: &Flags, command: Command) -> Result<(), Failure> {
    let config = configuration(flags)?;
    match command {
        Command::Add(arguments) => add(&config, &arguments),
        Command::List { json } => list::run(&config, json),
        Command::SetPassword { name } => set_password(&config, &name),
        Command::SetCapabilities(arguments) => set_capabilities(&config, &arguments),
        Command::Enable { name } => {
            let told = Event::new(Kind::UserEnabled);
            change(&config, &name, "is enabled", told, |tx, id| {
                users::set_standing(tx, id, Standing::Enabled)
            })
        }
        Command::Disable { name } => {
            let (done, told) = ("is disabled; their sessions are ended", Event::new(Kind::UserDisabled));
            change(&config, &name, done, told, |tx, id| users::set_standing(tx, id, Standing::Disabled))
        }
        Command::Delete { name } => delete(&config, &name),
    }
}

/// Makes one change to one user, of which `told` tells, in one transaction.
fn change(
    config: &Config,
    name: &str,
    done: &str,
    told: Event,
    change: impl FnOnce(&Transaction<'_>, UserId) -> Result<(), StoreError>,
) -> Result<(), Failure> {
    let name = UserName::parse(name)?;
    let told = told.by(By::CommandLine).about(&name);
    database(config)?.write(|tx| {
        let id = users::find(tx, &name)?;
        users::keep_a_way_in(tx, entrance(config), || change(tx, id))?;
        events::append(tx, &told, clock::now())
    })?;
    output::say(&format!("{name} {done}."));
    Ok(())
}

/// Deletes a user; what they own is nobody's then.
fn delete(config: &Config, name: &str) -> Result<(), Failure> {
    let name = UserName::parse(name)?;
    let told = |kind| Event::new(kind).by(By::CommandLine).about(&name);
    database(config)?.write(|tx| {
        let id = users::find(tx, &name)?;
        let items = owners::count_of(tx, id)?;
        users::keep_a_way_in(tx, entrance(config), || users::delete(tx, id))?;
        if items > 0 {
            events::append(tx, &told(Kind::OwnerDropped).with("items", items), clock::now())?;
        }
        events::append(tx, &told(Kind::UserDeleted).with("owned", items), clock::now())
    })?;
    output::say(&format!("{name} is deleted."));
    Ok(())
}

fn add(config: &Config, arguments: &Add) -> Result<(), Failure> {
    let name = UserName::parse(&arguments.name)?;
    let display_name = arguments.display_name.as_deref().map(DisplayName::parse).transpose()?;
    let email = arguments.email.as_deref().map(Email::parse).transpose()?;
    let role = if arguments.admin { Role::Admin } else { Role::User };
    let granted = granted(arguments.preset.as_deref(), arguments.capabilities.as_deref())?;
    let granted =
        granted.unwrap_or(if arguments.admin { Capabilities::ALL } else { Capabilities::READ_ONLY });
    // The first user may come before the first start.
    let path = &config.store.path;
    let mut database = Database::open(path).with_context(|| format!("store.path: {}", path.display()))?;
    if database.read(|connection| users::find(connection, &name)).is_ok() {
        return Err(StoreError::NameTaken(name.to_string()).into());
    }
    let hash = match arguments.no_password {
        true => None,
        false => Some(hash(config, &password_input::new_password(name.as_str())?)?),
    };
    let user = NewUser {
        name: &name,
        display_name: display_name.as_ref(),
        email: email.as_ref(),
        role,
        granted,
        password_hash: hash.as_deref(),
    };
    let told = Event::new(Kind::UserAdded).by(By::CommandLine).about(&name);
    let told = told.with("role", role.name()).granting(granted);
    database.write(|tx| {
        users::insert(tx, &user, clock::now())?;
        events::append(tx, &told, clock::now())
    })?;
    output::say(&match role {
        Role::Admin => format!("Added {name}, an administrator."),
        Role::User => format!("Added {name}, who may: {granted}."),
    });
    Ok(())
}

fn granted(preset: Option<&str>, capabilities: Option<&str>) -> anyhow::Result<Option<Capabilities>> {
    match (preset, capabilities) {
        (Some(name), _) => match Preset::ALL.into_iter().find(|preset| preset.name() == name) {
            Some(preset) => Ok(Some(preset.capabilities())),
            None => bail!("there is no preset `{name}`; known are full, read-only, sso-default and none"),
        },
        (None, Some(list)) => Ok(Some(list.parse().context("--capabilities")?)),
        (None, None) => Ok(None),
    }
}

fn hash(config: &Config, password: &SecretString) -> anyhow::Result<String> {
    Ok(password::hash(password, config.auth.bcrypt_cost)?)
}

fn set_password(config: &Config, name: &str) -> Result<(), Failure> {
    let name = UserName::parse(name)?;
    if config.auth.admin_password.is_some() && name == config.auth.admin_user {
        return Err(
            anyhow::anyhow!("the password of {name} is set by auth.admin_password; change it there").into()
        );
    }
    database(config)?.read(|connection| users::find(connection, &name))?;
    let hash = hash(config, &password_input::new_password(name.as_str())?)?;
    let (done, told) =
        ("has the new password; their sessions are ended", Event::new(Kind::UserPasswordChanged));
    change(config, name.as_str(), done, told, |tx, id| {
        users::set_password(tx, id, Some(&hash))?;
        sessions::delete_all(tx, Some(id)).map(|_| ())
    })
}

fn set_capabilities(config: &Config, arguments: &SetCapabilities) -> Result<(), Failure> {
    let granted = match arguments.permission {
        Some(PermissionName::None) => Some(Capabilities::NONE),
        Some(PermissionName::Ro) => Some(Capabilities::READ_ONLY),
        Some(PermissionName::Full) => Some(Capabilities::ALL),
        None => granted(arguments.preset.as_deref(), arguments.capabilities.as_deref())?,
    };
    if granted.is_none() && arguments.role.is_none() && !arguments.inherit {
        return Err(anyhow::anyhow!(
            "say what to set: --preset, --capabilities, --permission, --inherit or --role"
        )
        .into());
    }
    let mut told = Event::new(Kind::UserCapabilitiesChanged);
    if let Some(app) = &arguments.app {
        let app = super::key::known_app(config, app)?;
        let done = match granted {
            Some(granted) => format!("may now in {}: {granted}", app.as_str()),
            None => format!("may now do in {} what they may in every app", app.as_str()),
        };
        let told = match granted {
            Some(granted) => told.granting(granted),
            None => told.with("inherits", true),
        };
        let told = told.in_app(&app);
        return change(config, &arguments.name, &done, told, |tx, id| {
            capabilities::set_in(tx, id, &app, granted)
        });
    }
    let (done, role) = match arguments.role {
        Some(RoleName::Admin) => ("is an administrator now", Some(Role::Admin)),
        Some(RoleName::User) => ("is an ordinary user now, with the capabilities granted", Some(Role::User)),
        None => ("has the new capabilities", None),
    };
    if let Some(granted) = granted {
        told = told.granting(granted);
    }
    if let Some(role) = role {
        told = told.with("role", role.name());
    }
    change(config, &arguments.name, done, told, |tx, id| {
        if let Some(granted) = granted {
            capabilities::set(tx, id, granted)?;
        }
        role.map_or(Ok(()), |role| users::set_role(tx, id, role))
    })
}
