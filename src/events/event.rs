//! One thing that happened.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::kind::Kind;
use crate::{
    authn::name::UserName,
    policy::{app::AppName, capability::Capabilities},
};

/// Bytes that one text of a detail keeps.
const DETAIL: usize = 500;

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By<'a> {
    /// A user.
    User(&'a UserName),
    /// Whoever runs `sluice` on the machine.
    CommandLine,
    /// The configuration, when it was read.
    Configuration,
    /// Another system that signs people in.
    Provider,
}

impl By<'_> {
    /// As it is kept. What is no user has a blank in it, which no user's name can have.
    pub fn name(&self) -> &str {
        match self {
            Self::User(name) => name.as_str(),
            Self::CommandLine => "command line",
            Self::Configuration => "the configuration",
            Self::Provider => "sign-in provider",
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What kind of thing.
    pub kind: Kind,
    /// Who did it.
    pub actor: Option<String>,
    /// The user whom it is about.
    pub subject: Option<String>,
    /// In which app.
    pub app: Option<String>,
    /// From which address.
    pub address: Option<String>,
    /// What else there is to say, by name.
    pub detail: Map<String, Value>,
}

impl Event {
    /// Something of this kind, of which nothing else is known yet.
    pub fn new(kind: Kind) -> Self {
        Self { kind, actor: None, subject: None, app: None, address: None, detail: Map::new() }
    }

    /// Who did it.
    pub fn by(self, actor: By<'_>) -> Self {
        Self { actor: Some(actor.name().to_owned()), ..self }
    }

    /// The user whom it is about.
    pub fn about(self, subject: &UserName) -> Self {
        Self { subject: Some(subject.to_string()), ..self }
    }

    /// Something that a user did about themselves.
    pub fn by_and_about(self, user: &UserName) -> Self {
        self.by(By::User(user)).about(user)
    }

    /// In this app.
    pub fn in_app(self, app: &AppName) -> Self {
        Self { app: Some(app.as_str().to_owned()), ..self }
    }

    /// From this address.
    pub fn from(self, address: IpAddr) -> Self {
        self.at_address(&address.to_string())
    }

    /// The same with an address that is a text already.
    pub fn at_address(self, address: &str) -> Self {
        Self { address: Some(address.to_owned()), ..self }
    }

    /// With these capabilities.
    pub fn granting(self, granted: Capabilities) -> Self {
        self.with("capabilities", granted.to_string())
    }

    /// One more thing to say. A long text is cut.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = match value.into() {
            Value::String(mut text) => {
                text.truncate(text.floor_char_boundary(DETAIL));
                Value::String(text)
            }
            value => value,
        };
        self.detail.insert(name.to_owned(), value);
        self
    }
}
