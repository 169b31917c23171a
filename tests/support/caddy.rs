//! Caddy with the shipped `deploy/caddy/` files.

use std::process::Command;

use tempfile::TempDir;

use super::process::{Process, free_port, local, tool};
use super::proxy::{Behind, Kind, Layout, Proxy, write};

#[track_caller]
pub fn start(behind: &Behind) -> Proxy {
    let dir = TempDir::new().expect("a temporary directory");
    let port = free_port();
    let sites = match behind.layout {
        Layout::OneHost => "deploy/caddy/Caddyfile",
        Layout::Subdomains => "deploy/caddy/Caddyfile.subdomains",
    };
    let file = dir.path().join("Caddyfile");
    write(&file, &behind.shipped(sites, port));
    write(&dir.path().join("sluice.caddy"), &behind.shipped("deploy/caddy/sluice.caddy", port));
    run(dir, port)
}

/// Caddy with the files that already are in `dir`, the first of its sites on `port`.
#[track_caller]
pub fn run(dir: TempDir, port: u16) -> Proxy {
    let file = dir.path().join("Caddyfile");
    let admin = format!("unix/{}/admin.sock", dir.path().display());
    let mut process = Process::spawn(
        Command::new(tool("caddy"))
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(&file)
            .env("CADDY_ADMIN", admin)
            .env("HOME", dir.path())
            .env("XDG_DATA_HOME", dir.path())
            .env("XDG_CONFIG_HOME", dir.path())
            .current_dir(dir.path()),
    );
    process.wait_for_port(local(port));
    Proxy { kind: Kind::Caddy, address: local(port), process, dir }
}
