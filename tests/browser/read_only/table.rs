//! What a row of the tables is made of: what is clicked, what the page then asks for, what the user lacks.

/// What a hand does in the page.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Click(&'static str),
    ClickTwice(&'static str),
    /// Opens the menu of an element.
    Menu(&'static str),
    /// Points at what opens then.
    Over(&'static str),
    /// Goes on in this frame.
    Frame(&'static str),
    Fill(&'static str, &'static str),
    /// Chooses a `.torrent` file.
    File(&'static str),
    Press(&'static [&'static str]),
    /// Says yes to a question or message with this in its text.
    Yes(&'static str),
}

/// The capability that stands for all that only administrators may.
pub const ADMIN: &str = "administrator";

/// The button or entry, what follows, the path asked for below `/api/v2`, and the missing capability.
///
/// A name alone is an entry of the group's menu, or else an element with this id.
pub type Row = (&'static str, &'static [Step], &'static str, &'static str);

/// Rows to which the same steps lead.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The context menu that holds the entries.
    pub menu: Option<&'static str>,
    pub reach: &'static [Step],
    pub rows: &'static [Row],
}

impl Group {
    /// Where the button or entry of a row is.
    pub fn selector(&self, entry: &str) -> String {
        match self.menu {
            _ if entry.starts_with(['#', '/', '.']) => entry.to_owned(),
            Some(menu) => format!("#{menu} a[href='#{entry}']"),
            None => format!("#{entry}"),
        }
    }

    /// What its rows are called in the list of all that the page has.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.rows.iter().map(|(entry, ..)| match self.menu {
            Some(menu) => format!("{menu} {entry}"),
            None => (*entry).to_owned(),
        })
    }
}
