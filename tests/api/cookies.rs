//! The session cookie: read by bytes, set with care.

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice, session_of};
use crate::support::verify::{DIALECTS, Dialect};

fn with_cookie(sluice: &Sluice, cookie: impl AsRef<[u8]>) -> Answer {
    Dialect::Nginx.verify().header("Cookie", cookie).send(sluice.address)
}

#[test]
fn the_cookie_is_found_among_others() {
    let sluice = Sluice::start();
    let good = sluice.sign_in("vera", PASSWORD);
    let own = format!("sluice_session={good}");
    for cookies in [
        own.clone(),
        format!("a=1; {own}"),
        format!("{own}; a=1"),
        format!("a=1;{own};b=2"),
        format!("a=\"x y\"; {own}"),
        format!("novalue; =; ; {own}"),
        format!("SLUICE_SESSION=x; {own}"),
        format!("xsluice_session=x; sluice_session2=y; {own}"),
        format!("s%6cuice_session=x; {own}"),
        format!("{}; {own}", (0..90).map(|n| format!("c{n}=v")).collect::<Vec<_>>().join("; ")),
    ] {
        let answer = with_cookie(&sluice, &cookies);
        assert_eq!(answer.assert_status(200).header("remote-user"), Some("vera"), "{cookies}");
    }
}

#[test]
fn a_bad_byte_in_another_cookie_hides_nothing() {
    let sluice = Sluice::start();
    let good = sluice.sign_in("vera", PASSWORD);
    for bad in [&b"other=\xff; "[..], b"\xc3\x28=1; ", b"latin=\xe9; ", b"%=%; "] {
        let mut cookies = bad.to_vec();
        cookies.extend_from_slice(format!("sluice_session={good}").as_bytes());
        with_cookie(&sluice, &cookies).assert_status(200);
    }
    let two_lines = Dialect::Nginx.verify().header("Cookie", b"a=\xff").session(&good);
    two_lines.send(sluice.address).assert_status(200);
}

#[test]
fn anything_but_the_exact_name_and_alphabet_is_no_session() {
    let sluice = Sluice::start();
    let good = sluice.sign_in("vera", PASSWORD);
    let cut = &good[..42];
    for cookies in [
        format!("sluice%5Fsession={good}"),
        format!("sluice_session%20={good}"),
        format!("SLUICE_SESSION={good}"),
        format!("Sluice_session={good}"),
        format!("sluice-session={good}"),
        format!("$sluice_session={good}"),
        format!("__Host-sluice_session={good}"),
        format!("sluice_session=\"{good}\""),
        format!("sluice_session={good}x"),
        format!("sluice_session={cut}"),
        format!("sluice_session={cut}="),
        format!("sluice_session={cut}%41"),
        format!("sluice_session=={good}"),
        format!("sluice_session={good}, a=1"),
        format!("sluice_session={cut}\u{e9}"),
        format!("a=1, sluice_session={good}"),
        "sluice_session=".to_owned(),
        "sluice_session".to_owned(),
        format!("sluice_session={}", "A".repeat(43)),
        format!("sluice_session={}", "A".repeat(8_000)),
    ] {
        for dialect in DIALECTS {
            let answer = dialect.verify().header("Cookie", &cookies).send(sluice.address);
            assert_eq!(answer.status, 401, "{cookies}: {:#?}", answer.headers);
        }
    }
}

#[test]
fn two_session_cookies_are_a_wrong_credential() {
    let sluice = Sluice::start();
    let good = sluice.sign_in("vera", PASSWORD);
    let other = sluice.sign_in("ada", PASSWORD);
    let evil = "E".repeat(43);
    for (one, two) in
        [(&good, &other), (&evil, &good), (&good, &evil), (&good, &good), (&good, &String::new())]
    {
        with_cookie(&sluice, format!("sluice_session={one}; sluice_session={two}")).assert_status(401);
        let two_lines = Dialect::Caddy.verify().session(one).session(two);
        two_lines.send(sluice.address).assert_status(401);
        let person = Dialect::Nginx.verify().navigating().session(one).session(two).send(sluice.address);
        assert!(person.assert_status(401).location().is_some());
    }
}

