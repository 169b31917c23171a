//! A qBittorrent that holds something of everything a click could change.

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::local;
use crate::support::qbittorrent::QBittorrent;
use crate::support::raw::{Answer, Request};
use crate::support::{torrent, wait};

/// What a click could change of a transfer; the rest are rates, times and counts that change by themselves.
const FACTS: [&str; 21] = [
    "added_on",
    "auto_tmm",
    "category",
    "content_path",
    "dl_limit",
    "download_path",
    "f_l_piece_prio",
    "force_start",
    "hash",
    "magnet_uri",
    "name",
    "priority",
    "progress",
    "ratio_limit",
    "save_path",
    "seeding_time_limit",
    "seq_dl",
    "state",
    "super_seeding",
    "tags",
    "up_limit",
];

const PLUGIN: &str = "\
class tiny(object):
    url = 'http://127.0.0.1:9'
    name = 'Tiny'
    supported_categories = {'all': '0'}

    def search(self, what, cat='all'):
        pass
";

/// The app, its files, and a peer of one transfer.
#[derive(Debug)]
pub struct Holdings {
    app: QBittorrent,
    files: TempDir,
    peer: Option<TcpStream>,
}

impl Holdings {
    #[track_caller]
    pub fn start() -> Self {
        let files = TempDir::new().expect("a directory");
        let mut holdings = Self { app: QBittorrent::start(), files, peer: None };
        holdings.prepare("createCategory", &[("category", "linux"), ("savePath", "")]);
        holdings.prepare("createCategory", &[("category", "unused"), ("savePath", "")]);
        holdings.prepare("createTags", &[("tags", "kept,unused")]);
        holdings.write("done.iso", b"12345");
        holdings.add("done.iso", "skip_checking", "stalledUP");
        holdings.add("paused.iso", "paused", "pausedDL");
        holdings.add("waiting.iso", "sequentialDownload", "stalledDL");
        holdings.add_feeds_and_plugin();
        holdings.peer = Some(holdings.connect_peer());
        holdings
    }

    pub fn address(&self) -> SocketAddr {
        self.app.address
    }

    /// A `.torrent` file that the app does not hold.
    #[track_caller]
    pub fn torrent_file(&self) -> String {
        self.write("more.torrent", &torrent::file("more.iso"))
    }

    /// All that a click could change, by what the app itself says.
    #[track_caller]
    pub fn facts(&self) -> Value {
        let transfers = self.ask("torrents/info");
        let transfers: Vec<Value> =
            transfers.as_array().into_iter().flatten().map(|each| self.of(each)).collect();
        let mut facts = json!({ "transfers": transfers });
        for path in [
            "torrents/categories",
            "torrents/tags",
            "app/preferences",
            "transfer/speedLimitsMode",
            "transfer/downloadLimit",
            "transfer/uploadLimit",
            "rss/items?withData=true",
            "rss/rules",
            "search/plugins",
        ] {
            facts[path] = self.ask(path);
        }
        facts
    }

    fn of(&self, transfer: &Value) -> Value {
        let hash = transfer["hash"].as_str().expect("a hash");
        let own = FACTS.iter().map(|&name| (name.to_owned(), transfer[name].clone())).collect();
        let parts = |path: &str, names: [&str; 2]| {
            let all = self.ask(&format!("torrents/{path}?hash={hash}"));
            let of = |each: &Value| json!(names.map(|name| each[name].clone()));
            Value::from_iter(all.as_array().into_iter().flatten().map(of))
        };
        json!([Value::Object(own), parts("files", ["name", "priority"]), parts("trackers", ["url", "tier"])])
    }

    #[track_caller]
    fn add(&self, name: &str, option: &str, state: &str) {
        let file = self.write(&format!("{name}.torrent"), &torrent::file(name));
        let folder = self.files.path().display().to_string();
        let fields = [
            ("urls", file.as_str()),
            ("savepath", &folder),
            ("category", "linux"),
            ("tags", "kept"),
            (option, "true"),
        ];
        self.prepare("add", &fields);
        let hash = wait::for_some(name, || {
            let all = self.ask("torrents/info");
            let found = all.as_array()?.iter().find(|each| each["name"] == name && each["state"] == state)?;
            found["hash"].as_str().map(str::to_owned)
        });
        let tracker = [("hash", hash.as_str()), ("urls", "http://127.0.0.1:9/announce")];
        self.prepare("addTrackers", &tracker);
    }

    #[track_caller]
    fn add_feeds_and_plugin(&self) {
        let plugin = self.write("tiny.py", PLUGIN.as_bytes());
        self.post("search/installPlugin", &[("sources", &plugin)]);
        self.post("rss/addFolder", &[("path", "shelf")]);
        self.post("rss/addFeed", &[("url", "http://127.0.0.1:9/feed"), ("path", "news")]);
        self.post("rss/setRule", &[("ruleName", "nightly"), ("ruleDef", "{\"enabled\": false}")]);
        wait::until("the plugin", || self.ask("search/plugins")[0]["name"] == "tiny");
        wait::until("the feed", || self.ask("rss/items?withData=true")["news"]["isLoading"] == false);
    }

    /// Greets the app as another client does that wants the waiting transfer.
    #[track_caller]
    fn connect_peer(&self) -> TcpStream {
        let transfers = self.ask("torrents/info");
        let mut all = transfers.as_array().into_iter().flatten();
        let waiting = all.find(|each| each["name"] == "waiting.iso").expect("the transfer");
        let hash = waiting["hash"].as_str().expect("a hash");
        let port = self.ask("app/preferences")["listen_port"].as_u64().expect("a port");
        let mut peer = TcpStream::connect(local(port.try_into().expect("a port"))).expect("the app's port");
        let mut greeting = b"\x13BitTorrent protocol\0\0\0\0\0\0\0\0".to_vec();
        greeting.extend(hash.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair).expect("hex");
            u8::from_str_radix(pair, 16).expect("hex")
        }));
        greeting.extend(b"-XX0000-123456789012");
        peer.write_all(&greeting).expect("a peer");
        wait::until("the peer", || {
            let peers = self.ask(&format!("sync/torrentPeers?hash={hash}"));
            peers["peers"].as_object().is_some_and(|peers| !peers.is_empty())
        });
        peer
    }

    #[track_caller]
    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.files.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    }

    #[track_caller]
    fn prepare(&self, action: &str, fields: &[(&str, &str)]) {
        self.post(&format!("torrents/{action}"), fields);
    }

    #[track_caller]
    fn post(&self, path: &str, fields: &[(&str, &str)]) {
        let request = Request::post(&format!("/api/v2/{path}")).form(fields);
        request.send(self.address()).assert_status(200);
    }

    /// What the app says; a text where it is no JSON.
    #[track_caller]
    fn ask(&self, path: &str) -> Value {
        let answer: Answer = Request::get(&format!("/api/v2/{path}")).send(self.address());
        let text = answer.assert_status(200).text();
        serde_json::from_str(&text).unwrap_or_else(|_| json!(text))
    }
}

impl Drop for Holdings {
    fn drop(&mut self) {
        let _ = self.peer.as_ref().map(|peer| peer.shutdown(Shutdown::Both));
    }
}
