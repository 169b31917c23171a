//! The keys that the settings pages show, in words.

use crate::policy::app::AppName;

/// Before the name of a key whose default is wanted again.
pub(super) const DEFAULT: &str = "default.";

/// How a key is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Yes or no.
    Switch,
    /// One value.
    Line,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Several values, one a line.
    List,
    /// `name = value`, one a line.
    Table,
    /// A value that is never shown again.
    Secret,
}

/// A key below its section or app.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) kind: Kind,
}

/// Keys that belong together.
pub(super) struct Section {
    /// The section's name in the configuration.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What it is for, in a sentence or two.
    pub(super) lead: &'static str,
    pub(super) keys: &'static [Key],
}

impl Section {
    /// The section that the form of this name is about.
    pub(super) fn of_form(name: &str) -> Option<&'static Self> {
        match name.split_once('.') {
            None if name == "new-app" => Some(&APP),
            None if name == "new-event" => Some(&EVENT),
            None => SECTIONS.iter().find(|section| section.name == name),
            Some(("app", app)) => AppName::parse(app).map(|_| &APP),
            Some(("event", index)) => index.parse::<usize>().ok().map(|_| &EVENT),
            Some(_) => None,
        }
    }

    /// Whether a field of its form is shown again as it was typed: each that is no secret.
    pub(super) fn shows_again(&self, field: &str) -> bool {
        let name = field.strip_prefix(DEFAULT).unwrap_or(field);
        let key = self.keys.iter().find(|key| key.name == name);
        match key {
            Some(key) => field != name || key.kind != Kind::Secret,
            None => ["version", "name"].contains(&field),
        }
    }
}

const fn key(name: &'static str, label: &'static str, hint: &'static str, kind: Kind) -> Key {
    Key { name, label, hint, kind }
}

const ROLES: Kind = Kind::Choice(&["user", "admin"]);
const PERMISSIONS: Kind = Kind::Choice(&["default", "none", "ro", "rw", "full"]);
const SYNC: Kind = Kind::Choice(&["never", "always"]);

/// Every section, in the order of the page.
pub(super) const SECTIONS: [Section; 8] = [
    Section {
        name: "sso",
        title: "Single sign-on by header",
        lead: "For a proxy that signs people in itself and names them in a header, such as Authelia behind Traefik.",
        keys: &[
            key(
                "enabled",
                "Take users from a header",
                "Only together with a secret, or anybody could name themselves.",
                Kind::Switch,
            ),
            key("user_header", "Header with the user's name", "Such as Remote-User.", Kind::Line),
            key(
                "name_header",
                "Header with the display name",
                "Such as Remote-Name. Empty: none is read.",
                Kind::Line,
            ),
            key(
                "email_header",
                "Header with the address",
                "Such as Remote-Email. Empty: none is read.",
                Kind::Line,
            ),
            key(
                "groups_header",
                "Header with the groups",
                "Such as Remote-Groups. Empty: none is read.",
                Kind::Line,
            ),
            key(
                "secret",
                "Secret that the proxy sends",
                "In X-Sluice-Secret, 32 characters or more.",
                Kind::Secret,
            ),
            key("trusted_ips", "Networks that may send it", "One a line.", Kind::List),
            key("auto_provision", "Make users who are new", "", Kind::Switch),
            key("role", "Role of new users", "", ROLES),
            key(
                "permission",
                "What new users may do",
                "default leaves out what changes other people's downloads.",
                PERMISSIONS,
            ),
            key(
                "capabilities",
                "Or exactly these capabilities",
                "One a line; instead of the permission.",
                Kind::List,
            ),
            key("sync", "Follow the groups", "always sets role and rights anew at each visit.", SYNC),
            key(
                "group_map",
                "What groups bring",
                "One a line: family = read-only, wheel = admin.",
                Kind::Table,
            ),
            key("logout_url", "Where people sign out", "", Kind::Line),
        ],
    },
    Section {
        name: "upstream",
        title: "Another sign-in provider",
        lead: "Sluice asks Authelia, authentik or Tinyauth who somebody is. The sign-in page here is then not used.",
        keys: &[
            key("kind", "Provider", "", Kind::Choice(&["", "tinyauth", "authelia", "authentik", "generic"])),
            key(
                "url",
                "Address that Sluice asks",
                "As Sluice reaches it, such as http://authelia:9091.",
                Kind::Line,
            ),
            key(
                "user_header",
                "Header with the user's name",
                "Only where the provider is generic.",
                Kind::Line,
            ),
            key("timeout", "How long it may take", "Such as 2s.", Kind::Line),
            key("cache_ttl", "How long an answer counts", "0s asks every time.", Kind::Line),
            key("auto_provision", "Make users who are new", "", Kind::Switch),
            key("role", "Role of new users", "", ROLES),
            key("permission", "What new users may do", "", PERMISSIONS),
            key(
                "capabilities",
                "Or exactly these capabilities",
                "One a line; instead of the permission.",
                Kind::List,
            ),
            key("sync", "Follow the groups", "", SYNC),
            key("group_map", "What groups bring", "One a line: family = read-only.", Kind::Table),
            key("logout_url", "Where people sign out", "", Kind::Line),
        ],
    },
    Section {
        name: "origins",
        title: "Pages that may act",
        lead: "A request that changes something must come from the app's own page, or from one of these.",
        keys: &[
            key(
                "allowed",
                "Origins of other pages",
                "One a line, such as https://dashboard.example.com.",
                Kind::List,
            ),
            key(
                "allow_missing",
                "Take requests that name no page",
                "Some old clients send none; leave this off if you can.",
                Kind::Switch,
            ),
        ],
    },
    Section {
        name: "bypass",
        title: "No sign-in at home",
        lead: "On these hosts nobody signs in who comes from these networks. Never list a public name.",
        keys: &[
            key("hosts", "Hosts", "One a line, such as 192.168.1.5 or nas:8090.", Kind::List),
            key("networks", "Networks of clients", "One a line.", Kind::List),
            key("user", "Whom they act as", "", Kind::Line),
        ],
    },
    Section {
        name: "session",
        title: "Sessions",
        lead: "How long people stay signed in, and their cookie.",
        keys: &[
            key("ttl", "Unused for so long, a session ends", "Such as 24h.", Kind::Line),
            key(
                "remember_ttl",
                "The same with \u{201c}Keep me signed in\u{201d}",
                "Such as 30d.",
                Kind::Line,
            ),
            key("max_lifetime", "Ends after so long in any case", "Empty for never.", Kind::Line),
            key("cookie_name", "Name of the cookie", "", Kind::Line),
            key(
                "cookie_domain",
                "Domain of the cookie",
                "Where apps and the sign-in page have hosts of their own, such as example.com.",
                Kind::Line,
            ),
            key(
                "cookie_secure",
                "Over HTTPS only",
                "auto goes by how the page was opened.",
                Kind::Choice(&["auto", "always", "never"]),
            ),
        ],
    },
    Section {
        name: "throttle",
        title: "Failed sign-ins",
        lead: "Whoever fails has to wait, longer each time.",
        keys: &[
            key("max_failures", "Failures until the long wait", "", Kind::Line),
            key("block_for", "The long wait", "Such as 15m.", Kind::Line),
            key(
                "global_limit",
                "Failures from everywhere",
                "Past these, whoever has failed has the long wait.",
                Kind::Line,
            ),
        ],
    },
    Section {
        name: "api_keys",
        title: "API keys",
        lead: "",
        keys: &[key("admin_only", "Only administrators have keys", "As in aMuTorrent.", Kind::Switch)],
    },
    Section {
        name: "audit",
        title: "Audit log",
        lead: "",
        keys: &[key("keep", "How long it is kept", "Such as 90d.", Kind::Line)],
    },
];

