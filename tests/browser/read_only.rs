//! Somebody who may only look, before qBittorrent's own page (of 4.5), clicks every button and entry that changes
//! something: each request is refused, with the missing capability named, and qBittorrent stays as it was.

mod details;
mod feeds;
mod holdings;
mod looks;
mod table;
mod transfers;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::holdings::Holdings;
use self::table::{ADMIN, Group, Row, Step};
use crate::support::browser::Browser;
use crate::support::browser::gestures::Answered;
use crate::support::proxy::Kind;
use crate::support::sluice::PASSWORD;
use crate::support::wait;
use crate::support::world::World;

const TRANSFERS: [Group; 6] = [
    transfers::TOOLBAR,
    transfers::FILE_MENU,
    transfers::EDIT_MENU,
    transfers::TOOLS_MENU,
    transfers::STATUS_BAR,
    transfers::SHORT_CUTS,
];

const MENU_OF_A_TRANSFER: [Group; 6] = [
    transfers::MENU,
    transfers::MENU_OF_PAUSED,
    transfers::MENU_OF_DONE,
    transfers::QUEUE_MENU,
    transfers::CATEGORY_MENU,
    transfers::TAG_MENU,
];

const DETAILS: [Group; 8] = [
    details::CATEGORIES,
    details::TAGS,
    details::TRACKERS,
    details::PEERS_TAB,
    details::TRACKERS_TAB,
    details::FILES_TAB,
    details::FILES_MENU,
    details::PRIORITY_MENU,
];

const FEEDS: [Group; 8] = [
    feeds::PLUGINS,
    feeds::PLUGIN_MENU,
    feeds::FEEDS,
    feeds::FEED_MENU,
    feeds::FOLDER_MENU,
    feeds::FEEDS_MENU,
    feeds::RULES,
    feeds::RULE_MENU,
];

/// Asked for with POST although they only read.
const READS: [&str; 2] = ["torrents/downloadLimit", "torrents/uploadLimit"];

#[test]
fn nothing_in_the_toolbar_and_the_menus_changes_anything() {
    assert_refused(&TRANSFERS);
}

#[test]
fn nothing_in_the_toolbar_changes_anything_behind_traefik() {
    assert_toolbar_refused(Kind::Traefik);
}

#[test]
fn nothing_in_the_toolbar_changes_anything_behind_caddy() {
    assert_toolbar_refused(Kind::Caddy);
}

#[test]
fn nothing_in_the_menu_of_a_transfer_changes_anything() {
    assert_refused(&MENU_OF_A_TRANSFER);
}

#[test]
fn nothing_beside_and_below_the_list_changes_anything() {
    assert_refused(&DETAILS);
}

#[test]
fn nothing_in_the_tabs_for_searching_and_feeds_changes_anything() {
    assert_refused(&FEEDS);
}

#[test]
fn every_button_and_entry_of_the_page_is_in_a_table_or_changes_nothing() {
    let page = Page::open(Kind::Nginx);
    page.start_anew();
    for tab in ["#searchTabLink", "#manageSearchPlugins", "#rssTabLink", "#rssDownloaderButton"] {
        page.browser.click(tab);
    }
    page.browser.wait_for_text("#rssDownloaderRuleTableDiv", "nightly");
    let all = page.browser.run(looks::ALL, &json!([]));
    let all: BTreeSet<String> =
        all.as_array().into_iter().flatten().filter_map(|each| each.as_str().map(str::to_owned)).collect();
    let groups = TRANSFERS.iter().chain(&MENU_OF_A_TRANSFER).chain(&DETAILS).chain(&FEEDS);
    let known: BTreeSet<String> =
        groups.flat_map(Group::names).chain(looks::LOOKS.map(str::to_owned)).collect();
    let unknown: Vec<_> = all.difference(&known).collect();
    assert_eq!(unknown, [""; 0], "what does each of these change?");
}

/// qBittorrent's page for somebody who may only look.
struct Page {
    world: World,
    browser: Browser,
    holdings: Holdings,
}

