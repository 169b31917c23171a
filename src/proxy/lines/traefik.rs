//! Traefik: routers, a middleware and a service of the app's own, in a file of a folder that Traefik watches.

use super::{APP, File, Lines, PORTAL_HOST, SLUICE, Site, own};

const STATIC: &str = include_str!("../../../deploy/traefik/traefik.yml");
const ONE_HOST: &str = include_str!("../../../deploy/traefik/dynamic.yml");
const SUBDOMAINS: &str = include_str!("../../../deploy/traefik/dynamic-subdomains.yml");

/// Where the example says that its second app is, which is decided by the body.
const OTHER_APP: &str = "127.0.0.1:9091";
/// Everything of the two apps in the examples.
const OF_APPS: [(&str, &str); 11] = [
    ("routers", "sluice-qbittorrent-sign-in"),
    ("routers", "qbittorrent"),
    ("routers", "qbittorrent-websocket"),
    ("routers", "transmission"),
    ("routers", "transmission-websocket"),
    ("middlewares", "sluice-qbittorrent"),
    ("middlewares", "sluice-transmission"),
    ("middlewares", "sluice-transmission-first"),
    ("middlewares", "sluice-transmission-body"),
    ("services", "qbittorrent"),
    ("services", "transmission"),
];

pub(super) fn lines(site: &Site<'_>) -> Lines {
    let file = |path: &str, text: String| File { path: format!("/etc/traefik/{path}"), text };
    let settings = STATIC.replace("filename: /etc/traefik/dynamic.yml", "directory: /etc/traefik/dynamic");
    let app = file(&format!("dynamic/app-{}.yml", site.app.as_str()), app(site));
    Lines {
        once: vec![file("traefik.yml", settings), file("dynamic/sluice.yml", shared(site))],
        app,
        within: None,
    }
}

fn shared(site: &Site<'_>) -> String {
    let example = match site.portal_host {
        Some(host) => SUBDOMAINS.replace(PORTAL_HOST, host.as_str()),
        None => ONE_HOST.to_owned(),
    };
    let yaml = between_http(&example);
    let yaml = OF_APPS.into_iter().fold(yaml, |yaml, (section, key)| {
        let entry = entry(&yaml, section, key);
        yaml.replacen(&entry, "", 1)
    });
    let comments = [
        "    # The sign-in of qBittorrent's clients",
        "    # password.\n",
        "    # The apps, each with",
        "    # The question to Sluice",
        "    # sluice.toml.\n",
        "    # Transmission has one address",
        "    # asks, so it first asks",
    ];
    let yaml = comments.into_iter().fold(yaml, |yaml, start| drop_line(&yaml, start.trim_end_matches('\n')));
    let yaml = yaml.replace(SLUICE, &site.sluice.to_string());
    ["`/sluice/`", "`/sluice/person`", "/sluice/account"]
        .into_iter()
        .fold(yaml, |text, usual| site.with_base_path(&text, usual))
}

fn app(site: &Site<'_>) -> String {
    let name = site.app.as_str();
    let host = |rule: String| match site.host {
        Some(host) => format!("Host(`{}`) && ({rule})", host.as_str()),
        None => rule,
    };
    let rule = match site.path {
        "" => host("PathPrefix(`/`)".to_owned()),
        path => host(format!("PathPrefix(`{path}/`) || Path(`{path}`)")),
    };
    // Of two apps on one host, the one with the longer path comes first; all come after Sluice's own pages.
    let priority = 10 + 2 * site.path.len().min(44);
    let app = format!("app-{name}");
    let clean = match own::traefik_name(name, &site.own.forgeable) {
        own if own.is_empty() => "[sluice-clean, ".to_owned(),
        own => format!("[sluice-clean, {own}, "),
    };
    let of_app = |key: &str| {
        entry(ONE_HOST, "routers", key)
            .replace("    qbittorrent", &format!("    {app}"))
            .replace("service: qbittorrent", &format!("service: {app}"))
            .replace("sluice-qbittorrent]", &format!("sluice-{app}]"))
            .replace("[sluice-clean, ", &clean)
    };
    let router = of_app("qbittorrent").replace("priority: 10", &format!("priority: {priority}"));
    let websocket = of_app("qbittorrent-websocket")
        .replace("priority: 11", &format!("priority: {}", priority + 1))
        .replace("PathPrefix(`/`)", &format!("({rule})"));
    let check = router
        .replace(&format!("    {app}:"), &format!("    sluice-check-{name}:"))
        .replace(&format!("service: {app}"), "service: sluice")
        .replace(&format!("priority: {priority}"), "priority: 150")
        .replace("PathPrefix(`/`)", &host(format!("Path(`{}`)", site.check_path())));
    let router = router.replace("PathPrefix(`/`)", &rule);
    let sign_in = match site.signs_in_at_root() {
        true => {
            let router = entry(ONE_HOST, "routers", "sluice-qbittorrent-sign-in");
            let paths = "Path(`/api/v2/auth/login`) || Path(`/api/v2/auth/logout`)";
            router
                .replace("sluice-qbittorrent-sign-in", &format!("sluice-sign-in-{name}"))
                .replace(paths, &host(paths.to_owned()))
        }
        false => String::new(),
    };
    let middleware = own::traefik_middleware(name, &site.own.forgeable) + &middleware(site);
    let service = entry(ONE_HOST, "services", "qbittorrent")
        .replace("    qbittorrent:", &format!("    {app}:"))
        .replace(&format!("http://{APP}"), &site.url());
    format!(
        "http:\n  routers:\n{sign_in}{router}{websocket}{check}\n  middlewares:\n{middleware}\n  services:\n{service}"
    )
}

fn middleware(site: &Site<'_>) -> String {
    let (template, parts) = match site.traits.decided_by_body {
        true => ("transmission", &["", "-first", "-body"][..]),
        false => ("qbittorrent", &[""][..]),
    };
    let listed = entry(ONE_HOST, "middlewares", "sluice-qbittorrent");
    let names = listed.split_once("&sluice-headers\n").map_or("", |(_, names)| names);
    let listed = format!("{names}{}", own::traefik_answer(&site.own.told));
    let part = |part: &&str| entry(ONE_HOST, "middlewares", &format!("sluice-{template}{part}"));
    let name = site.app.as_str();
    parts
        .iter()
        .map(part)
        .collect::<String>()
        .replace(" *sluice-headers\n", " &sluice-headers\n")
        .replace(names, "")
        .replace(" &sluice-headers\n", &format!("\n{listed}"))
        .replace(SLUICE, &site.sluice.to_string())
        .replace(&format!("/verify/traefik/{template}"), &format!("/verify/traefik/{name}"))
        .replace(&format!("sluice-{template}"), &format!("sluice-app-{name}"))
        .replace(OTHER_APP, APP)
}

/// From `http:` on.
fn between_http(text: &str) -> String {
    let start = text.find("\nhttp:\n").map_or(0, |start| start + 1);
    text[start..].to_owned()
}

/// An entry of a section with all that is indented below it.
fn entry(text: &str, section: &str, key: &str) -> String {
    let inside = text.split_once(&format!("\n  {section}:\n")).map_or("", |(_, inside)| inside);
    let start = format!("    {key}:\n");
    let lines =
        inside.split_inclusive('\n').take_while(|line| line.starts_with("   ") || line.trim().is_empty());
    let mut from_key = lines.skip_while(|line| *line != start);
    let first = from_key.next().unwrap_or_default();
    let below = from_key.take_while(|line| line.starts_with("     "));
    std::iter::once(first).chain(below).collect()
}

fn drop_line(text: &str, start: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.starts_with(start)).collect()
}
