//! The pages that people see.

pub mod account;
pub mod account_keys;
pub mod admin;
pub mod api;
pub mod assets;
pub mod chart;
pub mod forbidden;
pub mod form;
mod frame;
mod key_form;
pub mod log_in;
pub mod log_out;
pub mod page;
pub mod probe;
pub mod qbittorrent;
pub mod setup;
pub mod span;
pub mod visit;
