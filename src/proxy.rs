//! What a proxy says about a request and how to answer it.

pub mod answer;
pub mod bodies;
pub mod body;
pub mod caller;
pub mod claim;
pub mod client;
pub mod dialect;
mod edited;
mod first;
mod forged;
pub mod gate;
pub mod handed_on;
pub mod headers;
pub mod lines;
mod noted;
pub mod original;
pub mod person;
pub mod refusal;
pub mod target;
pub mod turned_away;
pub mod undescribed;
pub mod verify;
