//! The tabs for searching and for feeds.

use super::table::Step::{Click, ClickTwice, Fill, Frame, Menu};
use super::table::{ADMIN, Group, Step};

const PLUGIN: &str = "//div[@id='searchPluginsTableDiv']//td[contains(., 'Tiny')]";
const FEED: &str = "//div[@id='rssFeedTableDiv']//td[contains(., 'news')]";
const FOLDER: &str = "//div[@id='rssFeedTableDiv']//td[contains(., 'shelf')]";
const RULE: &str = "//div[@id='rssDownloaderRuleTableDiv']//td[contains(., 'nightly')]";

const INSTALL: &[Step] = &[Fill("#newPluginPath", "/tmp/more.py"), Click("#newPluginOk")];
const NEW_FEED: &[Step] =
    &[Frame("#newFeed_iframe"), Fill("#feedURL", "http://127.0.0.1:9/more"), Click("#submitButton")];
const NEW_FOLDER: &[Step] =
    &[Frame("#newFolder_iframe"), Fill("#folderName", "more"), Click("#submitButton")];
const RENAME: &[Step] = &[Frame("#renamePage_iframe"), Fill("#rename", "other"), Click("#renameButton")];
const CONFIRM: &[Step] = &[Frame("#confirmFeedDeletionPage_iframe"), Click("#confirmBtn")];
const NEW_RULE: &[Step] = &[Frame("#newRulePage_iframe"), Fill("#name", "more"), Click("#submitButton")];
const RENAME_RULE: &[Step] =
    &[Frame("#renameRulePage_iframe"), Fill("#rename", "other"), Click("#renameButton")];
const CONFIRM_RULE: &[Step] = &[Frame("#removeRulePage_iframe"), Click("#confirmBtn")];
const CONFIRM_CLEARING: &[Step] = &[Frame("#clearRulesPage_iframe"), Click("#confirmBtn")];

pub const PLUGINS: Group = Group {
    menu: None,
    reach: &[Click("#searchTabLink"), Click("#manageSearchPlugins")],
    rows: &[
        ("//button[contains(., 'Install new plugin')]", INSTALL, "search/installPlugin", ADMIN),
        ("//button[contains(., 'Check for updates')]", &[], "search/updatePlugins", ADMIN),
        (PLUGIN, &[ClickTwice(PLUGIN)], "search/enablePlugin", ADMIN),
    ],
};

pub const PLUGIN_MENU: Group = Group {
    menu: Some("searchPluginsTableMenu"),
    reach: &[Click("#searchTabLink"), Click("#manageSearchPlugins"), Menu(PLUGIN)],
    rows: &[
        ("Enabled", &[], "search/enablePlugin", ADMIN),
        ("Uninstall", &[], "search/uninstallPlugin", ADMIN),
    ],
};

pub const FEEDS: Group = Group {
    menu: None,
    reach: &[Click("#rssTabLink"), Click(FEED)],
    rows: &[
        ("newSubscriptionButton", NEW_FEED, "rss/addFeed", "add_downloads"),
        ("markReadButton", &[], "rss/markAsRead", "add_downloads"),
        ("updateAllButton", &[], "rss/refreshItem", "add_downloads"),
        (FEED, &[ClickTwice(FEED), RENAME[0], RENAME[1], RENAME[2]], "rss/moveItem", "add_downloads"),
    ],
};

pub const FEED_MENU: Group = Group {
    menu: Some("rssFeedMenu"),
    reach: &[Click("#rssTabLink"), Menu(FEED)],
    rows: &[
        ("update", &[], "rss/refreshItem", "add_downloads"),
        ("markRead", &[], "rss/markAsRead", "add_downloads"),
        ("rename", RENAME, "rss/moveItem", "add_downloads"),
        ("delete", CONFIRM, "rss/removeItem", "add_downloads"),
        ("newSubscription", NEW_FEED, "rss/addFeed", "add_downloads"),
    ],
};

pub const FOLDER_MENU: Group = Group {
    menu: Some("rssFeedMenu"),
    reach: &[Click("#rssTabLink"), Menu(FOLDER)],
    rows: &[("newFolder", NEW_FOLDER, "rss/addFolder", "add_downloads")],
};

/// The menu of the list itself, below its rows.
pub const FEEDS_MENU: Group = Group {
    menu: Some("rssFeedMenu"),
    reach: &[Click("#rssTabLink"), Menu("#rssFeedTableDiv")],
    rows: &[("updateAll", &[], "rss/refreshItem", "add_downloads")],
};

pub const RULES: Group = Group {
    menu: None,
    reach: &[Click("#rssTabLink"), Click("#rssDownloaderButton"), Click(RULE)],
    rows: &[
        ("newRuleButton", NEW_RULE, "rss/setRule", "add_downloads"),
        ("deleteRuleButton", CONFIRM_RULE, "rss/removeRule", "add_downloads"),
        ("saveButton", &[], "rss/setRule", "add_downloads"),
        ("#rssDownloaderRuleTableDiv input", &[], "rss/setRule", "add_downloads"),
        (
            RULE,
            &[ClickTwice(RULE), RENAME_RULE[0], RENAME_RULE[1], RENAME_RULE[2]],
            "rss/renameRule",
            "add_downloads",
        ),
    ],
};

pub const RULE_MENU: Group = Group {
    menu: Some("rssDownloaderRuleMenu"),
    reach: &[Click("#rssTabLink"), Click("#rssDownloaderButton"), Menu(RULE)],
    rows: &[
        ("addRule", NEW_RULE, "rss/setRule", "add_downloads"),
        ("deleteRule", CONFIRM_RULE, "rss/removeRule", "add_downloads"),
        ("renameRule", RENAME_RULE, "rss/renameRule", "add_downloads"),
        ("clearDownloadedEpisodes", CONFIRM_CLEARING, "rss/setRule", "add_downloads"),
    ],
};
