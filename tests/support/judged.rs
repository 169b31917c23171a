//! What an app gets is what Sluice judged, byte for byte, without the key: over requests that are made up.

use std::process::Command;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use sluice::proxy::lines::own::OwnHeaders;

use super::made_up::{Case, HEADERS, Proof, cases};
use super::proxy::{Behind, Front, Kind, Layout, Proxy};
use super::raw::{self, Request};
use super::recorder::{Head, Recorder};
use super::sluice::{Home, PASSWORD, Sluice, session_of};
use super::verify::IDENTITY;
use super::ways_in::basic;
use super::world::{ONE_HOST, with_people};
use super::written::{self, QBITTORRENT, Wanted};

/// How the client speaks to the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    Http1,
    Http2,
}

/// What the proxy or Sluice sets, or what is for the next hop alone.
const SET: [&str; 7] =
    ["cookie", "authorization", "x-api-key", "upgrade", "connection", "x-original-url", "x-original-method"];

/// Sluice between a recorder and the proxy, and an app that records.
struct Bench {
    kind: Kind,
    speech: Speech,
    sluice: Sluice,
    gate: Recorder,
    app: Recorder,
    proxy: Proxy,
    key: String,
    session: String,
}

impl Bench {
    #[track_caller]
    fn start(kind: Kind, speech: Speech, lines: impl Fn(&Behind) -> Proxy) -> Self {
        let home = with_people(Home::new().with(ONE_HOST));
        let key = home.key("ada", "canary");
        let sluice = home.start();
        let (gate, app) = (Recorder::before(sluice.address), Recorder::app());
        let proxy = lines(&Behind {
            gate: gate.address,
            app: app.address,
            other_app: app.address,
            layout: Layout::OneHost,
            front: Front::Clients,
        });
        let form = [("username", "ada"), ("password", PASSWORD)];
        let session = session_of(&Request::post("/api/v2/auth/login").form(&form).send(sluice.address));
        gate.take();
        app.take();
        Self { kind, speech, sluice, gate, app, proxy, key, session }
    }

    /// The path and query as they are sent.
    fn target(&self, case: &Case) -> String {
        let path = format!("/{}", case.path.join("/")).replace("KEY", &format!("apikey={}", self.key));
        let mut pairs: Option<Vec<String>> =
            case.query.as_ref().map(|pairs| pairs.iter().map(|&pair| pair.to_owned()).collect());
        if let Proof::Query(name, place) = case.proof {
            let pairs = pairs.get_or_insert_default();
            pairs.insert(place.min(pairs.len()), format!("{name}={}", self.key));
        }
        pairs.map_or(path.clone(), |pairs| format!("{path}?{}", pairs.join("&")))
    }

    fn headers(&self, case: &Case) -> Vec<(&'static str, String)> {
        let mut headers = vec![("Origin", format!("http://{}", self.proxy.address))];
        match case.proof {
            Proof::Session => headers.push(("Cookie", format!("a=1; sluice_session={}", self.session))),
            Proof::Header => headers.push(("X-API-Key", self.key.clone())),
            Proof::Basic => headers.push(("Authorization", basic("ada", PASSWORD))),
            Proof::Query(..) => {}
        }
        headers.extend(case.headers.iter().map(|&(name, value)| (name, value.to_owned())));
        headers
    }

    fn send(&self, case: &Case) {
        let target = self.target(case);
        match self.speech {
            Speech::Http1 => {
                let target =
                    if case.absolute { format!("http://{}{target}", self.proxy.address) } else { target };
                let mut request = Request::new(case.method, &target).connection(&case.connection.join(", "));
                for (name, value) in self.headers(case) {
                    request = request.header(name, value);
                }
                // What is no request at all is not answered by every proxy.
                let _ = raw::try_send(self.proxy.address, &request.bytes(self.proxy.address));
            }
            Speech::Http2 => {
                let mut curl = Command::new("curl");
                curl.args(["--silent", "--http2-prior-knowledge", "--noproxy", "*", "--max-time", "20"]);
                curl.args(["--request", case.method, "--request-target", &target]);
                for (name, value) in self.headers(case) {
                    let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
                    curl.args(["--header", &line]);
                }
                let said = curl.arg(format!("http://{}/", self.proxy.address)).output();
                said.expect("curl is installed");
            }
        }
    }

