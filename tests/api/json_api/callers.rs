//! Every address and method of the description, as each kind of caller.

use serde_json::{Value, json};

use super::{API, Gate, problem, with_json};
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD};
use crate::support::wait;

/// An operation of the description, with something in place of what its path names.
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    /// What the description says of the body, where there is one.
    pub(super) body: Option<Value>,
    /// Everybody may call it.
    own: bool,
}

impl Operation {
    fn request(&self) -> Request {
        let request = Request::new(&self.method, &format!("{API}{}", self.path));
        if self.body.is_some() { with_json(request, &json!({})) } else { request }
    }
}

pub(super) fn operations(gate: &Gate) -> Vec<Operation> {
    let description = gate.get("/openapi.json");
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        let filled = path
            .replace("{id}", "999999")
            .replace("{app}", "qbittorrent")
            .replace("{item}", "nothing")
            .replace("{address}", "192.0.2.9")
            .replace("{version}", "999999");
        assert!(!filled.contains('{'), "{path} names something new");
        for (method, operation) in item.as_object().expect("methods") {
            operations.push(Operation {
                method: method.to_uppercase(),
                path: filled.clone(),
                body: body_of(&description, operation),
                own: operation["tags"][0] == "me",
            });
        }
    }
    assert!(operations.len() >= 25, "{}", operations.len());
    operations
}

fn body_of(description: &Value, operation: &Value) -> Option<Value> {
    let reference = operation.pointer("/requestBody/content/application~1json/schema/$ref")?.as_str()?;
    description.pointer(reference.strip_prefix('#')?).cloned()
}

#[test]
fn only_who_may_call_an_address_does() {
    let gate = Gate::start();
    let sluice = &gate.sluice;
    let (ada, vera) = (sluice.sign_in("ada", PASSWORD), sluice.sign_in("vera", PASSWORD));
    let users_key = sluice.home.key("vera", "phone");
    let limited = ["key", "create", "ada", "--name", "limited", "--capabilities", "search", "--json"];
    let limited = sluice.cli(&limited, "").assert_code(0).json()["key"].as_str().expect("a key").to_owned();
    let for_one_app = ["key", "create", "ada", "--name", "app", "--app", "sonarr", "--json"];
    let for_one_app =
        sluice.cli(&for_one_app, "").assert_code(0).json()["key"].as_str().expect("a key").to_owned();
    crate::support::wait::until("the keys count", || {
        Request::get(&format!("{API}/me")).header("X-API-Key", &for_one_app).send(sluice.address).status
            == 200
    });
    for operation in operations(&gate) {
        let name = format!("{} {}", operation.method, operation.path);
        let ask = |request: Request| request.send(sluice.address);
        // Deleting one's other sessions works; all others answer for what is not there, or for the empty body.
        let reached = |status: u16| [200, 204, 400, 404, 406, 422].contains(&status);
        let safe = operation.method == "GET";

        problem(&ask(operation.request()), 401);
        problem(&ask(operation.request().header("X-API-Key", "sluice_wrong")), 401);
        problem(&ask(operation.request().header("Authorization", "Basic YWRhOkNvcnJlY3QtaG9yc2UtMQ==")), 401);

        let by_key = ask(operation.request().header("X-API-Key", &gate.key)).status;
        let by_bearer =
            ask(operation.request().header("Authorization", format!("Bearer {}", gate.key))).status;
        assert!(reached(by_key) || (operation.own && by_key == 403), "{name}: {by_key}");
        assert_eq!(by_key, by_bearer, "{name}");
        for (key, user) in [(&limited, false), (&for_one_app, false), (&users_key, true)] {
            let answer = ask(operation.request().header("X-API-Key", key));
            if !operation.own {
                let detail = problem(&answer, 403)["detail"].as_str().expect("a text").to_owned();
                let why = if user { "only administrators" } else { "limited" };
                assert!(detail.contains(why), "{name}: {detail}");
            }
        }

        let origin = sluice.origin();
        let of = |session: &str| operation.request().session(session);
        if !operation.own {
            problem(&ask(of(&vera).header("Origin", &origin)), 403);
        }
        for foreign in ["http://evil.test", "null"] {
            let status = ask(of(&ada).header("Origin", foreign)).status;
            assert!(if safe { reached(status) } else { status == 403 }, "{name} from {foreign}: {status}");
        }
        let status = ask(of(&ada)).status;
        assert!(if safe { reached(status) } else { status == 403 }, "{name} from nowhere: {status}");
        let status = ask(of(&ada).header("Origin", &origin)).status;
        assert!(reached(status), "{name} from a page of ours: {status}");
    }
}

#[test]
fn what_is_no_address_or_method_says_so() {
    let gate = Gate::start();
    problem(&gate.ask("GET", "/nothing").send(gate.sluice.address), 404);
    let answer = gate.ask("PUT", "/users").send(gate.sluice.address);
    problem(&answer, 405);
    assert_eq!(answer.header("allow"), Some("GET, POST"));
    for id in ["0", "-1", "1abc", "01", "9223372036854775808", "1%00", "..%2f1"] {
        problem(&gate.ask("GET", &format!("/users/{id}")).send(gate.sluice.address), 404);
    }
    let preflight = gate.ask("OPTIONS", "/users").header("Origin", "http://evil.test");
    let answer = preflight.header("Access-Control-Request-Method", "POST").send(gate.sluice.address);
    problem(&answer, 403);
    assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("access-control")), "{answer:?}");
    let home = Home::new().with("[[app]]\nname = \"app\"\nhosts = [\"app.test\"]").user("ada", &["--admin"]);
    let key = home.key("ada", "automation");
    let elsewhere = home.start();
    let request = Request::get(&format!("{API}/me")).header("X-API-Key", key);
    request.clone().host("app.test").send(elsewhere.address).assert_status(200);
    let answer = request.host("evil.test").send(elsewhere.address);
    problem(&answer, 421);
}

#[test]
fn a_limited_key_sees_no_other_keys_and_sessions() {
    let gate = Gate::start();
    let key = |options: &[&str]| {
        let all = [&["key", "create", "vera", "--json", "--name"], options].concat();
        gate.sluice.cli(&all, "").assert_code(0).json()["key"].as_str().expect("a key").to_owned()
    };
    for (key, status) in [(key(&["whole"]), 200), (key(&["part", "--capabilities", "search"]), 403)] {
        for path in ["me/keys", "me/sessions"] {
            let request = Request::get(&format!("{API}/{path}")).header("X-API-Key", &key);
            // What a command made is known a moment later.
            let answer = wait::for_some("the key is known", || {
                Some(request.clone().send(gate.sluice.address)).filter(|answer| answer.status != 401)
            });
            assert_eq!(answer.status, status, "{path}: {}", answer.text());
        }
    }
}

#[test]
fn a_key_counts_in_a_header_only_and_asking_is_no_use_of_a_session() {
    let gate = Gate::start();
    let in_query = Request::get(&format!("{API}/me?apikey={}", gate.key)).send(gate.sluice.address);
    problem(&in_query, 401);
    let session = gate.sluice.sign_in("vera", PASSWORD);
    let me = Request::get(&format!("{API}/me")).session(&session).send(gate.sluice.address);
    let me = me.assert_status(200).json();
    assert_eq!((me["name"].as_str(), me["method"].as_str()), (Some("vera"), Some("session")));
    assert_eq!(me["apps"]["sonarr"].as_array().map(Vec::len), Some(7), "{me}");
    let left = me["seconds_left"].as_i64().expect("seconds");
    assert!((86_000..=86_400).contains(&left), "{left}");
}
