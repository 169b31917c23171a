//! The configuration: layers of raw values, read key by key into what the rest of the crate uses.
//!
//! A section is a file with a struct and its `read`. The reader notes each key that is asked for, so the
//! list of known keys, the resolved values and every problem come out of the same calls.

mod app;
mod auth;
pub mod environment;
mod log;
mod origins;
mod reader;
mod server;
mod session;
mod sources;
mod store;
mod throttle;
mod values;

use std::path::PathBuf;

pub use auth::AuthConfig;
pub use log::{LogConfig, LogFormat};
use reader::Reader;
pub use reader::{Problem, Resolved};
#[cfg(test)]
pub use server::trusted_for_tests;
pub use server::{Listen, ServerConfig, TrustedProxies};
pub use session::{CookieSecure, SessionConfig};
pub use sources::Flags;
pub use store::StoreConfig;
pub use throttle::ThrottleConfig;

use crate::policy::{
    app::Apps,
    origin::{Host, Origin},
    verdict::OriginRule,
};

/// Everything that can be configured, validated.
#[derive(Debug)]
pub struct Config {
    /// Where Sluice listens and whom it believes.
    pub server: ServerConfig,
    /// The database.
    pub store: StoreConfig,
    /// Whether people must sign in, and the configured administrator.
    pub auth: AuthConfig,
    /// Sessions and their cookie.
    pub session: SessionConfig,
    /// The Origin rule.
    pub origins: OriginRule,
    /// How failed sign-ins are slowed down.
    pub throttle: ThrottleConfig,
    /// The log.
    pub log: LogConfig,
    /// The protected apps.
    pub apps: Apps,
}

/// What reading the configuration came to.
pub struct Outcome {
    /// The configuration, or everything that is wrong with it.
    pub config: Result<Config, Vec<Problem>>,
    /// Each key with its value and where that came from, secrets masked.
    pub resolved: Vec<Resolved>,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

/// Reads every layer; later ones win: defaults, the file, the seeds' variable names, `SLUICE_` variables, flags.
pub fn load(flags: &Flags) -> Outcome {
    let (figment, file) = match sources::layers(flags) {
        Ok(layers) => layers,
        Err(problem) => return Outcome { config: Err(vec![problem]), resolved: Vec::new(), file: None },
    };
    let mut reader = Reader::new(figment);
    let config = read(&mut reader);
    reader.refuse_unknown_keys();
    let (problems, resolved) = reader.finish();
    let config = match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(problems),
    };
    Outcome { config, resolved, file }
}

fn read(reader: &mut Reader) -> Option<Config> {
    let server = ServerConfig::read(reader);
    let store = StoreConfig::read(reader);
    let auth = AuthConfig::read(reader);
    let session = SessionConfig::read(reader);
    let origins = origins::read(reader);
    let throttle = ThrottleConfig::read(reader);
    let log = LogConfig::read(reader);
    let apps = app::read(reader);
    let config = Config {
        server: server?,
        store: store?,
        auth: auth?,
        session: session?,
        origins: origins?,
        throttle: throttle?,
        log: log?,
        apps: apps?,
    };
    refuse_unreachable_sessions(&config, reader);
    Some(config)
}

/// A session made on the portal's host never reaches an app elsewhere, unless the cookie's domain spans both.
fn refuse_unreachable_sessions(config: &Config, reader: &mut Reader) {
    let Some(portal) = &config.server.public_url else { return };
    let domain = config.session.cookie_domain.as_ref();
    let reached = |host: &Host| host == &portal.host || domain.is_some_and(|domain| host.lies_under(domain));
    if domain.is_some_and(|domain| !portal.host.lies_under(domain)) {
        reader.problem(
            "session.cookie_domain",
            "it does not span the host of server.public_url; name a domain of both",
        );
    }
    for app in config.apps.iter() {
        for (host, _) in app.hosts.iter().filter(|(host, _)| !reached(host)) {
            reader.problem(
                "session.cookie_domain",
                &format!(
                    "a session made at {portal} never reaches the app `{}` on {}; set it to a domain of both hosts",
                    app.name.as_str(),
                    host.as_str()
                ),
            );
        }
    }
}

impl Config {
    /// The origins that may stand in `rd`: of every configured app, given the portal's own.
    pub fn app_origins<'a>(&'a self, portal: &'a Origin) -> impl Iterator<Item = Origin> + 'a {
        self.apps.iter().flat_map(move |app| {
            let of_host = app.hosts.iter().flat_map(move |(host, port)| {
                let ports = match port {
                    Some(port) => [*port, *port],
                    None => [portal.port, portal.scheme.default_port()],
                };
                ports.map(|port| Origin { scheme: portal.scheme, host: host.clone(), port })
            });
            of_host.chain(app.origins.iter().cloned())
        })
    }
}
