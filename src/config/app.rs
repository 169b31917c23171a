//! `[[app]]`: the protected apps.

use super::{
    cookies, extras,
    pack::Packs,
    reader::Reader,
    server::base_path,
    values::{host, origin},
};
use crate::{
    authn::{group::is_group, name::UserName},
    policy::{
        app::{App, AppName, Apps, Authorization, Entry, Live, Ownership},
        needs::Needs,
        pack::{Owners, Pack},
        route::Row,
        routes::Routes,
    },
};

pub(super) fn read(reader: &mut Reader) -> Option<Apps> {
    let packs = Packs::read(reader).unwrap_or(Packs::COMPILED_IN);
    let mut apps = Some(Vec::new());
    for index in 0..reader.tables("app") {
        match (app(reader, index, &packs), &mut apps) {
            (Some(app), Some(apps)) => apps.push(app),
            _ => apps = None,
        }
    }
    let generic = match packs.named("generic") {
        Ok(generic) => generic,
        Err(error) => {
            reader.problem("packs.folder", &format!("`generic` {error}"));
            return None;
        }
    };
    match Apps::new(apps?, &generic) {
        Ok(apps) => {
            warn_of_shared_hosts(reader, &apps);
            Some(apps)
        }
        Err(error) => {
            reader.problem("app", &error.to_string());
            None
        }
    }
}

/// Said at the hosts of the last of the apps, which came to the others.
fn warn_of_shared_hosts(reader: &mut Reader, apps: &Apps) {
    for shared in apps.shared_hosts() {
        if let Some(App { place, .. }) = shared.apps().last() {
            reader.choice(&format!("app.{place}.hosts"), &shared.to_string());
        }
    }
}

fn app(reader: &mut Reader, index: usize, packs: &Packs) -> Option<App> {
    let key = |name: &str| format!("app.{index}.{name}");
    let name = reader.value(&key("name"), "", |text| {
        AppName::parse(text)
            .ok_or_else(|| "is no name; use a-z, 0-9, _ and -, as in name = \"sonarr\"".to_owned())
    });
    let hosts = reader.list(&key("hosts"), &[], host);
    let origins = reader.list(&key("origins"), &[], origin);
    let own = name.as_ref().map(AppName::as_str).filter(|name| packs.know(name));
    let pack = reader.value(&key("pack"), own.unwrap_or("generic"), |text| packs.named(text));
    let base_path = reader.value(&key("base_path"), "/", |text| match text {
        "/" => Ok(String::new()),
        below => base_path(below),
    });
    let authorization = reader.value(&key("authorization"), "gate", |text| match text {
        "gate" => Ok(Authorization::Gate),
        "app" => Ok(Authorization::App),
        _ => Err("is neither gate nor app".to_owned()),
    });
    let users = reader.list(&key("users"), &[], |text| match UserName::parse(text) {
        Ok(name) => Ok(name.as_str().to_owned()),
        Err(error) => Err(format!("is no user: {error}")),
    });
    let groups = reader.list(&key("groups"), &[], |text| match is_group(text) {
        true => Ok(text.to_owned()),
        false => Err("is no group; a group has 1 to 64 printable characters without , and |".to_owned()),
    });
    let extras = extras::read(reader, key, authorization.unwrap_or(Authorization::Gate));
    let cookies = cookies::read(reader, key);
    if pack.is_none() {
        // Without their pack they cannot be judged, but are known all the same.
        ["public", "ownership", "live"].into_iter().for_each(|name| _ = reader.is_set(&key(name)));
    }
    let pack = pack?;
    let public = public(reader, &key("public"), &pack);
    let ownership = ownership(reader, &key("ownership"), &pack);
    let live = live(reader, &key("live"), &pack);
    let unsafe_methods = reader.value(&key("unsafe_methods"), "any", unsafe_methods);
    Some(App {
        place: index,
        name: name?,
        hosts: hosts?,
        origins: origins?,
        cookies: cookies?.before(&pack.cookies),
        pack,
        authorization: authorization?,
        base_path: base_path?,
        extras: extras?,
        entry: Entry { users: users?, groups: groups? },
        public: public?,
        ownership: ownership?,
        live: live?,
        may_see_marker: false,
        unsafe_methods: unsafe_methods?,
    })
}

/// Patterns of paths that nobody need sign in for.
fn public(reader: &mut Reader, key: &str, pack: &Pack) -> Option<Routes> {
    let rows = reader.list(key, &[], |text| {
        let text = format!("GET {text} public");
        let rows = Row::parse(&text, |_| None).map_err(|error| format!("is no path: {error}"))?;
        match rows.iter().find_map(|row| pack.may_be_made_public(&row.pattern).err()) {
            Some(too_open) => Err(too_open.to_string()),
            None => Ok((text, rows)),
        }
    })?;
    let mut routes = Routes::new(pack.routes.matching());
    for (text, rows) in rows {
        rows.into_iter().for_each(|row| routes.add(&text, row));
    }
    Some(routes)
}

fn unsafe_methods(text: &str) -> Result<Needs, String> {
    match Needs::parse(text, |_| None) {
        Ok(Needs::Public) => Err("would let anybody change things; use any, or a capability".to_owned()),
        Ok(needs) => Ok(needs),
        Err(_) => Err("is none of any, admin, deny and capabilities joined by +".to_owned()),
    }
}

/// Who decides what a live channel carries.
fn live(reader: &mut Reader, key: &str, pack: &Pack) -> Option<Live> {
    let live = reader.value(key, "gate", |text| match text {
        "gate" => Ok(Live::Gate),
        "app" if pack.live_listed.is_empty() => Err(format!(
            "does not hold: the pack {} knows no live channel that the app decides about; leave it out",
            pack.name
        )),
        "app" => Ok(Live::App),
        _ => Err("is neither gate nor app".to_owned()),
    })?;
    if live == Live::App {
        reader.choice(
            key,
            &format!(
                "live = \"app\": whoever may enter {title} gets what {title} itself grants its user of that name, whatever \
                 Sluice grants; keep its sign-in on, give its users their rights by hand, and see docs/packs.md",
                title = pack.title
            ),
        );
    }
    Some(live)
}

fn ownership(reader: &mut Reader, key: &str, pack: &Pack) -> Option<Ownership> {
    let usual = if pack.owners == Owners::Known { "app" } else { "none" };
    reader.value(key, usual, |text| match (text, pack.owners) {
        ("app", Owners::Known) => Ok(Ownership::App),
        ("app", Owners::Unknown) => {
            Err(format!("does not hold: {} knows no owners; use none or strict", pack.title))
        }
        ("none", _) => Ok(Ownership::None),
        ("strict", _) => Ok(Ownership::Strict),
        _ => Err("is none of app, none and strict".to_owned()),
    })
}
