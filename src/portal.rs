//! The pages that people see.

pub mod account;
pub mod admin;
pub mod api;
pub mod assets;
mod audit_csv;
pub mod chart;
pub mod expired_form;
pub mod forbidden;
pub mod form;
pub mod frame;
pub mod handover;
mod key_form;
mod key_words;
pub mod log_in;
pub mod log_out;
pub mod moment;
pub mod page;
pub mod person;
pub mod probe;
pub mod prove;
pub mod qbittorrent;
mod refusal_log;
pub mod setup;
pub mod span;
pub mod visit;
pub mod wrongs;
