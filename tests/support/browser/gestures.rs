//! What a hand does beside clicking: pointing, the other button, two clicks, keys, answers to questions, frames.
//! Each waits until the page has drawn what it takes.

use serde_json::{Value, json};

use super::{Browser, ELEMENT};
use crate::support::wait;

/// The other button of the mouse.
const OTHER_BUTTON: u8 = 2;

/// What WebDriver says of an element that will be there, shown, and not below another in a moment.
const NOT_YET: [&str; 4] = [
    "element not interactable",
    "element click intercepted",
    "stale element reference",
    "move target out of bounds",
];

/// An answer that a page got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub method: String,
    pub url: String,
    pub status: u64,
    /// What the answer's `X-Auth-Reason` says.
    pub reason: Option<String>,
}

impl Browser {
    /// Types in place of what a field holds; a file's path into a field for files.
    #[track_caller]
    pub fn fill_in(&self, selector: &str, keys: &str) {
        if self.attribute(selector, "type").as_deref() != Some("file") {
            self.on_shown(selector, "clear", &json!({}));
        }
        self.on_shown(selector, "value", &json!({ "text": keys }));
    }

    /// Presses keys without a field.
    #[track_caller]
    pub fn press_keys(&self, keys: &[&str]) {
        let down = keys.iter().map(|key| json!({"type": "keyDown", "value": key}));
        let up = keys.iter().rev().map(|key| json!({"type": "keyUp", "value": key}));
        let actions: Vec<_> = down.chain(up).collect();
        let body = json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]});
        self.command("POST", "/actions", &body);
    }

    #[track_caller]
    pub fn point_at(&self, selector: &str) {
        self.with_mouse(selector, &[]);
    }

    #[track_caller]
    pub fn click_twice(&self, selector: &str) {
        self.with_mouse(selector, &[0, 0]);
    }

    /// Opens the menu of an element.
    #[track_caller]
    pub fn click_other_button(&self, selector: &str) {
        self.with_mouse(selector, &[OTHER_BUTTON]);
    }

    /// Moves the mouse to an element and clicks these buttons.
    #[track_caller]
    fn with_mouse(&self, selector: &str, buttons: &[u8]) {
        let path = format!("/session/{}/actions", self.session);
        self.retry(&format!("the mouse at {selector}"), || {
            let element = self.find(selector);
            let mut actions =
                vec![json!({"type": "pointerMove", "x": 0, "y": 0, "origin": {ELEMENT: element}})];
            for button in buttons {
                actions.push(json!({"type": "pointerDown", "button": button}));
                actions.push(json!({"type": "pointerUp", "button": button}));
            }
            let mouse = json!({"type": "pointer", "id": "mouse", "actions": actions});
            self.request("POST", &path, &json!({ "actions": [mouse] }))
        });
    }

    /// Says yes to the question (or message) of the page, and gives its text.
    #[track_caller]
    pub fn say_yes(&self) -> String {
        let asked = format!("/session/{}/alert/text", self.session);
        let text = wait::for_some("a question of the page", || {
            self.request("GET", &asked, &Value::Null)["value"].as_str().map(str::to_owned)
        });
        self.command("POST", "/alert/accept", &json!({}));
        text
    }

    /// What follows happens in this frame.
    #[track_caller]
    pub fn enter_frame(&self, selector: &str) {
        let element = self.find(selector);
        self.command("POST", "/frame", &json!({"id": {ELEMENT: element}}));
    }

    /// What follows happens in the page itself.
    #[track_caller]
    pub fn leave_frames(&self) {
        self.command("POST", "/frame", &json!({ "id": null }));
    }

    /// The answers since the last question, to the page and its frames, which the log of the network tells apart
    /// by id; `asked` keeps those that wait.
    #[track_caller]
    pub fn answers(&self, asked: &mut Vec<(String, Value)>) -> Vec<Answered> {
        let log = self.command("POST", "/se/log", &json!({"type": "performance"}));
        let mut answers = Vec::new();
        for line in log.as_array().into_iter().flatten() {
            let event: Value = line["message"].as_str().unwrap_or_default().parse().unwrap_or_default();
            let event = &event["message"];
            let id = event["params"]["requestId"].as_str().unwrap_or_default();
            match event["method"].as_str() {
                Some("Network.requestWillBeSent") => {
                    asked.push((id.to_owned(), event["params"]["request"].clone()));
                }
                Some("Network.responseReceived") => {
                    if let Some(at) = asked.iter().position(|(other, _)| other == id) {
                        answers.push(answered(&asked.remove(at).1, &event["params"]["response"]));
                    }
                }
                _ => {}
            }
        }
        answers
    }

    #[track_caller]
    pub(super) fn on_shown(&self, selector: &str, action: &str, body: &Value) {
        self.retry(&format!("{action} at {selector}"), || {
            let path = format!("/session/{}/element/{}/{action}", self.session, self.find(selector));
            self.request("POST", &path, body)
        });
    }

    /// Until the element is there, shown, and not below another.
    #[track_caller]
    fn retry(&self, what: &str, ask: impl Fn() -> Value) {
        wait::for_some_or(
            || {
                let answer = ask();
                let error = answer["value"]["error"].as_str();
                let later = error.is_some_and(|error| NOT_YET.contains(&error));
                assert!(error.is_none() || later, "{what}: {answer:#}");
                (!later).then_some(())
            },
            || format!("{what}: {:#}", ask()),
        );
    }
}

fn answered(request: &Value, response: &Value) -> Answered {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let headers = response["headers"].as_object().into_iter().flatten();
    let mut reasons = headers.filter(|(name, _)| name.eq_ignore_ascii_case("x-auth-reason"));
    Answered {
        method: text(&request["method"]),
        url: text(&request["url"]),
        status: response["status"].as_u64().unwrap_or_default(),
        reason: reasons.next().map(|(_, value)| text(value)),
    }
}
