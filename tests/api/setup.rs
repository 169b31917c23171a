//! The first run: nobody is in, and only who can read the server's files becomes the administrator.

use std::thread;

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice, mode, session_of};
use crate::support::verify::{DIALECTS, Dialect};
use crate::support::wait;

fn token(sluice: &Sluice) -> String {
    let file = sluice.home.file("data/sluice.db.setup-token");
    assert_eq!(mode(&file), 0o600);
    std::fs::read_to_string(file).expect("a token").trim().to_owned()
}

fn set_up(sluice: &Sluice, token: &str, name: &str, password: &str) -> Answer {
    sluice
        .portal_post("/sluice/setup")
        .form(&[("token", token), ("username", name), ("password", password), ("password_again", password)])
        .send(sluice.address)
}

fn names(sluice: &Sluice) -> Vec<String> {
    let users = sluice.cli(&["user", "list", "--json"], "").assert_code(0).json();
    let users = users.as_array().expect("a list").clone();
    users.iter().map(|user| user["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn without_users_everyone_is_refused() {
    let sluice = Home::new().start();
    for dialect in DIALECTS {
        dialect.verify().send(sluice.address).assert_status(401);
        dialect.verify().session(&"A".repeat(43)).send(sluice.address).assert_status(401);
        let person = dialect.verify().navigating().send(sluice.address);
        assert!(person.location().is_some_and(|to| to.starts_with("http://app.test/sluice/login")));
    }
    let page = Request::get("/sluice/login").navigating().send(sluice.address);
    assert_eq!(page.assert_status(303).location(), Some("/sluice/setup"));
    sluice.sign_in_form("admin", "").send(sluice.address).assert_status(401);
}

#[test]
fn the_token_is_printed_and_left_in_a_private_file() {
    let sluice = Home::new().start();
    let token = token(&sluice);
    assert!(token.len() >= 32, "{token}");
    sluice.process.log.wait_for("the token", |line| line.contains(&token).then_some(()));
}

#[test]
fn who_holds_the_token_becomes_the_administrator() {
    let sluice = Home::new().start();
    let token = token(&sluice);
    let answer = set_up(&sluice, &token, "Ada", PASSWORD);
    assert_eq!(answer.assert_status(303).location(), Some("/sluice/admin/start"));
    let verified = Dialect::Nginx.verify().session(&session_of(&answer)).send(sluice.address);
    assert_eq!(verified.assert_status(200).header("remote-user"), Some("ada"));
    assert_eq!(verified.header("x-auth-role"), Some("admin"));
    assert!(!sluice.home.file("data/sluice.db.setup-token").exists());
    assert!(sluice.home.file("data/sluice.db.initialised").exists());
    sluice.sign_in("ada", PASSWORD);

    // It worked once only.
    let again = set_up(&sluice, &token, "mallory", PASSWORD);
    assert_eq!(again.all("set-cookie"), [""; 0]);
    Request::get("/sluice/login").send(sluice.address).assert_status(200);
    assert_eq!(names(&sluice), ["ada"]);
}

#[test]
fn a_wrong_token_is_on_record_with_the_address_and_no_name() {
    let sluice = Home::new().start();
    let form = [("token", "T0K3N"), ("username", "mallory"), ("password", PASSWORD)];
    let wrong = sluice.portal_post("/sluice/setup").header("X-Forwarded-For", "192.0.2.7").form(&form);
    wrong.send(sluice.address).assert_status(401);
    let ada = session_of(set_up(&sluice, &token(&sluice), "ada", PASSWORD).assert_status(303));
    let ask = || {
        let request = Request::get("/sluice/api/v1/audit?types=signin.*").session(&ada);
        let items = request.send(sluice.address).assert_status(200).json()["items"].clone();
        items.as_array().cloned().filter(|items| !items.is_empty())
    };
    let failed = wait::for_some("the failure on record", ask);
    assert_eq!(failed[0]["type"], "signin.failed");
    assert_eq!((&failed[0]["method"], &failed[0]["address"]), (&"setup-token".into(), &"192.0.2.7".into()));
    assert_eq!(failed[0]["sentence"], "A sign-in by a setup token failed");
    let text = serde_json::Value::from(failed).to_string();
    assert!(!text.contains("mallory") && !text.contains("T0K3N"), "{text}");
}

#[test]
fn a_wrong_token_makes_nobody() {
    let sluice = Home::new().with("throttle.max_failures = 1000").start();
    let token = token(&sluice);
    for (n, wrong) in ["", " ", "wrong", &token[1..], &token.to_ascii_uppercase(), &"A".repeat(token.len())]
        .into_iter()
        .enumerate()
    {
        let form =
            [("token", wrong), ("username", "mallory"), ("password", PASSWORD), ("password_again", PASSWORD)];
        let request = sluice.portal_post("/sluice/setup").form(&form);
        let answer = request.header("X-Forwarded-For", format!("192.0.2.{n}")).send(sluice.address);
        assert_eq!(answer.assert_status(401).all("set-cookie"), [""; 0], "{wrong:?}");
    }
    assert_eq!(names(&sluice), [""; 0]);
    set_up(&sluice, &token, "ada", PASSWORD).assert_status(303);
}

#[test]
fn a_bad_name_or_password_leaves_the_token_good() {
    let sluice = Home::new().start();
    let token = token(&sluice);
    for (name, password) in [
        ("ada", "short"),
        ("ada", "no-digits-here"),
        ("", PASSWORD),
        ("-ada", PASSWORD),
        ("a da", PASSWORD),
        ("ada\r\nx", PASSWORD),
        ("Zoë", PASSWORD),
        (&"a".repeat(65), PASSWORD),
    ] {
        let answer = set_up(&sluice, &token, name, password);
        assert!(answer.assert_status(422).text().contains("role=\"alert\""), "{name:?} {password:?}");
    }
    let form = [
        ("token", token.as_str()),
        ("username", "ada"),
        ("password", PASSWORD),
        ("password_again", "Other-1234"),
    ];
    sluice.portal_post("/sluice/setup").form(&form).send(sluice.address).assert_status(422);
    assert_eq!(names(&sluice), [""; 0]);
    set_up(&sluice, &token, "ada", PASSWORD).assert_status(303);
}

#[test]
fn each_wrong_field_has_its_message_and_only_the_passwords_are_typed_again() {
    let sluice = Home::new().start();
    let token = token(&sluice);
    let html = |token: &str, fields: [&str; 3], status: u16| {
        let [name, password, again] = fields;
        let form = [("token", token), ("username", name), ("password", password), ("password_again", again)];
        sluice.portal_post("/sluice/setup").form(&form).send(sluice.address).assert_status(status).text()
    };
    let tag = |html: &str, id: &str| {
        let (_, rest) = html.split_once(&format!("<input id=\"{id}\"")).expect("an input");
        rest.split_once('>').expect("its end").0.to_owned()
    };
    for (fields, wrong) in [
        (["<a", "short-horse", "other-horse"], vec!["username", "password", "password_again"]),
        (["ada", PASSWORD, "Other-1234"], vec!["password_again"]),
        (["-ada", PASSWORD, PASSWORD], vec!["username"]),
    ] {
        let html = html(&token, fields, 422);
        for field in ["token", "username", "password", "password_again"] {
            let is_wrong = wrong.contains(&field);
            assert_eq!(html.contains(&format!("id=\"{field}-wrong\"")), is_wrong, "{field}: {html}");
            assert_eq!(tag(&html, field).contains("aria-invalid=\"true\""), is_wrong, "{field}: {html}");
        }
        assert!(tag(&html, wrong[0]).contains(" autofocus"), "{html}");
        assert_eq!(html.matches(" autofocus").count(), 1, "{html}");
        assert!(tag(&html, "token").contains(&format!("value=\"{token}\"")), "{html}");
        assert!(!html.contains("-horse") && !html.contains("value=\"<a"), "{html}");
    }
    let html = html("wrong", ["-ada", PASSWORD, "Other-1234"], 401);
    for field in ["token", "username", "password_again"] {
        assert!(tag(&html, field).contains("aria-invalid=\"true\""), "{field}: {html}");
    }
    assert!(tag(&html, "token").contains("value=\"wrong\""), "{html}");
    assert_eq!(names(&sluice), [""; 0]);
}

#[test]
fn of_two_at_once_only_one_becomes_the_administrator() {
    let sluice = Home::new().start();
    let token = token(&sluice);
    let sessions = thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|n| {
                let (sluice, token) = (&sluice, &token);
                scope.spawn(move || set_up(sluice, token, &format!("admin{n}"), PASSWORD))
            })
            .collect();
        let answers = tries.into_iter().map(|each| each.join().expect("an answer"));
        answers.filter(|answer| answer.set_cookie("sluice_session").is_some()).count()
    });
    assert_eq!((sessions, names(&sluice).len()), (1, 1));
}

