//! The sign-in page and signing out.

use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::Dialect;

#[test]
fn the_page_has_the_form_and_strict_headers() {
    let sluice = Sluice::start();
    let page = Request::get("/sluice/login").navigating().send(sluice.address);
    let html = page.assert_status(200).text();
    for part in
        ["name=\"username\"", "name=\"password\"", "name=\"remember\"", "method=\"post\"", "lang=\"en\""]
    {
        assert!(html.contains(part), "{part} in {html}");
    }
    let policy = page.header("content-security-policy").expect("a policy");
    for part in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe-"), "{policy}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    for outside in ["http://", "https://", "src=\"//", "href=\"//", "<script>", "style=\"", " onclick"] {
        assert!(!html.contains(outside), "{outside} in {html}");
    }
}

#[test]
fn the_right_password_leads_to_the_account_page() {
    let sluice = Sluice::start();
    for name in ["vera", "VERA", "Vera"] {
        let answer = sluice.sign_in_form(name, PASSWORD).send(sluice.address);
        assert_eq!(answer.assert_status(303).location(), Some("/sluice/account"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn every_wrong_sign_in_looks_the_same() {
    let home = Home::new()
        .with("throttle.max_failures = 1000")
        .user("ada", &["--admin"])
        .user("off", &[])
        .user("bare", &["--no-password"]);
    home.cli(&["user", "disable", "off"], "").assert_code(0);
    let sluice = home.start();
    let mut pages = Vec::new();
    for (n, (name, password)) in [
        ("ada", "wrong"),
        ("nobody", PASSWORD),
        ("off", PASSWORD),
        ("bare", PASSWORD),
        ("bare", ""),
        ("ada", ""),
        ("", PASSWORD),
        ("ada ", PASSWORD),
        ("no such name!", PASSWORD),
        ("ada", &"x".repeat(200)),
    ]
    .into_iter()
    .enumerate()
    {
        // A client of its own each time, so that none has to wait for another's failure.
        let request = sluice.sign_in_form(name, password).header("X-Forwarded-For", format!("192.0.2.{n}"));
        let answer = request.send(sluice.address);
        assert_eq!(answer.status, 401, "{name:?} {password:?}: {}", answer.text());
        assert_eq!(answer.set_cookie("sluice_session"), None);
        let typed = format!("value=\"{name}\"");
        assert!(answer.text().contains(&typed), "{typed} in {}", answer.text());
        let page = answer.text().replace(&typed, "").replace(" autofocus", "");
        let mut headers = answer.headers.clone();
        headers.retain(|(name, _)| name != "date" && name != "content-length");
        headers.sort();
        pages.push((name, page, headers));
    }
    for (name, page, headers) in &pages[1..] {
        assert_eq!((page, headers), (&pages[0].1, &pages[0].2), "{name:?}");
    }
}

#[test]
fn what_a_visitor_sends_is_escaped_on_the_page() {
    let sluice = Sluice::start();
    let evil = "\"><script>alert(1)</script>";
    let answer = sluice.sign_in_form(evil, "x").send(sluice.address);
    assert!(!answer.assert_status(401).text().contains("<script>alert"));
    let query = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect::<String>();
    let page = Request::get(&format!("/sluice/login?rd=/{query}&error={query}&signed_out={query}"));
    assert!(!page.send(sluice.address).assert_status(200).text().contains("<script>alert"));
}

#[test]
fn a_form_from_another_site_is_refused() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    let own = sluice.origin();
    let forms: [(&str, &[(&str, &str)]); 3] = [
        ("/sluice/login", &[("username", "vera"), ("password", PASSWORD)]),
        ("/sluice/logout", &[]),
        (
            "/sluice/account/password",
            &[
                ("current_password", PASSWORD),
                ("new_password", "Another-horse-2"),
                ("new_password_again", "Another-horse-2"),
            ],
        ),
    ];
    for (path, form) in forms {
        for headers in [
            &[("Origin", "http://evil.test")][..],
            &[("Origin", "null")],
            &[("Origin", "https://127.0.0.1")],
            &[("Origin", own.as_str()), ("Sec-Fetch-Site", "cross-site")],
            &[("Referer", "http://evil.test/sluice/login")],
        ] {
            let request = Request::post(path).form(form).session(&session);
            let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
            let answer = request.send(sluice.address);
            assert_eq!(answer.status, 403, "{path} {headers:?}: {}", answer.text());
            assert_eq!(answer.all("set-cookie"), [""; 0]);
        }
    }
    Dialect::Nginx.verify().session(&session).send(sluice.address).assert_status(200);
    sluice.sign_in("vera", PASSWORD);
}

#[test]
fn signing_out_ends_the_session_at_once_and_takes_the_cookie() {
    let sluice = Sluice::start();
    let (mine, other) = (sluice.sign_in("vera", PASSWORD), sluice.sign_in("vera", PASSWORD));
    let answer = sluice.sign_out(&mine);
    assert!(answer.assert_status(303).location().is_some_and(|to| to.starts_with("/sluice/login")));
    let cookie = answer.set_cookie("sluice_session").expect("an expired cookie").to_ascii_lowercase();
    assert!(cookie.starts_with("sluice_session=;") && cookie.contains("max-age=0"), "{cookie}");
    Dialect::Nginx.verify().session(&mine).send(sluice.address).assert_status(401);
    Dialect::Nginx.verify().session(&other).send(sluice.address).assert_status(200);
    sluice.sign_out(&mine).assert_status(303);
}

#[test]
fn opening_the_sign_out_address_signs_nobody_out() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    Request::new("HEAD", "/sluice/logout").session(&session).send(sluice.address);
    let page = Request::get("/sluice/logout").navigating().session(&session).send(sluice.address);
    assert_eq!(page.assert_status(200).all("set-cookie"), [""; 0]);
    assert!(page.text().contains("action=\"/sluice/logout\""));
    Dialect::Nginx.verify().session(&session).send(sluice.address).assert_status(200);
}

#[test]
fn an_sso_header_on_the_portal_opens_nothing() {
    let sluice = Sluice::start();
    for path in ["/sluice/login", "/sluice/account", "/sluice/logout", "/"] {
        let answer = Request::get(path).navigating().header("Remote-User", "ada").send(sluice.address);
        assert_eq!(answer.all("set-cookie"), [""; 0], "{path}");
        assert!(!answer.text().contains("signed in as"), "{path}");
    }
}

#[test]
fn the_portal_lies_where_it_is_configured() {
    let sluice = Home::new().with("server.base_path = \"/gate\"").user("ada", &["--admin"]).start();
    let page = Request::get("/gate/login").send(sluice.address);
    assert!(page.assert_status(200).text().contains("action=\"/gate/login\""));
    Request::get("/sluice/login").send(sluice.address).assert_status(404);
    let form = [("username", "ada"), ("password", PASSWORD)];
    let answer = sluice.portal_post("/gate/login").form(&form).send(sluice.address);
    assert_eq!(answer.assert_status(303).location(), Some("/gate/account"));
    let refused = Dialect::Caddy.verify().navigating().send(sluice.address);
    assert!(refused.location().is_some_and(|to| to.starts_with("http://app.test/gate/login?rd=")));
}
