//! `[[app]]`: the protected apps.

use super::{reader::Reader, values::origin};
use crate::policy::{
    app::{App, AppName, Apps, HostEntry},
    origin::parse_authority,
};

pub(super) fn read(reader: &mut Reader) -> Option<Apps> {
    let mut apps = Some(Vec::new());
    for index in 0..reader.tables("app") {
        match (app(reader, index), &mut apps) {
            (Some(app), Some(apps)) => apps.push(app),
            _ => apps = None,
        }
    }
    match Apps::new(apps?) {
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
    Some(App { name: name?, hosts: hosts?, origins: origins? })
}

fn host(text: &str) -> Result<HostEntry, String> {
    parse_authority(text).ok_or_else(|| "is no host; write it like sonarr.example.com or nas:8989".to_owned())
}
