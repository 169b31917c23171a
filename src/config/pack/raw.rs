//! A pack's file, read into a pack.

use std::collections::BTreeMap;

use figment::{
    Figment,
    providers::{Format, Toml},
};
use serde::Deserialize;

use super::{super::cookies::RawCookies, error::PackError};
use crate::policy::{
    capability::Capability,
    needs::{Needs, NeedsError},
    pack::{ApiArea, ApiRefusal, Denied, Listed, OwnKeys, Owners, Pack},
    route::{Pattern, Row, Takes, Verb},
    routes::{Matching, Routes},
    rpc::{BodyForm, Rpc},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    title: String,
    #[serde(default)]
    versions: String,
    #[serde(default)]
    case: Case,
    #[serde(default)]
    trailing_slash: TrailingSlash,
    #[serde(default)]
    non_ascii: bool,
    odd_paths: Option<String>,
    #[serde(default = "yes")]
    preflight: bool,
    #[serde(default)]
    ownership: RawOwners,
    #[serde(default)]
    own_keys: bool,
    routes: Vec<String>,
    #[serde(default)]
    live: Vec<String>,
    #[serde(default)]
    cookies: RawCookies,
    #[serde(default)]
    aliases: BTreeMap<String, String>,
    #[serde(default)]
    api: Vec<RawArea>,
    #[serde(default)]
    rpc: Vec<RawRpc>,
    #[serde(default)]
    words: BTreeMap<String, String>,
}

#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Case {
    #[default]
    Sensitive,
    Insensitive,
}

