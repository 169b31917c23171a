//! What a user may do: the eighteen capabilities, and sets of them.

use std::{fmt, str::FromStr};

use thiserror::Error;

use super::preset::{Permission, Preset};

/// One thing a user may do in an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Capability {
    /// Search indexers and networks.
    Search,
    /// Add new downloads.
    AddDownloads,
    /// Remove or delete downloads.
    RemoveDownloads,
    /// Pause, resume and stop downloads.
    PauseResume,
    /// Change the category of a download.
    AssignCategories,
    /// Move the files of a download.
    MoveFiles,
    /// Rename the files of a download.
    RenameFiles,
    /// Comment on a download.
    SetComment,
    /// Create, edit and delete categories.
    ManageCategories,
    /// See the download history.
    ViewHistory,
    /// Delete history entries.
    ClearHistory,
    /// See shared files.
    ViewShared,
    /// See active uploads.
    ViewUploads,
    /// See statistics and charts.
    ViewStatistics,
    /// See the app's logs.
    ViewLogs,
    /// See the server list.
    ViewServers,
    /// See downloads that others added.
    ViewAllDownloads,
    /// Change or delete downloads that others own.
    EditAllDownloads,
}

use Capability as C;

impl Capability {
    /// All of them, in the order in which they are sent.
    pub const ALL: [Self; 18] = [
        C::Search,
        C::AddDownloads,
        C::RemoveDownloads,
        C::PauseResume,
        C::AssignCategories,
        C::MoveFiles,
        C::RenameFiles,
        C::SetComment,
        C::ManageCategories,
        C::ViewHistory,
        C::ClearHistory,
        C::ViewShared,
        C::ViewUploads,
        C::ViewStatistics,
        C::ViewLogs,
        C::ViewServers,
        C::ViewAllDownloads,
        C::EditAllDownloads,
    ];

    /// The name in headers, commands and the store.
    pub const fn name(self) -> &'static str {
        self.texts().0
    }

    /// The capability of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.name() == name)
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        self.texts().1
    }

    /// What it allows, in one phrase for people.
    pub const fn description(self) -> &'static str {
        self.texts().2
    }

    const fn texts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            C::Search => ("search", "Search", "Search indexers and networks"),
            C::AddDownloads => ("add_downloads", "Add downloads", "Add links, magnets and torrents"),
            C::RemoveDownloads => ("remove_downloads", "Remove downloads", "Remove or delete downloads"),
            C::PauseResume => ("pause_resume", "Pause and resume", "Pause, resume and stop downloads"),
            C::AssignCategories => {
                ("assign_categories", "Assign categories", "Change the category of a download")
            }
            C::MoveFiles => ("move_files", "Move files", "Move the files of a download"),
            C::RenameFiles => ("rename_files", "Rename files", "Rename the files of a download"),
            C::SetComment => ("set_comment", "Set comments", "Comment on a download"),
            C::ManageCategories => {
                ("manage_categories", "Manage categories", "Create, edit and delete categories")
            }
            C::ViewHistory => ("view_history", "View history", "See the download history"),
            C::ClearHistory => ("clear_history", "Clear history", "Delete history entries"),
            C::ViewShared => ("view_shared", "View shared files", "See the files that are shared"),
            C::ViewUploads => ("view_uploads", "View uploads", "See active uploads"),
            C::ViewStatistics => ("view_statistics", "View statistics", "See statistics and charts"),
            C::ViewLogs => ("view_logs", "View logs", "See the app's logs"),
            C::ViewServers => ("view_servers", "View servers", "See the list of servers"),
            C::ViewAllDownloads => {
                ("view_all_downloads", "View all downloads", "See downloads that others added")
            }
            C::EditAllDownloads => {
                ("edit_all_downloads", "Edit all downloads", "Change or delete downloads of others")
            }
        }
    }
}

/// A set of capabilities in which `edit_all_downloads` never stands without `view_all_downloads`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(u32);

/// Why a text is no set of capabilities.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CapabilityError {
    /// A word that names none of the eighteen.
    #[error("`{0}` is no capability; known are: {known}", known = Capabilities::ALL)]
    Unknown(String),
    /// `edit_all_downloads` alone.
    #[error("edit_all_downloads requires view_all_downloads; name both")]
    EditWithoutView,
}

