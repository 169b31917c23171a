//! A real qbittorrent-nox with a profile of its own, as it runs behind a gate: no sign-in of its own
//! for the proxy on the same machine.

use std::net::SocketAddr;
use std::process::Command;

use tempfile::TempDir;

use super::process::{Process, free_port, local};
use super::proxy::write;
use super::raw::{self, Request};
use super::wait;

/// The Host check is off since it compares ports, and the proxies of the tests listen on odd ones.
const SETTINGS: &str = "\
[LegalNotice]
Accepted=true

[BitTorrent]
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\PeXEnabled=false
Session\\Interface=lo
Session\\InterfaceName=lo
Session\\Port=TORRENT_PORT

[Network]
PortForwardingEnabled=false

[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\LocalHostAuth=false
WebUI\\HostHeaderValidation=false
WebUI\\UseUPnP=false
";

/// The running app; killed when dropped.
#[derive(Debug)]
pub struct QBittorrent {
    pub address: SocketAddr,
    pub process: Process,
    _profile: TempDir,
}

impl QBittorrent {
    #[track_caller]
    pub fn start() -> Self {
        let profile = TempDir::new().expect("a profile directory");
        let settings = profile.path().join("qBittorrent/config/qBittorrent.conf");
        let torrent_port = free_port().to_string();
        write(&settings, &SETTINGS.replace("TORRENT_PORT", &torrent_port));
        let address = local(free_port());
        let mut process = Process::spawn(
            Command::new("qbittorrent-nox")
                .arg(format!("--webui-port={}", address.port()))
                .arg(format!("--profile={}", profile.path().display()))
                .env("HOME", profile.path()),
        );
        process.wait_for_port(address);
        wait::until("qBittorrent's answer", || {
            let request = Request::get("/api/v2/app/version").bytes(address);
            raw::try_send(address, &request).is_ok_and(|answer| answer.status == 200)
        });
        Self { address, process, _profile: profile }
    }
}
