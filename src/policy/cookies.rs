//! What becomes of the cookies that an app sets itself: whether they belong to one person, and where they lie.

use std::iter;

/// What becomes of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It belongs to whoever the app gave it to, and is handed on for nobody else.
    Bind,
    /// It is never handed on.
    Withhold,
    /// It is one for all, and always handed on.
    Shared,
}

/// The name of a cookie, or what names begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookiePattern {
    text: String,
    is_prefix: bool,
}

impl CookiePattern {
    /// Reads `NAME` or `START*`; `None` for what no cookie can be named.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, is_prefix) = text.strip_suffix('*').map_or((text, false), |start| (start, true));
        let plain = !name.is_empty()
            && name.len() <= 128
            && name.bytes().all(|b| b.is_ascii_graphic() && !br#"()<>@,;:\"/[]?={}*"#.contains(&b));
        plain.then(|| Self { text: name.to_owned(), is_prefix })
    }

    fn matches(&self, name: &[u8]) -> bool {
        if self.is_prefix { name.starts_with(self.text.as_bytes()) } else { name == self.text.as_bytes() }
    }
}

/// The rules for an app's cookies; the first that takes a name decides, and a cookie that none takes is handed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieRules {
    rules: Vec<(CookiePattern, Treatment)>,
    /// The paths, below the app's own, that it sets its cookies for.
    paths: Vec<String>,
}

impl CookieRules {
    /// Rules for cookies that lie at these paths, as well as at the app's own.
    pub fn new(rules: Vec<(CookiePattern, Treatment)>, paths: Vec<String>) -> Self {
        Self { rules, paths }
    }

    /// These, then those of the app's kind.
    pub fn before(&self, kind: &Self) -> Self {
        Self {
            rules: self.rules.iter().chain(&kind.rules).cloned().collect(),
            paths: self.paths.iter().chain(&kind.paths).cloned().collect(),
        }
    }

    /// What becomes of the cookie of this name.
    pub fn treatment(&self, name: &[u8]) -> Treatment {
        let rule = self.rules.iter().find(|(pattern, _)| pattern.matches(name));
        rule.map_or(Treatment::Shared, |(_, treatment)| *treatment)
    }

    /// Whether some cookie belongs to one person.
    pub fn bind_any(&self) -> bool {
        self.rules.iter().any(|(_, treatment)| *treatment == Treatment::Bind)
    }

    /// Whether some cookie is not always handed on.
    pub fn hold_back_any(&self) -> bool {
        self.rules.iter().any(|(_, treatment)| *treatment != Treatment::Shared)
    }

    /// The cookies of one person that are named in full.
    pub fn bound_names(&self) -> impl Iterator<Item = &str> {
        let bound = self
            .rules
            .iter()
            .filter(|(pattern, treatment)| *treatment == Treatment::Bind && !pattern.is_prefix);
        bound.map(|(pattern, _)| pattern.text.as_str())
    }

    /// Where the cookies of an app below `base_path` can lie: at the root, at the app's own path, and at those named.
    pub fn places(&self, base_path: &str) -> impl Iterator<Item = String> {
        let own = [base_path.to_owned(), format!("{base_path}/")].into_iter().filter(|path| !path.is_empty());
        let named = self.paths.iter().map(move |path| format!("{base_path}{path}"));
        iter::once("/".to_owned()).chain(own).chain(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(list: &[(&str, Treatment)]) -> CookieRules {
        let rule = |(text, treatment): &(&str, Treatment)| (CookiePattern::parse(text).unwrap(), *treatment);
        CookieRules::new(list.iter().map(rule).collect(), Vec::new())
    }

    #[test]
    fn the_first_rule_that_takes_a_name_decides() {
        use Treatment::{Bind, Shared, Withhold};
        let kind = rules(&[("sid", Bind), ("QBT_SID_*", Bind), ("old", Withhold)]);
        let own = rules(&[("QBT_SID_8080", Shared), ("o*", Bind)]).before(&kind);
        for (name, treatment) in [
            ("sid", Bind),
            ("SID", Shared),
            ("sid2", Shared),
            ("QBT_SID_", Bind),
            ("QBT_SID_8080", Shared),
            ("QBT_SID_8081", Bind),
            ("old", Bind),
            ("lang", Shared),
            ("", Shared),
        ] {
            assert_eq!(own.treatment(name.as_bytes()), treatment, "{name}");
        }
        assert!(own.bind_any() && own.hold_back_any());
        assert!(!rules(&[("old", Withhold)]).bind_any() && rules(&[("old", Withhold)]).hold_back_any());
        assert!(!rules(&[("sid", Shared)]).hold_back_any());
        assert_eq!(own.bound_names().collect::<Vec<_>>(), ["sid"]);
    }

    #[test]
    fn only_what_a_cookie_can_be_named_is_a_name() {
        for good in ["sid", "amule.sid", "__Host-x", "QBT_SID_*", "a*"] {
            assert!(CookiePattern::parse(good).is_some(), "{good}");
        }
        for bad in ["", "*", "a b", "a=b", "a;b", "a*b", "a**", "é", "a\n", &"a".repeat(129)] {
            assert!(CookiePattern::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn cookies_lie_at_the_root_at_the_apps_path_and_where_a_pack_says() {
        let rules = CookieRules::new(Vec::new(), vec!["/api".to_owned()]);
        assert_eq!(rules.places("").collect::<Vec<_>>(), ["/", "/", "/api"]);
        assert_eq!(rules.places("/dl").collect::<Vec<_>>(), ["/", "/dl", "/dl/", "/dl/api"]);
    }
}
