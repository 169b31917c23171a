//! An event as it is told: to webhooks, commands and streams, in one form.

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{clock::Timestamp, store::events::Recorded};

/// The JSON object. What an event does not have is `null`, so that every key is always there.
pub fn json(recorded: &Recorded) -> Map<String, Value> {
    let event = &recorded.event;
    let mut json = event.detail.clone();
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
    json.insert("id".to_owned(), recorded.id.get().into());
    json.insert("type".to_owned(), event.kind.name().into());
    json.insert("at".to_owned(), time(recorded.at).into());
    json.insert("app".to_owned(), text(&event.app));
    json.insert("actor".to_owned(), text(&event.actor));
    json.insert("triggeredBy".to_owned(), text(&event.actor));
    json.insert("owner".to_owned(), text(&owner(recorded).map(str::to_owned)));
    json.insert("subject".to_owned(), text(&event.subject));
    json.insert("address".to_owned(), text(&event.address));
    let who = attribution(owner(recorded), event.actor.as_deref());
    json.insert("who".to_owned(), who.map_or(Value::Null, Value::String));
    json
}

/// Whose what it is about is, where that is known.
pub fn owner(recorded: &Recorded) -> Option<&str> {
    recorded.event.detail.get("owner")?.as_str()
}

/// Owner and trigger in one text, as people read it: `john`, or `john (by admin)` where somebody else did it.
pub fn attribution(owner: Option<&str>, triggered_by: Option<&str>) -> Option<String> {
    match (owner, triggered_by) {
        (Some(owner), Some(by)) if owner != by => Some(format!("{owner} (by {by})")),
        (Some(one), _) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

/// A moment as RFC 3339 writes it.
pub fn time(at: Timestamp) -> String {
    let time =
        OffsetDateTime::from_unix_timestamp(at.secs()).ok().and_then(|time| time.format(&Rfc3339).ok());
    time.unwrap_or_else(|| at.secs().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        authn::name::UserName,
        events::{
            event::{By, Event},
            kind::Kind,
        },
        store::events::EventId,
    };

    #[test]
    fn owner_and_trigger_are_one_text() {
        for (owner, by, text) in [
            (Some("john"), Some("admin"), Some("john (by admin)")),
            (Some("john"), Some("john"), Some("john")),
            (Some("john"), None, Some("john")),
            (None, Some("admin"), Some("admin")),
            (None, None, None),
        ] {
            assert_eq!(attribution(owner, by).as_deref(), text);
        }
    }

    #[test]
    fn no_detail_stands_in_for_what_every_event_has() {
        let admin = UserName::parse("admin").unwrap();
        let event = Event::new(Kind::Action).by(By::User(&admin));
        let event = event.with("owner", "john").with("id", 7).with("type", "user.added").with("route", "/");
        let recorded =
            Recorded { id: EventId::from_number(3), at: Timestamp::from_secs(1_700_000_000), event };
        let expected = serde_json::json!({
            "id": 3, "type": "action", "at": "2023-11-14T22:13:20Z", "app": null, "actor": "admin",
            "triggeredBy": "admin", "owner": "john", "subject": null, "address": null, "who": "john (by admin)",
            "route": "/",
        });
        assert_eq!(Value::Object(json(&recorded)), expected);
    }
}
