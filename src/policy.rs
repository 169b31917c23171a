//! May they: capabilities, apps and their packs of routes, the Origin rule and the verdict. Knows no HTTP, SQL or time.

pub mod app;
pub mod capability;
pub mod cookies;
pub mod extras;
pub mod item;
pub mod needs;
pub mod origin;
pub mod pack;
pub mod path;
pub mod preflight;
pub mod preset;
pub mod role;
pub mod route;
pub mod routes;
pub mod rpc;
pub mod ruling;
pub mod verdict;
pub mod words;
