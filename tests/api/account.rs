//! The account page and changing one's own password.

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice, session_of};
use crate::support::verify::Dialect;

const NEW: &str = "Another-horse-2";

fn change(sluice: &Sluice, session: &str, current: &str, new: &str, again: &str) -> Answer {
    sluice
        .portal_post("/sluice/account/password")
        .session(session)
        .form(&[("current_password", current), ("new_password", new), ("new_password_again", again)])
        .send(sluice.address)
}

fn is_live(sluice: &Sluice, session: &str) -> bool {
    Dialect::Nginx.verify().session(session).send(sluice.address).status == 200
}

#[test]
fn the_page_is_for_those_who_are_signed_in() {
    let sluice = Sluice::start();
    let answer = Request::get("/sluice/account").navigating().send(sluice.address);
    let location = answer.assert_status(303).location().expect("a Location").to_owned();
    assert!(location.starts_with("/sluice/login"), "{location}");
    let session = sluice.sign_in("vera", PASSWORD);
    let page = Request::get("/sluice/account").session(&session).send(sluice.address);
    let html = page.assert_status(200).text();
    for part in ["vera", "Read only", "/sluice/logout", "new_password"] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert_eq!(page.header("cache-control"), Some("no-store"));
}

#[test]
fn changing_the_password_ends_the_users_other_sessions_only() {
    let sluice = Sluice::start();
    let (mine, other) = (sluice.sign_in("vera", PASSWORD), sluice.sign_in("vera", PASSWORD));
    let somebody_elses = sluice.sign_in("ada", PASSWORD);
    let answer = change(&sluice, &mine, PASSWORD, NEW, NEW);
    assert!(answer.assert_status(303).location().is_some_and(|to| to.starts_with("/sluice/account")));
    assert!(is_live(&sluice, &mine));
    assert!(!is_live(&sluice, &other));
    assert!(is_live(&sluice, &somebody_elses));
    sluice.sign_in("vera", NEW);
    sluice.sign_in_form("vera", PASSWORD).send(sluice.address).assert_status(401);
}

#[test]
fn a_wrong_current_password_changes_nothing() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    change(&sluice, &session, "wrong", NEW, NEW).assert_status(401);
    assert!(is_live(&sluice, &session));
    sluice
        .sign_in_form("vera", NEW)
        .header("X-Forwarded-For", "192.0.2.9")
        .send(sluice.address)
        .assert_status(401);
}

#[test]
fn guessing_the_current_password_is_slowed_like_guessing_at_sign_in() {
    let sluice = Home::new().with("throttle.max_failures = 1").user("ada", &["--admin"]).start();
    let session = sluice.sign_in("ada", PASSWORD);
    change(&sluice, &session, "wrong", NEW, NEW).assert_status(401);
    let answer = change(&sluice, &session, PASSWORD, NEW, NEW);
    assert!(answer.assert_status(429).header("retry-after").is_some());
    assert!(is_live(&sluice, &session));
}

#[test]
fn a_new_password_follows_the_rules_and_is_typed_twice() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    for (new, again) in [
        ("Sh0rt-1", "Sh0rt-1"),
        ("no-digits-here", "no-digits-here"),
        ("1234-5678", "1234-5678"),
        ("N0specials", "N0specials"),
        ("", ""),
        (NEW, "Another-horse-3"),
        (NEW, ""),
        (&format!("A1-{}", "x".repeat(70)), &format!("A1-{}", "x".repeat(70))),
    ] {
        let answer = change(&sluice, &session, PASSWORD, new, again);
        assert!(answer.assert_status(422).text().contains("class=\"wrong\""), "{new:?}");
    }
    sluice.sign_in("vera", PASSWORD);
}

#[test]
fn without_a_session_no_password_is_changed() {
    let sluice = Sluice::start();
    let answer = change(&sluice, &"A".repeat(43), PASSWORD, NEW, NEW);
    assert!(answer.assert_status(303).location().is_some_and(|to| to.starts_with("/sluice/login")));
    sluice.sign_in("vera", PASSWORD);
}