#[test]
fn every_sign_in_gives_a_fresh_value_that_ends_the_one_presented() {
    let sluice = Sluice::start();
    let first = sluice.sign_in("vera", PASSWORD);
    let chosen = "C".repeat(43);
    let mut values = vec![first.clone(), chosen.clone()];
    for presented in [&first, &chosen] {
        let answer = sluice.sign_in_form("vera", PASSWORD).session(presented).send(sluice.address);
        let fresh = session_of(answer.assert_status(303));
        assert_eq!(fresh.len(), 43);
        assert!(fresh.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert!(!values.contains(&fresh));
        Dialect::Nginx.verify().session(&fresh).send(sluice.address).assert_status(200);
        Dialect::Nginx.verify().session(presented).send(sluice.address).assert_status(401);
        values.push(fresh);
    }
}

#[test]
fn the_sign_in_page_opens_no_session() {
    let sluice = Sluice::start();
    for presented in [None, Some("A".repeat(43))] {
        let page = Request::get("/sluice/login").navigating();
        let page = presented.map_or(page.clone(), |value| page.session(&value));
        assert_eq!(page.send(sluice.address).assert_status(200).set_cookie("sluice_session"), None);
    }
}

/// The attributes that an answer's session cookie has, in lower case.
fn attributes(answer: &Answer) -> Vec<String> {
    let cookie = answer.set_cookie("sluice_session").expect("a session");
    cookie.split(';').skip(1).map(|part| part.trim().to_ascii_lowercase()).collect()
}

#[test]
fn the_cookie_is_for_http_only_and_ends_with_the_browser() {
    let sluice = Sluice::start();
    let answer = sluice.sign_in_form("vera", PASSWORD).send(sluice.address);
    let mut found = attributes(&answer);
    found.sort();
    assert_eq!(found, ["httponly", "path=/", "samesite=lax"]);
}

#[test]
fn a_remembered_session_outlives_the_browser() {
    let sluice = Sluice::start();
    let form = [("username", "vera"), ("password", PASSWORD), ("remember", "on")];
    let answer = sluice.portal_post("/sluice/login").form(&form).send(sluice.address);
    let found = attributes(answer.assert_status(303));
    let age: u64 = found
        .iter()
        .find_map(|attribute| attribute.strip_prefix("max-age="))
        .and_then(|age| age.parse().ok())
        .expect("a Max-Age in seconds");
    // The server ends the session after 30 unused days; the cookie must not go before that.
    assert!(age >= 30 * 86_400, "{age}");
}

#[test]
fn the_cookie_is_secure_where_the_portal_is() {
    let home = || Home::new().user("ada", &["--admin"]);
    let form = [("username", "ada"), ("password", PASSWORD)];
    let secure = |answer: &Answer| attributes(answer.assert_status(303)).contains(&"secure".to_owned());

    let sluice = home().start();
    let behind_tls = Request::post("/sluice/login")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Host", "nas.test")
        .header("Origin", "https://nas.test")
        .form(&form);
    assert!(secure(&behind_tls.send(sluice.address)));

    let public = home().with("server.public_url = \"https://auth.test\"").start();
    let request =
        Request::post("/sluice/login").host("auth.test").header("Origin", "https://auth.test").form(&form);
    assert!(secure(&request.send(public.address)));

    let never = home().with("session.cookie_secure = false").start();
    assert!(!secure(&behind_tls.send(never.address)));
    let always = home().with("session.cookie_secure = true").start();
    assert!(secure(&always.sign_in_form("ada", PASSWORD).send(always.address)));
}

#[test]
fn name_and_domain_of_the_cookie_are_configured() {
    let sluice = Home::new()
        .with("session.cookie_name = \"gate\"\nsession.cookie_domain = \"example.com\"")
        .with("server.public_url = \"http://auth.example.com\"")
        .user("ada", &["--admin"])
        .start();
    let form = [("username", "ada"), ("password", PASSWORD)];
    let request = Request::post("/sluice/login")
        .host("auth.example.com")
        .header("Origin", "http://auth.example.com")
        .form(&form);
    let answer = request.send(sluice.address);
    let cookie = answer.assert_status(303).set_cookie("gate").expect("a session").to_owned();
    assert!(cookie.to_ascii_lowercase().contains("; domain=example.com"), "{cookie}");
    let pair = cookie.split(';').next().expect("a pair");
    with_cookie(&sluice, pair).assert_status(200);
    with_cookie(&sluice, pair.replace("gate=", "sluice_session=")).assert_status(401);
}

#[test]
fn a_planted_cookie_is_said_and_taken_away_where_that_can_be() {
    let sluice = Home::new()
        .with("[[app]]\nname = \"nas\"\nhosts = [\"a.nas.test\"]")
        .user("ada", &["--admin"])
        .start();
    let two = format!("sluice_session={}; sluice_session=planted", sluice.sign_in_on("a.nas.test", "ada"));
    let page = Dialect::Nginx.about("GET", "http", "a.nas.test", "/app/x").navigating();
    let led = page.header("Cookie", &two).send(sluice.address);
    let address = led.assert_status(401).location().expect("the sign-in page").to_owned();
    assert!(address.ends_with("&repeated=1"), "{address}");
    let path = address.strip_prefix("http://a.nas.test").expect("the portal");
    let login = Request::get(path).host("a.nas.test").send(sluice.address).assert_status(200).text();
    assert!(login.contains("two cookies named <b translate=\"no\">sluice_session</b>"), "{login}");
    let unasked = Request::get("/sluice/login").host("a.nas.test").send(sluice.address).text();
    assert!(!unasked.contains("two cookies"), "{unasked}");
    let seen_here = Request::get("/sluice/login").host("a.nas.test").header("Cookie", &two);
    assert!(seen_here.send(sluice.address).assert_status(200).text().contains("two cookies named"));

    let sign_in = |repeated: &[(&str, &str)]| {
        let form =
            [&[("username", "ada"), ("password", PASSWORD), ("rd", "/app/x;Max-Age=9?y")], repeated].concat();
        let request = Request::post("/sluice/login").host("a.nas.test").header("Origin", "http://a.nas.test");
        request.form(&form).send(sluice.address)
    };
    let answer = sign_in(&[("repeated", "1")]);
    let set: Vec<_> =
        answer.assert_status(303).all("set-cookie").iter().map(|line| line.to_lowercase()).collect();
    let cleared = |path: &str, domain: Option<&str>| {
        set.iter().any(|line| {
            let parts: Vec<_> = line.split("; ").collect();
            parts[0] == "sluice_session="
                && parts.contains(&"max-age=0")
                && parts.contains(&format!("path={path}").as_str())
                && domain.map_or(!line.contains("domain="), |domain| {
                    parts.contains(&format!("domain={domain}").as_str())
                })
        })
    };
    for path in ["/app", "/app/", "/app/x", "/sluice", "/sluice/", "/sluice/login"] {
        for domain in [None, Some("a.nas.test"), Some("nas.test")] {
            assert!(cleared(path, domain), "{path} {domain:?}: {set:#?}");
        }
    }
    assert!(set.iter().all(|line| !line.contains("max-age=9")), "{set:#?}");
    let kept = set.iter().filter(|line| !line.contains("max-age=0")).count();
    assert_eq!(kept, 1, "{set:#?}");
    assert_eq!(sign_in(&[]).all("set-cookie").len(), 1);
}

#[test]
fn a_cookie_that_no_other_host_can_plant_is_advised_and_works() {
    let https = "server.public_url = \"https://nas.test\"";
    let advised = |settings: &str| {
        let said = Home::new().with(settings).cli(&["check"], "");
        format!("{}{}", said.out, said.err).contains("__Host-sluice_session")
    };
    assert!(advised(https));
    assert!(!advised("server.public_url = \"http://nas.test\""));
    assert!(!advised("server.public_url = \"https://a.nas.test\"\nsession.cookie_domain = \"nas.test\""));
    let prefixed = format!(
        "{https}\nsession.cookie_name = \"__Host-sluice_session\"\nsession.cookie_secure = \"always\""
    );
    let sluice = Home::new().with(&prefixed).user("ada", &["--admin"]).start();
    let form = [("username", "ada"), ("password", PASSWORD)];
    let request =
        Request::post("/sluice/login").host("nas.test").header("Origin", "https://nas.test").form(&form);
    let answer = request.send(sluice.address);
    let cookie = answer.assert_status(303).set_cookie("__Host-sluice_session").expect("a session").to_owned();
    let kept: Vec<_> = cookie.split("; ").skip(1).map(str::to_lowercase).collect();
    assert!(kept.contains(&"secure".to_owned()) && kept.contains(&"path=/".to_owned()), "{cookie}");
    assert!(!kept.iter().any(|attribute| attribute.starts_with("domain")), "{cookie}");
    with_cookie(&sluice, cookie.split(';').next().expect("a pair")).assert_status(200);
}
