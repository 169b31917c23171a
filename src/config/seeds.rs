//! The variable names of aMuTorrent and pyTorrent, and what they set here. Each app's names bring its ways.

use super::book::Problem;

/// A key with the value that a variable gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// The variable, for `check`.
    pub(super) variable: String,
    pub(super) key: String,
    pub(super) value: String,
}

/// Names that set one key, whatever else is set. Of two that set the same, the later wins.
const PLAIN: [(&str, &str); 8] = [
    ("WEB_AUTH_ENABLED", "auth.enabled"),
    ("WEB_AUTH_PASSWORD", "auth.admin_password"),
    ("PYTORRENT_AUTH_ENABLE", "auth.enabled"),
    ("PYTORRENT_SESSION_COOKIE_SECURE", "session.cookie_secure"),
    ("PYTORRENT_SOCKETIO_CORS_ALLOWED_ORIGINS", "origins.allowed"),
    ("PYTORRENT_API_ALLOWED_ORIGINS", "origins.allowed"),
    ("PYTORRENT_AUTH_BYPASS_HOSTS", "bypass.hosts"),
    ("PYTORRENT_AUTH_BYPASS_USER", "bypass.user"),
];

/// aMuTorrent's trusted proxy.
const TRUSTED_PROXY: [(&str, &str); 4] = [
    ("TRUSTED_PROXY_ENABLED", "enabled"),
    ("TRUSTED_PROXY_USERNAME_HEADER", "user_header"),
    ("TRUSTED_PROXY_AUTO_PROVISION", "auto_provision"),
    ("TRUSTED_PROXY_IPS", "trusted_ips"),
];

/// pyTorrent's external providers.
const EXTERNAL: [(&str, &str); 4] = [
    ("PYTORRENT_AUTH_PROXY_USER_HEADER", "user_header"),
    ("PYTORRENT_AUTH_PROXY_AUTO_CREATE", "auto_provision"),
    ("PYTORRENT_AUTH_PROXY_AUTO_CREATE_ROLE", "role"),
    ("PYTORRENT_AUTH_PROXY_AUTO_CREATE_PERMISSION", "permission"),
];

const PROVIDER: &str = "PYTORRENT_AUTH_PROVIDER";
const PROXY_FIX: &str = "PYTORRENT_PROXY_FIX_ENABLE";

