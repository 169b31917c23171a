//! `sluice key`.

use std::collections::HashMap;

use anyhow::bail;
use cidr::IpCidr;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Failure, configuration, database, output};
use crate::{
    authn::{
        api_key::{KeyName, NewKey},
        name::UserName,
    },
    clock::{self, Timestamp},
    config::{Config, Flags, parse_lifetime, parse_network},
    events::{
        event::{By, Event},
        kind::Kind,
    },
    policy::app::AppName,
    store::{
        events,
        keys::{self, ApiKey, NewApiKey, Scope},
        users::{self, UserId},
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key for a user; it is shown once and never again
    #[command(after_help = "Example:\n  sluice key create bob --name sonarr --app qbittorrent --expires 90d")]
    Create(Create),
    /// List the keys of a user, or of everybody
    #[command(after_help = "Example:\n  sluice key list bob")]
    List {
        /// The user's name
        user: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key and end the sessions that it opened
    #[command(after_help = "Example:\n  sluice key revoke bob phone")]
    Revoke {
        /// The user's name
        user: String,
        /// The key's name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The user whom the key proves
    user: String,
    /// The key's name, for you
    #[arg(long)]
    name: String,
    /// The most that the key may do, within what the user may; separated by commas
    #[arg(long, value_name = "LIST")]
    capabilities: Option<String>,
    /// The only app that the key opens; may be repeated
    #[arg(long, value_name = "APP")]
    app: Vec<String>,
    /// The only network that the key counts from; may be repeated
    #[arg(long, value_name = "NETWORK")]
    cidr: Vec<String>,
    /// How long the key lives, such as 90d or 12h; for ever where this is left out
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(flags: &Flags, command: Command) -> Result<(), Failure> {
    let config = configuration(flags)?;
    match command {
        Command::Create(arguments) => create(&config, &arguments),
        Command::List { user, json } => list(&config, user.as_deref(), json),
        Command::Revoke { user, name } => {
            let user = UserName::parse(&user)?;
            database(&config)?.write(|tx| {
                let key = keys::find(tx, users::find(tx, &user)?, &name)?;
                keys::revoke(tx, key, clock::now())?;
                let told = Event::new(Kind::KeyRevoked).by(By::CommandLine).about(&user);
                events::append(tx, &told.with("key", name.as_str()), clock::now())
            })?;
            output::say(&format!("Revoked the key {name} of {user}."));
            Ok(())
        }
    }
}

fn create(config: &Config, arguments: &Create) -> Result<(), Failure> {
    let user = UserName::parse(&arguments.user)?;
    let name = KeyName::parse(&arguments.name)?;
    let scope = scope(config, arguments)?;
    let key = NewKey::generate()?;
    let mut database = database(config)?;
    let owner = database
        .read(users::all)?
        .into_iter()
        .find(|known| known.name == user)
        .ok_or_else(|| anyhow::anyhow!("there is no user `{user}`; `sluice user list` shows all"))?;
    if !config.api_keys.include(owner.role) {
        return Err(anyhow::anyhow!(
            "{user} is no administrator, and api_keys.admin_only is true: the key would open nothing"
        )
        .into());
    }
    let id = database.write(|tx| {
        let new = NewApiKey { user: owner.id, name: &name, scope: &scope };
        let id = keys::insert(tx, &key.digest(), &new, clock::now())?;
        let told = Event::new(Kind::KeyMade).by(By::CommandLine).about(&user).with("key", name.as_str());
        events::append(tx, &told, clock::now())?;
        Ok(id)
    })?;
    if arguments.json {
        let mut made = scope_json(&scope);
        made["id"] = id.get().into();
        made["user"] = user.as_str().into();
        made["name"] = name.as_str().into();
        made["key"] = key.expose().into();
        output::json(&made);
    } else {
        output::remark(&format!("The key {} of {user}. It is shown this once:", name.as_str()));
        output::say(key.expose());
    }
    Ok(())
}

fn scope(config: &Config, arguments: &Create) -> anyhow::Result<Scope> {
    let capabilities = arguments.capabilities.as_deref().map(str::parse).transpose()?;
    let apps = arguments.app.iter().map(|app| known_app(config, app)).collect::<anyhow::Result<Vec<_>>>()?;
    let networks = arguments
        .cidr
        .iter()
        .map(|text| parse_network(text).map_err(|fix| anyhow::anyhow!("--cidr: `{text}` {fix}")))
        .collect::<anyhow::Result<Vec<IpCidr>>>()?;
    let expires = match &arguments.expires {
        None => None,
        Some(text) => {
            let life = parse_lifetime(text).map_err(|fix| anyhow::anyhow!("--expires: `{text}` {fix}"))?;
            Some(Timestamp::from_secs(clock::now().secs() + life))
        }
    };
    let some = |empty: bool| !empty;
    Ok(Scope {
        capabilities,
        apps: some(apps.is_empty()).then_some(apps),
        networks: some(networks.is_empty()).then_some(networks),
        expires,
    })
}

/// The configured app of this name.
pub(super) fn known_app(config: &Config, text: &str) -> anyhow::Result<AppName> {
    match config.apps.named(text) {
        Some(app) => Ok(app.name.clone()),
        None => {
            let known: Vec<_> = config.apps.iter().map(|app| app.name.as_str()).collect();
            bail!("--app: there is no app `{text}`; known are {}", known.join(", "))
        }
    }
}

fn list(config: &Config, user: Option<&str>, json: bool) -> Result<(), Failure> {
    let user = user.map(UserName::parse).transpose()?;
    let mut database = database(config)?;
    let (keys, users) = database.read(|connection| Ok((keys::list(connection)?, users::all(connection)?)))?;
    let names: HashMap<UserId, UserName> = users.iter().map(|user| (user.id, user.name.clone())).collect();
    if let Some(user) = &user
        && !names.values().any(|known| known == user)
    {
        return Err(anyhow::anyhow!("there is no user `{user}`; `sluice user list` shows all").into());
    }
    let owner = |key: &ApiKey| names.get(&key.user).map_or("?", UserName::as_str).to_owned();
    let wanted: Vec<_> =
        keys.iter().filter(|key| user.as_ref().is_none_or(|user| owner(key) == user.as_str())).collect();
    if json {
        output::json(&wanted.iter().map(|key| as_json(key, &owner(key))).collect());
        return Ok(());
    }
    if wanted.is_empty() {
        output::remark("There are no keys: sluice key create USER --name NAME");
        return Ok(());
    }
    let rows: Vec<_> = wanted.iter().map(|key| row(key, owner(key))).collect();
    output::table(
        &["USER", "NAME", "MADE", "LAST USED", "EXPIRES", "APPS", "NETWORKS", "CAPABILITIES"],
        &rows,
    );
    Ok(())
}

fn row(key: &ApiKey, owner: String) -> Vec<String> {
    let joined = |list: Option<Vec<String>>| list.map_or_else(|| "all".to_owned(), |list| list.join(","));
    vec![
        owner,
        key.name.clone(),
        output::time(key.created),
        key.used.get().map_or_else(|| "never".to_owned(), output::time),
        key.scope.expires.map_or_else(|| "never".to_owned(), output::time),
        joined(texts(key.scope.apps.as_deref(), |app| app.as_str().to_owned())),
        joined(texts(key.scope.networks.as_deref(), ToString::to_string)),
        key.scope.capabilities.map_or_else(|| "the user's".to_owned(), |set| set.to_string()),
    ]
}

fn texts<T>(list: Option<&[T]>, text: impl Fn(&T) -> String) -> Option<Vec<String>> {
    list.map(|list| list.iter().map(text).collect())
}

fn scope_json(scope: &Scope) -> serde_json::Value {
    json!({
        "capabilities": scope.capabilities.map(names_of),
        "apps": texts(scope.apps.as_deref(), |app| app.as_str().to_owned()),
        "networks": texts(scope.networks.as_deref(), ToString::to_string),
        "expires": scope.expires.map(Timestamp::secs),
    })
}

fn names_of(set: crate::policy::capability::Capabilities) -> Vec<&'static str> {
    set.iter().map(|capability| capability.name()).collect()
}

fn as_json(key: &ApiKey, owner: &str) -> serde_json::Value {
    let mut listed = scope_json(&key.scope);
    listed["id"] = key.id.get().into();
    listed["user"] = owner.into();
    listed["name"] = key.name.as_str().into();
    listed["created"] = key.created.secs().into();
    listed["seen"] = key.used.get().map(Timestamp::secs).into();
    listed
}