#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum TrailingSlash {
    #[default]
    Exact,
    Ignored,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawOwners {
    App,
    #[default]
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawArea {
    path: String,
    #[serde(default)]
    refusal: RawRefusal,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawRefusal {
    #[default]
    Json,
    Qbittorrent,
    Torznab,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRpc {
    path: String,
    format: RawFormat,
    field: String,
    #[serde(default)]
    batch: bool,
    without_body: String,
    methods: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawFormat {
    Json,
    Form,
}

const fn yes() -> bool {
    true
}

/// Reads a pack.
pub(super) fn parse(name: &str, text: &str) -> Result<Pack, PackError> {
    let raw: RawPack = Figment::from(Toml::string(text)).extract().map_err(Box::new)?;
    let mut aliases = BTreeMap::new();
    for (alias, needs) in &raw.aliases {
        aliases.insert(alias.clone(), Needs::parse(needs, |_| None)?);
    }
    let needs = |text: &str| Needs::parse(text, |name| aliases.get(name).copied());
    let odd_paths = raw.odd_paths.as_deref().map_or(Ok(Needs::Admin), needs)?;
    let matching = Matching {
        ignores_case: raw.case == Case::Insensitive,
        ignores_trailing_slash: raw.trailing_slash == TrailingSlash::Ignored,
    };
    let mut pack = Pack {
        name: name.to_owned(),
        title: raw.title,
        versions: raw.versions,
        non_ascii: raw.non_ascii,
        odd_paths,
        preflights: raw.preflight,
        owners: match raw.ownership {
            RawOwners::App => Owners::Known,
            RawOwners::None => Owners::Unknown,
        },
        own_keys: if raw.own_keys { OwnKeys::Yes } else { OwnKeys::No },
        api: raw.api.into_iter().map(area).collect::<Result<_, _>>()?,
        routes: Routes::new(matching),
        live: Routes::new(matching),
        cookies: raw.cookies.rules().map_err(PackError::Cookies)?,
        ..Pack::default()
    };
    let mut calls = Vec::new();
    for endpoint in raw.rpc {
        calls.extend(add_rpc(&mut pack, endpoint, &needs)?);
    }
    for text in &raw.routes {
        for row in Row::parse(text, |name| aliases.get(name).copied())? {
            add_row(&mut pack, text, row)?;
        }
    }
    pack.listed.extend(calls);
    for text in &raw.live {
        for row in Row::parse(text, |name| aliases.get(name).copied())? {
            add_live(&mut pack, text, row)?;
        }
    }
    let most = pack.listed.iter().fold(Needs::Any, |most, row| most.and(row.needs));
    for (name, text) in raw.words {
        let capability = Capability::named(&name).filter(|&one| pack.asks_for(one));
        pack.words.push((capability.ok_or(PackError::Words(name))?, text));
    }
    if pack.odd_paths != Needs::Admin && most.and(pack.odd_paths) != pack.odd_paths {
        return Err(PackError::OddPaths(pack.odd_paths));
    }
    Ok(pack)
}

fn add_row(pack: &mut Pack, text: &str, row: Row) -> Result<(), PackError> {
    if row.needs == Needs::Public {
        let refused = |why| PackError::TooOpen(text.to_owned(), why);
        pack.may_be_public(row.takes, &row.pattern).map_err(refused)?;
        // Whoever signs in to the app unknown leaves a cookie that the next person would be taken for.
        if pack.cookies.bind_any() && row.takes != Takes::only(Verb::Get) {
            return Err(PackError::PublicSignIn(text.to_owned()));
        }
    }
    let listed = listed(text, &row);
    if pack.listed.last() != Some(&listed) {
        pack.listed.push(listed);
    }
    let reads = row.takes.take(Verb::Get) && matches!(row.needs, Needs::Admin | Needs::Deny);
    if reads && row.query.is_none() {
        pack.guarded.push((row.pattern.clone(), row.needs));
    }
    if row.needs == Needs::Deny {
        let (takes, pattern, query) = (row.takes, row.pattern.clone(), row.query.clone());
        pack.denied.push(Denied { takes, pattern, query });
    }
    pack.routes.add(text, row);
    Ok(())
}

/// A row for people.
fn listed(text: &str, row: &Row) -> Listed {
    let words: Vec<_> = text.split_ascii_whitespace().take(2).collect();
    Listed { what: words.join(" "), needs: row.needs }
}

/// Adds what holds where the app decides what a channel carries.
fn add_live(pack: &mut Pack, text: &str, row: Row) -> Result<(), PackError> {
    if row.needs == Needs::Public {
        return Err(PackError::PublicLive(text.to_owned()));
    }
    pack.live_listed.push(listed(text, &row));
    pack.live.add(text, row);
    Ok(())
}

fn area(raw: RawArea) -> Result<ApiArea, PackError> {
    let refusal = match raw.refusal {
        RawRefusal::Json => ApiRefusal::Json,
        RawRefusal::Qbittorrent => ApiRefusal::Qbittorrent,
        RawRefusal::Torznab => ApiRefusal::Torznab,
    };
    ApiArea::new(&raw.path, refusal).ok_or(PackError::Area(raw.path))
}

/// Adds an endpoint, and gives back its calls for people.
fn add_rpc(
    pack: &mut Pack,
    raw: RawRpc,
    needs: &impl Fn(&str) -> Result<Needs, NeedsError>,
) -> Result<Vec<Listed>, PackError> {
    let pattern: Pattern = raw.path.parse().map_err(|()| PackError::Endpoint(raw.path.clone()))?;
    let form = match raw.format {
        RawFormat::Json => BodyForm::Json { batch: raw.batch },
        RawFormat::Form => BodyForm::Form,
    };
    let mut methods = Vec::new();
    for text in &raw.methods {
        let (name, what) = text.trim().split_once(' ').ok_or_else(|| PackError::Call(text.clone()))?;
        methods.push((name.to_owned(), guarded(text, needs(what.trim())?)?));
    }
    let listed = methods.iter().map(|(name, needs)| {
        let what = format!("POST {} {}={name}", raw.path, raw.field);
        Listed { what, needs: *needs }
    });
    let listed: Vec<_> = listed.collect();
    let without_body = guarded(&format!("without_body = {:?}", raw.without_body), needs(&raw.without_body)?)?;
    let rpc = Rpc::new(form, raw.field, without_body, methods)?;
    pack.routes.add_rpc(&format!("POST {} (by its body)", raw.path), &pattern, rpc);
    pack.rpc.push(pattern);
    Ok(listed)
}

fn guarded(text: &str, needs: Needs) -> Result<Needs, PackError> {
    if needs == Needs::Public { Err(PackError::PublicCall(text.to_owned())) } else { Ok(needs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse("mine", text).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_pack_that_opens_too_much_is_refused() {
        let pack = |row: &str| {
            format!(
                "title = \"X\"\nroutes = [\"{row}\"]\n[[api]]\npath = \"/api\"\n[[rpc]]\npath = \"/rpc\"\nformat = \"json\"\n\
                 field = \"method\"\nwithout_body = \"admin\"\nmethods = []\n"
            )
        };
        for row in [
            "GET /api/** public",
            "GET /** public",
            "GET /api/{id} public",
            "GET /{x}/y public",
            "POST /api public",
        ] {
            let text = parse("mine", &pack(row)).map(|_| ());
            let opens = row.contains("/api public") || text.is_err();
            assert!(opens, "{row}");
        }
        for row in ["OPTIONS /rpc public", "GET /r* public", "GET /RPC public"] {
            assert!(error(&pack(row)).contains("opens an endpoint"), "{row}");
        }
        for row in ["GET /static/** public", "GET /api/health public", "GET /{x}.png public"] {
            assert_eq!(parse("mine", &pack(row)).is_ok(), row != "GET /{x}.png public", "{row}");
        }
    }

    #[test]
    fn a_pack_that_names_no_api_opens_none_either() {
        let pack = |row: &str| format!("title = \"X\"\nroutes = [\"{row}\"]\n");
        for (row, needle) in [
            ("any /api/** public", "for programs"),
            ("GET /api/** public", "for programs"),
            ("GET /** public", "for programs"),
            ("GET /{x} public", "for programs"),
            ("GET /nas/api/** public", "for programs"),
            ("POST /static/** public", "more than GET"),
            ("any /pictures/{name} public", "more than GET"),
            ("GET /transmission/rpc public", "an endpoint"),
            ("POST /RPC2 public", "an endpoint"),
            ("GET /plugins/** public", "an endpoint"),
        ] {
            let error = parse("mine", &pack(row)).map(|_| ()).map_err(|error| error.to_string());
            assert!(error.as_ref().is_err_and(|error| error.contains(needle)), "{row}: {error:?}");
        }
        for row in ["GET /static/** public", "POST /api/auth/login public", "GET /*.png public"] {
            assert!(parse("mine", &pack(row)).is_ok(), "{row}");
        }
    }

    #[test]
    fn nobody_calls_an_endpoint_without_signing_in() {
        let pack = |without_body: &str, call: &str| {
            format!(
                "title = \"X\"\nroutes = []\n[[rpc]]\npath = \"/rpc\"\nformat = \"json\"\nfield = \"method\"\n\
                 without_body = \"{without_body}\"\nmethods = [\"{call}\"]\n"
            )
        };
        assert!(parse("mine", &pack("admin", "get any")).is_ok());
        for (without_body, call) in [("public", "get any"), ("any", "get public")] {
            assert!(error(&pack(without_body, call)).contains("lets anybody call"), "{without_body} {call}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_pack_is_said() {
        for (text, needle) in [
            ("title = \"X\"\nroutes = []\n[cookies]\nbind = [\"a b\"]", "connect.sid"),
            ("title = \"X\"\nroutes = []\n[cookies]\npaths = [\"x\"]", "/api"),
            ("title = \"X\"\nroutes = []\n[cookies]\nkeep = []", "keep"),
            (
                "title = \"X\"\nroutes = [\"POST /login public\"]\n[cookies]\nbind = [\"a\"]",
                "instead of public",
            ),
            ("title = \"X\"\nroutes = []\nlive = [\"GET /x public\"]", "who asks"),
            ("", "title"),
            ("title = \"X\"\nroutes = []\nnonsense = 1", "nonsense"),
            ("title = \"X\"\nroutes = [\"GET /x\"]", "METHODS PATH NEEDS"),
            ("title = \"X\"\nroutes = [\"GET /x EDIT\"]", "`EDIT`"),
            ("title = \"X\"\nroutes = []\n[[api]]\npath = \"api\"", "/api/v2"),
            ("title = \"X\"\nroutes = []\n[aliases]\nA = \"B\"", "`B`"),
            ("title = \"X\"\nroutes = []\ncase = \"odd\"", "odd"),
            ("title = \"X\"\nroutes = [\"GET /x search\"]\n[words]\nview_logs = \"x\"", "words.view_logs"),
            ("title = \"X\"\nodd_paths = \"any\"\nroutes = [\"GET /x admin\"]", "leave it out"),
            ("title = \"X\"\nodd_paths = \"public\"\nroutes = [\"GET /x any\"]", "leave it out"),
        ] {
            assert!(error(text).contains(needle), "{text}: {}", error(text));
        }
    }
}
