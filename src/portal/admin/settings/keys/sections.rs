//! The sections with one value for each key.

use super::{Kind, Section, key};

const ROLES: Kind = Kind::Choice(&["user", "admin"]);
const PERMISSIONS: Kind = Kind::Choice(&["default", "none", "ro", "rw", "full"]);
const SYNC: Kind = Kind::Choice(&["never", "always"]);

/// Every section, in the order of the page.
pub(in super::super) const SECTIONS: [Section; 9] = [
    Section {
        name: "auth",
        title: "Sign-in",
        lead: "Whether people are asked who they are before they reach an app.",
        keys: &[key(
            "enabled",
            "Ask people who they are",
            "With no, everybody who reaches the proxy is the administrator of every app.",
            Kind::Switch,
        )],
    },
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
                "In X-Sluice-Secret, 16 characters or more.",
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
            key(
                "kind",
                "Provider",
                "",
                Kind::Optional("none", &["tinyauth", "authelia", "authentik", "generic"]),
            ),
            key(
                "url",
                "Address that Sluice asks",
                "As Sluice reaches it, such as http://authelia:9091.",
                Kind::Line,
            ),
            key(
                "user_header",
                "Header with the user's name",
                "Empty: as the provider usually calls it.",
                Kind::Line,
            ),
            key(
                "groups_header",
                "Header with the groups",
                "Empty: as the provider usually calls it.",
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
            key("user", "Whom they act as", "Empty: admin.", Kind::Line),
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
                "Past these, a failure counts twice where nobody has signed in from that network lately.",
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
