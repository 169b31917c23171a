//! What the provider is asked: who sent this request.

use std::net::IpAddr;

use actix_web::http::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, USER_AGENT};
use sha2::{Digest, Sha256};

use super::super::{chain::Presented, principal::UpstreamBy, token::TokenDigest};
use crate::proxy::target::without_keys;

/// The request, as far as the provider is told of it. Never the client's own identity headers.
pub struct Question {
    /// Its cookies without ours.
    pub(super) cookies: Option<Vec<u8>>,
    /// Its `Authorization`.
    pub(super) authorization: Option<Vec<u8>>,
    /// Its `Accept` and `User-Agent`, for the provider's own log and pages.
    pub(super) accept: Option<Vec<u8>>,
    pub(super) user_agent: Option<Vec<u8>>,
    /// Its scheme, `http` or `https`.
    pub(super) scheme: &'static str,
    /// Its host, with the port unless that is the scheme's own.
    pub(super) host: String,
    /// Its path and query without keys, which the provider could log.
    pub(super) target: String,
    /// Its method.
    pub(super) method: String,
    /// Where it came from.
    pub(super) client: IpAddr,
    /// What the provider could know the client by.
    pub(super) by: UpstreamBy,
    /// Of the exact credential, the client's address and the host.
    pub(super) credential: TokenDigest,
    /// The same for the requests of a page; of the address asked for as well where a person navigates, whom the
    /// answer can lead back there.
    pub(super) shared: TokenDigest,
}

impl Question {
    pub(super) fn new(presented: &Presented<'_>, key: &[u8; 32]) -> Self {
        let headers = presented.headers;
        let cookies = presented.cookies.others().map(|value| value.as_bytes().to_vec());
        let authorization =
            if presented.authorization_is_the_apps { None } else { first(headers, AUTHORIZATION) };
        let origin = presented.origin.to_string();
        let (scheme, host) = (presented.origin.scheme.name(), presented.origin.authority());
        let client = (presented.client)().address();
        let address = client.to_string();
        let parts: [&[u8]; 4] = [
            cookies.as_deref().unwrap_or_default(),
            authorization.as_deref().unwrap_or_default(),
            origin.as_bytes(),
            address.as_bytes(),
        ];
        let credential = digest(key, &parts);
        let shared = match presented.navigating {
            true => digest(key, &[&credential.as_bytes()[..], presented.target.as_bytes()]),
            false => credential,
        };
        Self {
            by: if cookies.is_none() && authorization.is_some() {
                UpstreamBy::Program
            } else {
                UpstreamBy::Browser
            },
            cookies,
            authorization,
            accept: first(headers, ACCEPT),
            user_agent: first(headers, USER_AGENT),
            scheme,
            host,
            target: without_keys(presented.target),
            method: presented.method.to_owned(),
            client,
            credential,
            shared,
        }
    }

    /// The whole address.
    pub(super) fn url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.host, self.target)
    }
}

fn first(headers: &HeaderMap, name: HeaderName) -> Option<Vec<u8>> {
    headers.get(name).map(|value| value.as_bytes().to_vec())
}

/// Of the parts under a key, each with its length, so that no two lists read alike.
fn digest(key: &[u8; 32], parts: &[&[u8]]) -> TokenDigest {
    let mut hash = Sha256::new();
    hash.update(key);
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    TokenDigest::from_array(hash.finalize().into())
}
