//! Requests that no client of good will sends: refused, without a panic, without hanging.

use crate::support::raw::{self, Connection, Request};
use crate::support::sluice::{PASSWORD, Sluice};
use crate::support::verify::{DIALECTS, Dialect};
use crate::support::wait;

const NGINX: &str = "GET /verify/nginx HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                     X-Original-URL: http://app.test/\r\nX-Original-Method: GET\r\n";

#[test]
fn requests_that_are_no_http_are_refused() {
    let mut sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    for head in [
        &b"\r\n\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET /verify/nginx\r\n\r\n",
        b"GET /verify/nginx HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /verify/nginx HTTP/1.1\r\nHost: x\r\nX-Original-URL\r\n\r\n",
        b"GET /verify/nginx HTTP/1.1\r\nHost: x\r\n: value\r\n\r\n",
        b"GET /verify/nginx HTTP/1.1\r\nHost: x\r\nBad Name: value\r\n\r\n",
        b"GET /verify/nginx HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET /verify/\x00nginx HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /verify/nginx HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"GET /verify/nginx HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /sluice/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /sluice/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        // Closing the connection is an answer as well.
        if let Ok(answer) = raw::try_send(sluice.address, head) {
            assert!((400..500).contains(&answer.status), "{}: {answer:?}", String::from_utf8_lossy(head));
        }
    }
    Dialect::Nginx.verify().session(&session).send(sluice.address).assert_status(200);
    sluice.assert_no_panic();
}

/// Log lines about refusals so far.
fn refusals(sluice: &Sluice) -> usize {
    sluice.process.log.lines().iter().filter(|line| line.contains("refused")).count()
}

#[test]
fn odd_bytes_in_headers_are_refused_and_logged_in_one_line() {
    let mut sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    let cases = [
        ("X-Original-URL", &b"http://app.test/\xff"[..]),
        ("X-Original-URL", b"http://app.test/\xc3\xa9"),
        ("X-Original-URL", b"http://app.test/%zz"),
        ("X-Original-URL", b"http://app.test/%"),
        ("X-Original-URL", b"http://app.test/%00"),
        ("X-Original-URL", b"http://app.test/\x01"),
        ("X-Original-URL", b"http://\xff/"),
        ("X-Original-Method", b"G\xffT"),
        ("X-Original-Method", b"\x0b"),
    ];
    for (number, (name, value)) in cases.into_iter().enumerate() {
        let other = if name == "X-Original-URL" {
            ("X-Original-Method", "GET")
        } else {
            ("X-Original-URL", "http://app.test/")
        };
        let before = refusals(&sluice);
        // What comes again from one network is only counted.
        let request = Request::get("/verify/nginx")
            .header("X-Forwarded-For", format!("192.0.2.{number}"))
            .session(&session)
            .header(other.0, other.1)
            .header(name, value);
        let answer = request.send(sluice.address);
        assert!(matches!(answer.status, 400 | 403), "{name} {value:?}: {answer:?}");
        if answer.status == 403 {
            wait::until("a log line", || refusals(&sluice) > before);
            assert_eq!(refusals(&sluice), before + 1, "{}", sluice.process.log.text());
        }
    }
    sluice.assert_no_panic();
    assert!(sluice.process.log.lines().iter().all(|line| !line.chars().any(|c| c.is_control())));
}

#[test]
fn undecodable_credentials_are_wrong_and_not_absent() {
    let sluice = Sluice::start();
    let good = sluice.sign_in("vera", PASSWORD);
    for dialect in DIALECTS {
        for value in [&b"sluice_session=\xff\xfe"[..], b"sluice_session=%41", b"sluice_session=\xc2\x80"] {
            let answer = dialect.verify().header("Cookie", value).send(sluice.address);
            answer.assert_status(401);
        }
        // The origin of a page that cannot be read is foreign.
        let post = dialect.about("POST", "http", "app.test", "/").session(&good);
        post.header("Origin", b"http://app.test\xff").send(sluice.address).assert_status(403);
    }
}

#[test]
fn large_heads_are_answered() {
    let mut sluice = Sluice::start();
    let good = sluice.sign_in("vera", PASSWORD);
    let big = "x".repeat(100_000);
    let with_cookie = Dialect::Nginx.verify().header("Cookie", format!("a={big}; sluice_session={good}"));
    with_cookie.send(sluice.address).assert_status(200);
    let url = Request::get("/verify/nginx")
        .header("X-Original-URL", format!("http://app.test/{big}"))
        .header("X-Original-Method", "GET");
    url.send(sluice.address).assert_status(401);
    let person = url.navigating().send(sluice.address);
    person.assert_status(401);
    let location = person.location().expect("a sign-in address");
    assert!(location.len() < 8_000, "no proxy takes a Location of {} bytes", location.len());
    for count in [90, 500] {
        let many =
            (0..count).fold(Dialect::Nginx.verify(), |request, n| request.header(format!("X-Many-{n}"), "1"));
        let answer = many.send(sluice.address);
        assert_eq!(answer.status, if count == 90 { 401 } else { 431 });
    }
    let huge = Dialect::Nginx.verify().session(&good).header("X-Huge", "x".repeat(300_000));
    let answer = raw::try_send(sluice.address, &huge.bytes(sluice.address));
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 431));
    sluice.assert_no_panic();
}

