//! A real proxy before Sluice and two apps, with the files that Sluice ships: only addresses, ports
//! and include paths are replaced in them.

use std::net::SocketAddr;
use std::path::Path;

use tempfile::TempDir;

use super::process::{Process, repository};
use super::{caddy, nginx, traefik};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Traefik,
    Caddy,
}

pub const KINDS: [Kind; 3] = [Kind::Nginx, Kind::Traefik, Kind::Caddy];

/// Which of the shipped examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One host, the portal under `/sluice/`, qbittorrent at `/`, transmission at `/transmission/`.
    OneHost,
    /// `auth.example.com`, `qbittorrent.example.com` and `transmission.example.com`.
    Subdomains,
}

/// What stands in front of the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// Clients.
    Clients,
    /// Another proxy that signs people in: the five lines are changed that the files name for this.
    SignIn,
}

/// What stands behind the proxy.
#[derive(Clone, Copy, Debug)]
pub struct Behind {
    pub gate: SocketAddr,
    pub app: SocketAddr,
    pub other_app: SocketAddr,
    pub layout: Layout,
    pub front: Front,
}

/// A running proxy; killed when dropped.
#[derive(Debug)]
pub struct Proxy {
    pub kind: Kind,
    pub address: SocketAddr,
    pub process: Process,
    pub dir: TempDir,
}

impl Proxy {
    #[track_caller]
    pub fn start(kind: Kind, behind: &Behind) -> Self {
        match kind {
            Kind::Nginx => nginx::start(behind),
            Kind::Traefik => traefik::start(behind),
            Kind::Caddy => caddy::start(behind),
        }
    }
}

impl Behind {
    /// A shipped file with this test's addresses in place of the documented ones.
    #[track_caller]
    pub fn shipped(&self, path: &str, port: u16) -> String {
        let path = repository().join(path);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = match self.front {
            Front::Clients => text,
            Front::SignIn => behind_sign_in(&text),
        };
        let text = replace(&text, "127.0.0.1:9180", &self.gate.to_string());
        let text = replace(&text, "127.0.0.1:8080", &self.app.to_string());
        let text = replace(&text, "127.0.0.1:9091", &self.other_app.to_string());
        let text = replace(&text, "listen 80", &format!("listen {port}"));
        replace(&text, ":80", &format!(":{port}"))
    }
}

/// Changes the five lines after the comment on a sign-in in front as that comment says.
#[track_caller]
fn behind_sign_in(text: &str) -> String {
    let Some(comment) = text.find("# Sign-in by another proxy in front of") else { return text.to_owned() };
    let (before, after) = text.split_at(comment);
    let mut changed = 0;
    let lines = after.lines().map(|line| {
        let header =
            line.trim_start().trim_start_matches("proxy_set_header ").trim_start_matches("request_header -");
        let ours = ["Remote-User", "Remote-Groups", "Remote-Name", "Remote-Email", "X-Sluice-Secret"]
            .into_iter()
            .find(|name| header.starts_with(name));
        match ours.filter(|_| changed < 5) {
            None => line.to_owned(),
            Some(name) => {
                changed += 1;
                let variable = format!("$http_{}", name.to_ascii_lowercase().replace('-', "_"));
                if line.contains("proxy_set_header") {
                    line.replace("\"\"", &variable)
                } else {
                    format!("# {line}")
                }
            }
        }
    });
    let lines: Vec<_> = lines.collect();
    assert_eq!(changed, 5, "the five lines for a sign-in in front:\n{after}");
    format!("{before}{}\n", lines.join("\n"))
}

/// Writes a file, its folders too.
#[track_caller]
pub fn write(path: &Path, text: &str) {
    let folder = path.parent().expect("a file in a folder");
    std::fs::create_dir_all(folder).expect("a folder");
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Replaces `old` where it stands alone: not as a part of a longer number, name or address.
fn replace(text: &str, old: &str, new: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(old) {
        let (before, found) = rest.split_at(at);
        let after = &found[old.len()..];
        let starts_inside =
            !old.starts_with(':') && before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
        let part_of_more = starts_inside || after.starts_with(|c: char| c.is_ascii_digit());
        result.push_str(before);
        result.push_str(if part_of_more { old } else { new });
        rest = after;
    }
    result.push_str(rest);
    result
}
