//! Real Chromium before Sluice: what people do and see.

#[expect(dead_code, reason = "each test binary uses a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod accessibility;
mod account_keys;
mod administration;
mod expired_forms;
mod first_start;
mod pages;
mod person;
mod pictures;
mod read_only;
mod seat;
mod setup;
mod sign_in;
