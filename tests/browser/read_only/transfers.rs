//! The list of transfers: its toolbar, menus, keys and status bar.

use super::table::Step::{Click, ClickTwice, File, Fill, Frame, Menu, Over, Press, Yes};
use super::table::{ADMIN, Group, Step};

const PAUSED: &str = "//div[@id='torrentsTableDiv']//td[contains(., 'paused.iso')]";
pub const WAITING: &str = "//div[@id='torrentsTableDiv']//td[contains(., 'waiting.iso')]";
const DONE: &str = "//div[@id='torrentsTableDiv']//td[contains(., 'done.iso')]";

const MAGNET: &str = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=more.iso";
const DELETE: &str = "\u{E017}";
const SHIFT: &str = "\u{E008}";

const ADD_LINK: &[Step] = &[Frame("#downloadPage_iframe"), Fill("#urls", MAGNET), Click("#submitButton")];
const ADD_FILE: &[Step] =
    &[Frame("#uploadPage_iframe"), File("#fileselect"), Click("#uploadForm button[type=submit]")];
pub const CONFIRM: &[Step] = &[Frame("#confirmDeletionPage_iframe"), Click("#confirmBtn")];
const SAVE_OPTIONS: &[Step] = &[
    Yes("Could not contact"),
    Yes("Could not contact"),
    Click("#preferencesPage input[value=Save]"),
    Yes("Unable to save"),
];
const DOWNLOAD_LIMIT: &[Step] =
    &[Frame("#downloadLimitPage_iframe"), Fill("#dllimitUpdatevalue", "7"), Click("#applyButton")];
const UPLOAD_LIMIT: &[Step] =
    &[Frame("#uploadLimitPage_iframe"), Fill("#uplimitUpdatevalue", "7"), Click("#applyButton")];
const SHARE_LIMIT: &[Step] =
    &[Frame("#shareRatioPage_iframe"), Click("input[name=shareLimit][value=none]"), Click("#save")];
const NEW_PLACE: &[Step] =
    &[Frame("#setLocationPage_iframe"), Fill("#setLocation", "/tmp/elsewhere"), Click("#setLocationButton")];
const NEW_NAME: &[Step] =
    &[Frame("#renamePage_iframe"), Fill("#rename", "other.iso"), Click("#renameButton")];
pub const NEW_CATEGORY: &[Step] =
    &[Frame("#newCategoryPage_iframe"), Fill("#categoryName", "more"), Click("#categoryNameButton")];
const NEW_CATEGORY_FAILS: &[Step] = &[
    Frame("#newCategoryPage_iframe"),
    Fill("#categoryName", "more"),
    Click("#categoryNameButton"),
    Yes("Unable to create category"),
];
pub const NEW_TAG: &[Step] =
    &[Frame("#newTagPage_iframe"), Fill("#tagName", "more"), Click("#tagNameButton")];

pub const TOOLBAR: Group = Group {
    menu: None,
    reach: &[Click(WAITING)],
    rows: &[
        ("downloadButton", ADD_LINK, "torrents/add", "add_downloads"),
        ("uploadButton", ADD_FILE, "torrents/add", "add_downloads"),
        ("deleteButton", CONFIRM, "torrents/delete", "remove_downloads"),
        ("resumeButton", &[], "torrents/resume", "pause_resume"),
        ("pauseButton", &[], "torrents/pause", "pause_resume"),
        ("topPrioButton", &[], "torrents/topPrio", "pause_resume"),
        ("increasePrioButton", &[], "torrents/increasePrio", "pause_resume"),
        ("decreasePrioButton", &[], "torrents/decreasePrio", "pause_resume"),
        ("bottomPrioButton", &[], "torrents/bottomPrio", "pause_resume"),
        ("preferencesButton", SAVE_OPTIONS, "app/setPreferences", ADMIN),
    ],
};

pub const FILE_MENU: Group = Group {
    menu: None,
    reach: &[Over("#desktopNavbar > ul > li:nth-child(1)")],
    rows: &[
        ("uploadLink", ADD_FILE, "torrents/add", "add_downloads"),
        ("downloadLink", ADD_LINK, "torrents/add", "add_downloads"),
        ("shutdownLink", &[Yes("Are you sure")], "app/shutdown", ADMIN),
    ],
};

pub const EDIT_MENU: Group = Group {
    menu: None,
    reach: &[Click(WAITING), Over("#desktopNavbar > ul > li:nth-child(2)")],
    rows: &[
        ("resumeLink", &[], "torrents/resume", "pause_resume"),
        ("pauseLink", &[], "torrents/pause", "pause_resume"),
        ("resumeAllLink", &[Yes("resume all")], "torrents/resume", "pause_resume"),
        ("pauseAllLink", &[Yes("pause all")], "torrents/pause", "pause_resume"),
        ("deleteLink", CONFIRM, "torrents/delete", "remove_downloads"),
        ("topPrioLink", &[], "torrents/topPrio", "pause_resume"),
        ("increasePrioLink", &[], "torrents/increasePrio", "pause_resume"),
        ("decreasePrioLink", &[], "torrents/decreasePrio", "pause_resume"),
        ("bottomPrioLink", &[], "torrents/bottomPrio", "pause_resume"),
    ],
};

