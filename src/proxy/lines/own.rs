//! The lines for headers that an app's entry adds: the client's own go before Sluice is asked, and Sluice's come after.

use std::fmt::Write;

use super::Proxy;
use crate::{authn::sso::IdentityHeaders, policy::app::App, proxy::headers::titled};

/// Hyphens up to which every spelling of a name is written out; of more, the likeliest one.
const MOST_HYPHENS: usize = 4;

/// The headers that apps are told beside Sluice's own ten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnHeaders {
    /// What this app is told.
    pub told: Vec<String>,
    /// Those of them that only Sluice says: `sso` reads none of them from the proxy in front.
    pub forgeable: Vec<String>,
}

/// Lines that somebody adds by hand to the shipped files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Where they go.
    pub place: String,
    /// The lines.
    pub text: String,
}

impl OwnHeaders {
    /// Of an app, where `sso` says which headers another proxy names users in.
    pub fn of(app: &App, sso: Option<&IdentityHeaders>) -> Self {
        let read = sso.map(IdentityHeaders::uncommon).unwrap_or_default();
        let told: Vec<_> = app.extras.headers.iter().map(|(name, _)| titled(name)).collect();
        let is_read = |name: &String| read.iter().any(|read| read.as_str().eq_ignore_ascii_case(name));
        let forgeable = told.iter().filter(|name| !is_read(name)).cloned().collect();
        Self { told, forgeable }
    }

    /// The lines for the shipped files of a proxy; none where the app is told nothing of its own.
    pub fn added(&self, proxy: Proxy, app: &str) -> Vec<Added> {
        if self.told.is_empty() {
            return Vec::new();
        }
        let added = match proxy {
            Proxy::Nginx => vec![
                (
                    "sluice.conf, at the end of `location = /sluice-verify`".to_owned(),
                    nginx_question(&self.forgeable),
                ),
                (
                    "the app's location, after the include of protect.conf".to_owned(),
                    nginx_answer(&self.told),
                ),
            ],
            Proxy::Traefik => vec![
                ("dynamic.yml, under middlewares".to_owned(), traefik_middleware(app, &self.forgeable)),
                (
                    "the middlewares of each router of the app, after sluice-clean".to_owned(),
                    traefik_name(app, &self.forgeable),
                ),
                (
                    format!("authResponseHeaders of sluice-{app}, or of the list that it refers to"),
                    traefik_answer(&self.told),
                ),
            ],
            Proxy::Caddy => vec![(
                format!("the site, in place of `import sluice_protect {app} ADDRESS`"),
                self.caddy_protect(&format!("{app} ADDRESS")),
            )],
        };
        added
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(place, text)| Added { place, text })
            .collect()
    }

    /// Caddy's import, for this app and address.
    pub(super) fn caddy_protect(&self, arguments: &str) -> String {
        let mut text = String::new();
        for name in &self.forgeable {
            line(&mut text, format_args!("request_header -{name}"));
        }
        line(&mut text, format_args!("import sluice_protect {arguments} {{"));
        line(&mut text, format_args!("\tcopy_headers {}", self.told.join(" ")));
        line(&mut text, format_args!("}}"));
        text
    }
}

/// What removes the client's own from nginx's question.
pub(super) fn nginx_question(names: &[String]) -> String {
    let mut text = String::new();
    for name in names {
        line(&mut text, format_args!("    proxy_set_header {name} \"\";"));
    }
    text
}

/// What hands the app Sluice's.
pub(super) fn nginx_answer(names: &[String]) -> String {
    let mut text = String::new();
    for name in names {
        let variable = name.to_ascii_lowercase().replace('-', "_");
        line(
            &mut text,
            format_args!("        auth_request_set $sluice_own_{variable} $upstream_http_{variable};"),
        );
        line(&mut text, format_args!("        proxy_set_header {name} $sluice_own_{variable};"));
        for spelling in with_underscores(name) {
            line(&mut text, format_args!("        proxy_set_header {spelling} \"\";"));
        }
    }
    text
}

pub(super) fn traefik_middleware(app: &str, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let mut text = format!("    sluice-own-{app}:\n      headers:\n        customRequestHeaders:\n");
    for name in names {
        let aliases = ['_', '.'].map(|mark| name.replace('-', &mark.to_string()));
        for spelling in std::iter::once(name).chain(aliases.iter().filter(|alias| *alias != name)) {
            line(&mut text, format_args!("          {spelling}: \"\""));
        }
    }
    text
}

