//! The one HTTP client for requests that Sluice itself makes.

use std::time::Duration;

use reqwest::{Client, redirect};

/// Idle connections that are kept to one host.
const IDLE: usize = 32;

/// The client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be built: {0}")]
pub struct ClientError(reqwest::Error);

/// A client that follows no redirect, uses no proxy of the environment, and gives up after `timeout`. TLS
/// certificates are checked against the system's.
#[expect(clippy::disallowed_methods, reason = "the one client")]
pub fn client(timeout: Duration) -> Result<Client, ClientError> {
    // Refused where it was done before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(timeout)
        .connect_timeout(timeout)
        .pool_max_idle_per_host(IDLE)
        .http1_only()
        .build()
        .map_err(ClientError)
}
