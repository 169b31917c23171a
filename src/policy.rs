//! May they: capabilities, apps, the Origin rule and the verdict. Knows no HTTP, SQL or time.

pub mod app;
pub mod capability;
pub mod origin;
pub mod pack;
pub mod preset;
pub mod role;
pub mod verdict;
