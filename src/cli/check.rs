//! `sluice check`.

use clap::Args;
use serde_json::json;

use super::{Failure, output, pack, settings_hint};
use crate::{
    administration::lines,
    config::{self, Config, Flags},
    policy::app::App,
    proxy::lines::own::Added,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// List each app's routes under what they need
    #[arg(long)]
    routes: bool,
}

pub(super) fn run(flags: &Flags, arguments: &Arguments) -> Result<(), Failure> {
    let outcome = config::load(flags);
    let wrong = outcome.config.as_ref().err().map(Vec::as_slice).unwrap_or_default();
    let problems: Vec<_> = wrong.iter().map(ToString::to_string).chain(settings_hint(wrong)).collect();
    let warnings: Vec<String> = outcome.warnings.iter().map(ToString::to_string).collect();
    if arguments.json {
        let values: Vec<_> = outcome
            .resolved
            .iter()
            .map(|value| json!({ "key": value.key, "value": value.value.to_string(), "source": value.source.to_string() }))
            .collect();
        output::json(&json!({ "values": values, "problems": problems, "warnings": warnings }));
    } else {
        let rows: Vec<_> = outcome
            .resolved
            .into_iter()
            .map(|resolved| vec![resolved.key, resolved.value.to_string(), resolved.source.to_string()])
            .collect();
        let file = outcome.file.map_or_else(|| "none was read".to_owned(), |file| file.display().to_string());
        output::say(&format!("Configuration file: {file}\n"));
        if !rows.is_empty() {
            output::table(&["KEY", "VALUE", "FROM"], &rows);
        }
    }
    if !arguments.json {
        warnings.iter().for_each(|warning| output::remark(&format!("warning: {warning}")));
    }
    if let (Ok(config), false) = (&outcome.config, arguments.json) {
        apps(config, arguments.routes);
    }
    if !problems.is_empty() {
        return Err(Failure::Start(problems));
    }
    if !arguments.json {
        output::say("\nNo problems.");
    }
    Ok(())
}

/// The lines that an app with headers of its own takes beside the shipped files.
fn own_headers(config: &Config, app: &App) {
    let added = lines::added(config, app);
    if added.is_empty() {
        return;
    }
    output::remark(&format!(
        "warning: {}: it has headers of its own, which a client could write: requests that bring one are refused until the \
         proxy's lines remove it. The lines that the administration writes do; to the shipped files add:",
        app.name.as_str()
    ));
    for (proxy, added) in added {
        for Added { place, text } in added {
            output::remark(&format!("{}, {place}:\n{}", proxy.title(), text.trim_end()));
        }
    }
}

/// What people should know of each app, and its routes where they ask.
fn apps(config: &Config, with_routes: bool) {
    for app in config.apps.iter() {
        for remark in pack::remarks(app) {
            output::remark(&format!("note: {}: {remark}", app.name.as_str()));
        }
        own_headers(config, app);
        if with_routes {
            output::say(&format!("\n{} (pack {}, {})", app.name.as_str(), app.pack.name, app.pack.versions));
            pack::print_routes(&app.pack);
        }
    }
}
