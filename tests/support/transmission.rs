//! A real transmission-daemon with a configuration of its own, as it runs behind a gate: no sign-in of
//! its own for the proxy on the same machine.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{Process, free_port, local};
use super::proxy::write;

/// The running app; killed when dropped.
#[derive(Debug)]
pub struct Transmission {
    pub address: SocketAddr,
    pub process: Process,
    _home: TempDir,
}

impl Transmission {
    #[track_caller]
    pub fn start() -> Self {
        Self::start_with(json!({ "rpc-authentication-required": false }))
    }

    /// With a sign-in of its own.
    #[track_caller]
    pub fn start_with_password(user: &str, password: &str) -> Self {
        Self::start_with(json!({
            "rpc-authentication-required": true,
            "rpc-username": user,
            "rpc-password": password,
        }))
    }

    #[track_caller]
    fn start_with(sign_in: Value) -> Self {
        let home = TempDir::new().expect("a temporary directory");
        let address = local(free_port());
        let mut settings = json!({
            "bind-address-ipv4": "127.0.0.1",
            "bind-address-ipv6": "::1",
            "dht-enabled": false,
            "download-dir": home.path().join("downloads"),
            "incomplete-dir-enabled": false,
            "lpd-enabled": false,
            "peer-port": free_port(),
            "pex-enabled": false,
            "port-forwarding-enabled": false,
            "rpc-bind-address": "127.0.0.1",
            "rpc-host-whitelist-enabled": false,
            "rpc-port": address.port(),
            "rpc-whitelist": "127.0.0.1",
            "rpc-whitelist-enabled": true,
            "utp-enabled": false,
        });
        if let (Value::Object(all), Value::Object(own)) = (&mut settings, sign_in) {
            all.extend(own);
        }
        write(&home.path().join("settings.json"), &settings.to_string());
        let mut process = Process::spawn(
            Command::new("transmission-daemon")
                .arg("--foreground")
                .arg("--config-dir")
                .arg(home.path())
                .env("HOME", home.path()),
        );
        process.wait_for_port(address);
        Self { address, process, _home: home }
    }
}
