//! Many requests at once: one browser's share a question, different ones never share an answer, and who needs no
//! provider never waits for it.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::thread;

use super::{APP, about, ask, assert_let_in, gate, home, page, session};
use crate::support::product::Product;
use crate::support::provider::{Mode, Provider};
use crate::support::raw::{Connection, Request};
use crate::support::sluice::Sluice;
use crate::support::verify::{DIALECTS, Dialect};

/// Requests under way, none of them answered yet.
fn send_all(sluice: &Sluice, requests: &[Request]) -> Vec<Connection> {
    let under_way = requests
        .iter()
        .map(|request| {
            let mut connection = Connection::open(sluice.address).expect("a connection");
            connection.write(&request.bytes(sluice.address)).expect("a request");
            connection
        })
        .collect();
    // A single worker takes what came first; after a few round trips it has taken all of them.
    for _ in 0..5 {
        Request::get("/healthz").send(sluice.address).assert_status(200);
    }
    under_way
}

#[test]
fn requests_of_one_browser_at_once_share_one_question() {
    for product in [Product::Tinyauth, Product::Authentik] {
        let provider = Provider::with(product, Mode::Held);
        let sluice = gate(&provider, "server.workers = 1");
        let requests: Vec<_> = (0..30)
            .map(|n| {
                let (dialect, target) = (DIALECTS[n % 3], format!("/asset/{n}"));
                about(dialect, "GET", &target).header("Cookie", product.cookie("vera"))
            })
            .collect();
        let under_way = send_all(&sluice, &requests);
        provider.wait_for_questions(1);
        provider.set(Mode::Working);
        for mut connection in under_way {
            assert_let_in(&connection.read_answer(false).expect("an answer"), "vera");
        }
        assert_eq!(provider.questions(), 1, "{:#?}", provider.asked());
        // It was shared among those who waited; who comes later asks anew.
        assert_let_in(&ask(&sluice, &requests[0]), "vera");
        assert_eq!(provider.questions(), 2);
    }
}

#[test]
fn different_browsers_share_nothing() {
    let product = Product::Generic;
    let provider = Provider::with(product, Mode::Held);
    let sluice = gate(&provider, "server.workers = 1\nupstream.auto_provision = true");
    let (vera, wes) = (product.cookie("vera"), product.cookie("wes"));
    let elsewhere = Dialect::Nginx.about("GET", "https", "other.example.com", "/page?x=1");
    let requests = [
        (page(Dialect::Nginx).header("Cookie", &vera), Some("vera")),
        (page(Dialect::Nginx).header("Cookie", &wes), Some("wes")),
        (page(Dialect::Nginx), None),
        (page(Dialect::Nginx).header("Cookie", format!("{vera}; theme=dark")), Some("vera")),
        (page(Dialect::Nginx).header("Cookie", &vera).header("Authorization", "Bearer x"), Some("vera")),
        (page(Dialect::Nginx).header("Authorization", "Bearer provider-token-vera"), Some("vera")),
        (page(Dialect::Nginx).header("Authorization", "Bearer provider-token-wes"), Some("wes")),
        (elsewhere.header("Cookie", &vera), Some("vera")),
        (page(Dialect::Nginx).header("X-Forwarded-For", "192.0.2.99").header("Cookie", &vera), Some("vera")),
    ];
    let sent: Vec<_> = requests.iter().map(|(request, _)| request.clone()).collect();
    let under_way = send_all(&sluice, &sent);
    provider.wait_for_questions(requests.len());
    provider.set(Mode::Working);
    for (mut connection, (_, user)) in under_way.into_iter().zip(&requests) {
        let answer = connection.read_answer(false).expect("an answer");
        match user {
            Some(user) => assert_let_in(&answer, user),
            None => drop(answer.assert_status(401)),
        }
    }
    assert_eq!(provider.questions(), requests.len());
}

#[test]
fn people_are_sent_back_to_the_page_that_each_of_them_asked_for() {
    for product in [Product::Tinyauth, Product::Authelia, Product::Authentik, Product::Generic] {
        let provider = Provider::with(product, Mode::Held);
        let sluice = gate(&provider, "server.workers = 1");
        let target = |n: usize| format!("/page/{n}");
        let requests: Vec<_> =
            (0..10).map(|n| about(Dialect::Traefik, "GET", &target(n)).navigating()).collect();
        let under_way = send_all(&sluice, &requests);
        provider.wait_for_questions(1);
        provider.set(Mode::Working);
        for (n, mut connection) in under_way.into_iter().enumerate() {
            let answer = connection.read_answer(false).expect("an answer");
            let location = answer.assert_status(302).location().expect("a Location").to_owned();
            let expected = product.sign_in_address(APP, &format!("{APP}{}", target(n)), "GET");
            assert_eq!(super::decoded(&location), super::decoded(&expected), "{product:?}");
        }
    }
}

