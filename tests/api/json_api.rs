//! The JSON API: who may call it, what it takes and refuses, and that it does what it says.

mod administrators;
mod bodies;
mod callers;
mod description;
mod owners;
mod proxy;
mod settings;
mod users;
mod versions;

use serde_json::{Value, json};

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};

const API: &str = "/sluice/api/v1";

/// Two apps, an administrator `ada`, who has a key, and an ordinary user `vera`.
struct Gate {
    sluice: Sluice,
    key: String,
}

impl Gate {
    #[track_caller]
    fn start() -> Self {
        Self::with("")
    }

    #[track_caller]
    fn with(settings: &str) -> Self {
        let home = Home::new()
            .with(settings)
            .with("[[app]]\nname = \"qbittorrent\"\n[[app]]\nname = \"sonarr\"")
            .user("ada", &["--admin"])
            .user("vera", &["--preset", "read-only"]);
        let key = home.key("ada", "automation");
        Self { sluice: home.start(), key }
    }

    /// A request with the administrator's key.
    fn ask(&self, method: &str, path: &str) -> Request {
        Request::new(method, &format!("{API}{path}")).header("X-API-Key", &self.key)
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        self.ask("GET", path).send(self.sluice.address).assert_status(200).json()
    }

    #[track_caller]
    fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        with_json(self.ask(method, path), body).send(self.sluice.address)
    }

    /// Makes a user with a password, and gives their id.
    #[track_caller]
    fn add(&self, name: &str, more: &Value) -> i64 {
        let mut body = json!({ "name": name, "password": PASSWORD });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        id(&self.send("POST", "/users", &body).assert_status(201).json())
    }

    #[track_caller]
    fn id_of(&self, name: &str) -> i64 {
        let found = self.get(&format!("/users?q={name}"));
        id(&found["items"][0])
    }
}

#[track_caller]
fn id(thing: &Value) -> i64 {
    thing["id"].as_i64().unwrap_or_else(|| panic!("no id in {thing}"))
}

fn with_json(request: Request, body: &Value) -> Request {
    request.header("Content-Type", "application/json").body(body.to_string())
}

/// The problem that an answer states, after checking that it states one.
#[track_caller]
fn problem(answer: &Answer, status: u16) -> Value {
    answer.assert_status(status);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{problem}");
    problem
}

/// The fields that a problem complains about.
#[track_caller]
fn fields(answer: &Answer) -> Vec<String> {
    let problem = problem(answer, 422);
    let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors in {problem}"));
    errors.iter().map(|error| error["field"].as_str().unwrap_or_default().to_owned()).collect()
}