#[test]
fn setup_is_refused_from_other_sites() {
    let sluice = Home::new().start();
    let token = token(&sluice);
    let form = [
        ("token", token.as_str()),
        ("username", "ada"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
    ];
    for origin in ["http://evil.test", "null"] {
        let request = Request::post("/sluice/setup").header("Origin", origin).form(&form);
        request.send(sluice.address).assert_status(403);
    }
    assert_eq!(names(&sluice), [""; 0]);
}

#[test]
fn a_first_user_from_the_command_line_closes_setup_in_the_running_service() {
    let sluice = Home::new().start();
    let token = token(&sluice);
    sluice.cli(&["user", "add", "ada", "--admin"], PASSWORD).assert_code(0);
    crate::support::wait::until("the sign-in page", || {
        Request::get("/sluice/login").send(sluice.address).status == 200
    });
    let answer = set_up(&sluice, &token, "mallory", PASSWORD);
    assert_eq!(answer.all("set-cookie"), [""; 0]);
    assert_eq!(names(&sluice), ["ada"]);
    sluice.sign_in("ada", PASSWORD);
}

#[test]
fn a_configured_password_makes_the_administrator_instead() {
    for (setting, variable, name) in [
        ("auth.admin_password = \"Configured-1\"\nauth.admin_user = \"root\"", ("UNUSED", ""), "root"),
        ("", ("WEB_AUTH_PASSWORD", "Configured-1"), "admin"),
        ("", ("SLUICE_AUTH__ADMIN_PASSWORD", "Configured-1"), "admin"),
    ] {
        let mut sluice = Home::new().with(setting).variable(variable.0, variable.1).start();
        assert!(!sluice.home.file("data/sluice.db.setup-token").exists());
        let session = sluice.sign_in(name, "Configured-1");
        let answer = Dialect::Nginx.verify().session(&session).send(sluice.address);
        assert_eq!(answer.assert_status(200).header("x-auth-role"), Some("admin"));
        // Locked: the account page cannot change it.
        let form = [
            ("current_password", "Configured-1"),
            ("new_password", "Another-horse-2"),
            ("new_password_again", "Another-horse-2"),
        ];
        sluice
            .portal_post("/sluice/account/password")
            .session(&session)
            .form(&form)
            .send(sluice.address)
            .assert_status(403);
        assert_eq!(sluice.stop(), Some(0));
        sluice.restart();
        sluice.sign_in(name, "Configured-1");
        let answer = Dialect::Nginx.verify().session(&session).send(sluice.address);
        answer.assert_status(200);
    }
}

#[test]
fn a_lost_database_does_not_reopen_setup() {
    let mut sluice = Sluice::start();
    assert_eq!(sluice.stop(), Some(0));
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(sluice.home.file(&format!("data/sluice.db{suffix}")));
    }
    let said = sluice.home.fail();
    assert_eq!(said.code, 2, "{said:#?}");
    assert!(said.err.contains("sluice.db.initialised"), "names the marker, and so the fix: {}", said.err);
    assert!(!sluice.home.file("data/sluice.db.setup-token").exists());
}

#[test]
fn setup_stays_closed_when_the_only_user_is_deleted_again() {
    let sluice = Home::new().start();
    sluice.cli(&["user", "add", "vera"], PASSWORD).assert_code(0);
    sluice.cli(&["user", "delete", "vera"], "").assert_code(0);
    wait::until("setup to be closed", || Request::get("/sluice/setup").send(sluice.address).status == 404);
}

#[test]
fn a_page_of_the_portal_on_another_host_leads_to_the_portals_own() {
    let config = "server.public_url = \"https://auth.example.com\"\nsession.cookie_domain = \"example.com\"";
    let sluice = Home::new().with(config).user("ada", &["--admin"]).start();
    let answer = Request::get("/sluice/login?rd=%2Fx").host("nas.example.com").send(sluice.address);
    assert_eq!(answer.assert_status(303).location(), Some("https://auth.example.com/sluice/login?rd=%2Fx"));
    Request::get("/sluice/login").host("auth.example.com").send(sluice.address).assert_status(200);
}
