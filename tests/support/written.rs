//! Real proxies with the lines that Sluice writes for an app, and the look that Sluice takes at them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::FromRequest;
use actix_web::dev::Payload;
use actix_web::rt::System;
use actix_web::test::TestRequest;
use actix_web::web::Data;
use secrecy::SecretString;
use sluice::administration::connection::{self, Finding, Question, Verdict};
use sluice::administration::fresh_proof::FreshProof;
use sluice::authn::device::Device;
use sluice::authn::name::UserName;
use sluice::authn::sign_in;
use sluice::config::Flags;
use sluice::policy::app::AppName;
use sluice::policy::capability::Capabilities;
use sluice::policy::origin::Host;
use sluice::policy::role::Role;
use sluice::portal::visit::Visit;
use sluice::proxy::lines::own::OwnHeaders;
use sluice::proxy::lines::{self, Address, Lines, Site, Traits};
use sluice::startup;
use sluice::store::looks::Outcome;
use sluice::store::sessions::{Lifetime, Opened};
use sluice::store::users::{self, NewUser, User};
use tempfile::TempDir;

use super::echo::{Echo, Seen};
use super::identity::forged;
use super::process::{free_port, local};
use super::proxy::{Kind, Proxy, write};
use super::raw::Request;
use super::sluice::{Home, PASSWORD, session_of};
use super::world::with_people;
use super::{caddy, nginx, traefik};

pub const QBITTORRENT: Traits = Traits { signs_in_like_qbittorrent: true, decided_by_body: false };
const BY_BODY: Traits = Traits { signs_in_like_qbittorrent: false, decided_by_body: true };

/// A service looks at one proxy at a time.
static LOOKING: Mutex<()> = Mutex::new(());

/// An app before which lines are to stand.
pub struct Wanted<'a> {
    pub name: &'a str,
    pub address: SocketAddr,
    pub path: &'a str,
    pub traits: Traits,
    pub own: OwnHeaders,
}

pub fn written(kind: Kind, gate: SocketAddr, wanted: &Wanted<'_>) -> Lines {
    let proxy = match kind {
        Kind::Nginx => lines::Proxy::Nginx,
        Kind::Traefik => lines::Proxy::Traefik,
        Kind::Caddy => lines::Proxy::Caddy,
    };
    let address = |address: SocketAddr| Address::parse(&address.to_string()).expect("an address");
    let host = Host::parse("127.0.0.1").expect("a host");
    let site = Site {
        app: &AppName::parse(wanted.name).expect("a name"),
        address: &address(wanted.address),
        host: Some(&host),
        path: wanted.path,
        traits: wanted.traits,
        own: &wanted.own,
        forgeable: &wanted.own.forgeable,
        sluice: &address(gate),
        base_path: "/sluice",
        portal_host: None,
    };
    lines::of(proxy, &site)
}

/// The proxy with the lines of the first app, and those of the second within its site.
#[track_caller]
pub fn start(kind: Kind, first: &Lines, second: Option<&Lines>, change: impl Fn(&str) -> String) -> Proxy {
    let dir = TempDir::new().expect("a temporary directory");
    let port = free_port();
    let here = dir.path().display().to_string();
    let placed = |text: &str| {
        let text = text.replace("/etc/nginx/sluice/", &format!("{here}/sluice/"));
        let text = text.replace("/etc/traefik/dynamic", &format!("{here}/dynamic"));
        let text = text.replace("listen 80;", &format!("listen {port};"));
        change(&text.replace(":80 {", &format!(":{port} {{")).replace("\":80\"", &format!("\":{port}\"")))
    };
    let place = |path: &str| {
        let below = path.split('/').skip(3).collect::<Vec<_>>().join("/");
        dir.path().join(below)
    };
    first.once.iter().for_each(|file| write(&place(&file.path), &placed(&file.text)));
    let app = match second.and_then(|second| second.within.as_deref()) {
        Some(within) => {
            let lines = within.replace("    include /etc/nginx/sluice/sluice.conf;\n", "");
            let site = first.app.text.strip_suffix("}\n").expect("the end of a site");
            format!("{site}\n{lines}}}\n")
        }
        None => first.app.text.clone(),
    };
    write(&place(&first.app.path), &placed(&app));
    if let Some(other) = second.filter(|second| second.within.is_none()) {
        write(&place(&other.app.path), &placed(&other.app.text));
    }
    match kind {
        Kind::Nginx => {
            let upstream = std::fs::read_to_string(dir.path().join("conf.d/sluice-upstream.conf"));
            write(&dir.path().join("upstream.conf"), &upstream.expect("the upstream"));
            nginx::start_with(dir, port, &placed(&app))
        }
        Kind::Traefik => traefik::run(dir, port, "127.0.0.1"),
        Kind::Caddy => caddy::run(dir, port),
    }
}

