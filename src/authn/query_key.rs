//! Keys in a query. The proxy's lines take one of ours out before they ask, so that no app and no app's log sees it.

use memchr::{memchr_iter, memrchr};

use super::api_key::PREFIX;
use crate::policy::path;

/// The values of `apikey` and `api_key`, in any case as some apps take them; an empty one is absent.
pub(super) fn values(query: &str) -> impl Iterator<Item = &str> {
    // Most are too short to hold one, as those of pages that poll.
    let query = if query.len() > "apikey=".len() { query } else { "" };
    // A second `=` in a pair follows no name that could be a key's.
    memchr_iter(b'=', query.as_bytes()).filter_map(move |sign| {
        let (before, value) = (&query[..sign], &query[sign + 1..]);
        let name = memrchr(b'&', before.as_bytes()).map_or(before, |mark| &before[mark + 1..]);
        let value = is_name(name).then(|| value.split('&').next()).flatten()?;
        (!value.is_empty()).then_some(value)
    })
}

/// Whether a key of ours stands in the query, as the lines look for it: in any case.
pub fn is_in(query: &str) -> bool {
    values(query).any(begins_as_ours)
}

/// The query without our keys; every other byte stays as it is.
pub fn without(query: &str) -> String {
    let is_ours = |pair: &&str| {
        pair.split_once('=').is_some_and(|(name, value)| is_name(name) && begins_as_ours(value))
    };
    query.split('&').filter(|pair| !is_ours(pair)).collect::<Vec<_>>().join("&")
}

/// Whether a path, however often it is decoded, holds what looks like a key of ours in a query.
pub fn is_in_path(path: &str) -> bool {
    let text = path::decoded_through(path).to_ascii_lowercase();
    ["apikey=", "api_key="]
        .iter()
        .any(|name| text.match_indices(name).any(|(at, _)| text[at + name.len()..].starts_with(PREFIX)))
}

fn is_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("apikey") || name.eq_ignore_ascii_case("api_key")
}

fn begins_as_ours(value: &str) -> bool {
    value.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_in_the_query_is_found_by_its_exact_name() {
        for (query, found) in [
            ("apikey=K", &["K"][..]),
            ("t=search&APIKey=K&q=1", &["K"]),
            ("api_key=K&apikey=L", &["K", "L"]),
            ("apikey=", &[]),
            ("xapikey=K&apikey", &[]),
            ("q=apikey=K", &[]),
            ("", &[]),
        ] {
            assert_eq!(values(query).collect::<Vec<_>>(), found, "{query}");
        }
    }

    #[test]
    fn our_keys_are_taken_out_and_nothing_else() {
        for (query, rest) in [
            ("apikey=sluice_K", ""),
            ("a=%31&ApiKey=sluice_K&b=/", "a=%31&b=/"),
            ("api_key=SLUICE_K&a", "a"),
            ("a&&apikey=sluice_K&&b", "a&&&b"),
            ("&apikey=sluice_", ""),
            ("apikey=sluice_K&api_key=sluice_L", ""),
            (
                "apikey=other&xapikey=sluice_K&apikey&q=apikey=sluice_K",
                "apikey=other&xapikey=sluice_K&apikey&q=apikey=sluice_K",
            ),
            ("api%6bey=sluice_K", "api%6bey=sluice_K"),
            ("", ""),
        ] {
            assert_eq!(without(query), rest, "{query}");
            assert_eq!(is_in(query), query.len() != rest.len(), "{query}");
        }
    }

    #[test]
    fn a_key_in_a_path_is_found_in_every_spelling() {
        for (path, found) in [
            ("/x/.apikey=sluice_x./y", true),
            ("/apAPI_KEY=Sluice_", true),
            ("/api%6Bey%3dsluice_x", true),
            ("/%2561pikey%253Dsluice_x", true),
            ("/apikey=other/apikey=sluice_", true),
            ("/apikey=sluice", false),
            ("/apikey/sluice_x", false),
            ("/", false),
        ] {
            assert_eq!(is_in_path(path), found, "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_is_left_holds_no_key_and_every_other_pair(
            pairs in proptest::collection::vec("(?i)(apikey|api_key|q|)=?(sluice_|slu)?[a-z=%]{0,3}", 0..6)
        ) {
            let query = pairs.join("&");
            let rest = without(&query);
            prop_assert!(!is_in(&rest));
            prop_assert_eq!(without(&rest), rest.clone());
            let others = |text: &str| text.split('&').filter(|pair| !is_in(pair)).map(str::to_owned).collect::<Vec<_>>();
            if !others(&query).is_empty() {
                prop_assert_eq!(others(&rest), others(&query));
            }
        }
    }
}
