//! What happened, as people read it.

use serde_json::Value;

use super::{event::Event, kind::Kind, payload::attribution};

/// An event in a plain sentence. Whatever clients chose the text of is shown in quotes, without control characters.
pub fn sentence(event: &Event) -> String {
    let Told { who, whom, own, .. } = Told::of(event);
    if let Some(others) = others(event) {
        return others;
    }
    match event.kind {
        Kind::UserAdded if own => format!("{who} was added as {}", role(event)),
        Kind::UserAdded => format!("{who} added {whom} as {}", role(event)),
        Kind::UserChanged => match text(event, "name_before") {
            Some(before) => format!("{who} gave {before} the name {whom}"),
            None if own => format!("{who} changed their own details"),
            None => format!("{who} changed the details of {whom}"),
        },
        Kind::UserEnabled => format!("{who} enabled {whom}"),
        Kind::UserDisabled => format!("{who} disabled {whom}"),
        Kind::UserDeleted => format!("{who} deleted {whom}{}", inherited(event)),
        Kind::UserPasswordChanged => password(event, &who, &whom, own),
        Kind::UserCapabilitiesChanged if own => format!("{who} changed what they may do{}", in_app(event)),
        Kind::UserCapabilitiesChanged => format!("{who} changed what {whom} may do{}", in_app(event)),
        Kind::SessionStarted => format!("{whom} signed in {}", opened(event)),
        Kind::SessionEnded => ended(event, &who, &whom, own),
        Kind::KeyMade | Kind::KeyRevoked => key(event, &who, &whom, own),
        Kind::SigninSucceeded => format!("{who} proved who they are by {}", method(event)),
        Kind::SigninFailed | Kind::SigninBlocked | Kind::SigninUnblocked => sign_in(event, &who),
        Kind::SettingsChanged => match text(event, "keys") {
            Some(keys) => format!("{who} changed the settings {keys}"),
            None => format!("{who} changed the settings"),
        },
        Kind::SettingsRestored => match number(event, "restored") {
            Some(version) => format!("{who} brought back version {version} of the settings"),
            None => format!("{who} brought back earlier settings"),
        },
        Kind::OwnerRecorded => format!("{} belongs to {whom}{}", item(event), in_app(event)),
        Kind::OwnerHandedOver => match (text(event, "from"), number(event, "items")) {
            (Some(from), Some(items)) => format!("What {from} owned goes to {whom} (items: {items})"),
            _ => format!("{} goes to {whom}{}", item(event), in_app(event)),
        },
        Kind::OwnerDropped => match number(event, "items") {
            Some(items) => format!("What {whom} owned is nobody\u{2019}s now (items: {items})"),
            None => format!("{} no longer belongs to {whom}{}", item(event), in_app(event)),
        },
        Kind::RequestRefused => format!("{who} was refused{}{}", in_app(event), request(event)),
        Kind::Action => {
            format!("{who} used {}{}{}", used(event), in_app(event), request(event))
        }
    }
}

/// What else there is to say of an event, each in a few words: the rule of a refusal, what rights became.
pub fn facts(event: &Event) -> Vec<String> {
    let labelled = |name, label: &str| text(event, name).map(|text| format!("{label}: {text}"));
    let mut facts = Vec::new();
    match event.kind {
        Kind::RequestRefused => {
            let (reason, cause) = (text(event, "reason"), text(event, "cause"));
            facts.extend(reason.map(|reason| format!("Answer: {reason}")));
            facts.extend(cause.map(|cause| format!("Rule: {cause}")));
        }
        Kind::UserCapabilitiesChanged => {
            let role = |name, label: &str| labelled(name, label);
            facts.extend(role("role", "Role"));
            facts.extend(role("role_before", "Role before"));
            facts.extend(labelled("capabilities", "May do"));
            facts.extend(labelled("capabilities_before", "Before"));
            if let Some(Value::Object(apps)) = event.detail.get("apps") {
                facts.extend(apps.iter().map(|(app, set)| {
                    let set = shown(set).unwrap_or_else(|| "as in every app".to_owned());
                    format!("In {app}: {set}")
                }));
            }
        }
        Kind::UserAdded | Kind::KeyMade => facts.extend(labelled("capabilities", "May do")),
        Kind::UserChanged => facts.extend(labelled("groups", "Groups")),
        Kind::Action => {
            let owner = text(event, "owner");
            let whose = owner.and_then(|owner| attribution(Some(&owner), event.actor.as_deref()));
            facts.extend(whose.map(|whose| format!("Owner: {whose}")));
            facts.extend(labelled("key", "Key"));
            facts.extend(labelled("calls", "Calls"));
        }
        _ => {}
    }
    if !event.detail.contains_key("others")
        && let Some(count) = number(event, "count")
    {
        facts.push(match count {
            1 => "once more in that minute".to_owned(),
            _ => format!("{count} more times in that minute"),
        });
    }
    facts
}

/// Who and whom, as a sentence names them.
struct Told {
    who: String,
    whom: String,
    own: bool,
}

impl Told {
    fn of(event: &Event) -> Self {
        let unknown = match (event.kind, &event.address) {
            (Kind::RequestRefused | Kind::Action, Some(address)) => {
                format!("A request from {}", plain(address))
            }
            (Kind::SigninBlocked, Some(address)) => plain(address),
            _ => "Somebody".to_owned(),
        };
        Self {
            who: event.actor.as_deref().map_or(unknown, capital),
            whom: event.subject.as_deref().map_or_else(|| "a user".to_owned(), plain),
            own: event.actor.is_some() && event.actor == event.subject,
        }
    }
}

