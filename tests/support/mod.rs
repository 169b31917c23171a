//! What every test binary shares: real processes (Sluice, the proxies, the apps, the browser) that
//! live as long as the value that holds them, and a client that sends exactly the bytes it is given.

pub mod access;
pub mod browser;
pub mod caddy;
pub mod echo;
pub mod identity;
pub mod nginx;
pub mod process;
pub mod proxy;
pub mod qbittorrent;
pub mod raw;
pub mod scenarios;
pub mod sluice;
pub mod traefik;
pub mod verify;
pub mod wait;
pub mod websocket;
pub mod world;
