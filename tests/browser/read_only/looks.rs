//! What of the page changes nothing in qBittorrent, by the names that the tables use.

pub const LOOKS: [&str; 27] = [
    // Signing out, other sites, and what the browser alone remembers.
    "logoutLink",
    "docsLink",
    "bugLink",
    "aboutLink",
    "registerMagnetHandlerLink",
    "showTopToolbarLink",
    "showStatusBarLink",
    "showFiltersSidebarLink",
    "speedInBrowserTitleBarLink",
    "showSearchEngineLink",
    "showRssReaderLink",
    // Reading, and searching, which is among what they may.
    "StatisticsLink",
    "startSearchButton",
    "torrentsTableMenu exportTorrent",
    "torrentTrackersMenu CopyTrackerUrl",
    "torrentPeersMenu copyPeer",
    "rssFeedMenu copyFeedURL",
    "rssArticleMenu OpenNews",
    "searchResultsTableMenu OpenDescriptionUrl",
    // Opening what the tables go through: menus, and dialogs that another button opens, too.
    "manageSearchPlugins",
    "rssDownloaderButton",
    "torrentsTableMenu Category",
    "torrentsTableMenu Tags",
    "torrentsTableMenu queue",
    "torrentFilesMenu FilePrio",
    "rssArticleMenu Download",
    "searchResultsTableMenu Download",
];

/// Lists the page's links, buttons and menu entries by the same names; the menus over tables only choose columns.
pub const ALL: &str = "
    const named = [...document.querySelectorAll('#desktopNavbar a[id], #mochaToolbar a[id], button[id]')];
    const menu = 'ul.contextMenu:not([id$=headerMenu])';
    const entries = [...document.querySelectorAll(`${menu} a[href^=\"#\"]`)]
        .map(entry => [entry.closest('ul.contextMenu').id, entry.getAttribute('href').slice(1)])
        .filter(([, name]) => name !== '' && !name.startsWith('Tag/'));
    return [...named.map(each => each.id), ...entries.map(each => each.join(' '))];";