/// Lines for an app at the root and another one below a path of the same host.
pub fn the_lines_that_sluice_writes_protect_an_app(kind: Kind) {
    let apps = "[[app]]\nname = \"my-qbittorrent\"\npack = \"qbittorrent\"\n\
                [[app]]\nname = \"transmission\"\nbase_path = \"/dl\"\n";
    let sluice = with_people(Home::new().with(apps)).start();
    let (app, other) = (Echo::start(), Echo::start());
    let root = Wanted {
        name: "my-qbittorrent",
        address: app.address,
        path: "",
        traits: QBITTORRENT,
        own: OwnHeaders::default(),
    };
    let below = Wanted {
        name: "transmission",
        address: other.address,
        path: "/dl",
        traits: BY_BODY,
        own: OwnHeaders::default(),
    };
    let (root, below) = (written(kind, sluice.address, &root), written(kind, sluice.address, &below));
    let proxy = start(kind, &root, Some(&below), str::to_owned);
    let send = |request: Request| request.send(proxy.address);
    let origin = format!("http://{}", proxy.address);
    for page in ["/", "/dl/transmission/web/", "/sluice-check", "/dl/sluice-check"] {
        send(forged(Request::get(page))).assert_status(401);
        let led = send(Request::get(page).navigating());
        assert!(
            led.location().is_some_and(|to| to.starts_with(&format!("{origin}/sluice/login"))),
            "{led:?}"
        );
    }
    let form = [("username", "ada"), ("password", PASSWORD)];
    let signed_in = send(Request::post("/sluice/login").header("Origin", &origin).form(&form));
    let session = session_of(signed_in.assert_status(303));
    for (page, name) in [("/", "my-qbittorrent"), ("/dl/transmission/web/", "transmission")] {
        let answer = send(forged(Request::get(page)).session(&session));
        let seen = Seen::parse(&answer.assert_status(200).json());
        assert_eq!((seen.one("remote-user"), seen.one("x-auth-app")), ("ada", name), "{page}");
        assert_eq!(seen.target, page);
    }
    let client = [("username", "vera"), ("password", PASSWORD)];
    let answer = send(Request::post("/api/v2/auth/login").form(&client));
    assert_eq!(answer.assert_status(200).text(), "Ok.");
}

/// Good lines, lines without the question to Sluice, and lines that hand a client's own name on.
pub fn a_look_at_the_proxy_tells_good_lines_from_bad_ones(kind: Kind) {
    let good = look(kind, str::to_owned);
    for question in [
        Question::Reached,
        Question::Described,
        Question::Asked,
        Question::ForgedAlone,
        Question::ForgedBeside,
        Question::Address,
    ] {
        assert_eq!(verdict(&good, question), Verdict::Proved, "{question:?} in {good:#?}");
    }
    assert_eq!(Outcome::of(&good), Outcome::Stands);
    let blind = look(kind, |text| text.replace("/sluice-check", "/sluice-blind"));
    assert_eq!(verdict(&blind, Question::ForgedBeside), Verdict::Unproved, "{blind:#?}");
    assert_eq!(Outcome::of(&blind), Outcome::Untold, "{blind:#?}");
    let unguarded = look(kind, |text| without_the_question(kind, text));
    for question in [Question::Asked, Question::ForgedAlone] {
        assert_eq!(verdict(&unguarded, question), Verdict::Wrong, "{question:?} in {unguarded:#?}");
    }
    let leaking = look(kind, |text| with_the_clients_words(kind, text));
    assert_eq!(verdict(&leaking, Question::ForgedBeside), Verdict::Wrong, "{leaking:#?}");
    assert_eq!(verdict(&leaking, Question::Asked), Verdict::Proved, "{leaking:#?}");
    let leaked = &found(&leaking, Question::ForgedBeside).text;
    assert!(leaked.contains("in Remote-User, Remote-Email and X-Auth-Permission,"), "{leaked}");
}

/// Where another proxy names people in a header that no lines take away, since it is to come from that proxy.
pub fn a_look_at_the_proxy_finds_a_header_of_sso_that_clients_can_write(kind: Kind) {
    let sso = "[sso]\nenabled = true\nuser_header = \"X-Forwarded-User\"\ngroups_header = \"X-Groups\"";
    for (secret, expected) in [("none", Verdict::Wrong), ("of-the-proxy-and-nobody-else", Verdict::NotHere)] {
        let findings = look_with(kind, &format!("{sso}\nsecret = \"{secret}\""), str::to_owned);
        let found = found(&findings, Question::Secret);
        assert_eq!(found.verdict, expected, "{findings:#?}");
        assert!(found.text.contains("in X-Forwarded-User and X-Groups came to Sluice"), "{found:?}");
    }
}

#[track_caller]
fn found(findings: &[Finding], question: Question) -> &Finding {
    let found = findings.iter().find(|finding| finding.question == question);
    found.unwrap_or_else(|| panic!("no {question:?} in {findings:#?}"))
}

#[track_caller]
fn verdict(findings: &[Finding], question: Question) -> Verdict {
    found(findings, question).verdict
}