#[test]
fn a_client_that_hangs_up_does_not_take_the_others_answer_with_it() {
    let product = Product::Authelia;
    let provider = Provider::with(product, Mode::Held);
    let sluice = gate(&provider, "server.workers = 1");
    let request = page(Dialect::Nginx).header("Cookie", product.cookie("vera"));
    let first = send_all(&sluice, std::slice::from_ref(&request));
    provider.wait_for_questions(1);
    let others = send_all(&sluice, &vec![request; 5]);
    drop(first);
    for _ in 0..5 {
        Request::get("/healthz").send(sluice.address).assert_status(200);
    }
    provider.set(Mode::Working);
    for mut connection in others {
        assert_let_in(&connection.read_answer(false).expect("an answer"), "vera");
    }
}

#[test]
fn a_failure_is_shared_by_those_who_waited_and_by_nobody_later() {
    let product = Product::Authelia;
    let provider = Provider::with(product, Mode::Held);
    let sluice = gate(&provider, "server.workers = 1");
    let request = page(Dialect::Nginx).header("Cookie", product.cookie("vera"));
    let under_way = send_all(&sluice, &vec![request.clone(); 10]);
    provider.wait_for_questions(1);
    provider.set(Mode::SayingOn(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n".to_vec()));
    for mut connection in under_way {
        connection.read_answer(false).expect("an answer").assert_status(503);
    }
    provider.set(Mode::Working);
    assert_let_in(&ask(&sluice, &request), "vera");
}

#[test]
fn who_needs_no_provider_does_not_wait_for_one_that_hangs() {
    let provider = Provider::with(Product::Authelia, Mode::Hanging);
    let home = home(&provider.settings()).with("server.workers = 1");
    let said = home.cli(&["key", "create", "ada", "--name", "phone", "--json"], "");
    let key = said.assert_code(0).json()["key"].as_str().expect("a key").to_owned();
    let sluice = home.start();
    let session = session(&sluice, "ada");
    let by_key = page(Dialect::Caddy).header("X-API-Key", &key);

    let waiting: Vec<TcpStream> = (0..100)
        .map(|n| {
            use std::io::Write;
            let cookie = Product::Authelia.cookie(&format!("user{n}"));
            // Of many clients: one could not take so many places.
            let original = ["GET", "https", "app.test", "/page"];
            let request = Request::get("/verify/caddy")
                .header("X-Forwarded-For", format!("198.51.100.{n}"))
                .header("X-Forwarded-Proto", original[1])
                .header("X-Forwarded-Host", original[2])
                .header("X-Forwarded-Uri", original[3])
                .header("X-Forwarded-Method", original[0])
                .header("Cookie", cookie);
            let mut stream = TcpStream::connect(sluice.address).expect("a connection");
            stream.write_all(&request.bytes(sluice.address)).expect("a request");
            stream.set_nonblocking(true).expect("a socket that does not wait");
            stream
        })
        .collect();
    provider.wait_for_questions(1);
    for n in 0..100 {
        let by_session = page(DIALECTS[n % 3]).session(&session);
        assert_eq!(ask(&sluice, &by_session).assert_status(200).header("remote-user"), Some("ada"));
        assert_eq!(ask(&sluice, &by_key).assert_status(200).header("x-auth-method"), Some("api-key"));
    }
    Request::get("/readyz").send(sluice.address).assert_status(200);
    super::session(&sluice, "ada");
    let unanswered = |stream: &&TcpStream| matches!(stream.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
    assert_eq!(waiting.iter().filter(unanswered).count(), 100, "all of that while they waited");
}

#[test]
fn of_many_at_once_no_answer_names_another_user() {
    let provider = Provider::start(Product::Authentik);
    let sluice = gate(&provider, "upstream.auto_provision = true\nupstream.cache_ttl = \"1s\"");
    thread::scope(|scope| {
        for n in 0..16 {
            let sluice = &sluice;
            scope.spawn(move || {
                let user = format!("user{}", n % 8);
                let cookie = Product::Authentik.cookie(&user);
                let request = page(DIALECTS[n % 3]).header("Cookie", &cookie);
                for _ in 0..50 {
                    let answer = ask(sluice, &request);
                    assert_let_in(&answer, &user);
                    assert_eq!(answer.header("remote-name"), Some(user.as_str()));
                    ask(sluice, &page(DIALECTS[n % 3])).assert_status(401);
                }
            });
        }
    });
}

#[test]
fn one_network_of_clients_cannot_take_every_place() {
    let provider = Provider::with(Product::Authelia, Mode::Held);
    let sluice = gate(&provider, "server.workers = 1");
    let from = |address: &str, user: &str| {
        Request::get("/verify/nginx")
            .header("X-Forwarded-For", address)
            .header("X-Original-URL", "https://app.test/page")
            .header("X-Original-Method", "GET")
            .header("Cookie", Product::Authelia.cookie(user))
    };
    let crowd: Vec<_> = (0..100).map(|n| from(&format!("2001:db8::{n:x}"), &format!("user{n}"))).collect();
    let crowd = send_all(&sluice, &crowd);
    provider.wait_for_questions(32);
    let other = send_all(&sluice, &[from("192.0.2.9", "vera")]);
    provider.wait_for_questions(33);
    assert_eq!(provider.questions(), 33, "a network of clients has 32 places");
    provider.set(Mode::Working);
    for mut connection in other {
        assert_let_in(&connection.read_answer(false).expect("an answer"), "vera");
    }
    drop(crowd);
}
