//! Events as a table for spreadsheets (RFC 4180).

use std::borrow::Cow;

use serde_json::Value;

use crate::store::events::Recorded;

/// The first line.
pub const HEADER: &str = "id,time,type,actor,subject,app,address,detail\r\n";

/// What a spreadsheet takes for the start of a formula.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// The line of an event.
pub fn line(recorded: &Recorded) -> String {
    let event = &recorded.event;
    let text = |text: &Option<String>| field(text.as_deref().unwrap_or_default()).into_owned();
    let detail =
        if event.detail.is_empty() { String::new() } else { Value::Object(event.detail.clone()).to_string() };
    // Where a spreadsheet divides columns at semicolons, none of a client's starts one.
    let detail = detail.replace(';', "\\u003b");
    format!(
        "{},{},{},{},{},{},{},{}\r\n",
        recorded.id.get(),
        recorded.at.rfc3339(),
        event.kind.name(),
        text(&event.actor),
        text(&event.subject),
        text(&event.app),
        text(&event.address),
        field(&detail)
    )
}

/// A value that reads as itself, also where a spreadsheet would take it for a formula.
fn field(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(FORMULA);
    let quoted = text.contains([',', '"', '\r', '\n']);
    match (formula, quoted) {
        (false, false) => Cow::Borrowed(text),
        (true, false) => Cow::Owned(format!("'{text}")),
        (_, true) => {
            let guard = if formula { "'" } else { "" };
            Cow::Owned(format!("\"{guard}{}\"", text.replace('"', "\"\"")))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        authn::name::UserName,
        clock::Timestamp,
        events::{
            event::{By, Event},
            kind::Kind,
        },
        store::events::EventId,
    };

    #[test]
    fn an_event_is_one_line() {
        let bob = UserName::parse("bob").unwrap();
        let event = Event::new(Kind::KeyMade).by(By::CommandLine).about(&bob).with("key", "=1+1,\r\n\"x\"");
        let recorded = Recorded { id: EventId::from_number(7), at: Timestamp::from_secs(0), event };
        assert_eq!(
            line(&recorded),
            "7,1970-01-01T00:00:00Z,key.made,command line,bob,,,\"{\"\"key\"\":\"\"=1+1,\\r\\n\\\"\"x\\\"\"\"\"}\"\r\n"
        );
        assert_eq!(HEADER.split(',').count(), 8);
    }

    #[test]
    fn no_cell_starts_at_a_clients_semicolon() {
        let event = Event::new(Kind::Action).with("route", "/x;=1+1;y");
        let recorded = Recorded { id: EventId::from_number(7), at: Timestamp::from_secs(0), event };
        assert!(line(&recorded).contains("/x\\u003b=1+1\\u003by"), "{}", line(&recorded));
    }

    #[test]
    fn no_value_is_a_formula() {
        for (text, written) in [
            ("", ""),
            ("bob", "bob"),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM", "'@SUM"),
            ("\tx", "'\tx"),
            ("=1,2", "\"'=1,2\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\nb", "\"a\nb\""),
        ] {
            assert_eq!(field(text), written, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_value_reads_again_as_itself(text in "\\PC{0,20}[\r\n,\"]?\\PC{0,20}") {
            let written = field(&text);
            let read = match written.strip_prefix('"') {
                Some(rest) => rest.strip_suffix('"').unwrap().replace("\"\"", "\""),
                None => written.clone().into_owned(),
            };
            let guarded = text.starts_with(FORMULA);
            prop_assert_eq!(read, if guarded { format!("'{text}") } else { text });
        }
    }
}
