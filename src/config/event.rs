//! `[[event]]`: who is told what happens.

use std::path::Path;

use super::{reader::Reader, values::web_address};
use crate::events::{
    kind::Kinds,
    target::{Target, To},
};

/// More than anybody needs, and no way to drown the service.
const MOST: usize = 32;

pub(super) fn read(reader: &mut Reader) -> Option<Vec<Target>> {
    let count = reader.tables("event");
    if count > MOST {
        reader.problem("event", &format!("there are {count}; {MOST} targets can be told"));
        return None;
    }
    let mut targets: Option<Vec<Target>> = Some(Vec::new());
    for index in 0..count {
        match (target(reader, index), &mut targets) {
            (Some(target), Some(known)) if known.iter().any(|known| known.digest() == target.digest()) => {
                let (key, what) = match target.to {
                    To::Webhook { .. } => ("url", "address"),
                    To::Command { .. } => ("command", "command"),
                };
                let text =
                    format!("another target has this {what} already; name all types of events in that one");
                reader.problem(&format!("event.{index}.{key}"), &text);
                targets = None;
            }
            (Some(target), Some(known)) => known.push(target),
            _ => targets = None,
        }
    }
    targets
}

fn target(reader: &mut Reader, index: usize) -> Option<Target> {
    let key = |name: &str| format!("event.{index}.{name}");
    let kinds = kinds(reader, &key("types"));
    let to = match (reader.is_set(&key("url")), reader.is_set(&key("command"))) {
        (true, false) => webhook(reader, key),
        (false, true) => command(reader, key),
        (true, true) => {
            reader.problem(&key("command"), "url is set too; make an [[event]] for each");
            None
        }
        (false, false) => {
            reader.problem(&key("url"), "say who is told: a url, or a command");
            None
        }
    };
    Some(Target { kinds: kinds?, to: to? })
}

fn kinds(reader: &mut Reader, key: &str) -> Option<Kinds> {
    let kinds = reader.list(key, &[], |text| {
        let unknown = "is no type of event; use names like user.deleted, groups like user.*, or * for all";
        Kinds::parse(text).map_err(|_| unknown.to_owned())
    })?;
    if kinds.is_empty() {
        reader.problem(
            key,
            "say which events are told, like [\"user.*\", \"session.ended\"], or [\"*\"] for all",
        );
        return None;
    }
    Some(kinds.into_iter().fold(Kinds::NONE, Kinds::either))
}

fn webhook(reader: &mut Reader, key: impl Fn(&str) -> String) -> Option<To> {
    // What follows the host is often all that keeps others from writing there.
    let url = reader.hidden(&key("url"), web_address);
    let secret = reader.secret(&key("secret"));
    if let (Some(url), Some(None)) = (&url, &secret) {
        let host = url.origin().ascii_serialization();
        reader.choice(
            &key("secret"),
            &format!(
                "what is sent to {host} is not signed: who receives it cannot tell it from what others send there; \
                 give a secret that both sides know"
            ),
        );
    }
    Some(To::Webhook { url: url?, secret: secret? })
}

