//! The configuration: layers of raw values, read key by key into what the rest of the crate uses.
//!
//! A section is a file with a struct and its `read`. The reader notes each key that is asked for, so the
//! list of known keys, the resolved values and every problem come out of the same calls.

mod api_keys;
mod app;
mod audit;
mod auth;
mod book;
mod bypass;
mod cookies;
pub mod environment;
mod event;
mod extras;
mod field;
mod load;
mod log;
mod origins;
pub mod pack;
mod provisioning;
mod reader;
mod saved;
mod seeds;
mod server;
mod session;
mod source;
mod sources;
mod sso;
mod store;
mod throttle;
mod upstream;
mod values;

pub use audit::AuditConfig;
pub use auth::AuthConfig;
pub use book::{Problem, Resolved, Shown};
pub use field::Field;
pub use load::{Outcome, load, load_with, packs, store};
pub use log::{LogConfig, LogFormat};
use reader::Reader;
pub use saved::{Edit, Input, Placed, Saved};
#[cfg(test)]
pub use server::trusted_for_tests;
pub use server::{Listen, ServerConfig, TrustedProxies};
pub use session::{CookieSecure, SessionConfig};
pub use source::Source;
pub use sources::Flags;
pub use sso::SsoConfig;
pub use store::StoreConfig;
pub use throttle::ThrottleConfig;
pub use upstream::UpstreamConfig;
use url::Url;

use crate::{
    authn::{api_key::KeyHolders, bypass::Bypass},
    events::target::Target,
    policy::{
        app::Apps,
        origin::{Host, Origin, OriginRule, Scheme},
    },
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
    /// Users whom another proxy names, where that is on.
    pub sso: Option<SsoConfig>,
    /// The provider that is asked, where there is one.
    pub upstream: Option<UpstreamConfig>,
    /// Who needs no credential, by their place in the network.
    pub bypass: Option<Bypass>,
    /// Who may have API keys.
    pub api_keys: KeyHolders,
    /// The Origin rule.
    pub origins: OriginRule,
    /// How failed sign-ins are slowed down.
    pub throttle: ThrottleConfig,
    /// The log.
    pub log: LogConfig,
    /// The protected apps.
    pub apps: Apps,
    /// Who is told what happens.
    pub events: Vec<Target>,
    /// What happened, as it is kept.
    pub audit: AuditConfig,
    /// What holds but should be looked at.
    pub warnings: Vec<Problem>,
}

fn read(reader: &mut Reader) -> Option<Config> {
    let server = ServerConfig::read(reader);
    let store = StoreConfig::read(reader);
    let auth = AuthConfig::read(reader);
    let session = SessionConfig::read(reader);
    let sso = sso::read(reader);
    let upstream = upstream::read(reader);
    let bypass = bypass::read(reader);
    let api_keys = api_keys::read(reader);
    let origins = origins::read(reader);
    let throttle = ThrottleConfig::read(reader);
    let log = LogConfig::read(reader);
    let apps = app::read(reader);
    let events = event::read(reader);
    let audit = AuditConfig::read(reader);
    let config = Config {
        server: server?,
        store: store?,
        auth: auth?,
        session: session?,
        sso: sso?,
        upstream: upstream?,
        bypass: bypass?,
        api_keys: api_keys?,
        origins: origins?,
        throttle: throttle?,
        log: log?,
        apps: apps?,
        events: events?,
        audit: audit?,
        warnings: Vec::new(),
    };
    refuse_unreachable_sessions(&config, reader);
    if !config.auth.enabled && config.hosts().next().is_none() {
        reader.warning(
            "auth.enabled",
            "no host is configured, so only addresses and names of a home network are answered; list hosts in [[app]], or \
             set server.public_url, if people use another name",
        );
    }
    advise_host_cookie(&config, reader);
    Some(config)
}

