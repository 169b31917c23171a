//! `cookies` of an `[[app]]` or a pack: what becomes of the cookies that the app sets itself.

use serde::Deserialize;

use super::reader::Reader;
use crate::{
    authn::marker::is_marker,
    policy::cookies::{CookiePattern, CookieRules, Treatment},
};

/// The same in a pack's file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawCookies {
    shared: Vec<String>,
    withhold: Vec<String>,
    bind: Vec<String>,
    paths: Vec<String>,
}

impl RawCookies {
    /// The rules, or what is wrong with them.
    pub(super) fn rules(&self) -> Result<CookieRules, String> {
        let lists = [&self.shared, &self.withhold, &self.bind].into_iter().zip(TREATMENTS);
        let entries =
            lists.flat_map(|(names, (_, treatment))| names.iter().map(move |name| (name, treatment)));
        let rule = |(name, treatment): (&String, Treatment)| match pattern(name) {
            Ok(pattern) => Ok((pattern, treatment)),
            Err(wrong) => Err(format!("`{name}` {wrong}")),
        };
        let paths = self.paths.iter().map(|text| path(text).map_err(|wrong| format!("`{text}` {wrong}")));
        Ok(CookieRules::new(entries.map(rule).collect::<Result<_, _>>()?, paths.collect::<Result<_, _>>()?))
    }
}

/// The lists. Where two take a name, the earlier one decides.
const TREATMENTS: [(&str, Treatment); 3] =
    [("shared", Treatment::Shared), ("withhold", Treatment::Withhold), ("bind", Treatment::Bind)];

/// Reads those of an app; `key` makes the whole name of one.
pub(super) fn read(reader: &mut Reader, key: impl Fn(&str) -> String) -> Option<CookieRules> {
    let mut rules = Some(Vec::new());
    for (list, treatment) in TREATMENTS {
        let names = reader.list(&key(&format!("cookies.{list}")), &[], pattern);
        match (names, &mut rules) {
            (Some(names), Some(rules)) => rules.extend(names.into_iter().map(|name| (name, treatment))),
            _ => rules = None,
        }
    }
    let paths = reader.list(&key("cookies.paths"), &[], path);
    Some(CookieRules::new(rules?, paths?))
}

fn pattern(text: &str) -> Result<CookiePattern, String> {
    match CookiePattern::parse(text) {
        _ if is_marker(text.as_bytes()) => Err("is a cookie of Sluice's own; leave it out".to_owned()),
        None => {
            Err("is no name of a cookie; write it like connect.sid, or app_* for all that begin so"
                .to_owned())
        }
        Some(pattern) => Ok(pattern),
    }
}

/// A path that an app sets cookies for.
fn path(text: &str) -> Result<String, String> {
    let plain = text.starts_with('/')
        && text.len() <= 256
        && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b';' | b',' | b'?' | b'#'));
    if plain { Ok(text.to_owned()) } else { Err("is no path; write it like /api".to_owned()) }
}
