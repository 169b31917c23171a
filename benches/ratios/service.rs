//! The release binary with a store of so many users and sessions.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use secrecy::SecretString;
use sluice::{
    authn::{
        api_key::{KeyName, NewKey},
        device::Device,
        name::UserName,
        password,
        profile::{DisplayName, Email},
        token::Token,
    },
    clock::{self, Timestamp},
    policy::{capability::Capabilities, role::Role},
    store::{
        database::{Database, StoreError},
        keys::{self, NewApiKey, Scope},
        sessions::{self, Lifetime, NewSession, Opened},
        users::{self, NewUser, User},
    },
};
use tempfile::TempDir;

use crate::{
    http::APP,
    process::{Core, Running, command_on, free_port},
};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse 1 battery";
/// The cost of its hash: the configuration's own.
const COST: u32 = 12;
/// As many sessions as one user can have.
pub const SESSIONS_PER_USER: usize = 200;
/// As many keys.
const KEYS_EACH: usize = 20;

/// How many people and sessions a store holds.
#[derive(Clone, Copy)]
pub struct Population {
    pub users: usize,
    pub sessions_each: usize,
}

impl Population {
    pub const TEN: Self = Self { users: 10, sessions_each: 1 };

    pub const fn of_sessions(sessions: usize) -> Self {
        Self { users: sessions / SESSIONS_PER_USER, sessions_each: SESSIONS_PER_USER }
    }
}

/// A store, its configuration, and the plain values of its sessions.
pub struct Home {
    folder: TempDir,
    sessions: Vec<String>,
    /// Further lines of the configuration.
    settings: String,
    /// The app's pack.
    pack: String,
}