fn command(reader: &mut Reader, key: impl Fn(&str) -> String) -> Option<To> {
    let words = reader.list(&key("command"), &[], |word| Ok::<_, String>(word.to_owned()))?;
    let fix = match words.first() {
        // Who administers Sluice need not be who owns the machine.
        _ if reader.is_saved(&key("command")) => {
            Some("programs are named in the file only; remove this one and write it there".to_owned())
        }
        None => Some("it is empty; name a program".to_owned()),
        Some(program) if !Path::new(program).is_absolute() => {
            Some(format!("`{program}` is no absolute path; write it like /usr/local/bin/tell"))
        }
        Some(program) if !Path::new(program).is_file() => Some(format!(
            "`{program}` is no file; correct the path, and write arguments as a list: [\"/bin/tell\", \"--all\"]"
        )),
        Some(_) => None,
    };
    if let Some(fix) = fix {
        reader.problem(&key("command"), &fix);
        return None;
    }
    for one in ["secret", "secret_file"].map(key) {
        if reader.is_set(&one) {
            reader.problem(&one, "a command is not signed; remove the secret");
        }
    }
    Some(To::Command { words })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::{Flags, Outcome, Saved, load};

    fn load_text(text: &str) -> Outcome {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        load(&Flags { file: Some(file.path().to_owned()), values: Vec::new() })
    }

    #[test]
    fn a_target_is_a_webhook_or_a_command_and_its_address_is_not_shown_whole() {
        let outcome = load_text(
            "[[event]]\ntypes = [\"user.*\", \"action\"]\nurl = \"https://hooks.test/T0K3N?key=T0K3N\"\nsecret = \"T0K3N\"\n\
             [[event]]\ntypes = \"*\"\ncommand = \"/bin/sh\"\n[[event]]\ntypes = [\"key.made\"]\ncommand = [\"/bin/sh\", \"-c\"]",
        );
        assert!(!format!("{:?}", outcome.resolved).contains("T0K3N"), "{:?}", outcome.resolved);
        let config = outcome.config.unwrap_or_else(|problems| panic!("{problems:?}"));
        assert!(!format!("{config:?}").contains("T0K3N"), "{config:?}");
        let names: Vec<_> = config.events.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["https://hooks.test", "/bin/sh", "/bin/sh"]);
        assert_eq!(config.events[1].kinds, Kinds::ALL);
    }

    #[test]
    fn a_program_is_not_taken_from_the_portal() {
        for (table, taken) in [
            (r#"{"types": ["*"], "url": "https://hooks.test/"}"#, true),
            (r#"{"types": ["*"], "command": ["/bin/sh"]}"#, false),
        ] {
            let saved = Saved::from_json(&format!(r#"{{"event": [{table}]}}"#)).unwrap();
            let mut reader = Reader::new(saved.beneath(figment::Figment::new()).0);
            assert_eq!(read(&mut reader).is_some_and(|targets| targets.len() == 1), taken, "{table}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_refused_with_the_fix() {
        let url = "url = \"https://hooks.test/\"";
        for (text, needle) in [
            ("types = [\"user.*\"]".to_owned(), "event.0.url: say who is told"),
            (url.to_owned(), "event.0.types: say which events are told"),
            (format!("types = [\"user\"]\n{url}"), "event.0.types: `user` is no type of event"),
            (format!("types = \"*\"\n{url}\ncommand = \"/bin/sh\""), "event.0.command: url is set too"),
            ("types = \"*\"\nurl = \"hooks.test/T0K3N\"".to_owned(), "event.0.url: the value is no address"),
            ("types = \"*\"\ncommand = \"sh\"".to_owned(), "`sh` is no absolute path"),
            ("types = \"*\"\ncommand = \"/bin/sh -c x\"".to_owned(), "`/bin/sh -c x` is no file"),
            ("types = \"*\"\ncommand = []".to_owned(), "event.0.command: it is empty"),
            (
                "types = \"*\"\ncommand = \"/bin/sh\"\nsecret = \"s\"".to_owned(),
                "event.0.secret: a command is not",
            ),
            (format!("types = \"*\"\n{url}\nsecret = \"\""), "event.0.secret: the secret is empty"),
            (
                format!("types = \"*\"\n{url}\n[[event]]\ntypes = \"*\"\n{url}"),
                "event.1.url: another target has this",
            ),
            (format!("types = \"*\"\n{url}\nretries = 3"), "event.0.retries: there is no such key"),
        ] {
            let problems = load_text(&format!("[[event]]\n{text}")).config.err().unwrap_or_default();
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            assert!(problems.iter().any(|problem| problem.contains(needle)), "{needle} in {problems:?}");
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(!problems[0].contains("T0K3N"), "{problems:?}");
        }
    }
}
