//! The client's address, as far as it can be believed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};

use crate::config::TrustedProxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// From this address, as our proxy says.
    Named(IpAddr),
    /// From behind this peer, which does not say from where; its own address says nothing about the client.
    Behind(IpAddr),
}

impl Client {
    /// The address, to count and to log by.
    pub const fn address(self) -> IpAddr {
        match self {
            Self::Named(address) | Self::Behind(address) => address,
        }
    }

    /// The address, where something is opened by it.
    pub const fn named(self) -> Option<IpAddr> {
        match self {
            Self::Named(address) => Some(address),
            Self::Behind(_) => None,
        }
    }
}

/// Where a request comes from whose proxy does not say.
pub fn peer(peer: Option<SocketAddr>) -> Client {
    // A peer on the Unix socket has no address; it stands for this machine.
    Client::Behind(peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.ip().to_canonical()))
}

/// Walks `X-Forwarded-For` from the right over trusted proxies, to the first address that is none of them.
/// What stands left of that, or of something unreadable, is the client's own invention.
pub fn of(peer: Option<SocketAddr>, headers: &HeaderMap, trusted: &TrustedProxies) -> Client {
    let mut client = self::peer(peer);
    if !trusted.trust(peer.map(|peer| peer.ip())) {
        return client;
    }
    let values: Vec<_> = headers.get_all(X_FORWARDED_FOR).collect();
    let hops = values.iter().rev().flat_map(|value| value.as_bytes().rsplit(|&b| b == b','));
    for hop in hops {
        // Who wrote what cannot be read is unknown, so all that is left is the last proxy that said something.
        let Some(hop) = parse(hop) else { return Client::Behind(client.address()) };
        client = Client::Named(hop);
        if !trusted.trust(Some(hop)) {
            break;
        }
    }
    client
}

/// An address, or an address with a port as some load balancers write it.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let address = text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::config::trusted_for_tests;

    fn client(peer: Option<&str>, forwarded: &[&[u8]]) -> String {
        let trusted = trusted_for_tests(&["127.0.0.0/8", "10.0.0.0/8", "unix"]);
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(value).unwrap());
        }
        let peer = peer.map(|peer| SocketAddr::new(peer.parse().unwrap(), 1));
        match of(peer, &headers, &trusted) {
            Client::Named(address) => address.to_string(),
            Client::Behind(peer) => format!("behind {peer}"),
        }
    }

    #[test]
    fn only_what_trusted_proxies_appended_counts() {
        for (peer, forwarded, expected) in [
            ("192.0.2.9", &[&b"1.2.3.4"[..]][..], "behind 192.0.2.9"),
            ("127.0.0.1", &[b"1.2.3.4"], "1.2.3.4"),
            ("127.0.0.1", &[b"6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            ("127.0.0.1", &[b"6.6.6.6, 1.2.3.4, 10.0.0.2"], "1.2.3.4"),
            ("127.0.0.1", &[b"6.6.6.6", b"1.2.3.4"], "1.2.3.4"),
            ("::ffff:127.0.0.1", &[b"1.2.3.4"], "1.2.3.4"),
            ("127.0.0.1", &[b"a"], "behind 127.0.0.1"),
            ("127.0.0.1", &[b"6.6.6.6, a, 10.0.0.2"], "behind 10.0.0.2"),
            ("127.0.0.1", &[b"\xff, 1.2.3.4"], "1.2.3.4"),
            ("127.0.0.1", &[b"1.2.3.4:5678"], "1.2.3.4"),
            ("127.0.0.1", &[b"[2001:db8::1]:80"], "2001:db8::1"),
            ("127.0.0.1", &[b""], "behind 127.0.0.1"),
            ("127.0.0.1", &[], "behind 127.0.0.1"),
            ("127.0.0.1", &[b"10.0.0.3"], "10.0.0.3"),
        ] {
            assert_eq!(client(Some(peer), forwarded), expected, "{peer} {forwarded:?}");
        }
        assert_eq!(client(None, &[b"1.2.3.4"]), "1.2.3.4");
    }

    proptest! {
        #[test]
        fn what_the_client_wrote_left_of_the_proxys_word_never_counts(invented in "[ -~]{0,40}") {
            let header = format!("{invented},192.0.2.7");
            prop_assert_eq!(client(Some("127.0.0.1"), &[header.as_bytes()]), "192.0.2.7");
        }
    }
}