#[test]
fn the_page_lists_where_its_user_is_signed_in_and_ends_it_there() {
    const PHONE: &str = "Mozilla/5.0 (Android 15; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0";
    let sluice = Sluice::start();
    let here = sluice.sign_in("vera", PASSWORD);
    let form = sluice.sign_in_form("vera", PASSWORD).header("User-Agent", PHONE);
    let phone = session_of(&form.send(sluice.address));
    let third = sluice.sign_in("vera", PASSWORD);
    let hers = sluice.sign_in("ada", PASSWORD);
    let page = |session: &str| {
        Request::get("/sluice/account").session(session).send(sluice.address).assert_status(200).text()
    };
    let html = page(&here);
    assert!(html.contains("Firefox on Android") && !html.contains("Mozilla"), "{html}");
    assert_eq!(html.matches("this device").count(), 1, "{html}");
    assert_eq!(html.matches("action=\"/sluice/account/sessions/end\"").count(), 2, "{html}");
    let end = |session: &str, id: &str| {
        sluice
            .portal_post("/sluice/account/sessions/end")
            .session(session)
            .form(&[("id", id)])
            .send(sluice.address)
    };
    let ids = |user: &str| -> Vec<String> {
        let listed = sluice.cli(&["session", "list", "--json"], "").json();
        let of_user = listed.as_array().expect("a list").iter().filter(|one| one["user"] == user);
        of_user.map(|one| one["id"].to_string()).collect()
    };
    // The sessions of others, one's own, and what is none.
    for id in ids("ada").iter().map(String::as_str).chain(["", "0", "x", "-1"]) {
        end(&here, id).assert_status(404);
    }
    assert!([&here, &phone, &third, &hers].into_iter().all(|session| is_live(&sluice, session)));
    let id =
        html.split("Firefox on Android").nth(1).and_then(|rest| rest.split("name=\"id\" value=\"").nth(1));
    let id = id.and_then(|rest| rest.split('"').next()).expect("the id in the row").to_owned();
    assert!(ids("vera").contains(&id));
    end(&here, &id).assert_status(303);
    assert!(!is_live(&sluice, &phone) && is_live(&sluice, &third));
    let others = sluice.portal_post("/sluice/account/sessions/end-others").session(&here);
    others.send(sluice.address).assert_status(303);
    assert!(!is_live(&sluice, &third) && is_live(&sluice, &here) && is_live(&sluice, &hers));
    assert!(!page(&here).contains("Sign out everywhere else"));
}

#[test]
fn the_page_tells_what_its_user_may_do_in_each_app() {
    let sluice = Home::new()
        .with("[[app]]\nname = \"qbittorrent\"\n[[app]]\nname = \"films\"\npack = \"radarr\"")
        .user("vera", &["--preset", "read-only"])
        .start();
    let narrowed =
        ["user", "set-capabilities", "vera", "--app", "films", "--capabilities", "remove_downloads"];
    sluice.cli(&narrowed, "").assert_code(0);
    let session = sluice.sign_in("vera", PASSWORD);
    crate::support::wait::until("both sets on the page", || {
        let page = Request::get("/sluice/account").session(&session).send(sluice.address).text();
        page.contains("Read only; in films: Custom")
            && page.contains("In films: delete films and their files, and remove from the queue.")
            && page.contains("In qBittorrent: search with its search plugins.")
            && !page.contains("In films: look up films")
    });
}

#[test]
fn signing_in_again_leads_back_to_the_page_that_a_form_stood_on() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("ada", PASSWORD);
    sluice.sign_out(&session);
    let page = format!("{}/sluice/account?from=here", sluice.origin());
    let form = sluice.portal_post("/sluice/account/sessions/end").session(&session).header("Referer", page);
    let answer = form.form(&[("id", "1")]).send(sluice.address);
    assert_eq!(
        answer.assert_status(303).location(),
        Some("/sluice/login?rd=%2Fsluice%2Faccount%3Ffrom%3Dhere")
    );
    let form = sluice.portal_post("/sluice/account/sessions/end").header("Referer", "http://evil.test/x");
    let answer = form.form(&[("id", "1")]).send(sluice.address);
    assert_eq!(answer.assert_status(303).location(), Some("/sluice/login?rd=%2Fsluice%2Faccount"));
}