impl Capabilities {
    /// The empty set.
    pub const NONE: Self = Self(0);
    /// Every capability.
    pub const ALL: Self = Self((1 << Capability::ALL.len()) - 1);
    /// Looking without touching.
    pub const READ_ONLY: Self = Self::of(&[
        C::Search,
        C::ViewHistory,
        C::ViewShared,
        C::ViewUploads,
        C::ViewStatistics,
        C::ViewLogs,
        C::ViewAllDownloads,
    ]);
    /// More than looking.
    pub const CHANGING: Self = Self::of(&[
        C::AddDownloads,
        C::RemoveDownloads,
        C::PauseResume,
        C::AssignCategories,
        C::MoveFiles,
        C::RenameFiles,
        C::SetComment,
        C::ManageCategories,
        C::ClearHistory,
    ]);
    /// What a user gets who was made from an SSO header.
    pub const SSO_DEFAULT: Self = Self(
        Self::ALL.0 & !Self::of(&[C::EditAllDownloads, C::ManageCategories, C::ViewServers, C::ViewLogs]).0,
    );

    const fn of(list: &[Capability]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < list.len() {
            bits |= 1 << list[index] as u8;
            index += 1;
        }
        Self(bits)
    }

    /// The least set that holds `capability`.
    pub const fn with(capability: Capability) -> Self {
        match capability {
            C::EditAllDownloads => Self::of(&[C::ViewAllDownloads, C::EditAllDownloads]),
            one => Self::of(&[one]),
        }
    }

    /// Whether the set holds `capability`.
    pub const fn holds(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u8) != 0
    }

    /// Whether every capability of this set is in `other`.
    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// What is in both sets.
    pub const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this set and not in `other`, for saying what is missing.
    pub fn beyond(self, other: Self) -> impl Iterator<Item = Capability> {
        self.iter().filter(move |&capability| !other.holds(capability))
    }

    /// What is in either set.
    pub const fn either(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The capabilities of the set, in the order in which they are sent.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(move |&capability| self.holds(capability))
    }

    /// The preset that this set is, if it is one.
    pub fn preset(self) -> Option<Preset> {
        Preset::ALL.into_iter().find(|preset| preset.capabilities() == self)
    }

    /// The preset's name for people, or that it is none.
    pub fn label(self) -> &'static str {
        self.preset().map_or("Custom", Preset::label)
    }

    /// The set as one of four words.
    pub fn permission(self) -> Permission {
        if self == Self::ALL {
            Permission::Full
        } else if self == Self::NONE {
            Permission::None
        } else if self.within(Self::READ_ONLY) {
            Permission::ReadOnly
        } else {
            Permission::Custom
        }
    }
}

/// The comma list of the names, or `none`.
impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for capability in self.iter() {
            write!(f, "{separator}{}", capability.name())?;
            separator = ",";
        }
        if separator.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

/// Reads a comma list of names; `none` alone is the empty set.
impl FromStr for Capabilities {
    type Err = CapabilityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Self::NONE);
        }
        let mut set = Self::NONE;
        for word in text.split(',').map(str::trim) {
            let capability =
                Capability::named(word).ok_or_else(|| CapabilityError::Unknown(word.to_owned()))?;
            set.0 |= Self::of(&[capability]).0;
        }
        if set.holds(C::EditAllDownloads) && !set.holds(C::ViewAllDownloads) {
            return Err(CapabilityError::EditWithoutView);
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_read_and_written_in_the_order_of_the_contract() {
        for (text, shown) in [
            ("none", "none"),
            ("search", "search"),
            ("view_logs, search", "search,view_logs"),
            ("edit_all_downloads,view_all_downloads", "view_all_downloads,edit_all_downloads"),
        ] {
            assert_eq!(text.parse::<Capabilities>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for text in ["", "Search", "search,", "search,none", "*", "edit_all_downloads"] {
            assert!(text.parse::<Capabilities>().is_err(), "{text}");
        }
    }

    #[test]
    fn presets_hold_what_the_contract_lists() {
        assert_eq!(
            Capabilities::READ_ONLY.to_string(),
            "search,view_history,view_shared,view_uploads,view_statistics,view_logs,view_all_downloads"
        );
        assert_eq!(
            Capabilities::SSO_DEFAULT.to_string(),
            "search,add_downloads,remove_downloads,pause_resume,assign_categories,move_files,rename_files,\
             set_comment,view_history,clear_history,view_shared,view_uploads,view_statistics,view_all_downloads"
        );
        assert_eq!(Capabilities::ALL.iter().count(), 18);
        assert_eq!(Capabilities::READ_ONLY.preset(), Some(Preset::ReadOnly));
        assert_eq!("search".parse::<Capabilities>().unwrap().preset(), None);
    }

    #[test]
    fn a_set_has_one_permission() {
        for (set, word) in [
            ("none", "none"),
            ("search", "ro"),
            ("search,view_logs", "ro"),
            ("search,add_downloads", "custom"),
            ("view_servers", "custom"),
        ] {
            assert_eq!(set.parse::<Capabilities>().unwrap().permission().name(), word);
        }
        assert_eq!(Capabilities::ALL.permission(), Permission::Full);
        assert_eq!(Capabilities::READ_ONLY.permission(), Permission::ReadOnly);
    }
}
