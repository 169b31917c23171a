//! Who makes no key on the account page, what makes none, and what is left when that cannot be stored.

use super::{account, create, database, gate, id_of, key_on, plain, revoke, rows, verify, with};
use crate::support::raw::{Answer, Request};
use crate::support::sluice::{PASSWORD, session_of};
use crate::support::wait;

/// By the page itself where something was typed, else by its address.
#[track_caller]
fn assert_asks_to_sign_in(answer: &Answer) {
    match answer.status {
        401 => assert!(answer.text().contains("<h1>Sign in</h1>"), "{}", answer.text()),
        _ => assert_eq!(answer.assert_status(303).location(), Some("/sluice/login?rd=%2Fsluice%2Faccount")),
    }
}

#[test]
fn only_a_page_of_the_portal_and_a_session_of_the_sign_in_page_make_or_revoke_keys() {
    let sluice = gate().start();
    let session = sluice.sign_in("vera", PASSWORD);
    let key = key_on(&create(&sluice, &session, &plain("phone")));
    let id = id_of(&sluice, "phone");
    let signed_in = Request::post("/api/v2/auth/login").form(&[("username", "vera"), ("password", PASSWORD)]);
    let of_client = session_of(signed_in.send(sluice.address).assert_status(200));
    for (path, fields) in [
        ("/sluice/account/keys", plain("another").to_vec()),
        ("/sluice/account/keys/revoke", vec![("id", id.as_str())]),
    ] {
        let post = || Request::post(path).form(&fields);
        for foreign in [
            post(),
            post().header("Origin", "null"),
            post().header("Origin", "http://evil.test"),
            post().header("Origin", sluice.origin()).header("Sec-Fetch-Site", "cross-site"),
            post().header("Referer", "http://evil.test/"),
        ] {
            foreign.session(&session).send(sluice.address).assert_status(403);
        }
        let own = || post().header("Origin", sluice.origin());
        for nobody in [
            own(),
            own().session(&"A".repeat(43)),
            own().session(&of_client),
            own().header("X-API-Key", &key),
            own().header("Authorization", format!("Bearer {key}")),
        ] {
            let answer = nobody.send(sluice.address);
            assert_asks_to_sign_in(&answer);
        }
        Request::get(path).session(&session).send(sluice.address).assert_status(405);
    }
    assert_eq!(rows(&sluice), 1);
    verify(&sluice, "qbittorrent", &key).assert_status(200);
}

#[test]
fn what_is_no_key_is_refused_beside_the_form_with_what_was_typed() {
    let sluice = gate().start();
    let session = sluice.sign_in("vera", PASSWORD);
    key_on(&create(&sluice, &session, &plain("phone")));
    let chosen = [("rights", "look"), ("app", "transmission"), ("lifetime", "90d")];
    let long = "a".repeat(65);
    for (name, shown, part) in [
        ("phone", "phone", "has a key phone already"),
        (" phone ", "phone", "has a key phone already"),
        ("", "", "1 to 64"),
        ("ä", "ä", "1 to 64"),
        ("a,b", "a,b", "1 to 64"),
        (long.as_str(), long.as_str(), "1 to 64"),
        ("\"><script>", "&#34;&#62;&#60;script&#62;", "1 to 64"),
    ] {
        let fields: Vec<_> = [("name", name), ("networks", "")].into_iter().chain(chosen).collect();
        let html = create(&sluice, &session, &fields).assert_status(422).text();
        let beside = html.split("<p class=\"wrong\" id=\"key-name-wrong\">").nth(1).unwrap_or_default();
        assert!(beside.split("</p>").next().is_some_and(|text| text.contains(part)), "{name}: {html}");
        for mark in [
            "<title>Error: ",
            "aria-invalid=\"true\" autofocus",
            "aria-describedby=\"key-name-wrong key-name-hint\"",
        ] {
            assert!(html.contains(mark), "{mark} for {name}: {html}");
        }
        assert!(html.contains(&format!("value=\"{shown}\"")), "{name}: {html}");
        for (_, value) in chosen {
            assert!(html.contains(&format!("<option value=\"{value}\" selected>")), "{value}: {html}");
        }
    }
    assert_eq!(rows(&sluice), 1);
}

