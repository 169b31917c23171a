//! `headers` and `inject` of an `[[app]]`.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};

use super::{reader::Reader, values::header};
use crate::{
    policy::{
        app::Authorization,
        extras::{Extras, HeaderText, Inject},
    },
    proxy::headers::OWNED,
};

/// What the answer to the proxy says about itself, or would make a browser do.
const OF_THE_ANSWER: [&str; 9] = [
    "cache-control",
    "date",
    "keep-alive",
    "location",
    "set-cookie",
    "transfer-encoding",
    "upgrade",
    "vary",
    "www-authenticate",
];

/// What the proxy's lines say of the connection.
const OF_THE_PROXY: [&str; 5] = ["forwarded", "proxy-authorization", "te", "trailer", "x-real-ip"];

/// Reads both; `key` makes the whole name of one.
pub(super) fn read(
    reader: &mut Reader,
    key: impl Fn(&str) -> String,
    authorization: Authorization,
) -> Option<Extras> {
    let headers = headers(reader, &key("headers"));
    let inject = inject(reader, &key, authorization);
    Some(Extras { headers: headers?, inject: inject? })
}

fn headers(reader: &mut Reader, key: &str) -> Option<Vec<(String, HeaderText)>> {
    let headers = reader.map(key, |name, text| {
        let header = named(name).map_err(|wrong| format!("`{name}` {wrong}"))?;
        let text = HeaderText::parse(text).ok_or_else(|| {
            format!(
                "`{text}` is no header's text; write it like {{user}}, of user, name, email, groups, id, role, \
                 capabilities, permission and app"
            )
        })?;
        Ok((header, text))
    })?;
    for (place, (name, _)) in headers.iter().enumerate() {
        if headers[..place].iter().any(|(other, _)| other == name) {
            reader.problem(key, &format!("`{name}` is there twice, since case does not count; keep one"));
            return None;
        }
    }
    Some(headers)
}

/// The name of a header that is the app's alone.
fn named(name: &str) -> Result<String, String> {
    // Whatever the app reads of these must be what Sluice decided.
    if OWNED.iter().any(|owned| owned.eq_ignore_ascii_case(name)) {
        return Err("is a header that Sluice sends itself; choose another name".to_owned());
    }
    let name = header(name)
        .map_err(|_| "is no name of a header for an app; write it like X-Forwarded-User".to_owned())?
        .as_str()
        .to_owned();
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(
            "has characters that not every proxy can name; use letters, digits and hyphens".to_owned()
        );
    }
    if OF_THE_PROXY.contains(&name.as_str()) {
        return Err("is a header that the proxy's lines set themselves; choose another name".to_owned());
    }
    if OF_THE_ANSWER.contains(&name.as_str()) || name.starts_with("content-") {
        return Err("is a header of the answer itself; choose one that the app reads".to_owned());
    }
    Ok(name)
}

fn inject(reader: &mut Reader, key: impl Fn(&str) -> String, authorization: Authorization) -> Option<Inject> {
    let fix = "write it like \"Basic name:password\" or \"Bearer token\"";
    let header = secret(reader, &key("inject.authorization"), fix, |text| match text.split_once(' ') {
        // Base64 has no colon, so this is the pair itself.
        Some(("Basic", pair)) if pair.contains(':') => Some(format!("Basic {}", STANDARD.encode(pair))),
        Some(("Basic" | "Bearer", token)) if !token.contains([' ', ':']) => Some(text.to_owned()),
        _ => None,
    });
    let api_key = secret(reader, &key("inject.api_key"), "it is a key without spaces", |text| {
        (!text.contains(' ')).then(|| text.to_owned())
    });
    let cookie = secret(reader, &key("inject.cookie"), "write it like name=value", |text| {
        let (name, value) = text.split_once('=')?;
        let plain =
            |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b';' | b',' | b'"'));
        (!name.is_empty() && plain(name) && plain(value)).then(|| text.to_owned())
    });
    let header = header?;
    if header.is_some() && authorization == Authorization::App {
        reader.problem(
            &key("inject.authorization"),
            "authorization = \"app\" leaves that header to the client; remove one of the two",
        );
        return None;
    }
    Some(Inject { authorization: header, api_key: api_key?, cookie: cookie? })
}

/// A secret in the form in which a header carries it.
fn secret(
    reader: &mut Reader,
    key: &str,
    fix: &str,
    form: impl Fn(&str) -> Option<String>,
) -> Option<Option<SecretString>> {
    let Some(secret) = reader.secret(key)? else { return Some(None) };
    let text = secret.expose_secret();
    let printable = |text: &String| text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    match form(text).filter(printable) {
        Some(formed) => Some(Some(SecretString::from(formed))),
        None => {
            reader.problem(key, &format!("it cannot go into a header; {fix}"));
            None
        }
    }
}