#[track_caller]
fn assert_refused(groups: &[Group]) {
    let page = Page::open(Kind::Nginx);
    let before = page.holdings.facts();
    let mut asked = Vec::new();
    page.browser.answers(&mut asked);
    let mut wrong = Vec::new();
    for group in groups {
        for row in group.rows {
            page.start_anew();
            wrong.extend(page.unrefused(&mut asked, group, row));
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(page.holdings.facts(), before);
}

/// A button for each capability of the toolbar, on a page that is loaded once: what the rest of the page does is seen
/// before nginx.
#[track_caller]
fn assert_toolbar_refused(kind: Kind) {
    let page = Page::open(kind);
    let before = page.holdings.facts();
    let mut asked = Vec::new();
    page.browser.answers(&mut asked);
    page.start_anew();
    let mut wrong = Vec::new();
    for button in ["pauseButton", "resumeButton", "topPrioButton", "deleteButton", "downloadButton"] {
        let row =
            transfers::TOOLBAR.rows.iter().find(|row| row.0 == button).expect("a button of the toolbar");
        wrong.extend(page.unrefused(&mut asked, &transfers::TOOLBAR, row));
        page.browser.leave_frames();
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(page.holdings.facts(), before);
}

fn is_refusal(answer: &Answered, (_, _, path, lacks): &Row) -> bool {
    let reason = match *lacks {
        ADMIN => "administrators only".to_owned(),
        capability => format!("missing {capability}"),
    };
    is_for(answer, path) && answer.status == 403 && answer.reason.as_ref() == Some(&reason)
}

/// Whether the answer is for this path of the API; some requests have a number after it against caches.
fn is_for(answer: &Answered, path: &str) -> bool {
    let target = answer.url.split('?').next().unwrap_or_default();
    target.ends_with(&format!("/api/v2/{path}"))
}

impl Page {
    #[track_caller]
    fn open(kind: Kind) -> Self {
        let holdings = Holdings::start();
        let world = World::with_app(kind, holdings.address());
        let browser = Browser::start();
        let address = format!("{}/", world.origin());
        browser.open(&address);
        browser.sign_in("vera", PASSWORD);
        browser.wait_for_url(&address);
        Self { world, browser, holdings }
    }

    /// The page as it is at first, without what it remembered.
    #[track_caller]
    fn start_anew(&self) {
        self.browser.leave_frames();
        self.browser.run("localStorage.clear()", &json!([]));
        self.browser.open(&format!("{}/", self.world.origin()));
        self.browser.wait_for_text("#torrentsTableDiv", "waiting.iso");
        self.browser.wait_for_text("#trackerFilterList", "127.0.0.1");
    }

    #[track_caller]
    fn go(&self, group: &Group, (entry, after, ..): &Row) {
        group.reach.iter().for_each(|step| self.take(*step));
        self.browser.click(&group.selector(entry));
        after.iter().for_each(|step| self.take(*step));
    }

    #[track_caller]
    fn take(&self, step: Step) {
        match step {
            Step::Click(at) => self.browser.click(at),
            Step::ClickTwice(at) => self.browser.click_twice(at),
            Step::Menu(at) => {
                self.browser.click_other_button(at);
                self.wait_for_menu();
            }
            Step::Over(at) => self.browser.point_at(at),
            Step::Frame(at) => self.browser.enter_frame(at),
            Step::Fill(at, text) => self.browser.fill_in(at, text),
            Step::File(at) => self.browser.fill_in(at, &self.holdings.torrent_file()),
            Step::Press(keys) => self.browser.press_keys(keys),
            Step::Yes(part) => {
                let question = self.browser.say_yes();
                assert!(question.contains(part), "{question}");
            }
        }
    }

    /// What is changed, or refused for another reason, where an entry is clicked.
    #[track_caller]
    fn unrefused(&self, asked: &mut Vec<(String, Value)>, group: &Group, row: &Row) -> Option<String> {
        self.go(group, row);
        let answers = self.changes(asked, row.2);
        let answer = answers.iter().find(|answer| !is_refusal(answer, row))?;
        Some(format!("{}: {answer:?}", group.selector(row.0)))
    }

    /// A menu that is clicked while it still fades in would stay, above what opens.
    #[track_caller]
    fn wait_for_menu(&self) {
        let faded_in = "return [...document.querySelectorAll('ul.contextMenu')]
             .some(menu => menu.style.visibility === 'visible')";
        wait::until("a menu", || self.browser.run(faded_in, &json!([])) == true);
    }

    /// What was answered to all that would change something, once this path is among it.
    #[track_caller]
    fn changes(&self, asked: &mut Vec<(String, Value)>, path: &str) -> Vec<Answered> {
        let mut answers: Vec<Answered> = Vec::new();
        wait::until(&format!("a request for {path}"), || {
            let new =
                self.browser.answers(asked).into_iter().filter(|answer| {
                    answer.method != "GET" && !READS.iter().any(|read| is_for(answer, read))
                });
            answers.extend(new);
            answers.iter().any(|answer| is_for(answer, path))
        });
        answers
    }
}
