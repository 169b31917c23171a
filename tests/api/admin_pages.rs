//! The pages of administration: who may see them, what they list, and that what is done there holds.

mod audit;

use rusqlite::Connection;

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::Dialect;
use crate::support::wait;

const PAGES: [&str; 6] = ["", "/sessions", "/keys", "/blocked", "/audit", "/audit.csv"];
const FORMS: [&str; 4] = ["/sessions/end", "/sessions/end-all", "/keys/revoke", "/blocked/unblock"];

/// An administrator `ada`, and a user `vera` who may only look.
#[track_caller]
pub fn gate() -> Sluice {
    Home::new()
        .with("[[app]]\nname = \"qbittorrent\"\n[[app]]\nname = \"sonarr\"")
        .user("ada", &["--admin"])
        .user("vera", &["--preset", "read-only"])
        .start()
}

fn ask(sluice: &Sluice, session: &str, path: &str) -> Answer {
    Request::get(&format!("/sluice/admin{path}")).session(session).send(sluice.address)
}

#[track_caller]
fn page(sluice: &Sluice, session: &str, path: &str) -> String {
    ask(sluice, session, path).assert_status(200).text()
}

fn submit(sluice: &Sluice, session: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    sluice.portal_post(&format!("/sluice/admin{path}")).session(session).form(fields).send(sluice.address)
}

fn verified(sluice: &Sluice, credential: (&str, &str)) -> u16 {
    let request = Dialect::Nginx.about_at("/verify/nginx/qbittorrent", &["GET", "http", "app.test", "/"]);
    let request = match credential {
        ("session", value) => request.session(value),
        (name, value) => request.header(name, value),
    };
    request.send(sluice.address).status
}

#[track_caller]
fn database(sluice: &Sluice) -> Connection {
    Connection::open(sluice.home.store()).expect("the database")
}

#[track_caller]
fn id_of(sluice: &Sluice, name: &str) -> i64 {
    let sql = "SELECT id FROM users WHERE name = ?1";
    database(sluice).query_row(sql, [name], |row| row.get(0)).expect("a user")
}

#[test]
fn only_administrators_see_the_pages_and_only_from_our_own_pages_they_change_something() {
    let sluice = gate();
    let (ada, vera) = (sluice.sign_in("ada", PASSWORD), sluice.sign_in("vera", PASSWORD));
    for path in PAGES {
        let anonymous = Request::get(&format!("/sluice/admin{path}")).send(sluice.address);
        let target =
            format!("/sluice/login?rd=%2Fsluice%2Fadmin{}", path.replace('/', "%2F").replace('.', "%2E"));
        assert_eq!(anonymous.assert_status(303).location(), Some(target.as_str()));
        ask(&sluice, &vera, path).assert_status(403);
        ask(&sluice, &ada, path).assert_status(200);
    }
    for path in FORMS {
        submit(&sluice, &vera, path, &[("id", "1")]).assert_status(403);
        for origin in [Some("http://evil.test"), Some("null"), None] {
            let mut request = Request::post(&format!("/sluice/admin{path}")).session(&ada);
            if let Some(origin) = origin {
                request = request.header("Origin", origin);
            }
            request.form(&[("id", "1")]).send(sluice.address).assert_status(403);
        }
        ask(&sluice, &ada, path).assert_status(404);
    }
    assert_eq!([verified(&sluice, ("session", &ada)), verified(&sluice, ("session", &vera))], [200, 200]);
}

#[test]
fn a_session_that_is_ended_opens_nothing_from_then_on() {
    let sluice = gate();
    let (ada, vera) = (sluice.sign_in("ada", PASSWORD), sluice.sign_in("vera", PASSWORD));
    let other = sluice.sign_in("vera", PASSWORD);
    let user = id_of(&sluice, "vera").to_string();
    let of_vera = page(&sluice, &ada, &format!("/sessions?user={user}"));
    assert_eq!(of_vera, page(&sluice, &ada, "/sessions?name=Vera"));
    assert_eq!(of_vera.matches("name=\"id\"").count(), 2, "{of_vera}");
    assert!(!of_vera.contains("this one") && page(&sluice, &ada, "/sessions").contains("this one"));

    // The youngest comes first.
    let first =
        of_vera.split("name=\"id\" value=\"").nth(1).expect("a session").split('"').next().expect("an id");
    let answer = submit(&sluice, &ada, &format!("/sessions/end?user={user}"), &[("id", first)]);
    let back = format!("/sluice/admin/sessions?user={user}&done=ended");
    assert_eq!(answer.assert_status(303).location(), Some(back.as_str()));
    assert_eq!([verified(&sluice, ("session", &other)), verified(&sluice, ("session", &vera))], [401, 200]);
    let path = back.strip_prefix("/sluice/admin").expect("a page");
    assert!(page(&sluice, &ada, path).contains("The session is ended."));
    submit(&sluice, &ada, "/sessions/end", &[("id", first)]).assert_status(404);

    submit(&sluice, &ada, "/sessions/end-all", &[("user", &user)]).assert_status(303);
    assert_eq!(verified(&sluice, ("session", &vera)), 401);
    for unknown in ["99999", "x", ""] {
        submit(&sluice, &ada, "/sessions/end-all", &[("user", unknown)]).assert_status(404);
    }
    assert_eq!(verified(&sluice, ("session", &ada)), 200);
    let own = id_of(&sluice, "ada").to_string();
    let answer = submit(&sluice, &ada, "/sessions/end-all", &[("user", &own)]);
    assert_eq!(answer.assert_status(303).location(), Some("/sluice/login"));
    assert_eq!(verified(&sluice, ("session", &ada)), 401);
}

