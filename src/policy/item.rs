//! What apps have that somebody can own.

/// The key of an item in its app, such as the hash of a torrent: 1 to 128 printable ASCII characters without spaces.
/// Hashes that differ in case alone are the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ItemKey(String);

impl ItemKey {
    /// Reads a key; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        let is_hash = matches!(text.len(), 32 | 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
        plain.then(|| Self(if is_hash { text.to_ascii_lowercase() } else { text.to_owned() }))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_one_spelling_and_a_key_no_odd_bytes() {
        let read = |text: &str| ItemKey::parse(text).map(|key| key.as_str().to_owned());
        assert_eq!(read(&"AB".repeat(20)), Some("ab".repeat(20)));
        assert_eq!(read("Show-1"), Some("Show-1".to_owned()));
        for text in ["", "a b", "a\n", "é", &"a".repeat(129)] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
