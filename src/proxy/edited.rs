//! What the proxy's lines took out of the address before they asked: a key in the query, and nothing else.

use actix_web::http::header::{HeaderMap, HeaderName};

use super::{
    headers::{Field, Marks, field},
    undescribed::Undescribed,
};
use crate::{authn::query_key, policy::path};

/// The path and query as they came, where the lines took a key out.
static X_SLUICE_URI: HeaderName = HeaderName::from_static("x-sluice-uri");

/// The query in which keys stand: the client's own. The app gets `target`, which is what is judged.
pub fn query_of_keys<'a>(
    headers: &'a HeaderMap,
    marks: Marks<'_>,
    target: &'a str,
) -> Result<&'a str, Undescribed> {
    let sent = match marks.keyed {
        false => target,
        true => match field(headers, &X_SLUICE_URI) {
            Field::Once(sent) if without_keys(sent) == target => sent,
            Field::Once(_) => return Err(Undescribed::Edited),
            Field::Absent | Field::Bad => return Err(Undescribed::Malformed("X-Sluice-Uri")),
        },
    };
    let (path, query) = sent.split_once('?').unwrap_or((sent, ""));
    if query_key::is_in(query) && !path::is_literal(path) {
        return Err(Undescribed::KeyBesidePath);
    }
    Ok(query)
}

/// As the lines write it.
fn without_keys(sent: &str) -> String {
    let (path, query) = sent.split_once('?').unwrap_or((sent, ""));
    match query_key::without(query) {
        rest if rest.is_empty() => path.to_owned(),
        rest => format!("{path}?{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read(sent: Option<&str>, target: &str) -> Result<String, Undescribed> {
        let mut headers = HeaderMap::new();
        if let Some(sent) = sent {
            headers.insert(X_SLUICE_URI.clone(), HeaderValue::from_str(sent).unwrap());
        }
        query_of_keys(&headers, Marks::of(&headers), target).map(str::to_owned)
    }

    #[test]
    fn what_was_taken_out_is_a_key_and_nothing_else() {
        for (sent, target, read_as) in [
            (Some("/x?apikey=sluice_K"), "/x", Ok("apikey=sluice_K")),
            (Some("/x?a=%2f&apikey=sluice_K&b"), "/x?a=%2f&b", Ok("a=%2f&apikey=sluice_K&b")),
            (Some("/x?a&API_KEY=SLUICE_K"), "/x?a", Ok("a&API_KEY=SLUICE_K")),
            (None, "/x?apikey=sluice_K", Ok("apikey=sluice_K")),
            (None, "/x%2fy?apikey=other", Ok("apikey=other")),
            (None, "/x?", Ok("")),
            (Some("/x"), "/x", Ok("")),
            (Some("/x?apikey=sluice_K"), "/y", Err(Undescribed::Edited)),
            (Some("/x?apikey=sluice_K"), "/x?", Err(Undescribed::Edited)),
            (Some("/x?apikey=sluice_K"), "/x?apikey=sluice_K", Err(Undescribed::Edited)),
            (Some("/x?apikey=sluice_K&apikey=sluice_K"), "/x?apikey=sluice_K", Err(Undescribed::Edited)),
            (Some("/x?b&apikey=sluice_K"), "/x?a", Err(Undescribed::Edited)),
            (Some("/x?b"), "/x", Err(Undescribed::Edited)),
            (Some("/a//b?apikey=sluice_K"), "/a/b", Err(Undescribed::Edited)),
            (Some(""), "/x", Err(Undescribed::Edited)),
            (Some("/a//b?apikey=sluice_K"), "/a//b", Err(Undescribed::KeyBesidePath)),
            (Some("/a%20b?apikey=sluice_K"), "/a%20b", Err(Undescribed::KeyBesidePath)),
            (None, "/a%20b?x&apikey=sluice_K", Err(Undescribed::KeyBesidePath)),
        ] {
            assert_eq!(read(sent, target), read_as.map(str::to_owned), "{sent:?} {target}");
        }
    }
}
