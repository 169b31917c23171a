//! What there can be several of: apps, and who is told of events.

use super::{Kind, Section, key};

/// The keys of an app.
pub(in super::super) const APP: Section = Section {
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
            "Says which request needs which capability. Nothing chosen: the kind that has its name.",
            Kind::Pack,
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
            Kind::Optional("as the kind of app says", &["none", "app", "strict"]),
        ),
        key(
            "unsafe_methods",
            "What more than looking needs",
            "Empty: what the kind of app says. admin, or capabilities such as add_downloads, for all but GET.",
            Kind::Line,
        ),
        key(
            "live",
            "Who decides what live channels carry",
            "gate: opening one takes all that it could do. app: the app, by its own users' rights.",
            Kind::Optional("not set", &["gate", "app"]),
        ),
        key(
            "cookies.bind",
            "Its cookies that belong to one person",
            "One a line, such as connect.sid; a browser loses them before somebody else comes in.",
            Kind::List,
        ),
        key("cookies.withhold", "Its cookies that it never gets back", "One a line.", Kind::List),
        key(
            "cookies.shared",
            "Its cookies that are one for all",
            "One a line; whatever its kind says.",
            Kind::List,
        ),
        key(
            "cookies.paths",
            "Paths that its cookies lie at",
            "One a line, such as /api; / is known.",
            Kind::List,
        ),
        key(
            "authorization",
            "Whose the Authorization header is",
            "app leaves it to the app.",
            Kind::Optional("not set", &["gate", "app"]),
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

/// The keys of a webhook.
pub(in super::super) const WEBHOOK: Section = Section {
    name: "event",
    title: "Webhook",
    lead: "",
    keys: &[
        key("types", "Which events", "One a line, such as user.* or action.", Kind::List),
        key("url", "Webhook", "The address that is told, which is never shown again.", Kind::Secret),
        key(
            "secret",
            "Secret that signs",
            "So that who receives it can tell it from what others send; without one nothing is signed.",
            Kind::Secret,
        ),
    ],
};

/// The keys of a program, which is for the file alone: whoever saves one could run any as Sluice.
pub(in super::super) const COMMAND: Section = Section {
    name: "event",
    title: "Program",
    lead: "A program that the configuration file names is run for each event.",
    keys: &[
        key("types", "Which events", "", Kind::List),
        key("command", "Program and its arguments", "", Kind::List),
    ],
};
