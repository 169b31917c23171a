//! `sluice pack`: what packs say, for people and for the documentation.

use std::{collections::BTreeMap, fmt::Write};

use clap::Subcommand;
use serde_json::json;

use super::{Failure, output};
use crate::{
    config::{self, Flags, pack::Packs},
    policy::{
        app::{App, Live, Ownership},
        capability::{Capabilities, Capability},
        needs::Needs,
        pack::{Listed, Owners, Pack},
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the packs
    #[command(after_help = "Example:\n  sluice pack list")]
    List,
    /// Show what each capability allows in an app
    #[command(after_help = "Example:\n  sluice pack show qbittorrent")]
    Show {
        /// The pack's name
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the tables of all packs in Markdown, as in docs/packs.md
    #[command(after_help = "Example:\n  sluice pack document")]
    Document,
}

pub(super) fn run(flags: &Flags, command: Command) -> Result<(), Failure> {
    let packs = config::packs(flags)?;
    match command {
        Command::List => list(&packs),
        Command::Show { name, json } => show(&packs, &name, json),
        Command::Document => document(),
    }
}

fn named(packs: &Packs, name: &str) -> anyhow::Result<std::sync::Arc<Pack>> {
    packs.named(name).map_err(|cause| anyhow::anyhow!("`{name}` {cause}"))
}

fn list(packs: &Packs) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for name in packs.names() {
        let pack = named(packs, &name)?;
        rows.push(vec![name, pack.title.clone(), pack.versions.clone(), pack.listed.len().to_string()]);
    }
    output::table(&["NAME", "APP", "VERSIONS", "ROUTES"], &rows);
    Ok(())
}

fn show(packs: &Packs, name: &str, as_json: bool) -> Result<(), Failure> {
    let pack = named(packs, name)?;
    if as_json {
        let routes: Vec<_> = pack
            .listed
            .iter()
            .map(|row| json!({ "route": row.what, "needs": row.needs.to_string() }))
            .collect();
        output::json(
            &json!({ "name": pack.name, "title": pack.title, "versions": pack.versions, "routes": routes }),
        );
        return Ok(());
    }
    output::say(&format!("{} ({})", pack.title, pack.versions));
    print_routes(&pack);
    Ok(())
}

/// A pack's routes under what they need.
pub(super) fn print_routes(pack: &Pack) {
    for (heading, routes) in by_need(pack) {
        output::say(&format!("\n  {heading}"));
        routes.iter().for_each(|route| output::say(&format!("    {}", route.what)));
    }
}

/// Routes under headings, from what everybody may to what nobody may.
fn by_need(pack: &Pack) -> Vec<(String, Vec<&Listed>)> {
    let mut groups: BTreeMap<(u32, String), Vec<&Listed>> = BTreeMap::new();
    for listed in &pack.listed {
        groups.entry((place(listed.needs), heading(listed.needs))).or_default().push(listed);
    }
    groups.into_iter().map(|((_, heading), routes)| (heading, routes)).collect()
}

fn heading(needs: Needs) -> String {
    match needs {
        Needs::Public => "Without signing in".to_owned(),
        Needs::Any => "Every signed-in user".to_owned(),
        Needs::Capabilities(set) => set.iter().map(Capability::name).collect::<Vec<_>>().join(" and "),
        Needs::Admin => "Administrators".to_owned(),
        Needs::Deny => "Nobody".to_owned(),
    }
}

fn place(needs: Needs) -> u32 {
    match needs {
        Needs::Public => 0,
        Needs::Any => 1,
        Needs::Capabilities(set) => {
            let first = Capability::ALL.iter().position(|&one| set.holds(one)).unwrap_or(0);
            2 + u32::try_from(first * 32 + set.iter().count()).unwrap_or(0)
        }
        Needs::Admin => u32::MAX - 1,
        Needs::Deny => u32::MAX,
    }
}

/// The tables, of the packs that are compiled in.
fn document() -> Result<(), Failure> {
    let packs = Packs::COMPILED_IN;
    let all = packs.names().iter().map(|name| named(&packs, name)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut text = String::from("## What each capability allows in each app\n");
    for capability in Capability::ALL {
        let apps: Vec<_> =
            all.iter().filter(|pack| pack.asks_for(capability)).map(|pack| pack.title.as_str()).collect();
        let apps =
            if apps.is_empty() { "no pack asks for it; the app is told".to_owned() } else { apps.join(", ") };
        write!(
            text,
            "\n- **{}** (`{}`): {}. In: {apps}.",
            capability.label(),
            capability.name(),
            capability.description()
        )
        .unwrap_or_default();
    }
    text.push('\n');
    for pack in &all {
        document_pack(&mut text, pack);
    }
    output::say(text.trim_end());
    Ok(())
}

fn document_pack(text: &mut String, pack: &Pack) {
    let owners = match pack.owners {
        Owners::Known => "The app itself knows whose a download is.",
        Owners::Unknown => {
            "The app does not know whose a download is: who may change one may change everybody's."
        }
    };
    write!(text, "\n## {} (`{}`)\n\nFor {}. {owners}\n", pack.title, pack.name, pack.versions)
        .unwrap_or_default();
    if !pack.rpc.is_empty() {
        text.push_str(
            "\nCalls are told apart by the body of the request, which only Traefik hands over (`forwardBody`). Behind \
             nginx and Caddy that endpoint needs an administrator.\n",
        );
    }
    let bound: Vec<_> = pack.cookies.bound_names().map(|name| format!("`{name}`")).collect();
    if !bound.is_empty() {
        writeln!(text, "\nIts cookie {} belongs to one person.", bound.join(" and ")).unwrap_or_default();
    }
    if !pack.live_listed.is_empty() {
        let rows = pack.live_listed.iter().map(|row| format!("`{}` needs {}", row.what, row.needs));
        let rows = rows.collect::<Vec<_>>().join(" and ");
        writeln!(text, "\nWith `live = \"app\"` {rows}: the app decides what it shows and does there.")
            .unwrap_or_default();
    }
    text.push_str("\n| Needs | Routes |\n|---|---|\n");
    for (heading, routes) in by_need(pack) {
        let routes: Vec<_> =
            routes.iter().map(|route| format!("`{}`", route.what.replace('|', "\\|"))).collect();
        writeln!(text, "| {heading} | {} |", routes.join("<br>")).unwrap_or_default();
    }
}

/// What holds for an app beyond its routes and should be known, a line each.
pub(super) fn remarks(app: &App) -> Vec<String> {
    let pack = &app.pack;
    let mut remarks = Vec::new();
    if let Some(endpoints) = by_body(pack) {
        remarks.push(format!(
            "what a request to {endpoints} does stands in its body: only Traefik with forwardBody lets ordinary users in \
             there; behind nginx and Caddy that needs an administrator"
        ));
    }
    let all: Capabilities = pack.listed.iter().fold(Capabilities::NONE, |sum, row| match row.needs {
        Needs::Capabilities(set) => sum.either(set),
        _ => sum,
    });
    if app.live == Live::Gate && !pack.live_listed.is_empty() {
        let rows: Vec<_> = pack.live_listed.iter().map(|row| format!("`{}`", row.what)).collect();
        remarks.push(format!(
            "what {} carries cannot be seen here, so that it takes all that it could do; live = \"app\" leaves that to \
             {}, by the rights of its own users (docs/packs.md says how to set those)",
            rows.join(" and "),
            pack.title
        ));
    }
    if pack.owners == Owners::Unknown && all.holds(Capability::RemoveDownloads) {
        let changers = match app.ownership {
            Ownership::Strict => "who holds edit_all_downloads may change everybody's downloads",
            Ownership::App | Ownership::None => {
                "who may change a download may change everybody's; ownership = \"strict\" asks for edit_all_downloads \
                 as well"
            }
        };
        remarks.push(format!("{} knows no owners: {changers}", pack.title));
    }
    remarks
}

/// The endpoints that are told apart by the body, as the list names their calls: `POST /json method=core.pause`.
fn by_body(pack: &Pack) -> Option<String> {
    let calls = pack.listed.iter().filter_map(|row| row.what.rsplit_once(' '));
    let mut endpoints: Vec<_> =
        calls.map(|(endpoint, _)| endpoint).filter(|endpoint| endpoint.contains(' ')).collect();
    endpoints.dedup();
    (!endpoints.is_empty()).then(|| endpoints.join(" and "))
}
