//! What every test binary shares: real processes (Sluice, the proxies, the apps, the browser) that
//! live as long as the value that holds them, and a client that sends exactly the bytes it is given.

pub mod access;
pub mod browser;
pub mod caddy;
pub mod capabilities;
pub mod echo;
pub mod exposition;
pub mod follower;
pub mod hook;
pub mod identity;
pub mod judged;
pub mod live;
pub mod made_up;
pub mod nginx;
pub mod pages;
pub mod process;
pub mod product;
pub mod provider;
pub mod proxy;
pub mod python;
pub mod qbittorrent;
pub mod raw;
pub mod recorder;
pub mod scenarios;
pub mod sluice;
pub mod socketio;
pub mod torrent;
pub mod traefik;
pub mod transmission;
pub mod upgrades;
pub mod verify;
pub mod wait;
pub mod ways_in;
pub mod websocket;
pub mod world;
pub mod written;
