//! What `auth_request` to Sluice adds to a request through nginx, with the shipped `nginx/` files.

use std::{fs, path::Path};

use anyhow::ensure;

use crate::{
    alternation::alternate,
    bare::{self, Bare},
    figure,
    http::{Connection, VERIFY_PATH, browser_headers, cookies, get, has_status, verify_headers},
    note,
    process::{Core, NGINX, Running, command_on, free_port, shipped},
    service::{Home, Population},
};

const MAIN: &str = "\
daemon off;
user root;
worker_processes 1;
pid DIR/nginx.pid;
error_log stderr error;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path DIR/body;
    proxy_temp_path DIR/proxy;
    fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    keepalive_requests 1000000;
    include DIR/upstream.conf;
    upstream app { server 127.0.0.1:APP; keepalive 8; }
    server {
        listen 127.0.0.1:LISTEN;
        include DIR/sluice.conf;
        location /protected/ {
            set $sluice_app qbittorrent;
            include DIR/protect.conf;
            proxy_pass http://app;
        }
        location /unprotected/ {
            set $sluice_app qbittorrent;
            include DIR/unprotected.conf;
            proxy_pass http://app;
        }
    }
}
";

pub fn run() -> anyhow::Result<()> {
    let home = Home::new(Population::TEN)?;
    let server = home.start_pinned()?;
    let verify = get(VERIFY_PATH, &verify_headers(Some(home.session())));
    let app = bare::start(Bare::Lean, home.folder(), server.port, &verify)?;
    let nginx = start(home.folder(), server.port, app.port)?;
    let mut headers = browser_headers();
    headers.push(("Cookie", cookies(home.session())));
    let protected = get("/protected/", &headers);
    let unprotected = get("/unprotected/", &headers);
    headers.pop();
    let refused = Connection::open(nginx.port)?.ask(&get("/protected/", &headers))?.to_vec();
    ensure!(has_status(&refused, 401), "nginx does not ask Sluice: {}", String::from_utf8_lossy(&refused));
    let (with, without) = alternate(nginx.port, &protected, &unprotected)?;
    note(format_args!(
        "nginx: p50 {:.0} µs with auth_request, {:.0} µs without",
        with.median(),
        without.median()
    ));
    figure("nginx-added-median-us", format_args!("{:.0}", with.median() - without.median()))
}

fn start(folder: &Path, sluice: u16, app: u16) -> anyhow::Result<Running> {
    let port = free_port()?;
    let here = folder.display().to_string();
    for file in ["upstream.conf", "sluice.conf", "portal.conf", "protect.conf"] {
        let text = shipped(&format!("nginx/{file}"))?
            .replace("/etc/nginx/sluice/", &format!("{here}/"))
            .replace("127.0.0.1:9180", &format!("127.0.0.1:{sluice}"));
        fs::write(folder.join(file), text)?;
    }
    // The same location, but for the question to Sluice.
    let protect = shipped("nginx/protect.conf")?;
    let unprotected: Vec<&str> = protect
        .lines()
        .map(|line| if line.starts_with("auth_request ") { "auth_request off;" } else { line })
        .collect();
    ensure!(unprotected.contains(&"auth_request off;"), "protect.conf has no auth_request line");
    fs::write(folder.join("unprotected.conf"), unprotected.join("\n"))?;
    let text =
        MAIN.replace("DIR", &here).replace("APP", &app.to_string()).replace("LISTEN", &port.to_string());
    let main = folder.join("nginx.conf");
    fs::write(&main, text)?;
    let mut command = command_on(Core::Server, NGINX);
    command.arg("-p").arg(folder).arg("-c").arg(&main).args(["-e", "stderr"]);
    Running::start(command, port)
}
