//! What happened: kept in the store for the audit log, and handed on from there to webhooks, commands and streams.

mod command;
pub mod csv;
pub mod deliveries;
mod delivery;
pub mod event;
pub mod failing;
pub mod kind;
pub mod line;
pub mod log;
pub mod payload;
pub mod repeats;
pub mod sentence;
pub mod stream;
mod tally;
pub mod target;
mod webhook;
