//! What stands beside and below the list: categories, tags and trackers, and the details of a transfer.

use super::table::Step::{Click, Fill, Frame, Menu, Over, Yes};
use super::table::{ADMIN, Group, Step};
use super::transfers::{CONFIRM, NEW_CATEGORY, NEW_TAG, WAITING};

const NEW_PATH: &[Step] =
    &[Frame("#editCategoryPage_iframe"), Fill("#savePath", "/tmp/elsewhere"), Click("#categoryNameButton")];
const NEW_TRACKER: &[Step] = &[
    Frame("#trackersPage_iframe"),
    Fill("#trackersUrls", "http://127.0.0.1:9/more/announce"),
    Click("#addTrackersButton"),
];
const OTHER_TRACKER: &[Step] = &[
    Frame("#trackersPage_iframe"),
    Fill("#trackerUrl", "http://127.0.0.1:9/other/announce"),
    Click("#editTrackerButton"),
];
const NEW_PEER: &[Step] = &[
    Frame("#addPeersPage_iframe"),
    Fill("#peers", "127.0.0.1:9"),
    Click("#addPeersOk"),
    Yes("Unable to add peers"),
];
const NEW_FILE_NAME: &[Step] = &[
    Frame("#renamePage_iframe"),
    Fill("#rename", "other.iso"),
    Click("#renameButton"),
    Yes("Failed to update name"),
];
const FILE: &str = "//div[@id='torrentFilesTableDiv']//td[contains(., 'waiting.iso')]";
const TRACKER: &str = "//div[@id='torrentTrackersTableDiv']//td[contains(., 'announce')]";
const PEER: &str = "//div[@id='torrentPeersTableDiv']//td[contains(., '127.0.0.1')]";

pub const CATEGORIES: Group = Group {
    menu: Some("categoriesFilterMenu"),
    reach: &[Menu("//ul[@id='categoryFilterList']//a[contains(., 'linux')]")],
    rows: &[
        ("createCategory", NEW_CATEGORY, "torrents/createCategory", "manage_categories"),
        ("editCategory", NEW_PATH, "torrents/editCategory", "manage_categories"),
        ("deleteCategory", &[], "torrents/removeCategories", "manage_categories"),
        ("deleteUnusedCategories", &[], "torrents/removeCategories", "manage_categories"),
        ("startTorrentsByCategory", &[], "torrents/resume", "pause_resume"),
        ("pauseTorrentsByCategory", &[], "torrents/pause", "pause_resume"),
        ("deleteTorrentsByCategory", CONFIRM, "torrents/delete", "remove_downloads"),
    ],
};

pub const TAGS: Group = Group {
    menu: Some("tagsFilterMenu"),
    reach: &[Menu("//ul[@id='tagFilterList']//a[contains(., 'kept')]")],
    rows: &[
        ("createTag", NEW_TAG, "torrents/createTags", "manage_categories"),
        ("deleteTag", &[], "torrents/deleteTags", "manage_categories"),
        ("deleteUnusedTags", &[], "torrents/deleteTags", "manage_categories"),
        ("startTorrentsByTag", &[], "torrents/resume", "pause_resume"),
        ("pauseTorrentsByTag", &[], "torrents/pause", "pause_resume"),
        ("deleteTorrentsByTag", CONFIRM, "torrents/delete", "remove_downloads"),
    ],
};

pub const TRACKERS: Group = Group {
    menu: Some("trackersFilterMenu"),
    reach: &[Menu("//ul[@id='trackerFilterList']//a[contains(., '127.0.0.1')]")],
    rows: &[
        ("resumeTorrentsByTracker", &[], "torrents/resume", "pause_resume"),
        ("pauseTorrentsByTracker", &[], "torrents/pause", "pause_resume"),
        ("deleteTorrentsByTracker", CONFIRM, "torrents/delete", "remove_downloads"),
    ],
};

pub const PEERS_TAB: Group = Group {
    menu: Some("torrentPeersMenu"),
    reach: &[Click(WAITING), Click("#PropPeersLink"), Menu(PEER)],
    rows: &[
        ("addPeer", NEW_PEER, "torrents/addPeers", "pause_resume"),
        ("banPeer", &[Yes("permanently ban")], "transfer/banPeers", ADMIN),
    ],
};

pub const TRACKERS_TAB: Group = Group {
    menu: Some("torrentTrackersMenu"),
    reach: &[Click(WAITING), Click("#PropTrackersLink"), Menu(TRACKER)],
    rows: &[
        ("AddTracker", NEW_TRACKER, "torrents/addTrackers", "pause_resume"),
        ("EditTracker", OTHER_TRACKER, "torrents/editTracker", "pause_resume"),
        ("RemoveTracker", &[], "torrents/removeTrackers", "pause_resume"),
    ],
};

pub const FILES_TAB: Group = Group {
    menu: None,
    reach: &[Click(WAITING), Click("#PropFilesLink")],
    rows: &[
        ("tristate_cb", &[], "torrents/filePrio", "pause_resume"),
        (".DownloadedCB", &[], "torrents/filePrio", "pause_resume"),
        (".combo_priority option:nth-child(3)", &[], "torrents/filePrio", "pause_resume"),
    ],
};

pub const FILES_MENU: Group = Group {
    menu: Some("torrentFilesMenu"),
    reach: &[Click(WAITING), Click("#PropFilesLink"), Menu(FILE)],
    rows: &[("Rename", NEW_FILE_NAME, "torrents/renameFile", "rename_files")],
};

pub const PRIORITY_MENU: Group = Group {
    menu: Some("torrentFilesMenu"),
    reach: &[
        Click(WAITING),
        Click("#PropFilesLink"),
        Menu(FILE),
        Over("#torrentFilesMenu a[href='#FilePrio']"),
    ],
    rows: &[
        ("FilePrioIgnore", &[], "torrents/filePrio", "pause_resume"),
        ("FilePrioNormal", &[], "torrents/filePrio", "pause_resume"),
        ("FilePrioHigh", &[], "torrents/filePrio", "pause_resume"),
        ("FilePrioMaximum", &[], "torrents/filePrio", "pause_resume"),
    ],
};