pub const TOOLS_MENU: Group = Group {
    menu: None,
    reach: &[Over("#desktopNavbar > ul > li:nth-child(4)")],
    rows: &[("preferencesLink", SAVE_OPTIONS, "app/setPreferences", ADMIN)],
};

pub const STATUS_BAR: Group = Group {
    menu: None,
    reach: &[],
    rows: &[
        ("alternativeSpeedLimits", &[], "transfer/toggleSpeedLimitsMode", ADMIN),
        ("DlInfos", DOWNLOAD_LIMIT, "transfer/setDownloadLimit", ADMIN),
        ("UpInfos", UPLOAD_LIMIT, "transfer/setUploadLimit", ADMIN),
    ],
};

/// Without a button: two clicks and keys. The last step of the way is what is clicked.
pub const SHORT_CUTS: Group = Group {
    menu: None,
    reach: &[],
    rows: &[
        (WAITING, &[ClickTwice(WAITING)], "torrents/pause", "pause_resume"),
        (PAUSED, &[ClickTwice(PAUSED)], "torrents/resume", "pause_resume"),
        (WAITING, &[Press(&[DELETE]), CONFIRM[0], CONFIRM[1]], "torrents/delete", "remove_downloads"),
        (WAITING, &[Press(&[SHIFT, DELETE]), CONFIRM[0], CONFIRM[1]], "torrents/delete", "remove_downloads"),
    ],
};

pub const MENU: Group = Group {
    menu: Some("torrentsTableMenu"),
    reach: &[Menu(WAITING)],
    rows: &[
        ("pause", &[], "torrents/pause", "pause_resume"),
        ("forceStart", &[], "torrents/setForceStart", "pause_resume"),
        ("delete", CONFIRM, "torrents/delete", "remove_downloads"),
        ("setLocation", NEW_PLACE, "torrents/setLocation", "move_files"),
        ("rename", NEW_NAME, "torrents/rename", "rename_files"),
        ("autoTorrentManagement", &[], "torrents/setAutoManagement", "move_files"),
        ("downloadLimit", DOWNLOAD_LIMIT, "torrents/setDownloadLimit", "pause_resume"),
        ("uploadLimit", UPLOAD_LIMIT, "torrents/setUploadLimit", "pause_resume"),
        ("shareRatio", SHARE_LIMIT, "torrents/setShareLimits", "remove_downloads"),
        ("sequentialDownload", &[], "torrents/toggleSequentialDownload", "pause_resume"),
        ("firstLastPiecePrio", &[], "torrents/toggleFirstLastPiecePrio", "pause_resume"),
        ("forceRecheck", &[], "torrents/recheck", "pause_resume"),
        ("forceReannounce", &[], "torrents/reannounce", "pause_resume"),
    ],
};

pub const MENU_OF_PAUSED: Group = Group {
    menu: Some("torrentsTableMenu"),
    reach: &[Menu(PAUSED)],
    rows: &[("start", &[], "torrents/resume", "pause_resume")],
};

pub const MENU_OF_DONE: Group = Group {
    menu: Some("torrentsTableMenu"),
    reach: &[Menu(DONE)],
    rows: &[("superSeeding", &[], "torrents/setSuperSeeding", "pause_resume")],
};

pub const QUEUE_MENU: Group = Group {
    menu: Some("torrentsTableMenu"),
    reach: &[Menu(WAITING), Over("#torrentsTableMenu a[href='#queue']")],
    rows: &[
        ("queueTop", &[], "torrents/topPrio", "pause_resume"),
        ("queueUp", &[], "torrents/increasePrio", "pause_resume"),
        ("queueDown", &[], "torrents/decreasePrio", "pause_resume"),
        ("queueBottom", &[], "torrents/bottomPrio", "pause_resume"),
    ],
};

pub const CATEGORY_MENU: Group = Group {
    menu: Some("contextCategoryList"),
    reach: &[Menu(WAITING), Over("#torrentsTableMenu a[href='#Category']")],
    rows: &[
        (
            "//ul[@id='contextCategoryList']//a[contains(., 'New')]",
            NEW_CATEGORY_FAILS,
            "torrents/createCategory",
            "manage_categories",
        ),
        (
            "//ul[@id='contextCategoryList']//a[contains(., 'Reset')]",
            &[],
            "torrents/setCategory",
            "assign_categories",
        ),
        (
            "//ul[@id='contextCategoryList']//a[contains(., 'linux')]",
            &[],
            "torrents/setCategory",
            "assign_categories",
        ),
    ],
};

pub const TAG_MENU: Group = Group {
    menu: Some("contextTagList"),
    reach: &[Menu(WAITING), Over("#torrentsTableMenu a[href='#Tags']")],
    rows: &[
        (
            "//ul[@id='contextTagList']//a[contains(., 'Add')]",
            NEW_TAG,
            "torrents/addTags",
            "assign_categories",
        ),
        (
            "//ul[@id='contextTagList']//a[contains(., 'Remove All')]",
            &[],
            "torrents/removeTags",
            "assign_categories",
        ),
        (
            "//ul[@id='contextTagList']//a[contains(., 'kept')]",
            &[],
            "torrents/removeTags",
            "assign_categories",
        ),
        (
            "//ul[@id='contextTagList']//a[contains(., 'unused')]",
            &[],
            "torrents/addTags",
            "assign_categories",
        ),
    ],
};