/// What was only counted, because too much of it happened.
fn others(event: &Event) -> Option<String> {
    event.detail.get("others")?;
    let count = number(event, "count").unwrap_or_default();
    Some(match event.kind {
        Kind::RequestRefused => format!("{count} more requests were refused in that minute"),
        Kind::SigninFailed => format!("{count} more sign-ins failed in that minute"),
        Kind::SigninBlocked => format!("{count} more waits after failed sign-ins began in that minute"),
        kind => format!("{count} more of {} happened in that minute", kind.name()),
    })
}

fn role(event: &Event) -> &'static str {
    if text(event, "role").as_deref() == Some("admin") { "an administrator" } else { "a user" }
}

fn inherited(event: &Event) -> String {
    match (number(event, "owned").unwrap_or_default(), text(event, "heir")) {
        (0, _) => String::new(),
        (owned, Some(heir)) => format!("; what they owned ({owned}) goes to {heir}"),
        (owned, None) => format!("; what they owned ({owned}) has no owner now"),
    }
}

fn password(event: &Event, who: &str, whom: &str, own: bool) -> String {
    match event.detail.get("password") {
        Some(Value::Bool(false)) => format!("{who} removed the password of {whom}"),
        _ if own => format!("{who} changed their own password"),
        _ => format!("{who} set a new password for {whom}"),
    }
}

fn opened(event: &Event) -> &'static str {
    match text(event, "opened").as_deref() {
        Some("client") => "with an app or a script",
        Some("api-key") => "with an API key",
        _ => "on the sign-in page",
    }
}

fn ended(event: &Event, who: &str, whom: &str, own: bool) -> String {
    let count = number(event, "sessions");
    if event.detail.contains_key("everybody") {
        return format!("{who} ended all sessions of everybody, {} in number", count.unwrap_or_default());
    }
    if event.detail.contains_key("expired") {
        return match count {
            None | Some(1) => format!("A session of {whom} ran out"),
            Some(count) => format!("{count} sessions of {whom} ran out"),
        };
    }
    match (own, count) {
        (true, None) => format!("{who} signed out, or signed in anew"),
        (true, Some(1)) => format!("{who} ended a session of their own"),
        (true, Some(count)) => format!("{who} ended {count} sessions of their own"),
        (false, None | Some(1)) => format!("{who} ended a session of {whom}"),
        (false, Some(count)) => format!("{who} ended {count} sessions of {whom}"),
    }
}

fn key(event: &Event, who: &str, whom: &str, own: bool) -> String {
    let name = text(event, "key").unwrap_or_default();
    let did = if event.kind == Kind::KeyMade { "made" } else { "revoked" };
    match (own, event.kind) {
        (true, _) => format!("{who} {did} the API key “{name}”"),
        (false, Kind::KeyMade) => format!("{who} made the API key “{name}” for {whom}"),
        (false, _) => format!("{who} revoked the API key “{name}” of {whom}"),
    }
}

fn sign_in(event: &Event, who: &str) -> String {
    let account = event.subject.as_deref().map_or_else(String::new, |user| format!(" as {}", plain(user)));
    match event.kind {
        Kind::SigninFailed => format!("A sign-in{account} by {} failed", method(event)),
        Kind::SigninBlocked => {
            let seconds = number(event, "seconds").unwrap_or_default();
            format!("{who} has to wait {seconds} seconds before the next sign-in{account}")
        }
        _ => {
            let address = text(event, "unblocked").unwrap_or_else(|| "an address".to_owned());
            format!("{who} let {address} try to sign in again")
        }
    }
}

fn method(event: &Event) -> &'static str {
    match text(event, "method").as_deref() {
        Some("basic") => "a password sent with the request",
        Some("api-key") => "an API key",
        Some("setup-token") => "a setup token",
        _ => "a password",
    }
}

fn item(event: &Event) -> String {
    text(event, "item").map_or_else(|| "An item".to_owned(), |item| format!("The item “{item}”"))
}

fn used(event: &Event) -> String {
    text(event, "capability").unwrap_or_else(|| "more than looking".to_owned())
}

fn in_app(event: &Event) -> String {
    event.app.as_deref().map_or_else(String::new, |app| format!(" in {}", plain(app)))
}

fn request(event: &Event) -> String {
    match (text(event, "method"), text(event, "route")) {
        (Some(method), Some(route)) => format!(": {method} {route}"),
        _ => String::new(),
    }
}

fn number(event: &Event, name: &str) -> Option<u64> {
    event.detail.get(name)?.as_u64()
}

/// What a detail says, where it says anything.
fn text(event: &Event, name: &str) -> Option<String> {
    shown(event.detail.get(name)?)
}

fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => plain(text),
        Value::Array(values) => values.iter().filter_map(shown).collect::<Vec<_>>().join(", "),
        other => plain(&other.to_string()),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// The beginning of a sentence: those that are no user have no name of their own.
fn capital(actor: &str) -> String {
    match actor {
        "command line" => "The command line".to_owned(),
        "the configuration" => "The configuration".to_owned(),
        "sign-in provider" => "The sign-in provider".to_owned(),
        name => plain(name),
    }
}

/// Without what would break a line or turn its direction.
fn plain(text: &str) -> String {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if odd(c) { plain.extend(c.escape_unicode()) } else { plain.push(c) }
    }
    plain
}

#[cfg(test)]
mod tests;