#[test]
fn an_announced_body_that_never_comes_delays_no_verify() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    for length in ["Content-Length: 7", "Content-Length: 100000000", "Transfer-Encoding: chunked"] {
        let request = format!("{NGINX}Cookie: sluice_session={session}\r\n{length}\r\n\r\n");
        let mut connection = Connection::open(sluice.address).expect("a connection");
        connection.write(request.as_bytes()).expect("a request");
        let answer = connection.read_answer(false).expect("an answer");
        assert_eq!(answer.assert_status(200).header("remote-user"), Some("vera"), "{length}");
    }
    let expecting = format!(
        "{NGINX}Cookie: sluice_session={session}\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n"
    );
    raw::send(sluice.address, expecting.as_bytes()).assert_status(200);
}

#[test]
fn a_slow_form_is_given_up() {
    let sluice = Sluice::start();
    let head = format!(
        "POST /sluice/login HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nContent-Length: 100\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=",
        sluice.address
    );
    let mut connection = Connection::open(sluice.address).expect("a connection");
    connection.write(head.as_bytes()).expect("half a form");
    connection.read_answer(false).expect("an answer in time").assert_status(408);
}

#[test]
fn forms_over_16_kilobytes_are_refused() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    for path in ["/sluice/login", "/sluice/account/password"] {
        let form = |length: usize| {
            let form = [("username", "vera"), ("password", &*"x".repeat(length))];
            sluice.portal_post(path).session(&session).form(&form).send(sluice.address)
        };
        form(17_000).assert_status(413);
        form(200_000).assert_status(413);
        assert_ne!(form(15_000).status, 413);
    }
    let chunked = format!(
        "POST /sluice/login HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nTransfer-Encoding: chunked\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n5000\r\n{1}\r\n0\r\n\r\n",
        sluice.address,
        "x".repeat(0x5000)
    );
    raw::send(sluice.address, chunked.as_bytes()).assert_status(413);
}

#[test]
fn forms_that_cannot_be_read_are_refused() {
    let sluice = Sluice::start();
    let post = |kind: &str, body: &[u8]| {
        sluice.portal_post("/sluice/login").header("Content-Type", kind).body(body).send(sluice.address)
    };
    let form = "application/x-www-form-urlencoded";
    post(form, b"username=vera&password=%ff").assert_status(400);
    post(form, b"username=\xff&password=x").assert_status(400);
    for (kind, body) in [
        ("text/plain", "username=vera&password=Correct-horse-1"),
        ("application/json", "{\"username\":\"vera\",\"password\":\"Correct-horse-1\"}"),
        ("multipart/form-data; boundary=x", "--x--"),
        ("", "username=vera&password=Correct-horse-1"),
    ] {
        post(kind, body.as_bytes()).assert_status(415);
    }
    // Twice the same field is none.
    post(form, b"username=vera&password=wrong&password=Correct-horse-1").assert_status(401);
    let session =
        sluice.sign_in_form("vera", PASSWORD).header("X-Forwarded-For", "192.0.2.7").send(sluice.address);
    session.assert_status(303);
}

#[test]
fn wrong_methods_and_unknown_paths_are_refused() {
    let sluice = Sluice::start();
    for (method, path, status) in [
        ("PUT", "/sluice/login", 405),
        ("DELETE", "/sluice/account", 405),
        ("POST", "/healthz", 404),
        ("GET", "/sluice/account/password", 405),
        ("GET", "/sluice/nowhere", 404),
        ("GET", "/sluice/assets/nothing.css", 404),
        ("GET", "/sluice/assets/..%2f..%2fCargo.toml", 404),
        ("GET", "/", 404),
        ("GET", "/verify", 404),
        ("GET", "/verify/", 404),
        ("GET", "/verify/apache", 404),
        ("GET", "/verify/nginx/", 404),
        ("GET", "/verify/nginx/default/more", 404),
        ("GET", "//verify/nginx", 404),
        ("GET", "/Verify/nginx", 404),
        ("GET", "/./verify/nginx", 404),
        ("GET", "/sluice/../verify/nginx", 404),
        ("GET", "/sluice/%00", 404),
    ] {
        let answer = Request::new(method, path).send(sluice.address);
        assert_eq!(answer.status, status, "{method} {path}: {:#?}", answer.headers);
    }
}
