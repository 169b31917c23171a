//! Caddy: a site for the app's host, beside the snippets that are the same for every app.

use super::{APP, Address, File, HOST, Lines, NAME, PORTAL_HOST, SLUICE, Site, between, without};

const SNIPPETS: &str = include_str!("../../../deploy/caddy/sluice.caddy");
const ONE_HOST: &str = include_str!("../../../deploy/caddy/Caddyfile");
const SUBDOMAINS: &str = include_str!("../../../deploy/caddy/Caddyfile.subdomains");

pub(super) fn lines(site: &Site<'_>) -> Lines {
    let file = |path: &str, text: String| File { path: format!("/etc/caddy/{path}"), text };
    let snippets = SNIPPETS.replace(SLUICE, &site.sluice.to_string());
    let snippets = ["'/sluice/*'", "'/sluice/'", "'/sluice/person'"]
        .into_iter()
        .fold(snippets, |text, usual| site.with_base_path(&text, usual));
    let mut main = "import sluice.caddy\nimport sites/*.caddy\n".to_owned();
    if let Some(host) = site.portal_host {
        let portal = between(SUBDOMAINS, &format!("http://{PORTAL_HOST}"), "\n}\n");
        let portal = site.with_base_path(&portal.replace(PORTAL_HOST, host.as_str()), "/sluice/account");
        main = format!("{main}\n{portal}");
    }
    let app = app(site);
    let start =
        ["\timport sluice_person", "\t# Where Sluice looks"].into_iter().find_map(|line| app.find(line));
    let start = start.unwrap_or_default();
    let protect = app[start..].strip_suffix("}\n").unwrap_or_default().to_owned();
    Lines {
        once: vec![file("sluice.caddy", snippets), file("Caddyfile", main)],
        within: Some(protect),
        app: file(&format!("sites/{}.caddy", site.app.as_str()), app),
    }
}

fn app(site: &Site<'_>) -> String {
    let block = between(SUBDOMAINS, &format!("http://{HOST}"), "\n}\n");
    let block = match site.host {
        Some(host) => block.replace(HOST, host.as_str()),
        None => block.replace(&format!("http://{HOST}"), ""),
    };
    let block = match site.signs_in_at_root() {
        true => block,
        false => without(&block, "import sluice_qbittorrent"),
    };
    let block =
        block.replace(&format!("\t\timport sluice_protect {NAME} {APP}\n"), &protect(site, site.address));
    let check = format!(
        "\t# Where Sluice looks at what an app gets from these lines.\n\thandle {} {{\n{}\t}}\n\n",
        site.check_path(),
        protect(site, site.sluice)
    );
    let handle = match site.path {
        "" => "\thandle {".to_owned(),
        path => format!("\tredir {path} {path}/\n\thandle {path}/* {{"),
    };
    let block = block.replace("\thandle {", &format!("{check}{handle}"));
    match site.portal_host {
        Some(_) => block,
        // The portal's line is for that page as well.
        None => without(&block, "import sluice_person").replacen('\n', &between_lines(), 1),
    }
}

/// The import that protects what lies at an address.
fn protect(site: &Site<'_>, address: &Address) -> String {
    let arguments = format!("{} {address}", site.app.as_str());
    let lines = match site.own.told.is_empty() {
        true => format!("import sluice_protect {arguments}\n"),
        false => site.own.caddy_protect(&arguments),
    };
    lines.lines().flat_map(|line| ["\t\t", line, "\n"]).collect()
}

/// The portal's line in a site of one host, between its first line and the next.
fn between_lines() -> String {
    let line = ONE_HOST.lines().find(|line| line.contains("import sluice_portal")).unwrap_or_default();
    format!("\n{line}\n")
}