#[test]
fn sessions_come_in_pages_and_of_one_user() {
    let sluice = gate();
    let ada = sluice.sign_in("ada", PASSWORD);
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
        INSERT INTO sessions (digest, user_id, lifetime, created, seen, address, client)
        SELECT randomblob(32), ?1, 'browser', 4000000000, 4000000000, '192.0.2.' || i, 0 FROM n";
    database(&sluice).execute(sql, [id_of(&sluice, "vera")]).expect("written");
    let mut path = "/sessions?name=vera".to_owned();
    let mut seen = Vec::new();
    for expected in [50, 50, 20] {
        let html = page(&sluice, &ada, &path);
        let addresses: Vec<_> = html
            .split("192.0.2.")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap_or_default().to_owned())
            .collect();
        let mut addresses: Vec<u32> = addresses.iter().filter_map(|text| text.parse().ok()).collect();
        assert_eq!(addresses.len(), expected, "{html}");
        seen.append(&mut addresses);
        let next = html
            .split("<p class=\"pages\">")
            .nth(1)
            .and_then(|rest| rest.split('"').nth(3))
            .map(str::to_owned);
        match next {
            Some(next) => {
                path = next.replace("&#38;", "&").strip_prefix("/sluice/admin").expect("our page").to_owned()
            }
            None => assert_eq!(expected, 20),
        }
    }
    assert_eq!(seen, (1..=120).rev().collect::<Vec<_>>());
    assert!(
        ask(&sluice, &ada, "/sessions?name=nobody")
            .assert_status(404)
            .text()
            .contains("no user of this name")
    );
    ask(&sluice, &ada, "/sessions?user=999").assert_status(404);
}

#[test]
fn a_key_is_revoked_after_a_question_and_opens_nothing_from_then_on() {
    let home = Home::new()
        .with("[[app]]\nname = \"qbittorrent\"")
        .user("ada", &["--admin"])
        .user("vera", &["--preset", "read-only"]);
    let (key, other) = (home.key("vera", "phone"), home.key("ada", "backup"));
    let sluice = home.start();
    let ada = sluice.sign_in("ada", PASSWORD);
    let all = page(&sluice, &ada, "/keys");
    assert!(all.contains("phone") && all.contains("backup") && all.contains("no limit of its own"), "{all}");
    let html = page(&sluice, &ada, "/keys?name=vera");
    assert!(html.contains("phone") && !html.contains("backup"), "{html}");
    assert!(!page(&sluice, &ada, "/keys?show=unused").contains("phone"), "it was made just now");
    let id =
        html.split("/keys/revoke?id=").nth(1).expect("a link").split('"').next().expect("an id").to_owned();
    let question = page(&sluice, &ada, &format!("/keys/revoke?id={id}"));
    assert!(question.contains("Revoke “phone” of vera?"), "{question}");
    assert_eq!(verified(&sluice, ("X-API-Key", &key)), 200, "a question revokes nothing");
    let answer = submit(&sluice, &ada, "/keys/revoke", &[("id", &id)]);
    assert_eq!(answer.assert_status(303).location(), Some("/sluice/admin/keys?done=revoked"));
    assert_eq!(
        [verified(&sluice, ("X-API-Key", &key)), verified(&sluice, ("X-API-Key", &other))],
        [401, 200]
    );
    submit(&sluice, &ada, "/keys/revoke", &[("id", &id)]).assert_status(404);
    assert!(page(&sluice, &ada, "/audit?types=key.*").contains("ada revoked the API key “phone” of vera."));
}

#[test]
fn whoever_has_to_wait_is_on_one_of_the_pages() {
    let settings =
        "throttle.max_failures = 1\nthrottle.global_limit = 1000\nserver.trusted_proxies = [\"127.0.0.1\"]";
    let sluice = Home::new().with(settings).user("ada", &["--admin"]).start();
    let ada = sluice.sign_in("ada", PASSWORD);
    let all: Vec<_> = (1..=60).map(|number| format!("198.51.100.{number}")).collect();
    for address in &all {
        sluice.sign_in_form("nobody", "wrong").header("X-Forwarded-For", address).send(sluice.address);
    }
    let first = page(&sluice, &ada, "/blocked");
    let (_, next) = first.split_once("/admin/blocked?after=").unwrap_or_else(|| panic!("no way on: {first}"));
    let next = next.split('"').next().expect("an address");
    let second = page(&sluice, &ada, &format!("/blocked?after={next}"));
    assert!(!second.contains("?after="), "{second}");
    let on = |html: &str, address: &String| html.contains(&format!("value=\"{address}\""));
    for address in &all {
        assert_ne!(on(&first, address), on(&second, address), "{address} is on one page");
    }
    assert_eq!(all.iter().filter(|address| on(&first, address)).count(), 50);
    for odd in ["192.0.2.1", "nobody", ""] {
        assert!(on(&page(&sluice, &ada, &format!("/blocked?after={odd}")), &all[0]), "{odd}");
    }
}

