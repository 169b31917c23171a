//! What happens is put on record, and whoever shall be told is told.

mod commands;
mod documented;
mod owners;
mod record;
mod stream;
mod webhooks;

use serde_json::Value;

use crate::support::raw::Request;
use crate::support::sluice::{Home, Sluice};

const API: &str = "/sluice/api/v1";

/// An administrator `ada`, who has a key, and `vera`, who may look.
struct Gate {
    sluice: Sluice,
    key: String,
}

impl Gate {
    #[track_caller]
    fn start(home: Home) -> Self {
        let home = home.user("ada", &["--admin"]).user("vera", &["--preset", "read-only"]);
        let key = home.key("ada", "automation");
        Self { sluice: home.start(), key }
    }

    /// A request with the administrator's key.
    fn ask(&self, path: &str) -> Request {
        Request::get(&format!("{API}{path}")).header("X-API-Key", &self.key)
    }

    /// What is on record, the newest first.
    #[track_caller]
    fn audit(&self, query: &str) -> Vec<Value> {
        let answer = self.ask(&format!("/audit?{query}")).send(self.sluice.address);
        answer.assert_status(200).json()["items"].as_array().expect("items").clone()
    }

    /// Does something with the command line.
    #[track_caller]
    fn cli(&self, arguments: &[&str]) {
        self.sluice.cli(arguments, crate::support::sluice::PASSWORD).assert_code(0);
    }

    /// Adds users, one event each.
    #[track_caller]
    fn add(&self, names: &[&str]) {
        names.iter().for_each(|name| self.cli(&["user", "add", name]));
    }
}

/// The values of one key.
fn each<'a>(events: &'a [Value], key: &str) -> Vec<&'a str> {
    events.iter().map(|event| event[key].as_str().unwrap_or_default()).collect()
}
