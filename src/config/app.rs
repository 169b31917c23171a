//! `[[app]]`: the protected apps.

use super::{
    pack,
    reader::Reader,
    values::{host, origin},
};
use crate::policy::app::{App, AppName, Apps, Authorization};

pub(super) fn read(reader: &mut Reader) -> Option<Apps> {
    let mut apps = Some(Vec::new());
    for index in 0..reader.tables("app") {
        match (app(reader, index), &mut apps) {
            (Some(app), Some(apps)) => apps.push(app),
            _ => apps = None,
        }
    }
    match Apps::new(apps?, &pack::generic()) {
        Ok(apps) => Some(apps),
        Err(error) => {
            reader.problem("app", &error.to_string());
            None
        }
    }
}

fn app(reader: &mut Reader, index: usize) -> Option<App> {
    let name = reader.value(&format!("app.{index}.name"), "", |text| {
        AppName::parse(text)
            .ok_or_else(|| "is no name; use a-z, 0-9, _ and -, as in name = \"sonarr\"".to_owned())
    });
    let hosts = reader.list(&format!("app.{index}.hosts"), &[], host);
    let origins = reader.list(&format!("app.{index}.origins"), &[], origin);
    let own = name.as_ref().map(AppName::as_str).filter(|name| pack::named(name).is_some());
    let pack = reader.value(&format!("app.{index}.pack"), own.unwrap_or("generic"), |text| {
        pack::named(text).ok_or_else(|| format!("is no pack; known are {}", pack::names()))
    });
    let authorization = reader.value(&format!("app.{index}.authorization"), "gate", |text| match text {
        "gate" => Ok(Authorization::Gate),
        "app" => Ok(Authorization::App),
        _ => Err("is neither gate nor app".to_owned()),
    });
    Some(App { name: name?, hosts: hosts?, origins: origins?, pack: pack?, authorization: authorization? })
}
