//! The proxy's lines for an app, finished: the shipped files with this app's name, hosts and addresses in them.

mod caddy;
mod nginx;
pub mod own;
mod traefik;

use std::fmt;

use own::OwnHeaders;

use crate::policy::{
    app::AppName,
    origin::{Host, Scheme, parse_authority},
};

/// The last part of the path on which Sluice stands in for an app.
pub const CHECK: &str = "/sluice-check";

/// Where the shipped files say that Sluice listens.
const SLUICE: &str = "127.0.0.1:9180";
/// Where they say that the app does.
const APP: &str = "127.0.0.1:8080";
/// The name of the app in them.
const NAME: &str = "qbittorrent";
/// Its host.
const HOST: &str = "qbittorrent.example.com";
/// The portal's host in them, where it has one of its own.
const PORTAL_HOST: &str = "auth.example.com";

/// The proxy that the lines are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// nginx.
    Nginx,
    /// Traefik.
    Traefik,
    /// Caddy.
    Caddy,
}

impl Proxy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Nginx, Self::Traefik, Self::Caddy];

    /// The name that people know it by.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Traefik => "Traefik",
            Self::Caddy => "Caddy",
        }
    }
}

/// An address that the proxy connects to, such as `127.0.0.1:8080` or `https://nas:8443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    scheme: Scheme,
    authority: String,
}

impl Address {
    /// Reads one; a path, or anything else that would change the meaning of the proxy's lines, is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").map_or((Some(Scheme::Http), text), |(scheme, rest)| {
            let plain = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
            (Scheme::parse(scheme).filter(|_| plain), rest)
        });
        let (scheme, rest) = (scheme?, rest.strip_suffix('/').unwrap_or(rest));
        let (host, port) = parse_authority(rest)?;
        let port = port.unwrap_or(scheme.default_port());
        Some(Self { scheme, authority: format!("{}:{port}", host.as_str()) })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Scheme::Http => f.write_str(&self.authority),
            Scheme::Https => write!(f, "https://{}", self.authority),
        }
    }
}

/// What there is to put before one app.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// The app's name.
    pub app: &'a AppName,
    /// Where the proxy reaches it.
    pub address: &'a Address,
    /// The host on which people open it; `None` for every host.
    pub host: Option<&'a Host>,
    /// The path that it lies under, without a slash at the end; empty at the root.
    pub path: &'a str,
    /// What is particular about it.
    pub traits: Traits,
    /// What it is told beside Sluice's ten headers.
    pub own: &'a OwnHeaders,
    /// The names that some app is told and no client may write.
    pub forgeable: &'a [String],
    /// Where the proxy reaches Sluice, without TLS.
    pub sluice: &'a Address,
    /// The path that the portal lies under.
    pub base_path: &'a str,
    /// The portal's own host, where it has one.
    pub portal_host: Option<&'a Host>,
}

/// What is particular about an app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// Whether its clients sign in as qBittorrent's do.
    pub signs_in_like_qbittorrent: bool,
    /// Whether what a request needs stands in its body.
    pub decided_by_body: bool,
}

/// A file of the proxy's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it goes.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// What to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Once for each proxy, whatever apps there are.
    pub once: Vec<File>,
    /// For this app.
    pub app: File,
    /// The lines that matter of it, for a site that the proxy has already.
    pub within: Option<String>,
}

/// The finished lines.
pub fn of(proxy: Proxy, site: &Site<'_>) -> Lines {
    match proxy {
        Proxy::Nginx => nginx::lines(site),
        Proxy::Traefik => traefik::lines(site),
        Proxy::Caddy => caddy::lines(site),
    }
}

impl Site<'_> {
    /// Where the proxy reaches the app, in full.
    fn url(&self) -> String {
        format!("{}://{}", self.address.scheme.name(), self.address.authority)
    }

    /// The path on which Sluice itself stands in for the app, to see what an app gets.
    fn check_path(&self) -> String {
        format!("{}{CHECK}", self.path)
    }

    /// Whether the sign-in of qBittorrent's clients, whose addresses lie at the root, is the app's.
    const fn signs_in_at_root(&self) -> bool {
        self.traits.signs_in_like_qbittorrent && self.path.is_empty()
    }

    /// The portal's path in the place of the usual one; `usual` is how a file writes it.
    fn with_base_path(&self, text: &str, usual: &str) -> String {
        text.replace(usual, &usual.replace("/sluice", self.base_path))
    }
}

