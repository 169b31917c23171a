//! Sluice: a forward-auth sidecar for torrent web apps.
//!
//! A proxy (nginx, Traefik, Caddy) asks about every request; the answer names the user and what they may do.
//! A verify request makes four stops, found through [`proxy::gate`]:
//!
//! 1. [`proxy`] parses what the proxy says: dialect, client address, original request.
//! 2. [`authn`] finds out who it is: a file per kind of credential, and the order they are tried in.
//! 3. [`policy`] decides whether they may; it knows no HTTP, SQL or time.
//! 4. [`proxy::answer`] builds the answer; one function alone builds an allow.
//!
//! Beside that path: [`store`] is the SQLite truth and the in-memory view that verify reads,
//! [`administration`] what administrators do, [`portal`] the pages that people see and the JSON API, [`throttle`] what
//! follows failed sign-ins, [`events`] what happened and who is told, [`metrics`] what is counted, [`config`] the layers
//! of configuration, [`cli`] the commands, and [`startup`] puts the service together.

pub mod administration;
pub mod authn;
pub mod cli;
pub mod clock;
pub mod config;
pub mod events;
pub mod health;
pub mod metrics;
pub mod outbound;
pub mod policy;
pub mod portal;
pub mod proxy;
pub mod reload;
pub mod routes;
pub mod scan;
pub mod server;
pub mod startup;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod throttle;
