//! `[server]`: where Sluice listens and which proxies it believes.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use cidr::IpCidr;

use super::{
    reader::Reader,
    values::{network, number, origin},
};
use crate::policy::origin::Origin;

/// Where Sluice listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// An address and port.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// The peers that are believed to be our proxy. The peer's address proves the proxy, never the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<IpCidr>,
    unix: bool,
}

impl TrustedProxies {
    /// Whether `address` is one of them; no address at all is a peer on the Unix socket.
    pub fn trust(&self, address: Option<IpAddr>) -> bool {
        match address.map(|address| address.to_canonical()) {
            Some(address) => self.networks.iter().any(|network| network.contains(&address)),
            None => self.unix,
        }
    }
}

/// The section.
#[derive(Debug)]
pub struct ServerConfig {
    /// Where Sluice listens.
    pub listen: Listen,
    /// The path that the portal lies under, without a slash at the end.
    pub base_path: String,
    /// The portal's own origin, where it is fixed.
    pub public_url: Option<Origin>,
    /// Whom to believe.
    pub trusted_proxies: TrustedProxies,
    /// Threads that answer requests; 0 means one a core, at most four.
    pub workers: usize,
}

impl ServerConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let listen = reader.value("server.listen", "127.0.0.1:9180", listen);
        let base_path = reader.value("server.base_path", "/sluice", base_path);
        let public_url = reader.optional("server.public_url", origin);
        let trusted = reader.list("server.trusted_proxies", &["127.0.0.0/8", "::1"], trusted);
        let workers = reader.value("server.workers", "0", number(0..=64));
        let trusted = trusted.map(|entries| TrustedProxies {
            unix: entries.iter().any(Option::is_none),
            networks: entries.into_iter().flatten().collect(),
        });
        if let (Some(Listen::Unix(_)), Some(TrustedProxies { unix: false, .. })) = (&listen, &trusted) {
            reader.problem(
                "server.trusted_proxies",
                "peers on the Unix socket are not trusted, so every request would be refused; add \"unix\"",
            );
            return None;
        }
        Some(Self {
            listen: listen?,
            base_path: base_path?,
            public_url: public_url?,
            trusted_proxies: trusted?,
            workers: workers?,
        })
    }
}

fn listen(text: &str) -> Result<Listen, String> {
    match text.strip_prefix("unix:") {
        Some(path) if path.starts_with('/') => Ok(Listen::Unix(PathBuf::from(path))),
        Some(_) => Err("is no absolute path; write it like unix:/run/sluice/sluice.sock".to_owned()),
        None => text.parse().map(Listen::Tcp).map_err(|_| {
            "is no address; write it like 127.0.0.1:9180, [::1]:9180 or unix:/run/sluice/sluice.sock"
                .to_owned()
        }),
    }
}

/// `None` stands for the peers on the Unix socket.
fn trusted(text: &str) -> Result<Option<IpCidr>, String> {
    if text == "unix" {
        return Ok(None);
    }
    let network = network(text)?;
    if network.network_length() == 0 {
        return Err("trusts every address on earth; name the proxy's own network".to_owned());
    }
    Ok(Some(network))
}

/// A path below the root, without a slash at the end.
pub(super) fn base_path(text: &str) -> Result<String, String> {
    let path = text.strip_suffix('/').unwrap_or(text);
    let plain = |segment: &str| {
        !segment.is_empty()
            && !matches!(segment, "." | "..")
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
    };
    let mut segments = path.split('/');
    if !path.is_empty() && segments.next() == Some("") && segments.all(plain) {
        Ok(path.to_owned())
    } else {
        Err("is no path below the root; write it like /sluice".to_owned())
    }
}

/// A list for the tests of other modules.
#[cfg(test)]
pub fn trusted_for_tests(entries: &[&str]) -> TrustedProxies {
    let entries: Vec<_> = entries.iter().map(|entry| trusted(entry).unwrap()).collect();
    TrustedProxies { unix: entries.contains(&None), networks: entries.into_iter().flatten().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_trusts_nobody_and_mapped_addresses_count_as_what_they_are() {
        let none = TrustedProxies { networks: Vec::new(), unix: false };
        assert!(!none.trust(Some("127.0.0.1".parse().unwrap())) && !none.trust(None));
        let loopback = TrustedProxies { networks: vec![network("127.0.0.0/8").unwrap()], unix: false };
        for (address, trusted) in [
            ("127.0.0.1", true),
            ("::ffff:127.0.0.1", true),
            ("::127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("2002:7f00:1::", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(loopback.trust(Some(address.parse().unwrap())), trusted, "{address}");
        }
        assert!(!loopback.trust(None));
    }

    #[test]
    fn the_whole_world_is_no_proxy() {
        assert!(
            trusted("0.0.0.0/0").is_err() && trusted("::/0").is_err() && trusted("::ffff:0:0/96").is_err()
        );
    }

    #[test]
    fn a_base_path_is_plain() {
        for (text, path) in [("/sluice", "/sluice"), ("/sluice/", "/sluice"), ("/a/b", "/a/b")] {
            assert_eq!(base_path(text).unwrap(), path);
        }
        for text in ["", "/", "sluice", "//sluice", "/a//b", "/../a", "/a b", "/a?b", "/é"] {
            assert!(base_path(text).is_err(), "{text}");
        }
    }
}
