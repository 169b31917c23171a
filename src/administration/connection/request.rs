//! The requests of a check: to one of the configured addresses only, without redirects, within a few seconds.

use std::{error::Error, time::Duration};

use reqwest::Client;

use crate::{authn::api_key::NewKey, outbound};

/// A proxy that takes longer is as good as none.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Sends them.
pub(super) struct Sender(Client);

/// What came back; the body is not read.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// A status.
    Status(u16),
    /// Nothing, and why.
    Nothing(String),
}

impl Sender {
    pub(super) fn new() -> Result<Self, outbound::ClientError> {
        outbound::client(TIME_LIMIT).map(Self)
    }

    pub(super) async fn get(&self, url: &str, headers: &[(String, String)], key: Option<&NewKey>) -> Answer {
        let plain = self.0.get(url).header("accept", "*/*");
        let with_headers =
            headers.iter().fold(plain, |request, (name, value)| request.header(name.as_str(), value));
        let request = match key {
            Some(key) => with_headers.header("x-api-key", key.expose()),
            None => with_headers,
        };
        match request.send().await {
            Ok(response) => Answer::Status(response.status().as_u16()),
            Err(error) => Answer::Nothing(innermost(&error)),
        }
    }
}

/// The cause that people understand; the outer ones name the whole address.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer came within {} seconds", TIME_LIMIT.as_secs());
    }
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
