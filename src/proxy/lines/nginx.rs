//! nginx: a server block for the app's host, beside files that are the same for every app.

use super::{APP, File, HOST, Lines, NAME, PORTAL_HOST, SLUICE, Site, between, own, without};

const UPSTREAM: &str = include_str!("../../../nginx/upstream.conf");
const SERVER: &str = include_str!("../../../nginx/sluice.conf");
const PROTECT: &str = include_str!("../../../nginx/protect.conf");
const PORTAL: &str = include_str!("../../../nginx/portal.conf");
const QBITTORRENT: &str = include_str!("../../../nginx/qbittorrent.conf");
const EXAMPLE: &str = include_str!("../../../nginx/examples/subdomains.conf");

pub(super) fn lines(site: &Site<'_>) -> Lines {
    let file = |path: &str, text: String| File { path: format!("/etc/nginx/{path}"), text };
    let mut once = vec![
        file("conf.d/sluice-upstream.conf", UPSTREAM.replace(SLUICE, &site.sluice.to_string())),
        file("sluice/sluice.conf", pages(site)),
        file("sluice/protect.conf", PROTECT.to_owned()),
        file("sluice/portal.conf", PORTAL.to_owned()),
        file("sluice/qbittorrent.conf", QBITTORRENT.to_owned()),
    ];
    if let Some(host) = site.portal_host {
        let server = between(EXAMPLE, "# The sign-in pages.", "\n}\n").replace(PORTAL_HOST, host.as_str());
        once.push(file("conf.d/torrents-portal.conf", site.with_base_path(&server, "$sluice_host/sluice/")));
    }
    let server = server(site);
    let start = server.find("    location ").unwrap_or_default();
    let location = server[start..].strip_suffix("}\n").unwrap_or_default();
    let within = format!("    include /etc/nginx/sluice/sluice.conf;\n\n{location}");
    let app = file(&format!("conf.d/torrents-{}.conf", site.app.as_str()), server);
    Lines { once, app, within: Some(within) }
}

fn pages(site: &Site<'_>) -> String {
    let usual = ["location ^~ /sluice/", "\"^/sluice/\"", "rewrite ^ /sluice/forbidden"];
    let question = "    # What a client may not say here.\n";
    let server = SERVER.replace(question, &format!("{question}{}", own::nginx_question(site.forgeable)));
    usual.into_iter().fold(server, |text, usual| site.with_base_path(&text, usual))
}

fn server(site: &Site<'_>) -> String {
    let block = between(EXAMPLE, &format!("server {{\n    listen 80;\n    server_name {HOST};"), "\n}\n");
    let block = match site.host {
        Some(host) => block.replace(HOST, host.as_str()),
        None => block.replace("listen 80;", "listen 80 default_server;").replace(HOST, "_"),
    };
    // The sign-in of qBittorrent's clients has its addresses at the root.
    let block = match site.signs_in_at_root() {
        true => block,
        false => without(&block, "sluice/qbittorrent.conf"),
    };
    let block = block
        .replace("location / {", &format!("location {}/ {{", site.path))
        .replace(&format!("set $sluice_app {NAME};"), &format!("set $sluice_app {};", site.app.as_str()))
        .replace(&format!("http://{APP}"), &site.url());
    let protect = "        include /etc/nginx/sluice/protect.conf;\n";
    let block = block.replace(protect, &format!("{protect}{}", own::nginx_answer(&site.own.told)));
    let location = between(&block, "    location ", "\n    }\n");
    let check = location
        .replace(&format!("location {}/ {{", site.path), &format!("location = {} {{", site.check_path()))
        .replace(&format!("proxy_pass {}", site.url()), "proxy_pass http://sluice");
    block.replace(
        location,
        &format!("{location}\n    # Where Sluice looks at what an app gets from these lines.\n{check}"),
    )
}