/// What the variables set. `asks_provider` says whether `upstream.url` is set elsewhere: pyTorrent's providers then
/// mean that one, and SSO by header otherwise.
pub(super) fn settings(variables: &[(String, String)], asks_provider: bool) -> Result<Vec<Setting>, Problem> {
    let value =
        |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let mut settings = Vec::new();
    let mut set = |variable: &str, key: String, value: &str| {
        settings.push(Setting { variable: variable.to_owned(), key, value: value.to_owned() });
    };
    for (name, key) in PLAIN {
        // In pyTorrent an empty list of its own falls back to the other one.
        if let Some(value) = value(name).filter(|value| key != "origins.allowed" || !value.trim().is_empty())
        {
            set(name, key.to_owned(), value);
        }
    }
    for (name, key) in TRUSTED_PROXY {
        // Empty means the usual in aMuTorrent.
        if let Some(value) = value(name).filter(|value| !value.trim().is_empty()) {
            set(name, format!("sso.{key}"), value);
        }
    }
    let external = EXTERNAL.iter().any(|(name, _)| value(name).is_some());
    if let Some(provider) = value(PROVIDER).or(external.then_some("")) {
        let section = if asks_provider { "upstream" } else { "sso" };
        match (provider.trim().to_ascii_lowercase().as_str(), asks_provider) {
            ("local", false) => set(PROVIDER, "sso.enabled".to_owned(), "false"),
            ("", _) | ("local", true) => {}
            ("tinyauth" | "proxy", false) => set(PROVIDER, "sso.enabled".to_owned(), "true"),
            ("tinyauth", true) => set(PROVIDER, "upstream.kind".to_owned(), "tinyauth"),
            ("proxy", true) => set(PROVIDER, "upstream.kind".to_owned(), "generic"),
            _ => {
                let text = format!("`{provider}` is none of local, tinyauth, proxy");
                return Err(Problem::new(PROVIDER, "", &text));
            }
        }
        set(PROVIDER, format!("{section}.sync"), "always");
        for (name, key) in EXTERNAL {
            if let Some(value) = value(name).filter(|value| !value.trim().is_empty()) {
                set(name, format!("{section}.{key}"), value.trim());
            }
        }
    }
    // Which forwarded headers count is a matter of server.trusted_proxies here; the name is known and says no more.
    if let Some(flag) = value(PROXY_FIX)
        && let Err(fix) = super::values::flag(flag.trim())
    {
        return Err(Problem::new(PROXY_FIX, "", &format!("`{flag}` {fix}")));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(block: &str, asks_provider: bool) -> Vec<String> {
        let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables: Vec<_> = block.lines().filter_map(pair).collect();
        let settings = settings(&variables, asks_provider).unwrap();
        settings.into_iter().map(|setting| format!("{}={}", setting.key, setting.value)).collect()
    }

    const TINYAUTH: &str = "PYTORRENT_AUTH_ENABLE=true\nPYTORRENT_AUTH_PROVIDER=tinyauth\n\
        PYTORRENT_AUTH_PROXY_USER_HEADER=Remote-User\nPYTORRENT_AUTH_PROXY_AUTO_CREATE=true\n\
        PYTORRENT_AUTH_PROXY_AUTO_CREATE_ROLE=admin\nPYTORRENT_AUTH_PROXY_AUTO_CREATE_PERMISSION=rw";

    #[test]
    fn pytorrents_names_mean_sso_or_the_provider_that_is_asked() {
        for (asks, section, kind) in
            [(false, "sso", "sso.enabled=true"), (true, "upstream", "upstream.kind=tinyauth")]
        {
            let expected = [
                "auth.enabled=true".to_owned(),
                kind.to_owned(),
                format!("{section}.sync=always"),
                format!("{section}.user_header=Remote-User"),
                format!("{section}.auto_provision=true"),
                format!("{section}.role=admin"),
                format!("{section}.permission=rw"),
            ];
            assert_eq!(read(TINYAUTH, asks), expected);
        }
        assert_eq!(read("PYTORRENT_AUTH_PROVIDER=local", false), ["sso.enabled=false", "sso.sync=always"]);
        assert!(settings(&[(PROVIDER.to_owned(), "ldap".to_owned())], false).is_err());
    }

    #[test]
    fn amutorrents_names_bring_its_ways() {
        let block = "TRUSTED_PROXY_ENABLED=true\nTRUSTED_PROXY_USERNAME_HEADER=X-Remote-User\n\
                     TRUSTED_PROXY_AUTO_PROVISION=true\nTRUSTED_PROXY_IPS=";
        let expected = ["sso.enabled=true", "sso.user_header=X-Remote-User", "sso.auto_provision=true"];
        assert_eq!(read(block, false), expected);
    }

    #[test]
    fn the_list_of_origins_falls_back_to_the_other() {
        let socketio = "PYTORRENT_SOCKETIO_CORS_ALLOWED_ORIGINS=https://a.test";
        assert_eq!(read(socketio, false), ["origins.allowed=https://a.test"]);
        assert_eq!(
            read(&format!("{socketio}\nPYTORRENT_API_ALLOWED_ORIGINS="), false),
            ["origins.allowed=https://a.test"]
        );
        let both = read(&format!("{socketio}\nPYTORRENT_API_ALLOWED_ORIGINS=https://b.test"), false);
        assert_eq!(both.last().unwrap(), "origins.allowed=https://b.test");
    }

    #[test]
    fn the_switch_of_forwarded_headers_is_known() {
        assert_eq!(read("PYTORRENT_PROXY_FIX_ENABLE=true", false), [""; 0]);
        assert!(settings(&[(PROXY_FIX.to_owned(), "perhaps".to_owned())], false).is_err());
    }
}