    /// Whether the app was reached, which then got what was judged.
    fn try_one(&self, case: &Case) -> Result<bool, TestCaseError> {
        self.send(case);
        let (asked, reached) = (self.gate.take(), self.app.take());
        let Some(app) = reached.first() else { return Ok(false) };
        let asked: Vec<_> = asked.iter().filter(|head| head.target.starts_with("/verify/")).collect();
        prop_assert_eq!((asked.len(), reached.len()), (1, 1), "{:#?}\n{:#?}", asked, reached);
        self.compare(asked[0], app, case)?;
        Ok(true)
    }

    fn compare(&self, gate: &Head, app: &Head, case: &Case) -> Result<(), TestCaseError> {
        let both = format!("{gate:#?}\n{app:#?}");
        let host = self.proxy.address.to_string();
        let (url, method) = match self.kind {
            Kind::Nginx => (gate.one("x-original-url").to_owned(), gate.one("x-original-method")),
            Kind::Traefik | Kind::Caddy => {
                let [proto, host, uri] =
                    ["proto", "host", "uri"].map(|part| gate.one(&format!("x-forwarded-{part}")));
                (format!("{proto}://{host}{uri}"), gate.one("x-forwarded-method"))
            }
        };
        let received = format!("http://{}{}", app.one("host"), app.target);
        match self.kind {
            Kind::Traefik => prop_assert_eq!(url, received, "{}", both),
            Kind::Nginx | Kind::Caddy => prop_assert_eq!(without_keys(&url), received, "{}", both),
        }
        prop_assert_eq!(app.one("host"), host);
        prop_assert_eq!(method, &app.method, "{}", both);
        let upgrade = app.all("upgrade");
        prop_assert_eq!(gate.all("x-sluice-upgrade"), upgrade.clone(), "{}", both);
        prop_assert!(upgrade.is_empty() || upgrade == ["websocket"], "{}", both);
        for (name, _) in HEADERS.iter().filter(|(name, _)| !self.is_set(name)) {
            let name = name.to_ascii_lowercase();
            prop_assert_eq!(gate.all(&name), app.all(&name), "{}: {}", name, both);
        }
        prop_assert!(app.headers.iter().all(|(name, _)| !name.starts_with("x-sluice-")), "{}", both);
        prop_assert!(app.headers.iter().all(|(_, value)| !value.contains(&self.key)), "{}", both);
        prop_assert!(app.headers.iter().all(|(_, value)| !value.contains(&self.session)), "{}", both);
        prop_assert_eq!(app.one("remote-user"), "ada", "{}", both);
        self.compare_with_sent(app, case)
    }

    fn is_set(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let of_sluice = name.starts_with("x-sluice-") || IDENTITY.contains(&name.replace('_', "-").as_str());
        of_sluice || name.starts_with("x-forwarded-") || SET.contains(&name.as_str())
    }

    /// nginx hands a target on as it came, Caddy all that Go writes alike; Traefik makes paths plain.
    fn compare_with_sent(&self, app: &Head, case: &Case) -> Result<(), TestCaseError> {
        let sent = self.target(case);
        let unlike = |c: char| "\"<>^`{}|#\\".contains(c) || !c.is_ascii();
        if self.kind == Kind::Traefik || (self.kind == Kind::Caddy && sent.contains(unlike)) {
            return Ok(());
        }
        prop_assert_eq!(&app.target, &without_keys(&sent));
        Ok(())
    }

