//! What happened: kept in the store for the audit log, and handed on from there to webhooks, commands and streams.

pub mod csv;
pub mod event;
pub mod kind;
pub mod log;
pub mod sentence;
mod tally;
