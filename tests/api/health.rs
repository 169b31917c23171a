//! Health, the log, and stopping.

use std::thread;

use serde_json::Value;

use crate::support::raw::{Connection, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::Dialect;
use crate::support::wait;

#[test]
fn health_is_answered_at_exact_paths() {
    let sluice = Sluice::start();
    for path in ["/healthz", "/readyz"] {
        Request::get(path).send(sluice.address).assert_status(200);
        Request::get(&format!("{path}/")).send(sluice.address).assert_status(404);
        Request::get(&format!("/sluice{path}")).send(sluice.address).assert_status(404);
    }
    let before_the_first_user = Home::new().start();
    Request::get("/readyz").send(before_the_first_user.address).assert_status(200);
}

#[test]
fn the_health_command_asks_the_running_service() {
    let mut sluice = Sluice::start();
    let config = sluice.home.file("health.toml");
    std::fs::write(&config, format!("server.listen = \"{}\"\n", sluice.address)).expect("a file");
    let ask = |sluice: &Sluice| {
        sluice.home.command(&config).arg("healthcheck").output().expect("an answer").status.code()
    };
    assert_eq!(ask(&sluice), Some(0));
    assert_eq!(sluice.stop(), Some(0));
    assert_eq!(ask(&sluice), Some(1));
}

#[test]
fn sigterm_finishes_what_is_under_way() {
    // One worker, which takes connections in the order in which they come.
    let home = Home::new().with("server.workers = 1");
    let mut sluice = home.user("vera", &["--preset", "read-only"]).start();
    let form = sluice.sign_in_form("vera", PASSWORD).bytes(sluice.address);
    let (head, rest) = form.split_at(form.len() - 5);
    let mut connection = Connection::open(sluice.address).expect("a connection");
    connection.write(head).expect("most of a form");
    // Another request shows that the service has turned to this one.
    Request::get("/healthz").send(sluice.address).assert_status(200);
    sluice.process.terminate();
    wait::until("the closed door", || Connection::open(sluice.address).is_err());
    connection.write(rest).expect("the rest");
    connection.read_answer(false).expect("an answer").assert_status(303);
    assert_eq!(sluice.process.wait().code(), Some(0));
}

#[test]
fn stopping_under_load_ends_with_success() {
    let mut sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    let bytes = Dialect::Nginx.verify().session(&session).bytes(sluice.address);
    let address = sluice.address;
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Ok(answer) = crate::support::raw::try_send(address, &bytes) {
                    answer.assert_status(200);
                }
            });
        }
        assert_eq!(sluice.stop(), Some(0));
    });
    sluice.restart();
    Dialect::Nginx.verify().session(&session).send(sluice.address).assert_status(200);
}

#[test]
fn a_json_log_is_one_object_a_line() {
    let sluice =
        Home::new().with("log.format = \"json\"\nlog.level = \"debug\"").user("ada", &["--admin"]).start();
    let session = sluice.sign_in("ada", PASSWORD);
    Dialect::Nginx.verify().session(&session).send(sluice.address).assert_status(200);
    Dialect::Nginx.about("GET", "http", "app.test", "/\"x").send(sluice.address).assert_status(401);
    wait::until("the refusal in the log", || sluice.process.log.contains("refused"));
    for line in sluice.process.log.lines() {
        let entry: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for key in ["timestamp", "level", "fields"] {
            assert!(!entry[key].is_null(), "{key} in {line}");
        }
    }
}

#[test]
fn a_refusal_is_one_line_that_says_why() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    let request = Dialect::Nginx.about("POST", "http", "app.test", "/delete?x=1").session(&session);
    request.header("Origin", "http://evil.test").send(sluice.address).assert_status(403);
    let line =
        sluice.process.log.wait_for("the refusal", |line| line.contains("refused").then(|| line.to_owned()));
    for part in ["POST", "/delete", "192.0.2.7", "origin"] {
        assert!(line.contains(part), "{part} in {line}");
    }
    let about_it = sluice.process.log.lines().into_iter().filter(|line| line.contains("/delete")).count();
    assert_eq!(about_it, 1, "{}", sluice.process.log.text());
}

#[test]
fn a_unix_socket_serves_as_well() {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use crate::support::process::Process;

    let home = Home::new().user("ada", &["--admin"]);
    let (socket, config) = (home.file("sluice.sock"), home.file("unix.toml"));
    let text = format!(
        "server.listen = \"unix:{}\"\nserver.trusted_proxies = [\"unix\"]\nstore.path = \"data/sluice.db\"\n",
        socket.display()
    );
    std::fs::write(&config, text).expect("a file");
    let _process = Process::spawn(home.command(&config).arg("serve"));
    let mut stream = wait::for_some("the socket", || UnixStream::connect(&socket).ok());
    stream.set_read_timeout(Some(wait::PATIENCE)).expect("a timeout");
    let request = b"GET /verify/nginx HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                    X-Original-URL: http://app.test/\r\nX-Original-Method: GET\r\n\r\n";
    stream.write_all(request).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let health = home.command(&config).arg("healthcheck").output().expect("an answer");
    assert_eq!(health.status.code(), Some(0));
}
