//! Texts for logs and events: a key that somebody typed where none belongs is not shown.

use std::borrow::Cow;

use memchr::memmem;

use super::api_key::PREFIX;

/// A text for the log, in which nothing stands that could be a key of ours: `sluice_…` in its place.
pub fn masked(text: &str) -> Cow<'_, str> {
    if memmem::find(text.as_bytes(), PREFIX.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split(PREFIX);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        shown.push_str(PREFIX);
        if rest.len() < part.len() {
            shown.push('\u{2026}');
        }
        shown.push_str(rest);
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::{super::api_key::NewKey, *};

    #[test]
    fn what_could_be_a_key_is_not_shown() {
        let key = NewKey::generate().unwrap();
        let key = key.expose();
        for (text, shown) in [
            ("/api/v2".to_owned(), "/api/v2"),
            (format!("/x/{key}"), "/x/sluice_\u{2026}"),
            (format!("{key}/{key}?a={key}&b"), "sluice_\u{2026}/sluice_\u{2026}?a=sluice_\u{2026}&b"),
            (format!("/{}.html", &key[..20]), "/sluice_\u{2026}.html"),
            (format!("{key}{key}"), "sluice_\u{2026}sluice_\u{2026}"),
            ("sluice_/sluice".to_owned(), "sluice_/sluice"),
        ] {
            assert_eq!(masked(&text), shown);
        }
    }
}
