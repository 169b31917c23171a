//! Who: the kinds of credential and the order in which they are tried. Never sees policy's rules.

pub mod chain;
pub mod cookie;
pub mod lane;
pub mod name;
pub mod open;
pub mod password;
pub mod principal;
pub mod profile;
pub mod session;
pub mod sign_in;
pub mod token;
