use super::*;
use crate::{
    authn::name::UserName,
    events::{event::By, kind::Kind as K},
    policy::app::AppName,
};

fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

/// By `ada` about `bob`.
fn did(kind: Kind) -> Event {
    Event::new(kind).by(By::User(&name("ada"))).about(&name("bob"))
}

fn own(kind: Kind) -> Event {
    Event::new(kind).by_and_about(&name("ada"))
}

fn in_films(event: Event) -> Event {
    event.in_app(&AppName::parse("films").unwrap())
}

fn sentences() -> Vec<(Event, &'static str)> {
    let mut all = users();
    all.extend(sessions_and_keys());
    all.extend(sign_ins());
    all.extend(requests());
    all
}

fn users() -> Vec<(Event, &'static str)> {
    let owned = |event: Event| event.with("owned", 3);
    let by_config = Event::new(K::UserAdded).by(By::Configuration).about(&name("root")).with("role", "admin");
    vec![
        (did(K::UserAdded).with("role", "user"), "ada added bob as a user"),
        (by_config, "The configuration added root as an administrator"),
        (own(K::UserAdded).with("role", "admin"), "ada was added as an administrator"),
        (did(K::UserChanged), "ada changed the details of bob"),
        (own(K::UserChanged), "ada changed their own details"),
        (did(K::UserChanged).with("name_before", "rob"), "ada gave rob the name bob"),
        (did(K::UserEnabled), "ada enabled bob"),
        (did(K::UserDisabled), "ada disabled bob"),
        (did(K::UserDeleted).with("owned", 0), "ada deleted bob"),
        (owned(did(K::UserDeleted)), "ada deleted bob; what they owned (3) has no owner now"),
        (owned(did(K::UserDeleted)).with("heir", "eve"), "ada deleted bob; what they owned (3) goes to eve"),
        (did(K::UserPasswordChanged), "ada set a new password for bob"),
        (own(K::UserPasswordChanged), "ada changed their own password"),
        (did(K::UserPasswordChanged).with("password", false), "ada removed the password of bob"),
        (did(K::UserCapabilitiesChanged), "ada changed what bob may do"),
        (own(K::UserCapabilitiesChanged), "ada changed what they may do"),
        (in_films(did(K::UserCapabilitiesChanged)), "ada changed what bob may do in films"),
    ]
}

fn sessions_and_keys() -> Vec<(Event, &'static str)> {
    let ran_out = |count: u32| {
        Event::new(K::SessionEnded).about(&name("bob")).with("sessions", count).with("expired", true)
    };
    vec![
        (own(K::SessionStarted).with("opened", "page"), "ada signed in on the sign-in page"),
        (own(K::SessionStarted).with("opened", "client"), "ada signed in with an app or a script"),
        (own(K::SessionStarted).with("opened", "api-key"), "ada signed in with an API key"),
        (ran_out(1), "A session of bob ran out"),
        (ran_out(3), "3 sessions of bob ran out"),
        (own(K::SessionEnded), "ada signed out, or signed in anew"),
        (own(K::SessionEnded).with("sessions", 1), "ada ended a session of their own"),
        (own(K::SessionEnded).with("sessions", 2), "ada ended 2 sessions of their own"),
        (did(K::SessionEnded).with("sessions", 1), "ada ended a session of bob"),
        (did(K::SessionEnded).with("sessions", 4), "ada ended 4 sessions of bob"),
        (
            Event::new(K::SessionEnded).by(By::CommandLine).with("everybody", true).with("sessions", 9),
            "The command line ended all sessions of everybody, 9 in number",
        ),
        (did(K::KeyMade).with("key", "phone"), "ada made the API key “phone” for bob"),
        (own(K::KeyMade).with("key", "phone"), "ada made the API key “phone”"),
        (did(K::KeyRevoked).with("key", "phone"), "ada revoked the API key “phone” of bob"),
        (own(K::KeyRevoked).with("key", "phone"), "ada revoked the API key “phone”"),
    ]
}

