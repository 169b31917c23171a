//! What an app receives beside the identity headers: names of its own for the user, and a credential for the app.

use std::fmt::Write;

use secrecy::SecretString;

/// What else is sent to an app.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// Headers by name, and what they hold.
    pub headers: Vec<(String, HeaderText)>,
    /// The credential for the app behind.
    pub inject: Inject,
}

/// A credential that the app asks for, so that people never hold it.
#[derive(Clone, Debug, Default)]
pub struct Inject {
    /// The value of `Authorization`.
    pub authorization: Option<SecretString>,
    /// The value of `X-Api-Key`.
    pub api_key: Option<SecretString>,
    /// A cookie, `name=value`.
    pub cookie: Option<SecretString>,
}

/// What can stand in a header of an app's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The user's name.
    User,
    /// Their name for people.
    Name,
    /// Their address.
    Email,
    /// Their groups.
    Groups,
    /// Their stable id.
    Id,
    /// Their role.
    Role,
    /// Their capabilities in the app.
    Capabilities,
    /// The same in one word.
    Permission,
    /// The app's name.
    App,
}

impl Fact {
    const ALL: [(&'static str, Self); 9] = [
        ("user", Self::User),
        ("name", Self::Name),
        ("email", Self::Email),
        ("groups", Self::Groups),
        ("id", Self::Id),
        ("role", Self::Role),
        ("capabilities", Self::Capabilities),
        ("permission", Self::Permission),
        ("app", Self::App),
    ];
}

/// A header's value with `{user}` and the like in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderText(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Fact(Fact),
}

impl HeaderText {
    /// Reads printable ASCII with facts in braces; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let printable = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}')?;
            let (_, fact) = Fact::ALL.into_iter().find(|(known, _)| *known == name)?;
            parts.extend([Part::Text(before.to_owned()), Part::Fact(fact)]);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        (printable && !rest.contains('}')).then_some(Self(parts))
    }

    /// Fills the facts in.
    pub fn fill(&self, mut fact: impl FnMut(Fact, &mut String)) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(plain) => text.write_str(plain).unwrap_or_default(),
                Part::Fact(name) => fact(*name, &mut text),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stand_in_braces() {
        let fill = |text| {
            HeaderText::parse(text).map(|parsed| {
                parsed.fill(|fact, into| into.push_str(if fact == Fact::User { "bob" } else { "?" }))
            })
        };
        for (text, filled) in [
            ("{user}", "bob"),
            ("u={user};g={groups}", "u=bob;g=?"),
            ("fixed", "fixed"),
            ("{app}{user}", "?bob"),
        ] {
            assert_eq!(fill(text).as_deref(), Some(filled), "{text}");
        }
        for text in ["", "{nobody}", "{user", "user}", "{}", "a\nb", "\u{e9}"] {
            assert_eq!(fill(text), None, "{text:?}");
        }
    }
}
