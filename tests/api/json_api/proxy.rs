//! The lines of the proxy before an app, and the look at what they do.

use std::io::ErrorKind;
use std::net::TcpListener;

use serde_json::{Value, json};

use super::{Gate, fields, problem, with_json};
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD};

const LINES: &str = "/apps/sonarr/proxy-lines";
const CHECK: &str = "/apps/sonarr/proxy-check";

#[test]
fn the_lines_of_each_proxy_are_those_of_the_page() {
    let gate = Gate::start();
    let session = gate.sluice.sign_in("ada", PASSWORD);
    for (proxy, title) in [("nginx", "nginx"), ("traefik", "Traefik"), ("caddy", "Caddy")] {
        let query = "address=127.0.0.1:8989&sluice=sluice:9180";
        let lines = gate.get(&format!("{LINES}?proxy={proxy}&{query}"));
        let page = format!("/sluice/admin/lines/sonarr?proxy={title}&{query}");
        let page = Request::get(&page).session(&session);
        let page = page.send(gate.sluice.address).assert_status(200).text();
        let texts = lines["files"].as_array().expect("files").iter().map(|file| &file["text"]);
        for text in texts.chain([&lines["within"]]).filter_map(Value::as_str) {
            let shown = text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;");
            let shown = shown.replace('"', "&#34;").replace('\'', "&#39;");
            assert!(page.contains(&shown), "{proxy}: {shown}\n{page}");
        }
        let all = lines.to_string();
        assert!(all.contains("127.0.0.1:8989") && all.contains("sluice:9180"), "{proxy}: {all}");
    }
}

#[test]
fn what_cannot_be_written_into_lines_is_named_at_once() {
    let gate = Gate::start();
    let ask = |query: &str| gate.ask("GET", &format!("{LINES}?{query}")).send(gate.sluice.address);
    assert_eq!(fields(&ask("proxy=apache&address=a%20b&sluice=x%3B")), ["proxy", "address", "sluice"]);
    problem(&ask("proxy=nginx"), 400);
    problem(&ask("proxy=nginx&address=nas:1&host=x"), 400);
    let other = "/apps/other/proxy-lines?proxy=nginx&address=nas:1";
    problem(&gate.ask("GET", other).send(gate.sluice.address), 404);
}

/// Where the app's hosts say where the proxy is.
fn with_hosts() -> Gate {
    let app = "[[app]]\nname = \"sonarr\"\nhosts = [\"127.0.0.1\"]";
    let home = Home::new().with(app).user("ada", &["--admin"]);
    let key = home.key("ada", "automation");
    Gate { sluice: home.start(), key }
}

#[test]
fn a_key_goes_to_no_host_that_the_caller_names() {
    let gate = Gate::start();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let elsewhere = listener.local_addr().expect("an address").to_string();
    let named = |name: &str| with_json(gate.ask("POST", CHECK).header(name, &elsewhere), &json!({}));
    let answers = [
        with_json(gate.ask("POST", CHECK).host(&elsewhere), &json!({})).send(gate.sluice.address),
        named("X-Forwarded-Host").send(gate.sluice.address),
        gate.send("POST", CHECK, &json!({ "address": format!("http://{elsewhere}") })),
    ];
    for answer in &answers {
        assert_eq!(fields(answer), ["address"]);
        assert!(answer.text().contains("server.public_url"), "{}", answer.text());
    }
    let session = gate.sluice.sign_in("ada", PASSWORD);
    let form = [("app", "sonarr"), ("address", &*format!("http://{elsewhere}"))];
    let page = Request::post("/sluice/admin/start/check").host(&elsewhere).form(&form).session(&session);
    let page = page.header("Origin", format!("http://{elsewhere}")).send(gate.sluice.address);
    assert!(page.assert_status(422).text().contains("server.public_url"), "{}", page.text());
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let asked = listener.accept().map(|_| ()).map_err(|error| error.kind());
    assert_eq!(asked, Err(ErrorKind::WouldBlock), "something was sent");
}

#[test]
fn a_look_says_what_it_found_and_goes_to_the_apps_addresses_only() {
    let gate = with_hosts();
    for address in ["http://evil.test", "", "http://127.0.0.1:1"] {
        assert_eq!(fields(&gate.send("POST", CHECK, &json!({ "address": address }))), ["address"]);
    }
    // No proxy stands before Sluice here: its own pages are reached, but it is not asked about the app.
    for body in [json!({}), json!({ "address": gate.sluice.origin() })] {
        let found = gate.send("POST", CHECK, &body).assert_status(200).json();
        assert_eq!(found["address"], gate.sluice.origin(), "{found}");
        assert_eq!(found["outcome"], "wrong", "{found}");
        let verdict = |question: &str| {
            let findings = found["findings"].as_array().expect("findings").clone();
            findings.into_iter().find(|finding| finding["question"] == question).expect(question)["verdict"]
                .clone()
        };
        assert_eq!((verdict("reached"), verdict("asked")), (json!("proved"), json!("wrong")), "{found}");
    }
    problem(&gate.send("POST", "/apps/other/proxy-check", &json!({})), 404);
    assert_eq!(gate.get("/keys")["items"].as_array().map(Vec::len), Some(1), "a key of a look is left");
}