    /// Asks all of them, and some must have come through.
    #[track_caller]
    fn run(&self, cases_to_ask: u32) {
        let config = Config {
            cases: cases_to_ask,
            failure_persistence: None,
            max_shrink_iters: 200,
            ..Config::default()
        };
        let reached = std::cell::Cell::new(0);
        let done = TestRunner::new(config).run(&cases(), |case| {
            reached.set(reached.get() + u32::from(self.try_one(&case)?));
            Ok(())
        });
        done.unwrap_or_else(|error| panic!("{error}\n{}", self.sluice.process.log.text()));
        assert!(
            reached.get() > cases_to_ask / 10,
            "only {} of {cases_to_ask} reached the app",
            reached.get()
        );
    }
}

/// The address without what a key of Sluice stands in, and every other byte as it is.
fn without_keys(address: &str) -> String {
    let is_ours = |pair: &&str| {
        let pair = pair.to_ascii_lowercase();
        pair.starts_with("apikey=sluice_") || pair.starts_with("api_key=sluice_")
    };
    match address.split_once('?') {
        Some((path, query)) if query.split('&').any(|pair| is_ours(&pair)) => {
            let rest = query.split('&').filter(|pair| !is_ours(pair)).collect::<Vec<_>>().join("&");
            if rest.is_empty() { path.to_owned() } else { format!("{path}?{rest}") }
        }
        _ => address.to_owned(),
    }
}

fn with_written_lines(kind: Kind, behind: &Behind, change: impl Fn(&str) -> String) -> Proxy {
    let wanted = Wanted {
        name: "qbittorrent",
        address: behind.app,
        path: "",
        traits: QBITTORRENT,
        own: OwnHeaders::default(),
    };
    written::start(kind, &written::written(kind, behind.gate, &wanted), None, change)
}

pub fn the_app_gets_what_was_judged_with_shipped_lines(kind: Kind) {
    Bench::start(kind, Speech::Http1, |behind| Proxy::start(kind, behind)).run(400);
}

pub fn the_app_gets_what_was_judged_with_written_lines(kind: Kind) {
    Bench::start(kind, Speech::Http1, |behind| with_written_lines(kind, behind, str::to_owned)).run(200);
}

pub fn the_app_gets_what_was_judged_of_http2(kind: Kind) {
    let change = |text: &str| match kind {
        Kind::Nginx => {
            let port = |line: &str| line.trim_start().starts_with("listen ");
            let lines = text
                .lines()
                .map(|line| if port(line) { line.replace(';', " http2;") } else { line.to_owned() });
            lines.collect::<Vec<_>>().join("\n")
        }
        // Traefik takes both on any port.
        Kind::Traefik => text.to_owned(),
        Kind::Caddy if text.contains("import sites/") => {
            format!("{{\n\tservers {{\n\t\tprotocols h1 h2c\n\t}}\n}}\n{text}")
        }
        Kind::Caddy => text.to_owned(),
    };
    Bench::start(kind, Speech::Http2, |behind| with_written_lines(kind, behind, change)).run(120);
}

/// What lines took out of a query, older ones of Caddy's took out of the path as well, after the question.
pub fn a_path_that_holds_a_key_is_nobodys(kind: Kind) {
    let bench = Bench::start(kind, Speech::Http1, |behind| Proxy::start(kind, behind));
    let key = &bench.key;
    for target in [
        format!("/apapikey={key}i/v2/log/main?apikey={key}"),
        format!("/content/.apikey={key}./api/v2/log/main?apikey={key}"),
        "/content/.apikey=sluice_x./api/v2/log/main?apikey=sluice_x".to_owned(),
        "/content/.API_Key=SLUICE_x./api".to_owned(),
        "/content/api%5fkey%3dsluice_x".to_owned(),
        "/content/api%255fkey=sluice_x".to_owned(),
    ] {
        let request = Request::get(&target).session(&bench.session);
        let answer = request.send(bench.proxy.address);
        assert!(matches!(answer.status, 400 | 403 | 404), "{target}: {answer:?}");
        assert_eq!(bench.app.take(), [], "{target}");
    }
}