#[test]
fn an_address_that_has_to_wait_may_try_again_when_it_is_let() {
    let sluice =
        Home::new().with("server.trusted_proxies = [\"127.0.0.1\"]").user("ada", &["--admin"]).start();
    let ada = sluice.sign_in("ada", PASSWORD);
    let from = "198.51.100.7";
    let attempt = |password| {
        sluice.sign_in_form("ada", password).header("X-Forwarded-For", from).send(sluice.address).status
    };
    assert!(page(&sluice, &ada, "/blocked").contains("Nobody has to wait"));
    for _ in 0..3 {
        attempt("Wrong-horse-1");
        wait::until("the next try", || attempt("Wrong-horse-1") != 429);
    }
    let html = page(&sluice, &ada, "/blocked");
    assert!(html.contains(from) && html.contains("everybody"), "{html}");
    assert!(page(&sluice, &ada, "").contains("One address has to wait"));
    assert_eq!(attempt(PASSWORD), 429);
    let answer = submit(&sluice, &ada, "/blocked/unblock", &[("address", from)]);
    assert_eq!(answer.assert_status(303).location(), Some("/sluice/admin/blocked?done=unblocked"));
    assert_eq!(attempt(PASSWORD), 303);
    let again = submit(&sluice, &ada, "/blocked/unblock", &[("address", from)]);
    assert_eq!(again.assert_status(303).location(), Some("/sluice/admin/blocked?done=free"));
    submit(&sluice, &ada, "/blocked/unblock", &[("address", "<b>")]).assert_status(404);
    assert!(
        page(&sluice, &ada, "/audit?types=signin.unblocked")
            .contains("ada let 198.51.100.7 try to sign in again.")
    );
}

#[test]
fn markup_is_shown_as_text_everywhere() {
    let sluice = gate();
    let ada = sluice.sign_in("ada", PASSWORD);
    let markup = "\"><script>alert(1)</script>";
    let about = "/verify/nginx/qbittorrent";
    let target = "/<script>alert(1)</script>?secret";
    let vera = sluice.sign_in("vera", PASSWORD);
    Dialect::Nginx
        .about_at(about, &["POST", "http", "app.test", target])
        .session(&vera)
        .header("User-Agent", markup)
        .send(sluice.address);
    database(&sluice)
        .execute("UPDATE sessions SET address = ?1", ["<script>alert(2)</script>"])
        .expect("written");
    wait::until("the refusal on record", || page(&sluice, &ada, "/audit").contains("vera was refused"));
    let query = url::form_urlencoded::byte_serialize(markup.as_bytes()).collect::<String>();
    for path in [
        "".to_owned(),
        "/sessions".to_owned(),
        "/keys".to_owned(),
        "/audit".to_owned(),
        format!("/audit?actor={query}&subject={query}&app={query}"),
        format!("/audit?types={query}&from={query}&to={query}"),
        format!("/sessions?name={query}"),
        format!("/keys?name={query}"),
        format!("/keys?done={query}&show={query}"),
    ] {
        let answer = ask(&sluice, &ada, &path);
        let html = answer.text();
        assert!(!html.contains("<script>alert"), "{path}: {html}");
        assert!(!html.contains("style=") && !html.contains("secret"), "{path}: {html}");
        assert!(
            answer.header("content-security-policy").is_some_and(|csp| csp.contains("default-src 'none'"))
        );
    }
    assert!(page(&sluice, &ada, "/audit").contains("&#60;script&#62;"));
}

#[test]
fn the_first_page_shows_the_day_and_what_needs_attention() {
    let home = Home::new().user("ada", &["--admin"]).user("vera", &["--preset", "read-only"]);
    home.key("vera", "phone");
    home.cli(&["key", "create", "ada", "--name", "short", "--expires", "3d"], "");
    home.cli(&["user", "disable", "vera"], "").assert_code(0);
    let sluice = home.start();
    let ada = sluice.sign_in("ada", PASSWORD);
    database(&sluice).execute("UPDATE api_keys SET created = 1", []).expect("written");
    let hour = i64::try_from(
        std::fs::metadata(sluice.home.store())
            .expect("a file")
            .modified()
            .expect("a time")
            .duration_since(std::time::UNIX_EPOCH)
            .expect("after 1970")
            .as_secs()
            / 3_600,
    )
    .expect("a number");
    database(&sluice)
        .execute("INSERT INTO traffic (hour, what, count) VALUES (?1, 'refused.admin_only', 1234)", [hour])
        .expect("written");
    let html = page(&sluice, &ada, "");
    for part in [
        "vera is disabled, but has a key",
        "1,234",
        "Only for administrators",
        "1 administrator, 1 disabled",
        "role=\"img\"",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(html.len() < 60_000, "{} bytes", html.len());
}
