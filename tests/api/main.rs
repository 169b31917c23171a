//! Straight at the service, over sockets, and at its commands.

#[expect(dead_code, reason = "each test binary uses a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod account;
mod account_keys;
mod admin_pages;
mod admin_settings;
mod admin_users;
mod bad_input;
mod basic;
mod bypass;
mod client_sign_in;
mod config;
mod config_errors;
mod cookies;
mod crash;
mod events;
mod every_route;
mod expired_forms;
mod fresh_proof;
mod health;
mod json_api;
mod keys;
mod load;
mod metrics;
mod origins;
mod overtaken;
mod packs;
mod people;
mod person;
mod preflight;
mod properties;
mod provider_pages;
mod refusals;
mod revoked;
mod secrets;
mod seeds;
mod sessions;
mod setup;
mod sign_in;
mod sign_in_targets;
mod sso;
mod store_failures;
mod throttle;
mod upstream;
mod verify;