fn without_the_question(kind: Kind, text: &str) -> String {
    match kind {
        Kind::Nginx => text.replace("auth_request     /sluice-verify;", ""),
        Kind::Traefik => text.replace("[sluice-clean, sluice-app-radarr]", "[sluice-clean]"),
        Kind::Caddy => text.replace("import sluice_protect radarr", "reverse_proxy"),
    }
}

fn with_the_clients_words(kind: Kind, text: &str) -> String {
    let leaked = [
        ("Remote-User", "user;", "http_remote_user;"),
        ("Remote-Email", "email;", "http_remote_email;"),
        ("X-Auth-Permission", "permission;", "http_x_auth_permission;"),
    ];
    leaked.into_iter().fold(text.to_owned(), |text, (name, answered, written)| match kind {
        Kind::Nginx => text.replace(&format!(" $sluice_{answered}"), &format!(" ${written}")),
        Kind::Traefik => {
            text.replace(&format!(" {name}: \"\""), "").replace(&format!("          - {name}\n"), "")
        }
        Kind::Caddy => text
            .replace(&format!("request_header -{name}\n"), "\n")
            .lines()
            .map(|line| if line.contains("copy_headers") { line.replace(name, "") } else { line.to_owned() } + "\n")
            .collect(),
    })
}

/// Of an administrator who has just signed in.
fn proof(visit: &Visit, user: &Arc<User>) -> FreshProof {
    let browser = sign_in::Wanted {
        lifetime: Lifetime::Browser,
        opened: Opened::Page,
        replaced: None,
        device: Device::of(visit.headers()),
    };
    visit.state.sign_in.start_session(user, visit.address(), browser).expect("a session");
    let session = visit.state.store.view().sessions_of(user.id).next().expect("the session");
    FreshProof::of_session(&visit.state.store, visit.actor(user), session).expect("a fresh proof")
}

/// What an administrator is told of the proxy before one app.
fn look(kind: Kind, change: impl Fn(&str) -> String) -> Vec<Finding> {
    look_with(kind, "", change)
}

fn look_with(kind: Kind, settings: &str, change: impl Fn(&str) -> String) -> Vec<Finding> {
    let _alone = LOOKING.lock().unwrap_or_else(PoisonError::into_inner);
    let home = TempDir::new().expect("a temporary directory");
    let file = home.path().join("sluice.toml");
    let text = format!(
        "server.listen = \"127.0.0.1:0\"\nauth.bcrypt_cost = 4\nstore.path = \"{}\"\n{settings}\n[[app]]\nname = \"radarr\"\nhosts = [\"127.0.0.1\"]\n",
        home.path().join("sluice.db").display()
    );
    write(&file, &text);
    let flags = Flags { file: Some(file), values: Vec::new() };
    System::new().block_on(async {
        let config = sluice::config::load(&flags).config.expect("a configuration");
        let service = startup::build(config, flags).expect("a service");
        let gate = service.address.parse().expect("an address");
        actix_web::rt::spawn(service.server);
        // The server starts its workers once it is polled; a proxy may ask before it says that it is ready.
        tokio::task::yield_now().await;
        let app = Echo::start();
        let wanted = Wanted {
            name: "radarr",
            address: app.address,
            path: "",
            traits: Traits::default(),
            own: OwnHeaders::default(),
        };
        let proxy = start(kind, &written(kind, gate, &wanted), None, change);
        let state = service.current.get();
        let name = UserName::parse("ada").expect("a name");
        let hash = sluice::authn::password::hash(&SecretString::from(PASSWORD), 4).expect("a hash");
        let ada = NewUser {
            name: &name,
            display_name: None,
            email: None,
            role: Role::Admin,
            granted: Capabilities::ALL,
            password_hash: Some(&hash),
        };
        let made = state.store.write_users(|tx| users::insert(tx, &ada, sluice::clock::now()));
        made.expect("an administrator");
        let user = state.store.view().users().by_name(&name).cloned().expect("ada");
        let request = TestRequest::default()
            .peer_addr(local(1))
            .insert_header(("X-Forwarded-Host", proxy.address.to_string()))
            .app_data(Data::from(Arc::clone(&service.current)))
            .to_http_request();
        let visit = Visit::from_request(&request, &mut Payload::None).into_inner().expect("a visit");
        let app = AppName::parse("radarr").expect("a name");
        let address = visit.origin.clone();
        let proof = proof(&visit, &user);
        let findings = connection::check(&visit, (&user, &proof), (&app, &address)).await.expect("findings");
        let keys = state.store.view().live_keys(None);
        assert!(keys.is_empty(), "a key of the check is left: {keys:?}");
        let elsewhere = sluice::policy::origin::Origin::parse("http://192.0.2.1").expect("an origin");
        assert!(
            connection::check(&visit, (&user, &proof), (&app, &elsewhere)).await.is_err(),
            "any address is asked"
        );
        findings
    })
}
