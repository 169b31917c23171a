//! Who: the kinds of credential and the order in which they are tried. Never sees policy's rules.

pub mod api_key;
pub mod authorization;
pub mod basic;
pub mod bypass;
pub mod chain;
pub mod cookie;
pub mod device;
mod elsewhere;
pub mod external;
pub mod group;
pub mod lane;
pub mod marker;
pub mod masked;
pub mod name;
pub mod open;
pub mod password;
pub mod principal;
pub mod profile;
pub mod query_key;
pub mod session;
pub mod sign_in;
pub mod single_flight;
pub mod sso;
pub mod token;
pub mod upstream;
