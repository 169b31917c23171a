//! Straight at the service, over sockets, and at its commands.

#[expect(dead_code, reason = "each test binary uses a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod account;
mod bad_input;
mod config;
mod config_errors;
mod cookies;
mod crash;
mod health;
mod load;
mod origins;
mod overtaken;
mod people;
mod properties;
mod refusals;
mod secrets;
mod sessions;
mod setup;
mod sign_in;
mod sign_in_targets;
mod store_failures;
mod throttle;
mod verify;