/// The middleware's name, where there is one.
pub(super) fn traefik_name(app: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("sluice-own-{app}") }
}

pub(super) fn traefik_answer(names: &[String]) -> String {
    let mut text = String::new();
    for name in names {
        line(&mut text, format_args!("          - {name}"));
    }
    text
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{line}");
}

/// The spellings that an app could read alike where nginx lets underscores pass.
fn with_underscores(name: &str) -> Vec<String> {
    let parts: Vec<_> = name.split('-').collect();
    let hyphens = parts.len() - 1;
    if hyphens > MOST_HYPHENS {
        return vec![parts.join("_")];
    }
    let spelling = |choice: usize| {
        parts.iter().enumerate().fold(String::new(), |text, (place, part)| match place.checked_sub(1) {
            None => (*part).to_owned(),
            Some(bit) => text + if choice >> bit & 1 == 1 { "_" } else { "-" } + part,
        })
    };
    (1..1_usize << hyphens).map(spelling).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::http::header::HeaderName;

    use super::*;
    use crate::policy::{app::AppName, extras::HeaderText};

    fn own(names: &[&str], read: Option<&'static str>) -> OwnHeaders {
        let mut app = App::plain(AppName::parse("sonarr").unwrap(), Arc::default());
        let text = || HeaderText::parse("{user}").unwrap();
        app.extras.headers = names.iter().map(|name| ((*name).to_owned(), text())).collect();
        let sso = read.map(|user| {
            IdentityHeaders::answered(HeaderName::from_static(user), HeaderName::from_static("x-groups"), ',')
        });
        OwnHeaders::of(&app, sso.as_ref())
    }

    fn texts(own: &OwnHeaders, proxy: Proxy) -> Vec<String> {
        own.added(proxy, "sonarr").into_iter().map(|added| added.text).collect()
    }

    #[test]
    fn a_client_cannot_write_what_sluice_tells_the_app() {
        let own = own(&["x-remote-user"], None);
        assert_eq!(
            texts(&own, Proxy::Nginx),
            [
                "    proxy_set_header X-Remote-User \"\";\n",
                "        auth_request_set $sluice_own_x_remote_user $upstream_http_x_remote_user;\n        \
                 proxy_set_header X-Remote-User $sluice_own_x_remote_user;\n        \
                 proxy_set_header X_Remote-User \"\";\n        proxy_set_header X-Remote_User \"\";\n        \
                 proxy_set_header X_Remote_User \"\";\n",
            ]
        );
        assert_eq!(
            texts(&own, Proxy::Caddy),
            [
                "request_header -X-Remote-User\nimport sluice_protect sonarr ADDRESS {\n\tcopy_headers X-Remote-User\n}\n"
            ]
        );
        assert_eq!(
            texts(&own, Proxy::Traefik),
            [
                "    sluice-own-sonarr:\n      headers:\n        customRequestHeaders:\n          X-Remote-User: \"\"\n          \
                 X_Remote_User: \"\"\n          X.Remote.User: \"\"\n",
                "sluice-own-sonarr",
                "          - X-Remote-User\n",
            ]
        );
    }

    #[test]
    fn what_the_proxy_in_front_names_people_in_reaches_sluice() {
        let own = own(&["x-forwarded-user", "x-extra"], Some("x-forwarded-user"));
        assert_eq!(own.told, ["X-Forwarded-User", "X-Extra"]);
        assert_eq!(own.forgeable, ["X-Extra"]);
    }

    #[test]
    fn without_headers_of_its_own_an_app_needs_no_lines() {
        for proxy in Proxy::ALL {
            assert_eq!(own(&[], None).added(proxy, "sonarr"), []);
        }
    }

    #[test]
    fn a_name_has_two_spellings_for_each_hyphen() {
        for (name, spellings) in
            [("user", 0), ("x-user", 1), ("x-remote-user", 3), ("a-b-c-d-e", 15), ("a-b-c-d-e-f", 1)]
        {
            assert_eq!(with_underscores(name).len(), spellings, "{name}");
        }
    }
}
