//! The list of users, for people and for programs.

use serde_json::json;

use crate::{
    authn::profile::{DisplayName, Email},
    cli::{Failure, database, output},
    config::Config,
    policy::{capability::Capabilities, preset::Preset},
    store::users::{self, Standing, User},
};

pub(super) fn run(config: &Config, json: bool) -> Result<(), Failure> {
    let users = database(config)?.read(users::all)?;
    if json {
        output::json(&users.iter().map(|user| as_json(user)).collect());
        return Ok(());
    }
    if users.is_empty() {
        output::remark("There are no users yet: sluice user add NAME --admin");
        return Ok(());
    }
    let rows: Vec<_> = users.iter().map(|user| row(user)).collect();
    output::table(&["NAME", "ROLE", "STATE", "PASSWORD", "CAPABILITIES"], &rows);
    Ok(())
}

fn state(user: &User) -> &'static str {
    match user.standing {
        Standing::Enabled => "enabled",
        Standing::Disabled => "disabled",
    }
}

fn row(user: &User) -> Vec<String> {
    let word =
        |set: Capabilities| set.preset().map_or_else(|| set.to_string(), |preset| preset.name().to_owned());
    let apps: Vec<_> =
        user.per_app.iter().map(|(app, set)| format!("; {}: {}", app.as_str(), word(set))).collect();
    vec![
        user.name.to_string(),
        user.role.name().to_owned(),
        state(user).to_owned(),
        if user.password_hash.is_some() { "yes" } else { "none" }.to_owned(),
        word(user.held()) + &apps.concat(),
    ]
}

fn as_json(user: &User) -> serde_json::Value {
    json!({
        "id": user.id.get(),
        "name": user.name.as_str(),
        "display_name": user.display_name.as_ref().map(DisplayName::as_str),
        "email": user.email.as_ref().map(Email::as_str),
        "role": user.role.name(),
        "enabled": user.standing == Standing::Enabled,
        "password": user.password_hash.is_some(),
        "capabilities": user.held().iter().map(|capability| capability.name()).collect::<Vec<_>>(),
        "apps": user.per_app.iter().map(|(app, set)| {
            let names: Vec<_> = set.iter().map(|capability| capability.name()).collect();
            (app.as_str().to_owned(), json!(names))
        }).collect::<serde_json::Map<_, _>>(),
        "preset": user.held().preset().map_or("custom", Preset::name),
    })
}