/// The lines from the one that is `first` to the one that is `last`, both included.
fn between<'a>(text: &'a str, first: &str, last: &str) -> &'a str {
    let start = text.find(first).unwrap_or(text.len());
    let rest = &text[start..];
    let end = rest.find(last).map_or(rest.len(), |end| end + last.len());
    &rest[..end]
}

/// All lines but those that contain `part`.
fn without(text: &str, part: &str) -> String {
    text.lines().filter(|line| !line.contains(part)).flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(traits: Traits, path: &str, hosts: (Option<&str>, Option<&str>)) -> Vec<(Proxy, String)> {
        let host = |text: Option<&str>| text.map(|text| Host::parse(text).unwrap());
        let (own, portal) = (host(hosts.0), host(hosts.1));
        let address = Address::parse("nas:9999").unwrap();
        let sluice = Address::parse("sluice:9180").unwrap();
        let name = AppName::parse("my-qbittorrent").unwrap();
        let own_headers = OwnHeaders::default();
        let site = Site {
            app: &name,
            address: &address,
            host: own.as_ref(),
            path,
            traits,
            own: &own_headers,
            forgeable: &own_headers.forgeable,
            sluice: &sluice,
            base_path: "/gate",
            portal_host: portal.as_ref(),
        };
        let lines = Proxy::ALL.into_iter().map(|proxy| (proxy, of(proxy, &site)));
        lines
            .map(|(proxy, lines)| {
                let files = lines.once.iter().chain([&lines.app]).map(|file| file.text.as_str());
                (proxy, files.collect::<Vec<_>>().join("\n"))
            })
            .collect()
    }

    #[test]
    fn nothing_of_the_examples_is_left() {
        let like = Traits { signs_in_like_qbittorrent: true, decided_by_body: false };
        let by_body = Traits { signs_in_like_qbittorrent: false, decided_by_body: true };
        let hosts = [(None, None), (Some("app.test"), None), (Some("app.test"), Some("portal.test"))];
        for traits in [Traits::default(), like, by_body] {
            for (path, hosts) in hosts.into_iter().flat_map(|hosts| [("", hosts), ("/dl", hosts)]) {
                for (proxy, text) in all(traits, path, hosts) {
                    let lines = || text.lines().filter(|line| !line.trim_start().starts_with('#'));
                    for left in
                        ["example.com", "127.0.0.1:9180", "127.0.0.1:8080", "127.0.0.1:9091", "transmission"]
                    {
                        let found = lines().find(|line| line.contains(left));
                        assert_eq!(found, None, "{proxy:?} {traits:?} {path} {hosts:?}: {left}");
                    }
                    for wanted in ["nas:9999", "sluice:9180", "my-qbittorrent", "/gate/", "/sluice-check"] {
                        assert!(
                            lines().any(|line| line.contains(wanted)),
                            "{proxy:?} {path} {hosts:?}: {wanted}"
                        );
                    }
                    let portal =
                        lines().any(|line| line.contains("/sluice/") && !line.contains("/etc/nginx/sluice/"));
                    assert!(!portal, "{proxy:?}: the usual path of the portal");
                    let signs_in = traits.signs_in_like_qbittorrent && path.is_empty();
                    let own = lines()
                        .any(|line| line.contains("include") && line.contains("qbittorrent.conf"))
                        || lines().any(|line| line.trim() == "import sluice_qbittorrent")
                        || lines().any(|line| line.contains("sluice-sign-in-my-qbittorrent"));
                    assert_eq!(own, signs_in, "{proxy:?} {traits:?} {path}");
                    let by_body = proxy == Proxy::Traefik && traits.decided_by_body;
                    assert_eq!(text.contains("forwardBody: true"), by_body, "{proxy:?}");
                }
            }
        }
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (text, shown) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://nas:8080/", "nas:8080"),
            ("https://nas", "https://nas:443"),
            ("nas", "nas:80"),
            ("[fd00::1]:8080", "[fd00::1]:8080"),
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "",
            "nas:8080/x",
            "ftp://nas",
            "ws://nas",
            "nas:0",
            "a b",
            "nas;",
            "nas:8080 }",
            "http://",
            "$host",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }
}