/// The keys of an app.
pub(super) const APP: Section = Section {
    name: "app",
    title: "App",
    lead: "",
    keys: &[
        key(
            "hosts",
            "Hosts that it answers on",
            "One a line; none takes every host that no other app lists.",
            Kind::List,
        ),
        key(
            "pack",
            "Kind of app",
            "Such as sonarr; says which request needs which capability. Empty: the kind that has its name.",
            Kind::Line,
        ),
        key("base_path", "Path that it lies under", "/ where it has the host to itself.", Kind::Line),
        key("origins", "Further origins of its pages", "One a line.", Kind::List),
        key("users", "Who may enter, by name", "One a line; administrators always may.", Kind::List),
        key("groups", "Who may enter, by group", "One a line.", Kind::List),
        key("public", "Paths that anybody may read", "One a line, such as /manifest.json.", Kind::List),
        key(
            "ownership",
            "Whose the downloads are",
            "strict: changing any takes edit_all_downloads.",
            Kind::Choice(&["none", "app", "strict"]),
        ),
        key(
            "authorization",
            "Whose the Authorization header is",
            "app leaves it to the app.",
            Kind::Choice(&["gate", "app"]),
        ),
        key("headers", "Headers for the app", "One a line: X-Name = {user}.", Kind::Table),
        key(
            "inject.authorization",
            "Sign in to the app",
            "Basic name:password or Bearer token, so that people never hold it.",
            Kind::Secret,
        ),
        key("inject.api_key", "The app's own API key", "", Kind::Secret),
        key("inject.cookie", "The app's own cookie", "Such as SID=value.", Kind::Secret),
    ],
};

/// The keys of a webhook. A command is for the file alone: whoever saves one could run any program as Sluice.
pub(super) const EVENT: Section = Section {
    name: "event",
    title: "Webhook",
    lead: "",
    keys: &[
        key("types", "Which events", "One a line, such as user.* or action.", Kind::List),
        key("url", "Webhook", "The address that is told, which is never shown again.", Kind::Secret),
        key("secret", "Secret that signs", "For the webhook.", Kind::Secret),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_form_is_shown_again_but_the_secrets() {
        let mut secrets = Vec::new();
        for section in SECTIONS.iter().chain([&APP, &EVENT]) {
            assert!(section.shows_again("version") && !section.shows_again("unknown"));
            for key in section.keys {
                assert!(section.shows_again(&format!("{DEFAULT}{}", key.name)), "{}", key.name);
                if !section.shows_again(key.name) {
                    secrets.push(format!("{}.{}", section.name, key.name));
                }
            }
        }
        let all = ["sso.secret", "app.inject.authorization", "app.inject.api_key", "app.inject.cookie"];
        assert_eq!(secrets, [&all[..], &["event.url", "event.secret"]].concat());
    }
}