#[test]
fn a_choice_that_is_missing_or_unknown_never_stands_for_no_limit() {
    let sluice = gate().start();
    let session = sluice.sign_in("vera", PASSWORD);
    let all = plain("phone");
    for wrong in ["rights", "app", "networks", "lifetime"] {
        let without: Vec<_> = all.into_iter().filter(|(field, _)| *field != wrong).collect();
        let with = |values: &[&'static str]| {
            let more = values.iter().map(|value| (wrong, *value));
            without.iter().copied().chain(more).collect::<Vec<_>>()
        };
        let mut all = vec![with(&[]), with(&["other"]), with(&["all", "look"]), with(&["*", "*"])];
        // Nothing typed is what stands for every address.
        all.extend((wrong != "networks").then(|| with(&[""])));
        for fields in all {
            let html = create(&sluice, &session, &fields).assert_status(422).text();
            assert_eq!(html.matches("<p class=\"wrong\"").count(), 1, "{fields:?}: {html}");
        }
    }
    assert_eq!(rows(&sluice), 0);
}

#[test]
fn the_number_of_keys_is_bounded() {
    let sluice = gate().start();
    let session = sluice.sign_in("vera", PASSWORD);
    let fill = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO api_keys (digest, user_id, name, created)
         SELECT randomblob(32), (SELECT id FROM users WHERE name = 'vera'), 'key' || i, 1 FROM n";
    database(&sluice).execute(fill, []).expect("keys");
    let answer = create(&sluice, &session, &plain("phone"));
    assert!(answer.assert_status(422).text().contains("as many keys as one can have"), "{}", answer.text());
    assert_eq!(rows(&sluice), 1_000);
    let hers = sluice.sign_in("ada", PASSWORD);
    key_on(&create(&sluice, &hers, &plain("phone")));
}

#[test]
fn where_only_administrators_have_keys_the_page_says_so() {
    let sluice = with("api_keys.admin_only = true").start();
    let session = sluice.sign_in("vera", PASSWORD);
    let html = account(&sluice, &session);
    assert!(html.contains("Only administrators have API keys here."), "{html}");
    assert!(!html.contains("action=\"/sluice/account/keys\""), "{html}");
    let answer = create(&sluice, &session, &plain("phone"));
    assert!(answer.assert_status(403).text().contains("only administrators"), "{}", answer.text());
    assert_eq!(rows(&sluice), 0);
    let hers = sluice.sign_in("ada", PASSWORD);
    let key = key_on(&create(&sluice, &hers, &plain("phone")));
    verify(&sluice, "qbittorrent", &key).assert_status(200);
    // A key from before is still the user's to revoke.
    sluice.cli(&["user", "set-capabilities", "vera", "--role", "admin"], "").assert_code(0);
    sluice.cli(&["key", "create", "vera", "--name", "before"], "").assert_code(0);
    sluice.cli(&["user", "set-capabilities", "vera", "--role", "user"], "").assert_code(0);
    wait::until("the key from before on the page", || {
        account(&sluice, &session).contains("Yours open nothing.")
    });
    revoke(&sluice, &session, &id_of(&sluice, "before")).assert_status(303);
    assert!(!account(&sluice, &session).contains("Yours open nothing."));
}

#[test]
fn what_cannot_be_stored_makes_no_key_and_denies_a_revoked_one_at_once() {
    let mut sluice = gate().start();
    let session = sluice.sign_in("vera", PASSWORD);
    let key = key_on(&create(&sluice, &session, &plain("phone")));
    let id = id_of(&sluice, "phone");
    let lock = database(&sluice);
    lock.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    let answer = create(&sluice, &session, &plain("another"));
    let html = answer.assert_status(503).text();
    assert!(html.contains("could not be stored") && !html.contains("sluice_"), "{html}");
    let answer = revoke(&sluice, &session, &id);
    assert!(answer.assert_status(503).text().contains("could not be stored"), "{}", answer.text());
    verify(&sluice, "qbittorrent", &key).assert_status(401);
    lock.execute_batch("ROLLBACK").expect("the lock is gone");
    // What could not be stored is stored now, and survives.
    wait::until("the key to be gone from the store", || {
        // The service may be writing just then, which the command says.
        let said = sluice.cli(&["key", "list", "--json"], "");
        said.code == 0 && said.json() == serde_json::json!([])
    });
    assert_eq!(rows(&sluice), 1, "the revoked one, which is known for a while");
    sluice.kill9();
    sluice.restart();
    verify(&sluice, "qbittorrent", &key).assert_status(401);
    sluice.assert_no_panic();
}

#[test]
fn a_session_that_ended_meanwhile_makes_no_key() {
    let sluice = gate().start();
    for _ in 0..5 {
        let session = sluice.sign_in("vera", PASSWORD);
        // Another process ends it; the service has perhaps not noticed yet.
        database(&sluice).execute("DELETE FROM sessions", []).expect("no session");
        let answer = create(&sluice, &session, &plain("phone"));
        assert_asks_to_sign_in(&answer);
        assert_eq!(rows(&sluice), 0);
    }
}