/// Browsers let no other host plant a cookie whose name begins with `__Host-`, where one can be used.
fn advise_host_cookie(config: &Config, reader: &mut Reader) {
    let session = &config.session;
    let https = config.server.public_url.as_ref().is_some_and(|portal| portal.scheme == Scheme::Https);
    if https && session.cookie_domain.is_none() && !session.cookie_name.starts_with("__Host-") {
        reader.choice(
            "session.cookie_name",
            "another host of the same domain can plant a cookie of this name, which locks people out until it is deleted; \
             \"__Host-sluice_session\" with session.cookie_secure = \"always\" is safe from that, and ends all sessions once",
        );
    }
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

/// A network in CIDR form, or a single address, as the configuration reads them.
pub fn parse_network(text: &str) -> Result<cidr::IpCidr, String> {
    values::network(text)
}

/// Seconds from a time such as `90d`, a minute to ten years.
pub fn parse_lifetime(text: &str) -> Result<i64, String> {
    let time = values::duration(60..=10 * 365 * 86_400)(text)?;
    i64::try_from(time.as_secs()).map_err(|_| "is too long".to_owned())
}

impl Config {
    /// Where people of another provider sign out, if one is named.
    pub fn provider_logout(&self) -> Option<&Url> {
        let upstream = self.upstream.as_ref().and_then(|upstream| upstream.logout_url.as_ref());
        upstream.or_else(|| self.sso.as_ref().and_then(|sso| sso.logout_url.as_ref()))
    }

    /// Every host that the configuration says is the proxy's.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        let of_apps = self.apps.iter().flat_map(|app| app.hosts.iter().map(|(host, _)| host));
        self.server.public_url.iter().map(|portal| &portal.host).chain(of_apps)
    }

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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use super::*;

    const EXAMPLE: &str = "config/sluice.example.toml";

    fn load_text(text: &str) -> Outcome {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        load(&Flags { file: Some(file.path().to_owned()), values: Vec::new() })
    }

    fn values(outcome: &Outcome) -> BTreeMap<String, String> {
        outcome.resolved.iter().map(|resolved| (resolved.key.clone(), resolved.value.to_string())).collect()
    }

    fn problems(text: &str) -> Vec<String> {
        load_text(text).config.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_example_holds_the_defaults() {
        let example = load_text(&fs::read_to_string(EXAMPLE).unwrap());
        assert!(example.config.is_ok());
        assert_eq!(values(&example), values(&load_text("")));
    }

    #[test]
    fn the_example_names_every_key() {
        let text = fs::read_to_string(EXAMPLE).unwrap();
        let uncommented = |line: &str| match line.strip_prefix('#') {
            Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
                setting.to_owned()
            }
            _ => line.to_owned(),
        };
        // A secret is given in one of two ways; the file of the other does not exist.
        let all: Vec<_> = text.lines().map(uncommented).filter(|line| !line.contains("_file = ")).collect();
        let outcome = load_text(&all.join("\n"));
        let problems: Vec<_> =
            outcome.config.err().unwrap_or_default().iter().map(ToString::to_string).collect();
        // The example's app is elsewhere than its portal, under one cookie domain.
        assert_eq!(problems, Vec::<String>::new());
        for resolved in outcome.resolved {
            assert!(
                resolved.source != Source::Default || resolved.key.ends_with("_file"),
                "{} is missing",
                resolved.key
            );
            let key = resolved.key.rsplit('.').next().unwrap().to_owned();
            assert!(text.contains(&format!("{key} = ")), "{key} is missing");
        }
    }

    #[test]
    fn every_problem_is_listed_at_once_with_key_and_fix() {
        let listed = problems(
            "[server]\nlisten = \"nas\"\nbase_path = 7\nlistne = 1\ntrusted_proxies = [\"10.0.0.0/33\", \"0.0.0.0/0\"]\n\
             [auth]\nenabled = \"maybe\"\nadmin_password = \"\"\n[nonsense]\nx = 1\n[[app]]\nhosts = [\"a b\"]\n",
        );
        for needle in [
            "server.listen: `nas` is no address; write it like 127.0.0.1:9180",
            "server.base_path: `7` is no path below the root",
            "server.listne: there is no such key; did you mean `server.listen`?",
            "server.trusted_proxies: `10.0.0.0/33` is no network",
            "server.trusted_proxies: `0.0.0.0/0` trusts every address",
            "auth.enabled: `maybe` is neither true nor false",
            "auth.admin_password: the secret is empty",
            "nonsense.x: there is no such key",
            "app.0.name: `` is no name",
            "app.0.hosts: `a b` is no host",
        ] {
            assert_eq!(
                listed.iter().filter(|problem| problem.contains(needle)).count(),
                1,
                "{needle} in {listed:#?}"
            );
        }
        assert_eq!(listed.len(), 10, "{listed:#?}");
    }

    #[test]
    fn contradictions_are_refused() {
        for (text, needle) in [
            ("[server]\nlisten = \"unix:/tmp/s\"", "add \"unix\""),
            ("[session]\nttl = \"2d\"\nremember_ttl = \"1d\"", "shorter than session.ttl"),
            (
                "[server]\npublic_url = \"https://a.x.org\"\n[[app]]\nname = \"b\"\nhosts = [\"b.x.org\"]",
                "never reaches",
            ),
            (
                "[server]\npublic_url = \"https://a.x.org\"\n[session]\ncookie_domain = \"y.org\"",
                "does not span",
            ),
            ("[[app]]\nname = \"a\"\n[[app]]\nname = \"a\"", "two apps are named `a`"),
            ("app = 1", "[[app]]"),
            ("[server\n", "TOML"),
        ] {
            let listed = problems(text);
            assert!(listed.iter().any(|problem| problem.contains(needle)), "{needle} in {listed:?}");
        }
    }

    #[test]
    fn a_secret_can_come_from_a_file_and_is_never_shown() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        fs::write(secret.path(), "0123-secret\n").unwrap();
        let outcome = load_text(&format!("[auth]\nadmin_password_file = \"{}\"", secret.path().display()));
        let shown = format!("{:?}", outcome.resolved);
        let config = outcome.config.unwrap_or_else(|problems| panic!("{problems:?}"));
        let password = config.auth.admin_password.as_ref().unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(password), "0123-secret");
        assert!(!shown.contains("0123-secret") && !format!("{config:?}").contains("0123-secret"));
    }
}
