//! Many clients at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::support::raw::Connection;
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{DIALECTS, Dialect, READ_ONLY};
use crate::support::wait::{self, Deadline};

const CLIENTS: usize = 100;

/// Asks on one connection until the time is over; every answer must name this user and no other.
fn ask_about(sluice: &Sluice, user: usize, session: &str, answers: &AtomicU64, deadline: Deadline) {
    let name = format!("user{user}");
    let dialect = DIALECTS[user % DIALECTS.len()];
    let good = dialect.verify().session(session).connection("keep-alive").bytes(sluice.address);
    let wrong = dialect.verify().session(&"W".repeat(43)).connection("keep-alive").bytes(sluice.address);
    let mut connection = Connection::open(sluice.address).expect("a connection");
    while !deadline.is_over() {
        connection.write(&good).expect("a request");
        let answer = connection.read_answer(false).expect("an answer");
        assert_eq!(answer.assert_status(200).header("remote-user"), Some(name.as_str()));
        assert_eq!(answer.header("remote-name"), Some(name.as_str()));
        let capabilities = if user.is_multiple_of(2) { READ_ONLY } else { "search" };
        assert_eq!(answer.header("x-auth-capabilities"), Some(capabilities));
        connection.write(&wrong).expect("a request");
        let answer = connection.read_answer(false).expect("an answer");
        assert_eq!(answer.assert_status(401).header("remote-user"), None);
        answers.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn of_100_clients_at_once_no_answer_names_another_user() {
    let mut home = Home::new();
    for user in 0..CLIENTS {
        let capabilities: &[&str] =
            if user.is_multiple_of(2) { &["--preset", "read-only"] } else { &["--capabilities", "search"] };
        home = home.user(&format!("user{user}"), capabilities);
    }
    let mut sluice = home.user("ada", &["--admin"]).start();
    let sessions: Vec<_> =
        (0..CLIENTS).map(|user| sluice.sign_in(&format!("user{user}"), PASSWORD)).collect();
    let answers = AtomicU64::new(0);
    let deadline = Deadline::after(wait::load_time());
    thread::scope(|scope| {
        for (user, session) in sessions.iter().enumerate() {
            let (sluice, answers) = (&sluice, &answers);
            scope.spawn(move || ask_about(sluice, user, session, answers, deadline));
        }
        // Meanwhile others come and go.
        scope.spawn(|| {
            while !deadline.is_over() {
                let session = sluice.sign_in("ada", PASSWORD);
                sluice.sign_out(&session).assert_status(303);
            }
        });
    });
    assert!(answers.load(Ordering::Relaxed) >= CLIENTS as u64);
    sluice.assert_no_panic();
}

#[test]
fn stalled_clients_keep_nobody_from_being_verified() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    let mut stalled = Vec::new();
    for n in 0..500 {
        let mut connection = Connection::open(sluice.address).expect("a connection");
        let start: &[u8] = match n % 3 {
            0 => b"GET /verify/nginx HTTP/1.1\r\nHost: x\r\nX-",
            1 => {
                b"POST /sluice/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\
                   Content-Type: application/x-www-form-urlencoded\r\n\r\nusername="
            }
            _ => b"",
        };
        connection.write(start).expect("half a request");
        stalled.push(connection);
    }
    for _ in 0..50 {
        Dialect::Nginx.verify().session(&session).send(sluice.address).assert_status(200);
    }
    sluice.sign_in("vera", PASSWORD);
}