impl Home {
    pub fn new(population: Population) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let sessions = seed(&folder.path().join("sluice.db"), population).context("filling the store")?;
        Ok(Self { folder, sessions, settings: String::new(), pack: "generic".to_owned() })
    }

    /// With further lines in the configuration, each a whole key and its value.
    pub fn with(self, settings: &str) -> Self {
        Self { settings: settings.to_owned(), ..self }
    }

    /// With a pack that Sluice brings along.
    pub fn with_pack(self, name: &str) -> Self {
        Self { pack: name.to_owned(), ..self }
    }

    /// With a pack of these rows.
    pub fn with_own_pack(mut self, rows: &[String]) -> anyhow::Result<Self> {
        let text = format!("title = \"Bench\"\nroutes = {rows:?}\n");
        fs::write(self.folder().join("bench.toml"), text)?;
        self.settings += &format!("packs.folder = \"{}\"\n", self.folder().display());
        Ok(self.with_pack("bench"))
    }

    /// Makes a key of the first user's; before the start.
    pub fn add_key(&self) -> anyhow::Result<String> {
        let key = NewKey::generate()?;
        Database::open(&self.store())?.write(|tx| {
            let user = users::find(tx, &UserName::parse(&user_name(0)).expect("a user name"))?;
            let name = KeyName::parse("phone").expect("the name of a key");
            let new = NewApiKey { user, name: &name, scope: &Scope::default() };
            keys::insert(tx, &key.digest(), &new, clock::now())
        })?;
        Ok(key.expose().to_owned())
    }

    /// Makes an administrator, keys for everybody, and gives a session of the administrator's; before the start.
    pub fn add_administrator(&self) -> anyhow::Result<String> {
        let name = UserName::parse("admin").expect("a user name");
        let token = Token::generate()?;
        self.fill(|tx| {
            let person = NewUser {
                name: &name,
                display_name: None,
                email: None,
                role: Role::Admin,
                granted: Capabilities::ALL,
                password_hash: None,
            };
            let id = users::insert(tx, &person, clock::now())?;
            let everybody = users::all(tx)?;
            let admin = everybody.iter().find(|user| user.id == id).expect("the user just made");
            sessions::insert(tx, &token.digest(), &new_session(admin, clock::now()))?;
            for user in &everybody {
                for number in 0..KEYS_EACH {
                    let name = KeyName::parse(&format!("key {number}")).expect("the name of a key");
                    let new = NewApiKey { user: user.id, name: &name, scope: &Scope::default() };
                    let digest = Token::generate().expect("random bytes").digest();
                    keys::insert(tx, &digest, &new, clock::now())?;
                }
            }
            Ok(())
        })?;
        Ok(token.expose().to_owned())
    }

    /// Writes into the store; before the start.
    pub fn fill(
        &self,
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<(), StoreError>,
    ) -> anyhow::Result<()> {
        Ok(Database::open(&self.store())?.write(change)?)
    }

    fn store(&self) -> PathBuf {
        self.folder().join("sluice.db")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The value of one session's cookie.
    pub fn session(&self) -> &str {
        &self.sessions[0]
    }

    /// Values of `count` sessions that lie far apart, over and over where there are fewer.
    pub fn sessions(&self, count: usize) -> impl Iterator<Item = &str> {
        let step = (self.sessions.len() / count).max(1);
        self.sessions.iter().step_by(step).cycle().take(count).map(String::as_str)
    }

    /// Starts the service with one worker on the server's core.
    pub fn start_pinned(&self) -> anyhow::Result<Running> {
        self.start(command_on(Core::Server, env!("CARGO_BIN_EXE_sluice")), 1)
    }

    /// Starts the service as people run it, on all cores.
    pub fn start_free(&self) -> anyhow::Result<Running> {
        self.start(Command::new(env!("CARGO_BIN_EXE_sluice")), 0)
    }

    fn start(&self, mut command: Command, workers: usize) -> anyhow::Result<Running> {
        let port = free_port()?;
        let config = self.config(port, workers)?;
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .arg("--config")
            .arg(config)
            .arg("serve");
        command.stderr(File::create(self.folder().join("log"))?);
        Running::start(command, port).with_context(|| self.log())
    }

    fn config(&self, port: u16, workers: usize) -> anyhow::Result<PathBuf> {
        let path = self.folder().join("sluice.toml");
        let text = format!(
            "server.listen = \"127.0.0.1:{port}\"\nserver.workers = {workers}\nstore.path = \"{}\"\n\
             log.level = \"info\"\n{}[[app]]\nname = \"{APP}\"\npack = \"{}\"\n",
            self.store().display(),
            self.settings,
            self.pack
        );
        fs::write(&path, text)?;
        Ok(path)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder().join("log")).unwrap_or_default()
    }
}

/// The name of the user with this number.
pub fn user_name(number: usize) -> String {
    format!("person{number:04}")
}

fn new_session(user: &User, now: Timestamp) -> NewSession<'_> {
    NewSession {
        user,
        lifetime: Lifetime::Remembered,
        opened: Opened::Page,
        now,
        address: "192.0.2.7",
        device: Device::default(),
    }
}

fn seed(store: &Path, population: Population) -> anyhow::Result<Vec<String>> {
    let hash = password::hash(&SecretString::from(PASSWORD), COST)?;
    // Last seen an hour ago, so that each first use leaves a stamp to be stored.
    let seen = Timestamp::from_secs(clock::now().secs() - 3_600);
    let mut tokens = Vec::new();
    Database::open(store)?.write(|tx| {
        for number in 0..population.users {
            let name = UserName::parse(&user_name(number)).expect("a user name");
            let display_name = DisplayName::parse(&format!("Person {number:04}")).expect("a display name");
            let email = Email::parse(&format!("{name}@example.com")).expect("an address");
            let person = NewUser {
                name: &name,
                display_name: Some(&display_name),
                email: Some(&email),
                role: Role::User,
                granted: Capabilities::SSO_DEFAULT,
                password_hash: Some(&hash),
            };
            users::insert(tx, &person, seen)?;
        }
        for user in users::all(tx)? {
            for _ in 0..population.sessions_each {
                let token = Token::generate().expect("random bytes");
                sessions::insert(tx, &token.digest(), &new_session(&user, seen))?;
                tokens.push(token.expose().to_owned());
            }
        }
        Ok(())
    })?;
    Ok(tokens)
}
