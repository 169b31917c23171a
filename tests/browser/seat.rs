//! Where somebody sits: on a phone or at a desk, with the pages' own JavaScript or without. A task is done in all four
//! ways in one browser, which takes longer to start than most tasks take, each in a window that knows nothing yet.

use serde_json::json;

use crate::support::browser::Browser;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    Phone,
    Desk,
}

/// Whether the pages' own JavaScript runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// A browser, and one of the four ways to sit before it.
#[derive(Debug)]
pub struct Seat {
    pub browser: Browser,
    pub screen: Screen,
    pub scripts: Scripts,
}

/// A test of each of these tasks, which does it in all four ways.
macro_rules! in_each_way {
    ($($task:ident),* $(,)?) => {
        mod in_each_way { $(#[test] fn $task() { crate::seat::Seat::in_each_way(super::$task); })* }
    };
}
pub(crate) use in_each_way;

impl Seat {
    #[track_caller]
    pub fn in_each_way(task: fn(&Self)) {
        let mut seat = Self { browser: Browser::start(), screen: Screen::Phone, scripts: Scripts::On };
        for screen in [Screen::Phone, Screen::Desk] {
            for scripts in [Scripts::On, Scripts::Off] {
                seat = Self { screen, scripts, ..seat };
                say_which(&seat);
                task(&seat);
            }
        }
    }

    /// Before a window that knows nothing of what was before.
    #[track_caller]
    pub fn sit_down(&self) {
        self.browser.start_anew();
        let off = json!({"value": self.scripts == Scripts::Off});
        self.browser.devtools("Emulation.setScriptExecutionDisabled", &off);
        let (width, height) = if self.is_on_phone() { (390, 844) } else { (1280, 900) };
        self.browser.resize(width, height);
    }

    pub fn is_on_phone(&self) -> bool {
        self.screen == Screen::Phone
    }

    pub fn has_scripts(&self) -> bool {
        self.scripts == Scripts::On
    }
}

#[expect(
    clippy::print_stderr,
    reason = "shown with a failure only, which does not say in which of the ways it is"
)]
fn say_which(seat: &Seat) {
    eprintln!("{:?}, JavaScript {:?}", seat.screen, seat.scripts);
}
