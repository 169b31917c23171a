//! The version of a user that a change was made from, so that nobody undoes another's change without having seen it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use sha2::{Digest, Sha256};

use super::draft::{Granted, Typed};
use crate::{authn::name::UserName, store::users::User};

/// What single apps' fields begin with.
const IN_APP: &str = "apps.";
/// Bytes of a digest that are kept: enough to tell what people type apart.
const KEPT: usize = 6;
/// Longer texts are no version of ours.
const LONGEST: usize = 64 * 1024;

/// A digest of each field that can be changed, by its name; of `apps.` and a name where an app has a set of its own.
/// The password is none of them: it is never shown, so never saved again unseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(BTreeMap<String, String>);

impl Version {
    /// Of a user as they are.
    pub fn of(user: &User) -> Self {
        Self::typed(&Typed::of(user))
    }

    /// Of what is typed.
    pub fn typed(typed: &Typed) -> Self {
        let name = UserName::parse(&typed.name).map_or_else(|_| typed.name.clone(), |name| name.to_string());
        let mut fields = BTreeMap::new();
        for (field, text) in [
            ("name", name),
            ("display_name", typed.display_name.clone()),
            ("email", typed.email.clone()),
            ("groups", typed.groups.join(",")),
            ("role", typed.role.clone()),
            ("enabled", typed.enabled.to_string()),
            ("capabilities", set(&typed.granted)),
        ] {
            fields.insert(field.to_owned(), digest(&text));
        }
        let own = typed.apps.iter().filter_map(|(app, granted)| Some((app, granted.as_ref()?)));
        fields.extend(own.map(|(app, granted)| (format!("{IN_APP}{app}"), digest(&set(granted)))));
        Self(fields)
    }

    /// Without the sets of single apps.
    pub fn besides_apps(mut self) -> Self {
        self.0.retain(|field, _| !field.starts_with(IN_APP));
        self
    }

    /// Of the set in one app alone; empty where that app has none.
    pub fn in_app(mut self, app: &str) -> Self {
        self.0.retain(|field, _| field.strip_prefix(IN_APP) == Some(app));
        self
    }

    /// As a form carries it.
    pub fn parse(text: &str) -> Option<Self> {
        let pair =
            |pair: &str| pair.split_once('=').map(|(field, value)| (field.to_owned(), value.to_owned()));
        if text.len() > LONGEST {
            return None;
        }
        text.split(',').filter(|pair| !pair.is_empty()).map(pair).collect::<Option<_>>().map(Self)
    }

    /// The fields that differ.
    pub fn differs(&self, other: &Self) -> BTreeSet<String> {
        let fields = self.0.keys().chain(other.0.keys());
        fields.filter(|field| self.0.get(*field) != other.0.get(*field)).cloned().collect()
    }

    /// The same but for whether they may come in: who could not be disabled in the store is so in memory alone.
    pub fn is_stored_as(&self, stored: &Self) -> bool {
        self.differs(stored).iter().all(|field| field == "enabled")
    }

    /// The entity tag (RFC 9110, 8.8.3).
    pub fn etag(&self) -> String {
        format!("\"{}\"", digest(&self.to_string()))
    }

    /// Whether `If-Match` holds (RFC 9110, 13.1.1): a list of tags, or `*`.
    pub fn is_matched_by(&self, if_match: &str) -> bool {
        let own = self.etag();
        if_match.split(',').map(str::trim).any(|tag| tag == "*" || tag == own)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, (field, value)) in self.0.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            write!(f, "{comma}{field}={value}")?;
        }
        Ok(())
    }
}

/// One text, however the set is chosen.
fn set(granted: &Granted) -> String {
    granted.read().map_or_else(|_| format!("{granted:?}"), |set| set.to_string())
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(KEPT).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(change: impl FnOnce(&mut Typed)) -> Version {
        let mut typed = Typed {
            name: "bob".to_owned(),
            apps: vec![
                ("films".to_owned(), Some(Granted::Each(vec!["search".to_owned()]))),
                ("books".to_owned(), None),
            ],
            ..Typed::default()
        };
        change(&mut typed);
        Version::typed(&typed)
    }

    #[test]
    fn each_field_that_differs_is_named() {
        let before = typed(|_| {});
        assert_eq!(Version::parse(&before.to_string()), Some(before.clone()));
        for (now, fields) in [
            (typed(|typed| typed.name = "Bob".to_owned()), ""),
            (typed(|typed| typed.granted = Granted::Preset("read-only".to_owned())), ""),
            (typed(|typed| typed.email = "b@example.com".to_owned()), "email"),
            (typed(|typed| typed.enabled = false), "enabled"),
            (typed(|typed| typed.granted = Granted::Preset("full".to_owned())), "capabilities"),
            (typed(|typed| typed.apps[0].1 = None), "apps.films"),
            (typed(|typed| typed.apps[1].1 = Some(Granted::Preset("none".to_owned()))), "apps.books"),
        ] {
            let differs: Vec<_> = before.differs(&now).into_iter().collect();
            assert_eq!(differs.join(","), fields);
            assert_eq!(now.is_matched_by(&before.etag()), fields.is_empty(), "{fields}");
            assert_eq!(now.is_stored_as(&before), ["", "enabled"].contains(&fields), "{fields}");
        }
        assert!(before.is_matched_by("*") && before.is_matched_by(&format!("\"x\", {}", before.etag())));
        assert!(!before.is_matched_by("") && !before.is_matched_by(&format!("W/{}", before.etag())));
        assert_eq!(Version::parse("name"), None);
    }

    #[test]
    fn the_set_of_an_app_is_told_apart_from_all_else() {
        let before = typed(|_| {});
        let in_films = typed(|typed| typed.apps[0].1 = None);
        let named = typed(|typed| typed.name = "eve".to_owned());
        assert_eq!(before.clone().besides_apps(), in_films.clone().besides_apps());
        assert_ne!(before.clone().besides_apps(), named.clone().besides_apps());
        assert_eq!(before.clone().in_app("films"), named.in_app("films"));
        assert_ne!(before.clone().in_app("films"), in_films.clone().in_app("films"));
        let none = in_films.in_app("films");
        assert_eq!((none.to_string().as_str(), Version::parse("")), ("", Some(none.clone())));
        assert_eq!(before.in_app("books"), none);
    }
}
