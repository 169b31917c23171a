//! Forms whose session had ended before they were sent: what was typed comes back after signing in, and is saved only
//! once it is sent again.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::admin_pages::gate;
use crate::support::raw::{Answer, Request};
use crate::support::sluice::{PASSWORD, Sluice, session_of};

const NEW_USER: &str = "/sluice/admin/users/new";
const NEW_KEY: &str = "/sluice/account/keys";
const NOTE: &str = "What you typed is below";
const SECRET: &str = "Canary-in-a-mine-7";

type Fields<'a> = &'a [(&'a str, &'a str)];

const BOB: Fields<'_> = &[
    ("name", "bob"),
    ("display_name", "Bob \"the\" <Builder> & söhne"),
    ("email", "bob@example.com"),
    ("groups", "family, 4k"),
    ("role", "user"),
    ("enabled", "yes"),
    ("password_choice", "set"),
    ("password", SECRET),
    ("set", "custom"),
    ("may", "search"),
    ("may", "view_logs"),
];

/// The value of the field that carries a form.
#[track_caller]
fn carried(answer: &Answer) -> String {
    let html = answer.text();
    let (_, rest) = html.split_once("name=\"expired_form\" value=\"").unwrap_or_else(|| panic!("{html}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// What a carried form holds.
fn inside(carried: &str) -> String {
    let text = BASE64_URL_SAFE_NO_PAD.decode(carried).expect("base64");
    String::from_utf8(text).expect("text")
}

fn carry(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// Sends a form without a session.
fn send(sluice: &Sluice, path: &str, fields: Fields<'_>) -> Answer {
    sluice.portal_post(path).form(fields).send(sluice.address)
}

fn sign_in(sluice: &Sluice, (user, password): (&str, &str), carried: &str) -> Answer {
    let fields = [("username", user), ("password", password), ("expired_form", carried)];
    send(sluice, "/sluice/login", &fields)
}

/// Presses the button of the page that follows the sign-in.
#[track_caller]
fn go_back(sluice: &Sluice, signed_in: &Answer) -> Answer {
    let html = signed_in.assert_status(200).text();
    let (_, rest) = html.split_once("<form method=\"post\" action=\"").unwrap_or_else(|| panic!("{html}"));
    let path = rest.split('"').next().unwrap_or_default();
    check(sluice, &session_of(signed_in), path, &carried(signed_in))
}

fn check(sluice: &Sluice, session: &str, path: &str, carried: &str) -> Answer {
    let form = sluice.portal_post(path).form(&[("expired_form", carried)]);
    form.session(session).send(sluice.address)
}

/// The whole way from a form without a session to the form that comes back.
#[track_caller]
fn back_at(sluice: &Sluice, path: &str, fields: Fields<'_>) -> String {
    let asked = send(sluice, path, fields);
    assert!(asked.assert_status(401).text().contains("<h1>Sign in</h1>"), "{}", asked.text());
    let signed_in = sign_in(sluice, ("ada", PASSWORD), &carried(&asked));
    let back = go_back(sluice, &signed_in).assert_status(200).text();
    assert!(back.contains(NOTE), "{back}");
    for html in [asked.text(), signed_in.text(), back.clone()] {
        assert!(!html.contains(SECRET), "{html}");
    }
    assert!(!inside(&carried(&asked)).contains(SECRET));
    back
}

#[track_caller]
fn assert_holds(html: &str, parts: &[&str]) {
    for part in parts {
        assert!(html.contains(part), "{part} in {html}");
    }
}

fn users(sluice: &Sluice) -> String {
    sluice.cli(&["user", "list", "--json"], "").assert_code(0).out.clone()
}

#[track_caller]
fn id_of(sluice: &Sluice, name: &str) -> String {
    let users = sluice.cli(&["user", "list", "--json"], "").assert_code(0).json();
    let users = users.as_array().expect("a list");
    users.iter().find(|user| user["name"] == name).expect("the user")["id"].to_string()
}

#[test]
fn a_new_user_comes_back_as_typed_but_for_the_password_and_is_saved_when_sent_again() {
    let sluice = gate();
    let before = users(&sluice);
    let html = back_at(&sluice, NEW_USER, BOB);
    assert_holds(
        &html,
        &[
            "name=\"name\" value=\"bob\"",
            "value=\"Bob &#34;the&#34; &#60;Builder&#62; &#38; söhne\"",
            "value=\"bob@example.com\"",
            "value=\"family, 4k\"",
            "name=\"may\" value=\"view_logs\" checked",
            "id=\"password-set\" checked",
            "Type it again",
        ],
    );
    assert!(!html.contains("name=\"may\" value=\"view_servers\" checked"), "{html}");
    assert_eq!(users(&sluice), before, "signing in saves nothing");
    let again = sluice.portal_post(NEW_USER).session(&sluice.sign_in("ada", PASSWORD)).form(BOB);
    again.send(sluice.address).assert_status(303);
    assert_ne!(users(&sluice), before);
}

#[test]
fn a_user_that_is_changed_comes_back_as_typed() {
    let sluice = gate();
    let (before, path) = (users(&sluice), format!("/sluice/admin/users/{}", id_of(&sluice, "vera")));
    let fields = [&[("made_from", "name=0a1b2c")], BOB].concat();
    let html = back_at(&sluice, &path, &fields);
    // Whoever changed the user since then is not passed over when it is sent again.
    assert_holds(&html, &["name=\"name\" value=\"bob\"", "name=\"made_from\" value=\"name=0a1b2c\""]);
    assert_eq!(users(&sluice), before);
}

#[test]
fn a_set_in_a_single_app_comes_back_as_chosen_and_is_saved_when_sent_again() {
    let sluice = gate();
    let path = format!("/sluice/admin/users/{}/apps/sonarr", id_of(&sluice, "vera"));
    let opened =
        |path: &str| Request::get(path).session(&sluice.sign_in("ada", PASSWORD)).send(sluice.address);
    let before = opened(&path).assert_status(200).text();
    let chosen = [("set", "custom"), ("may", "view_servers"), ("made_from", "apps.sonarr=0a1b2c")];
    let html = back_at(&sluice, &path, &[&chosen[..], &[("password", SECRET)]].concat());
    assert_holds(
        &html,
        &[
            "value=\"custom\" selected",
            "name=\"may\" value=\"view_servers\" checked",
            // Whoever changed the set since then is not passed over when it is sent again.
            "name=\"made_from\" value=\"apps.sonarr=0a1b2c\"",
        ],
    );
    assert!(!html.contains("name=\"may\" value=\"search\" checked"), "{html}");
    assert_eq!(opened(&path).text(), before, "signing in saves nothing");
    let again = sluice.portal_post(&path).session(&sluice.sign_in("ada", PASSWORD)).form(&chosen[..2]);
    again.send(sluice.address).assert_status(303);
    assert_holds(&opened(&path).text(), &["name=\"may\" value=\"view_servers\" checked"]);
}

#[test]
fn a_new_key_comes_back_as_typed_and_is_not_made() {
    let sluice = gate();
    let fields = [
        ("name", "phone of bob"),
        ("rights", "some"),
        ("capability", "view_logs"),
        ("app", "sonarr"),
        ("networks", "192.168.1.0/24"),
        ("lifetime", "90d"),
    ];
    assert_holds(
        &back_at(&sluice, NEW_KEY, &fields),
        &[
            "name=\"name\" value=\"phone of bob\"",
            "value=\"some\" selected",
            "value=\"view_logs\" checked",
            "value=\"sonarr\" selected",
            "value=\"192.168.1.0/24\"",
            "value=\"90d\" selected",
        ],
    );
    assert_eq!(sluice.cli(&["key", "list", "--json"], "").json(), serde_json::json!([]));
}

#[test]
fn settings_come_back_as_typed_but_for_the_secrets() {
    let sluice = gate();
    let settings = "/sluice/admin/settings";
    let sso = [
        ("version", "0"),
        ("enabled", "true"),
        ("user_header", "Remote-Canary"),
        ("secret", SECRET),
        ("trusted_ips", "192.0.2.1\r\n192.0.2.2"),
    ];
    assert_holds(
        &back_at(&sluice, &format!("{settings}/sso"), &sso),
        &[
            "value=\"true\" selected",
            "value=\"Remote-Canary\"",
            "192.0.2.1\n192.0.2.2",
            "name=\"version\" value=\"0\"",
        ],
    );
    let app =
        [("name", "films"), ("hosts", "films.test"), ("inject.api_key", SECRET), ("inject.cookie", SECRET)];
    assert_holds(
        &back_at(&sluice, &format!("{settings}/new-app"), &app),
        &["name=\"name\" value=\"films\"", "films.test"],
    );
    let event = [("types", "user.*"), ("url", SECRET), ("secret", SECRET)];
    assert_holds(&back_at(&sluice, &format!("{settings}/new-event"), &event), &["user.*"]);
    let shown = Request::get(settings).session(&sluice.sign_in("ada", PASSWORD)).send(sluice.address).text();
    assert!(!shown.contains("films") && !shown.contains("Canary") && !shown.contains("user.*"), "{shown}");
}

#[test]
fn what_asks_back_is_asked_again_and_not_done() {
    let sluice = gate();
    let path = format!("/sluice/admin/users/{}/delete", id_of(&sluice, "vera"));
    let html = back_at(&sluice, &path, &[("legacy", "heir"), ("heir", "ada")]);
    assert_holds(&html, &["Delete <span translate=\"no\">vera</span>?", "It cannot be undone"]);
    let app = "/sluice/admin/settings/app.sonarr";
    let html = back_at(&sluice, app, &[("version", "0"), ("confirmed", "1"), ("remove", "1")]);
    assert_holds(&html, &["App sonarr"]);
    assert!(users(&sluice).contains("vera"));
    let session = sluice.sign_in("ada", PASSWORD);
    Request::get(app).session(&session).send(sluice.address).assert_status(200);
    // What has nothing typed in it is not carried at all.
    for path in ["/sluice/account/password", "/sluice/account/keys/revoke", "/sluice/admin/keys/revoke"] {
        let asked = send(&sluice, path, &[("id", "1"), ("new_password", SECRET)]);
        assert_eq!(asked.assert_status(303).location(), Some("/sluice/login?rd=%2Fsluice%2Faccount"));
    }
}

#[test]
fn a_sign_in_that_fails_loses_nothing() {
    let sluice = gate();
    let mut asked = send(&sluice, NEW_USER, BOB);
    let first = carried(&asked);
    let mut seen = Vec::new();
    for _ in 0..8 {
        asked = sign_in(&sluice, ("ada", "Wrong-horse-1"), &carried(&asked));
        assert_eq!(carried(&asked), first);
        assert!(!asked.text().contains("Wrong-horse-1"));
        seen.push(asked.status);
    }
    assert!(seen.contains(&401) && seen.contains(&429), "{seen:?}");
    let form = [("username", "ada"), ("password", PASSWORD), ("expired_form", &first)];
    let other = sluice.portal_post("/sluice/login").header("X-Forwarded-For", "192.0.2.7").form(&form);
    let back = go_back(&sluice, &other.send(sluice.address));
    assert_holds(&back.text(), &[NOTE, "value=\"bob@example.com\""]);
}

#[test]
fn whose_session_has_ended_once_more_signs_in_once_more() {
    let sluice = gate();
    let first = carried(&send(&sluice, NEW_USER, BOB));
    let asked = send(&sluice, NEW_USER, &[("expired_form", &first)]);
    assert_eq!(carried(asked.assert_status(401)), first);
}

#[test]
fn what_no_page_of_ours_wrote_is_refused() {
    let sluice = gate();
    for text in [
        "https://evil.test/?name=x",
        "//evil.test/?name=x",
        "/login?name=x",
        "/account/password?name=x",
        "/admin/sessions/end-all?name=x",
        "/admin/users/../../x?name=x",
        "/admin/users/new",
        "/admin/users/new?name=%ff",
    ] {
        let answer = sign_in(&sluice, ("ada", PASSWORD), &carry(text));
        assert_eq!(answer.assert_status(400).set_cookie("sluice_session"), None, "{text}");
    }
    sign_in(&sluice, ("ada", PASSWORD), "!").assert_status(400);
    // Nothing but what the form may show again comes back, whoever wrote it.
    let forged = format!("/admin/users/new?name=x&password={SECRET}&{SECRET}=1");
    let back = go_back(&sluice, &sign_in(&sluice, ("ada", PASSWORD), &carry(&forged)));
    assert!(!back.assert_status(200).text().contains(SECRET));
    // A form is shown where it was sent to, and nowhere else.
    let session = sluice.sign_in("ada", PASSWORD);
    check(&sluice, &session, NEW_KEY, &carry("/admin/users/new?name=x")).assert_status(400);
    check(&sluice, &session, NEW_USER, "!").assert_status(400);
}

#[test]
fn who_may_not_see_the_form_is_not_shown_what_was_typed() {
    let sluice = gate();
    let signed_in = sign_in(&sluice, ("vera", PASSWORD), &carried(&send(&sluice, NEW_USER, BOB)));
    let refused = go_back(&sluice, &signed_in);
    assert!(!refused.assert_status(403).text().contains("bob@example.com"), "{}", refused.text());
}

#[test]
fn pages_of_other_sites_bring_no_form_in() {
    let sluice = gate();
    let session = sluice.sign_in("ada", PASSWORD);
    let form = carry("/admin/users/new?name=x");
    let sign_in = [("username", "ada"), ("password", PASSWORD), ("expired_form", &form)];
    for foreign in [
        Request::post(NEW_USER).form(BOB),
        Request::post("/sluice/login").form(&sign_in),
        Request::post(NEW_USER).session(&session).form(&[("expired_form", &form)]),
    ] {
        let answer = foreign.header("Origin", "http://evil.test").send(sluice.address);
        assert!(!answer.assert_status(403).text().contains("expired_form"), "{}", answer.text());
    }
    // Browsers always say where a form of the portal comes from.
    Request::post(NEW_USER).form(BOB).send(sluice.address).assert_status(403);
}

#[test]
fn the_largest_form_that_is_taken_is_kept_and_a_larger_one_is_not_which_is_said() {
    let sluice = gate();
    let body = |display_name: &str| format!("name=bob&display_name={display_name}");
    let sent = |display_name: &str| sluice.portal_post(NEW_USER).form(&[]).body(body(display_name));
    let longest = "x".repeat(16 * 1024 - body("").len());
    let larger = format!("{longest}x");
    let kept = sent(&longest).send(sluice.address);
    assert!(inside(&carried(kept.assert_status(401))).contains(&longest));
    assert!(kept.body.len() < 26_000, "{}", kept.body.len());
    let signed_in = sign_in(&sluice, ("ada", PASSWORD), &carried(&kept));
    assert!(go_back(&sluice, &signed_in).text().contains(&longest));
    let session = sluice.sign_in("ada", PASSWORD);
    for (display_name, status) in [(&longest, 422), (&larger, 413)] {
        sent(display_name).session(&session).send(sluice.address).assert_status(status);
    }
    // Bytes that no browser sends as they are grow when they are written as a browser would.
    let growing = "\u{e9}".repeat(7 * 1024);
    for display_name in [&larger, &growing, &"x".repeat(40 * 1024), &"x".repeat(1024 * 1024)] {
        let html = sent(display_name).send(sluice.address).assert_status(401).text();
        assert_holds(
            &html,
            &["the form is too large to be kept", "then reload this page", "<h1>Sign in</h1>"],
        );
        assert!(!html.contains("expired_form") && html.len() < 4_000, "{html}");
    }
    // What is carried comes on top; all else of the sign-in keeps its bound, of the bytes that are sent.
    let long = "\u{e9}".repeat(3 * 1024);
    let fields = [("username", long.as_str()), ("password", "x"), ("expired_form", &carried(&kept))];
    send(&sluice, "/sluice/login", &fields[..2]).assert_status(413);
    send(&sluice, "/sluice/login", &fields).assert_status(413);
    sign_in(&sluice, ("ada", PASSWORD), &"x".repeat(40 * 1024)).assert_status(413);
}
