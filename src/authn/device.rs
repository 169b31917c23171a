//! What somebody signed in with, in a few words of ours: nothing of the `User-Agent` itself is kept.

use std::fmt;

use actix_web::http::header::{HeaderMap, USER_AGENT};

/// What a `User-Agent` holds, and what that is; the first that fits. Most browsers also name those that they resemble.
const PROGRAMS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Seamonkey/", "SeaMonkey"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("Sonarr/", "Sonarr"),
    ("Radarr/", "Radarr"),
    ("Lidarr/", "Lidarr"),
    ("Readarr/", "Readarr"),
    ("Prowlarr/", "Prowlarr"),
    ("qBittorrent", "qBittorrent"),
    ("Transdroid", "Transdroid"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("python", "Python"),
    ("okhttp/", "App"),
    ("Dart/", "App"),
    ("CFNetwork/", "App"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Darwin", "Apple"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
];

/// A program and a system, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device {
    program: Option<&'static str>,
    system: Option<&'static str>,
}

impl Device {
    /// Of whoever sent these headers.
    pub fn of(headers: &HeaderMap) -> Self {
        headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).map(Self::parse).unwrap_or_default()
    }

    /// Of a `User-Agent`.
    pub fn parse(text: &str) -> Self {
        let known = |table: &[(&str, &'static str)]| {
            table.iter().find(|(part, _)| text.contains(part)).map(|(_, name)| *name)
        };
        Self { program: known(PROGRAMS), system: known(SYSTEMS) }
    }

    /// In words; `None` where nothing is known.
    pub fn in_words(self) -> Option<String> {
        match (self.program, self.system) {
            (Some(program), Some(system)) => Some(format!("{program} on {system}")),
            (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
            (None, None) => None,
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_words().as_deref().unwrap_or("Unknown device"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_device_is_told_in_words() {
        const BROWSER: &str = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0";
        for (text, words) in [
            ("Mozilla/5.0 (Android 15; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0", "Firefox on Android"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox on Linux"),
            (
                &format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BROWSER} Safari/537.36"),
                "Chrome on Windows",
            ),
            (
                &format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BROWSER} Safari/537.36 Edg/148.0.0.0"),
                "Edge on Windows",
            ),
            (
                &format!("Mozilla/5.0 (Linux; Android 10; K) {BROWSER} Mobile Safari/537.36"),
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
                "Safari on Mac",
            ),
            ("Sonarr/4.0.15.2941 (ubuntu 24.04)", "Sonarr"),
            ("curl/8.14.1", "curl"),
            ("python-requests/2.34.2", "Python"),
            ("SomethingElse/1.0", "Unknown device"),
            ("", "Unknown device"),
        ] {
            assert_eq!(Device::parse(text).to_string(), words, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_of_what_was_sent_is_repeated(text in "\\PC{0,200}") {
            let words = Device::parse(&text).to_string();
            prop_assert!(words.len() <= 32 && words.bytes().all(|b| b.is_ascii_alphabetic() || b == b' '), "{}", words);
        }
    }
}
