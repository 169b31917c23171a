//! Whose an app's own cookies are: what verify hands on, and the page that hands a browser over.

use url::Url;

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{DIALECTS, Dialect};
use crate::support::wait;
use crate::support::ways_in::basic;

const APPS: &str = "
[[app]]
name = \"app\"
hosts = [\"app.test\"]
public = [\"/open\"]
cookies.bind = [\"app.sid\", \"q_*\"]
cookies.withhold = [\"old\"]
cookies.shared = [\"q_all\"]
[[app]]
name = \"neighbour\"
hosts = [\"app.test:81\"]
[[app]]
name = \"other\"
hosts = [\"other.test\"]
";

fn start() -> Sluice {
    let home = Home::new().with(APPS).user("ada", &["--admin"]).user("vera", &["--preset", "read-only"]);
    home.start()
}

/// A browser of one person on one origin.
struct Seat<'a> {
    sluice: &'a Sluice,
    origin: &'static str,
    session: String,
}

impl<'a> Seat<'a> {
    #[track_caller]
    fn new(sluice: &'a Sluice, user: &str, origin: &'static str) -> Self {
        Self { sluice, origin, session: sluice.sign_in_on("app.test", user) }
    }

    fn cookies(&self, cookies: &str) -> String {
        format!("sluice_session={}; {cookies}", self.session)
    }

    /// What verify says of a page that is opened with these cookies beside the session's.
    fn opens(&self, target: &str, cookies: &str) -> Answer {
        self.asks(target).navigating().header("Cookie", self.cookies(cookies)).send(self.sluice.address)
    }

    /// The same of a script.
    fn fetches(&self, target: &str, cookies: &str) -> Answer {
        self.asks(target).header("Cookie", self.cookies(cookies)).send(self.sluice.address)
    }

    fn asks(&self, target: &str) -> Request {
        let (scheme, host) = self.origin.split_once("://").expect("an origin");
        Dialect::Traefik.about("GET", scheme, host, target)
    }

    /// The page's answer at this address.
    fn page(&self, address: &str, cookies: &str) -> Answer {
        let url = Url::parse(self.origin).expect("an origin").join(address).expect("an address");
        let request = Request::get(&url[url::Position::BeforePath..])
            .header("X-Forwarded-Proto", url.scheme())
            .header("X-Forwarded-Host", &url[url::Position::BeforeHost..url::Position::AfterPort]);
        request.header("Cookie", cookies).send(self.sluice.address)
    }

    /// The marker's cookies, after the browser was handed over.
    #[track_caller]
    fn marker(&self) -> String {
        let led = self.opens("/", "");
        let began = self.page(led.assert_status(302).location().expect("a page"), "");
        let pending = set(&began);
        let next = began.assert_status(303).location().expect("a next step");
        let settled = self.page(next, &pending);
        assert_eq!(settled.assert_status(303).location(), Some("/"));
        set(&settled)
    }
}

/// The cookies that an answer sets, less those that it takes away.
fn set(answer: &Answer) -> String {
    let kept = answer.all("set-cookie").into_iter().filter(|cookie| !cookie.contains("Max-Age=0"));
    kept.filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ")
}

#[test]
fn cookies_of_one_person_reach_the_app_with_that_persons_marker_only() {
    let sluice = start();
    let ada = Seat::new(&sluice, "ada", "http://app.test");
    let vera = Seat::new(&sluice, "vera", "http://app.test");
    let (of_ada, of_vera) = (ada.marker(), vera.marker());
    assert_eq!(of_ada, ada.marker(), "it is the same each time");
    assert_ne!(of_ada, of_vera);
    let own = "app.sid=1; q_x=2; q_all=3; old=4; theme=5; app.sid2=6";
    let handed_on = |answer: &Answer| answer.header("cookie").map(str::to_owned);
    let without = Some("q_all=3; theme=5; app.sid2=6".to_owned());

    let theirs = ada.fetches("/", &format!("{own}; {of_ada}"));
    let all = "app.sid=1; q_x=2; q_all=3; theme=5; app.sid2=6";
    assert_eq!(handed_on(theirs.assert_status(200)).as_deref(), Some(all));
    assert_eq!(
        handed_on(ada.opens("/", &format!("{own}; {of_ada}")).assert_status(200)).as_deref(),
        Some(all)
    );
    assert_eq!(handed_on(ada.fetches("/", own).assert_status(200)), without);
    assert_eq!(handed_on(ada.fetches("/open", &format!("{own}; {of_ada}")).assert_status(200)), without);
    for wrong in [
        of_vera.clone(),
        format!("{of_ada}; {of_vera}"),
        format!("{of_ada}; {of_ada}"),
        of_ada.replace('=', "=x"),
        "sluice_person=".to_owned(),
    ] {
        let answer = ada.fetches("/", &format!("{own}; {wrong}"));
        answer.assert_status(401);
        assert!(
            answer.header("x-auth-reason").is_some_and(|reason| reason.contains("another person")),
            "{wrong}"
        );
        assert_eq!(answer.header("cookie"), None);
        ada.opens("/", &format!("{own}; {wrong}")).assert_status(302);
    }
    // On another host it is another one.
    let elsewhere = Seat { origin: "http://x.app.test", ..ada };
    elsewhere.fetches("/", &of_ada).assert_status(403);
}

#[test]
fn an_app_on_the_same_host_never_sees_a_marker_and_another_app_pays_nothing() {
    let sluice = start();
    let of_ada = Seat::new(&sluice, "ada", "http://app.test").marker();
    let neighbour = Seat::new(&sluice, "ada", "http://app.test:81");
    let cookies = neighbour.opens("/", &format!("app.sid=1; {of_ada}"));
    assert_eq!(cookies.assert_status(200).header("cookie"), Some("app.sid=1"));
    let other = Seat::new(&sluice, "ada", "http://other.test").opens("/", "app.sid=1");
    assert_eq!(other.assert_status(200).header("cookie"), Some("app.sid=1"));
}

#[test]
fn over_https_two_marks_must_agree_and_a_visit_over_http_changes_one() {
    let sluice = start();
    let over_https = Seat::new(&sluice, "ada", "https://app.test");
    let both = over_https.marker();
    let (plain, guarded) = both.split_once("; ").expect("two cookies");
    assert!(plain.starts_with("sluice_person=") && guarded.starts_with("__Host-sluice_person="), "{both}");
    over_https.fetches("/", &both).assert_status(200);
    let by_vera = Seat::new(&sluice, "vera", "http://app.test").marker();
    for cookies in [plain.to_owned(), guarded.to_owned(), format!("{guarded}; {by_vera}")] {
        over_https.fetches("/", &cookies).assert_status(401);
    }
    // What another host plants for the whole domain does not lock anybody out.
    over_https.fetches("/", &format!("sluice_person=planted; {both}")).assert_status(200);
}

#[test]
fn the_page_takes_the_cookies_away_and_sees_that_they_are_gone() {
    let sluice = start();
    let ada = Seat::new(&sluice, "ada", "https://app.test");
    let led = ada.opens("/a/b?c=d", "");
    let mut address = led.location().expect("a page").to_owned();
    assert!(address.starts_with("https://app.test/sluice/person?rd=%2Fa%2Fb%3Fc%3Dd&t="), "{address}");
    let shown = "app.sid=1; q_x=2; q_all=3";
    let began = ada.page(&address, shown);
    assert_eq!(began.header("clear-site-data"), Some("\"cache\", \"storage\""));
    let gone: Vec<_> =
        began.all("set-cookie").into_iter().filter(|cookie| cookie.contains("Max-Age=0")).collect();
    for name in ["app.sid", "q_x"] {
        for path in ["/", "/a", "/a/"] {
            let start = format!("{name}=;");
            let takes =
                |cookie: &&&str| cookie.starts_with(&start) && cookie.contains(&format!("Path={path};"));
            assert!(gone.iter().any(|cookie| takes(&cookie)), "{name} {path}: {gone:#?}");
        }
    }
    assert!(gone.iter().all(|cookie| !cookie.starts_with("q_all") && cookie.contains("Secure")), "{gone:#?}");
    // They do not go: it is tried a few times, and then said.
    let mut answer = began;
    for _ in 0..2 {
        let pending = set(&answer);
        address = answer.assert_status(303).location().expect("a next step").to_owned();
        answer = ada.page(&address, &format!("{shown}; {pending}"));
    }
    let pending = set(&answer);
    address = answer.assert_status(303).location().expect("a next step").to_owned();
    let stuck = ada.page(&address, &format!("{shown}; {pending}"));
    assert!(stuck.assert_status(409).text().contains("app.sid, q_x"), "{}", stuck.text());
    assert_eq!(set(&stuck), "");
    // Until the end, none of it opens anything.
    ada.fetches("/", &pending).assert_status(401);
    let clean = ada.page(&address, &pending);
    assert_eq!(clean.assert_status(303).location(), Some("/a/b?c=d"));
    ada.fetches("/", &set(&clean)).assert_status(200);
}

#[test]
fn a_browser_that_nobody_has_used_loses_nothing() {
    let sluice = start();
    let ada = Seat::new(&sluice, "ada", "http://app.test");
    let led = ada.opens("/", "");
    let began = ada.page(led.location().expect("a page"), "");
    assert_eq!(began.header("clear-site-data"), None);
}

#[test]
fn the_page_leads_nowhere_but_to_its_own_host_and_takes_no_foreign_ticket() {
    let sluice = start();
    let ada = Seat::new(&sluice, "ada", "http://app.test");
    let led = ada.opens("/", "");
    let address = led.location().expect("a page").to_owned();
    for evil in [
        "https%3A%2F%2Fevil.test",
        "%2F%2Fevil.test",
        "%2F%5Cevil.test",
        "javascript%3A1",
        "http%3A%2F%2Fother.test",
    ] {
        let began = ada.page(&address.replace("rd=%2F&", &format!("rd={evil}&")), "");
        let next = began.assert_status(303).location().expect("a next step");
        assert!(next.starts_with("/sluice/person?rd=%2F&"), "{next}");
        let settled = ada.page(next, &set(&began));
        assert_eq!(settled.assert_status(303).location(), Some("/"));
    }
    for elsewhere in ["http://other.test", "https://app.test"] {
        let foreign = Seat { origin: elsewhere, session: ada.session.clone(), ..ada };
        let answer = foreign.page(&address.replace("http://app.test", elsewhere), "");
        answer.assert_status(400);
        assert_eq!(answer.all("set-cookie"), [""; 0]);
    }
    for ticket in ["", "&t=x", "&t=AAAA"] {
        let page = format!("/sluice/person?rd=%2F{ticket}");
        assert_eq!(ada.page(&page, "").assert_status(400).all("set-cookie"), [""; 0]);
    }
}

#[test]
fn only_who_opens_a_page_with_a_browser_is_led() {
    let sluice = start();
    let ada = Seat::new(&sluice, "ada", "http://app.test");
    let of_ada = ada.marker();
    let html = |request: Request| request.header("Accept", "text/html");
    let by_basic = |request: Request| request.header("Authorization", basic("vera", PASSWORD));
    let ask = |request: Request| request.send(sluice.address).status;
    assert_eq!(ask(html(by_basic(ada.asks("/")))), 200, "a program may send it as well");
    for mark in [("Sec-Fetch-Mode", "navigate"), ("Upgrade-Insecure-Requests", "1"), ("Cookie", &of_ada)] {
        assert_eq!(ask(html(by_basic(ada.asks("/")).header(mark.0, mark.1))), 302, "{mark:?}");
    }
    let with_session = |request: Request| request.header("Cookie", ada.cookies(""));
    assert_eq!(ask(html(with_session(ada.asks("/")))), 302);
    assert_eq!(ask(with_session(ada.asks("/"))), 200);
    let post = |cookies: &str| {
        let request =
            Dialect::Traefik.about("POST", "http", "app.test", "/").header("Origin", "http://app.test");
        html(request.header("Cookie", ada.cookies(cookies))).send(sluice.address).status
    };
    assert_eq!(post(""), 200);
    assert_eq!(post("sluice_person=x"), 401);
}

#[test]
fn lines_without_a_place_for_the_page_are_told_so_instead_of_a_loop() {
    let sluice = start();
    let session = sluice.sign_in_on("app.test", "ada");
    for dialect in DIALECTS {
        let asked = dialect.about("GET", "http", "app.test", "/sluice/person?rd=%2F&t=x");
        let answer = asked.navigating().session(&session).send(sluice.address);
        answer.assert_status(if dialect == Dialect::Nginx { 403 } else { 400 });
        assert_eq!(answer.header("x-auth-reason"), Some("the proxy lacks the page person of Sluice"));
    }
    wait::until("the lines in the log", || {
        sluice.process.log.contains("the shipped files have for this page")
    });
}

#[test]
fn a_live_channel_that_does_everything_is_for_administrators_unless_the_app_decides() {
    let amutorrent = |live: &str| {
        let home = Home::new().with(&format!("[[app]]\nname = \"amutorrent\"\n{live}"));
        home.user("ada", &["--admin"])
            .user("vera", &["--preset", "read-only"])
            .user("none", &["--preset", "none"])
    };
    let statuses = |sluice: &Sluice| {
        ["ada", "vera", "none"].map(|user| {
            let session = sluice.sign_in(user, PASSWORD);
            let ask = |path: &str| Dialect::Nginx.about("GET", "http", "app.test", path).session(&session);
            let upgrade = ask("/ws").header("Upgrade", "websocket").header("Sec-WebSocket-Key", "x");
            let socket = upgrade.header("Origin", "http://app.test").send(sluice.address).status;
            (socket, ask("/api/v1/data/snapshot").send(sluice.address).status)
        })
    };
    assert_eq!(statuses(&amutorrent("").start()), [(200, 200), (403, 200), (403, 403)]);
    let by_app = amutorrent("live = \"app\"");
    let check = by_app.cli(&["check"], "");
    assert!(check.assert_code(0).err.contains("app.0.live"), "{}", check.err);
    assert_eq!(statuses(&by_app.start()), [(200, 200); 3]);
}
