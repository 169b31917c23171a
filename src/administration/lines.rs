//! The proxy's finished lines for an app, from what is configured of it.

use std::collections::BTreeSet;

use crate::{
    config::{Config, Listen},
    policy::{app::App, pack::ApiRefusal},
    proxy::lines::{
        self, Address, Lines, Proxy, Site, Traits,
        own::{Added, OwnHeaders},
    },
};

/// How an app's address is written, for whoever wrote it otherwise.
pub const ADDRESS_FORM: &str = "write it like 127.0.0.1:8080 or http://qbittorrent:8080";
/// How Sluice's is.
pub const SLUICE_FORM: &str = "write it like 127.0.0.1:9180 or sluice:9180";

/// The lines, for a proxy that reaches the app and Sluice at these addresses.
pub fn of(config: &Config, app: &App, proxy: Proxy, (address, sluice): (&Address, &Address)) -> Lines {
    let server = &config.server;
    let own = own_headers(config, app);
    let forgeable = config.apps.iter().flat_map(|app| own_headers(config, app).forgeable);
    let forgeable: BTreeSet<_> = forgeable.collect();
    let forgeable: Vec<_> = forgeable.into_iter().collect();
    let signs_in = app.pack.api.iter().any(|area| area.refusal == ApiRefusal::Qbittorrent);
    let site = Site {
        app: &app.name,
        address,
        host: app.hosts.first().map(|(host, _)| host),
        path: &app.base_path,
        traits: Traits { signs_in_like_qbittorrent: signs_in, decided_by_body: !app.pack.rpc.is_empty() },
        own: &own,
        forgeable: &forgeable,
        sluice,
        base_path: &server.base_path,
        portal_host: server.public_url.as_ref().map(|portal| &portal.host),
    };
    lines::of(proxy, &site)
}

fn own_headers(config: &Config, app: &App) -> OwnHeaders {
    OwnHeaders::of(app, config.sso.as_ref().map(|sso| &sso.headers))
}

/// What an app with headers of its own takes beside the shipped files, for each proxy.
pub fn added(config: &Config, app: &App) -> Vec<(Proxy, Vec<Added>)> {
    let own = own_headers(config, app);
    let of_proxy = |proxy| (proxy, own.added(proxy, app.name.as_str()));
    Proxy::ALL.into_iter().map(of_proxy).filter(|(_, added)| !added.is_empty()).collect()
}

/// Where a proxy on the same machine reaches Sluice; `None` where only a socket, or the system, knows that.
pub fn usual_address(listen: &Listen) -> Option<String> {
    match listen {
        Listen::Tcp(address) if address.port() == 0 => None,
        Listen::Tcp(address) if address.ip().is_unspecified() => {
            Some(format!("127.0.0.1:{}", address.port()))
        }
        Listen::Tcp(address) => Some(address.to_string()),
        Listen::Unix(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_is_led_to_where_sluice_listens() {
        for (listen, usual) in [
            ("127.0.0.1:19185", Some("127.0.0.1:19185")),
            ("192.168.1.5:80", Some("192.168.1.5:80")),
            ("[fd00::5]:9180", Some("[fd00::5]:9180")),
            ("0.0.0.0:9999", Some("127.0.0.1:9999")),
            ("[::]:9999", Some("127.0.0.1:9999")),
            ("127.0.0.1:0", None),
        ] {
            let address = usual_address(&Listen::Tcp(listen.parse().unwrap()));
            assert_eq!(address.as_deref(), usual, "{listen}");
            assert!(address.is_none_or(|address| Address::parse(&address).is_some()), "{listen}");
        }
        assert_eq!(usual_address(&Listen::Unix("/run/sluice.sock".into())), None);
    }
}
