//! Where a person is sent after signing in: the `rd` parameter, which anybody can write.

use url::Url;

use crate::{
    config::Config,
    policy::origin::{Host, Origin, Scheme},
};

/// Longer addresses are not carried along.
const MAX_LENGTH: usize = 2_048;

/// An address that was checked; what is emitted is what was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    address: String,
    /// The origin, where the address names one.
    origin: Option<Origin>,
}

/// What may stand in `rd`, as the configuration says.
pub struct TargetRules {
    origins: Vec<Origin>,
    cookie_domain: Option<Host>,
    portal: Origin,
}

impl TargetRules {
    /// For a portal at `portal`.
    pub fn new(config: &Config, portal: Origin) -> Self {
        Self {
            origins: config.app_origins(&portal).collect(),
            cookie_domain: config.session.cookie_domain.clone(),
            portal,
        }
    }

    /// Checks an address: a path of our own host, or a URL of the portal, of an app, or under the cookie's domain.
    /// Keys in its query are left out, and a dot at the host's end: with that a browser takes it for another host.
    pub fn check(&self, text: &str) -> Option<Target> {
        let text = &without_keys(text);
        let plain = text.len() <= MAX_LENGTH && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        if !plain {
            return None;
        }
        if text.starts_with('/') {
            let single = !text.starts_with("//");
            return single.then(|| Target { address: text.to_owned(), origin: None });
        }
        let mut url = Url::parse(text).ok()?;
        if !url.username().is_empty() || url.password().is_some() || url.path().starts_with("//") {
            return None;
        }
        let origin = Origin::new(scheme(&url)?, (Host::parse(url.host_str()?)?, url.port()));
        url.set_host(Some(origin.host.as_str())).ok()?;
        self.allows(&origin).then(|| Target { address: url.to_string(), origin: Some(origin) })
    }

    fn allows(&self, origin: &Origin) -> bool {
        let under_domain = self.cookie_domain.as_ref().is_some_and(|domain| origin.host.lies_under(domain));
        origin == &self.portal
            || self.origins.contains(origin)
            || (under_domain && (origin.scheme == self.portal.scheme || origin.scheme == Scheme::Https))
    }
}

fn scheme(url: &Url) -> Option<Scheme> {
    match url.scheme() {
        "http" => Some(Scheme::Http),
        "https" => Some(Scheme::Https),
        _ => None,
    }
}

impl Target {
    /// The address, for a `Location`.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The origin, where the address names one.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }
}

/// A query without keys: `rd` stays in the browser's history and in other logs.
pub fn without_keys(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let is_key = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        matches!(name.to_ascii_lowercase().as_str(), "apikey" | "api_key")
    };
    let rest: Vec<_> = query.split('&').filter(|pair| !is_key(pair)).collect();
    if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules() -> TargetRules {
        let origin = |text| Origin::parse(text).unwrap();
        TargetRules {
            origins: vec![origin("https://app.test"), origin("http://[::1]:8080")],
            cookie_domain: Host::parse("home.test"),
            portal: origin("https://auth.test"),
        }
    }

    #[test]
    fn our_own_addresses_pass_as_they_are() {
        for text in [
            "/",
            "/a?b=c&d=%2F",
            "/.//evil",
            "https://auth.test/x",
            "https://app.test/a?b#c",
            "https://app.test/",
            "https://home.test/",
            "https://nas.home.test:8443/x",
            "http://[::1]:8080/x",
        ] {
            assert_eq!(rules().check(text).unwrap().as_str(), text);
        }
        for text in [
            "https://app.test:443/",
            "https:app.test",
            "https://app.test./",
            "https:app.test.",
            "https://APP.test",
        ] {
            assert_eq!(rules().check(text).unwrap().as_str(), "https://app.test/", "{text:?}");
        }
        assert_eq!(rules().check("https://app.test../"), None);
    }

    #[test]
    fn every_other_address_is_refused() {
        for text in [
            "",
            "evil",
            "//evil",
            "/\\evil",
            "/\t/evil",
            "/\n/evil",
            "\\/\\/evil",
            "https:evil",
            "https:/\\evil",
            "https://app.test@evil",
            "https://app.test:x@evil",
            "https://app.test.evil",
            "https://evil#app.test",
            "https://evil\\.app.test",
            "https://app.test%2eevil.com",
            "https://ａpp.test",
            "https://app。test",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://0x7f.1",
            "https://app.test:8443",
            "http://app.test",
            " https://evil",
            "https://evil",
            "https:///evil",
            "ftp://app.test/",
            "http://nas.home.test/",
            "https://evilhome.test/",
            "https://user@app.test/",
            "https://app.test//evil",
            "/é",
            "/a b",
        ] {
            assert_eq!(rules().check(text), None, "{text:?}");
        }
        assert_eq!(rules().check(&format!("/{}", "a".repeat(MAX_LENGTH))), None);
    }

    #[test]
    fn keys_are_left_out_of_the_address() {
        for (url, left) in [
            ("http://a/x", "http://a/x"),
            ("http://a/x?apikey=K", "http://a/x"),
            ("http://a/x?t=s&ApiKey=K&q=1&api_key=L", "http://a/x?t=s&q=1"),
        ] {
            assert_eq!(without_keys(url), left);
        }
    }

    proptest! {
        #[test]
        fn what_passes_leads_a_browser_to_us(text in "(https?:)?[/\\\\@.:a-z%#?\\t]{0,30}(app\\.test)?[/\\\\@.:a-z]{0,12}") {
            if let Some(target) = rules().check(&text) {
                let base = Url::parse("https://auth.test/sluice/login").unwrap();
                let reached = base.join(target.as_str()).unwrap();
                let host = reached.host_str().unwrap();
                prop_assert!(
                    host == "auth.test" || host == "app.test" || host == "home.test" || host.ends_with(".home.test"),
                    "{} leads to {}", text, reached
                );
            }
        }
    }
}