fn sign_ins() -> Vec<(Event, &'static str)> {
    let from = |kind| Event::new(kind).at_address("192.0.2.1");
    let failed = from(K::SigninFailed).with("method", "password");
    let blocked = from(K::SigninBlocked).with("seconds", 40);
    vec![
        (
            own(K::SigninSucceeded).with("method", "basic"),
            "ada proved who they are by a password sent with the request",
        ),
        (failed.clone(), "A sign-in by a password failed"),
        (failed.about(&name("bob")), "A sign-in as bob by a password failed"),
        (blocked.clone(), "192.0.2.1 has to wait 40 seconds before the next sign-in"),
        (blocked.about(&name("bob")), "192.0.2.1 has to wait 40 seconds before the next sign-in as bob"),
        (
            Event::new(K::SigninUnblocked).by(By::User(&name("ada"))).with("unblocked", "192.0.2.1"),
            "ada let 192.0.2.1 try to sign in again",
        ),
        (did(K::SettingsChanged).with("keys", "sso.enabled"), "ada changed the settings sso.enabled"),
        (did(K::SettingsChanged), "ada changed the settings"),
        (did(K::SettingsRestored).with("restored", 7), "ada brought back version 7 of the settings"),
    ]
}

fn requests() -> Vec<(Event, &'static str)> {
    let of_item = |kind| in_films(did(kind)).with("item", "9f\u{202e}");
    let asked = |event: Event| in_films(event).with("method", "POST").with("route", "/api/<b>");
    let others = |kind| Event::new(kind).with("others", true).with("count", 12);
    vec![
        (of_item(K::OwnerRecorded), "The item “9f\\u{202e}” belongs to bob in films"),
        (of_item(K::OwnerHandedOver), "The item “9f\\u{202e}” goes to bob in films"),
        (
            did(K::OwnerHandedOver).with("from", "eve").with("items", 3),
            "What eve owned goes to bob (items: 3)",
        ),
        (did(K::OwnerDropped).with("items", 3), "What bob owned is nobody\u{2019}s now (items: 3)"),
        (of_item(K::OwnerDropped), "The item “9f\\u{202e}” no longer belongs to bob in films"),
        (
            asked(Event::new(K::RequestRefused).at_address("192.0.2.1")),
            "A request from 192.0.2.1 was refused in films: POST /api/<b>",
        ),
        (asked(own(K::RequestRefused)), "ada was refused in films: POST /api/<b>"),
        (Event::new(K::RequestRefused), "Somebody was refused"),
        (others(K::RequestRefused), "12 more requests were refused in that minute"),
        (others(K::SigninFailed), "12 more sign-ins failed in that minute"),
        (others(K::SigninBlocked), "12 more waits after failed sign-ins began in that minute"),
        (others(K::Action), "12 more of action happened in that minute"),
        (
            asked(own(K::Action)).with("capability", "remove_downloads"),
            "ada used remove_downloads in films: POST /api/<b>",
        ),
    ]
}

#[test]
fn every_kind_has_a_plain_sentence() {
    let all = sentences();
    for (event, expected) in &all {
        assert_eq!(sentence(event), *expected, "{event:?}");
    }
    for kind in Kind::ALL {
        assert!(all.iter().any(|(event, _)| event.kind == kind), "{} has none here", kind.name());
        // Nor does anything go wrong where nothing else is known.
        assert!(!sentence(&Event::new(kind)).is_empty());
    }
}

#[test]
fn a_refusal_names_its_rule_and_a_change_what_was_before() {
    let refused = Event::new(K::RequestRefused)
        .with("reason", "missing remove_downloads")
        .with("cause", "bob has not remove_downloads in films: rule 3")
        .with("count", 4);
    assert_eq!(
        facts(&refused),
        [
            "Answer: missing remove_downloads",
            "Rule: bob has not remove_downloads in films: rule 3",
            "4 more times in that minute"
        ]
    );
    let changed = did(K::UserCapabilitiesChanged)
        .with("role", "user")
        .with("role_before", "admin")
        .with("capabilities", vec!["search", "view_logs"])
        .with("capabilities_before", "")
        .with("apps", serde_json::json!({ "books": null, "films": "search" }));
    let expected = [
        "Role: user",
        "Role before: admin",
        "May do: search, view_logs",
        "In books: as in every app",
        "In films: search",
    ];
    assert_eq!(facts(&changed), expected);
}
