//! nginx with the shipped `nginx/` files.

use tempfile::TempDir;

use super::process::{Process, free_port, local};
use super::proxy::{Behind, Kind, Layout, Proxy, write};
use std::process::Command;

/// What a distribution's `nginx.conf` has around the files that people drop in. Browsers open connections that they send
/// nothing on yet, which would keep a worker with old lines for a minute.
const MAIN: &str = "\
daemon off;
user root;
worker_processes 1;
pid DIR/nginx.pid;
worker_shutdown_timeout 1s;
error_log stderr notice;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path DIR/body;
    proxy_temp_path DIR/proxy;
    fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    include DIR/upstream.con[f];
    include DIR/server.conf;
}
";

#[track_caller]
pub fn start(behind: &Behind) -> Proxy {
    let dir = TempDir::new().expect("a temporary directory");
    let port = free_port();
    let here = dir.path().display().to_string();
    let shipped =
        |path: &str| behind.shipped(path, port).replace("/etc/nginx/sluice/", &format!("{here}/sluice/"));
    for file in ["sluice.conf", "protect.conf", "portal.conf", "qbittorrent.conf"] {
        write(&dir.path().join("sluice").join(file), &shipped(&format!("nginx/{file}")));
    }
    let example = match behind.layout {
        Layout::OneHost => "nginx/examples/one-host.conf",
        Layout::Subdomains => "nginx/examples/subdomains.conf",
    };
    write(&dir.path().join("upstream.conf"), &shipped("nginx/upstream.conf"));
    start_with(dir, port, &shipped(example))
}

/// nginx with these servers, the first on `port`, and the files that already are in `dir`.
#[track_caller]
pub fn start_with(dir: TempDir, port: u16, servers: &str) -> Proxy {
    let here = dir.path().display().to_string();
    write(&dir.path().join("server.conf"), servers);
    let main = dir.path().join("nginx.conf");
    write(&main, &MAIN.replace("DIR", &here));
    let mut process = Process::spawn(
        Command::new("/usr/sbin/nginx").arg("-p").arg(dir.path()).arg("-c").arg(&main).args(["-e", "stderr"]),
    );
    process.wait_for_port(local(port));
    Proxy { kind: Kind::Nginx, address: local(port), process, dir }
}
