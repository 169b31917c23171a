//! Groups that another system says a user is in.

/// Groups of one user that are kept; the rest of a longer list is left out.
pub const MAX_GROUPS: usize = 64;

/// Groups that Sluice itself names, by a user's role; another system's of the same name must not be taken for them.
const OWN: [&str; 2] = ["admins", "users"];

/// A user's groups, in the order in which they were named, each once. A group is 1 to 64 printable ASCII characters
/// without comma and `|`, which separate groups in headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(Vec<String>);

impl Groups {
    /// Reads a list; what is no group is left out: it can only have granted something.
    pub fn parse(text: &str, separator: char) -> Self {
        let mut groups = Vec::new();
        for group in text.split(separator).map(|group| group.trim_matches(' ')) {
            if is_group(group) && groups.len() < MAX_GROUPS && !groups.iter().any(|known| known == group) {
                groups.push(group.to_owned());
            }
        }
        Self(groups)
    }

    /// Whether `group` is one of them, byte for byte.
    pub fn contains(&self, group: &str) -> bool {
        self.0.iter().any(|known| known == group)
    }

    /// All of them.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Those that stand beside the role's group in `Remote-Groups`.
    pub fn foreign(&self) -> impl Iterator<Item = &str> {
        let ours = |group: &str| OWN.iter().any(|own| own.eq_ignore_ascii_case(group));
        self.0.iter().map(String::as_str).filter(move |group| !ours(group))
    }

    /// The comma list for the store.
    pub fn to_text(&self) -> String {
        self.0.join(",")
    }
}

/// Whether this is one group.
pub fn is_group(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.trim_matches(' ') == text
        && text.bytes().all(|b| (b.is_ascii_graphic() || b == b' ') && b != b',' && b != b'|')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_by_its_separator_and_no_group_of_ours_is_taken_over() {
        for (text, separator, kept, shown) in [
            ("", ',', "", ""),
            ("family, admins ,family", ',', "family,admins", "family"),
            ("a|Users|b c", '|', "a,Users,b c", "a,b c"),
            ("a,\u{e9},b\x01,c", ',', "a,c", "a,c"),
        ] {
            let groups = Groups::parse(text, separator);
            assert_eq!(groups.to_text(), kept, "{text:?}");
            assert_eq!(groups.foreign().collect::<Vec<_>>().join(","), shown, "{text:?}");
        }
    }
}
