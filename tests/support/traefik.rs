//! Traefik with the shipped `deploy/traefik/` files.

use std::process::Command;

use tempfile::TempDir;

use super::process::{Process, free_port, local, tool};
use super::proxy::{Behind, Kind, Layout, Proxy, write};
use super::raw::{self, Request};
use super::wait;

#[track_caller]
pub fn start(behind: &Behind) -> Proxy {
    let dir = TempDir::new().expect("a temporary directory");
    let port = free_port();
    let dynamic = dir.path().join("dynamic.yml");
    let rules = match behind.layout {
        Layout::OneHost => "deploy/traefik/dynamic.yml",
        Layout::Subdomains => "deploy/traefik/dynamic-subdomains.yml",
    };
    write(&dynamic, &behind.shipped(rules, port));
    let settings = dir.path().join("traefik.yml");
    let text = behind
        .shipped("deploy/traefik/traefik.yml", port)
        .replace("/etc/traefik/dynamic.yml", &dynamic.display().to_string());
    write(&settings, &text);
    run(dir, port, "qbittorrent.example.com")
}

/// Traefik with the files that already are in `dir`, whose rules take `host`.
#[track_caller]
pub fn run(dir: TempDir, port: u16, host: &str) -> Proxy {
    let settings = dir.path().join("traefik.yml");
    let mut process = Process::spawn(
        Command::new(tool("traefik"))
            .arg(format!("--configFile={}", settings.display()))
            .current_dir(dir.path()),
    );
    process.wait_for_port(local(port));
    let proxy = Proxy { kind: Kind::Traefik, address: local(port), process, dir };
    // It listens before it has read its rules, and says 404 until then.
    wait::until("Traefik's rules", || {
        let request = Request::get("/").host(host);
        raw::try_send(proxy.address, &request.bytes(proxy.address)).is_ok_and(|answer| answer.status != 404)
    });
    proxy
}
