//! What an administrator should look at.

use crate::{
    administration::{settings::Overview, setup::Step},
    clock,
    events::failing::Waiting,
    portal::{
        admin::{blocked, keys::Sort, settings},
        moment,
        visit::Visit,
    },
    store::{trouble::Trouble, users::Standing, view::View},
};

/// Disabled users that are named one by one.
const MOST: usize = 5;

/// One thing to look at.
pub struct Matter {
    /// What it is.
    pub text: String,
    /// Where to see to it, and what stands on the way there.
    pub way: Option<(String, &'static str)>,
}

/// All of it, the most urgent first. `settings` are as they are, where they can be read.
pub fn all(visit: &Visit, settings: Option<&Overview>) -> Vec<Matter> {
    let view = visit.state.store.view();
    let mut matters: Vec<_> = settings.and_then(|settings| unfinished(visit, settings)).into_iter().collect();
    matters.extend(troubles(visit));
    matters.extend(lost(visit));
    matters.extend(settings.map(|settings| warnings(visit, settings)).into_iter().flatten());
    matters.extend(untold(visit));
    matters.extend(waiting(visit));
    matters.extend(asleep(visit, view));
    matters.extend(keys(visit, view));
    matters
}

/// Sluice was set up only in part.
fn unfinished(visit: &Visit, settings: &Overview) -> Option<Matter> {
    let matter = || Matter {
        text: "No app is set up yet.".to_owned(),
        way: Some((visit.page("/admin/start"), "Go on setting up")),
    };
    (!Step::App.is_done(&visit.state, settings)).then(matter)
}

fn warnings(visit: &Visit, settings: &Overview) -> Vec<Matter> {
    let matter = |warning: settings::Warning| Matter {
        text: warning.text,
        way: warning.href.map(|href| (href, "Look at it")),
    };
    settings::warnings(visit, &settings.to_mend).into_iter().map(matter).collect()
}

/// Who is to be told of events and cannot be reached, or does not take them.
fn untold(visit: &Visit) -> Vec<Matter> {
    let matter = |waiting: Waiting| Matter {
        text: format!(
            "{} could not be told of an event of {}, and of those since. The log of the service says why.",
            waiting.target,
            moment::time(waiting.since)
        ),
        way: Some((visit.page("/admin/settings"), "Who is told")),
    };
    visit.state.deliveries.failing.all().into_iter().map(matter).collect()
}

fn troubles(visit: &Visit) -> Option<Matter> {
    let troubles = visit.state.store.troubles();
    let words = |trouble| match trouble {
        Trouble::Busy => "locked by another program",
        Trouble::Full => "disk full",
        Trouble::Unwritable => "not readable or writable",
        Trouble::Lost => "damaged or replaced",
        Trouble::Other => "other errors",
    };
    let counted = Trouble::ALL.map(|trouble| (words(trouble), troubles.get(trouble)));
    let counted: Vec<_> =
        counted.iter().filter(|(_, n)| *n > 0).map(|(words, n)| format!("{words} {n}×")).collect();
    let text = format!(
        "The database failed since Sluice was started: {}. The log of the service says more.",
        counted.join(", ")
    );
    (!counted.is_empty()).then_some(Matter { text, way: None })
}

fn lost(visit: &Visit) -> Option<Matter> {
    let lost = visit.state.log.lost();
    let text = format!(
        "{lost} events are missing from the audit log, since they came too fast or could not be stored."
    );
    (lost > 0).then_some(Matter { text, way: None })
}

fn waiting(visit: &Visit) -> Option<Matter> {
    let count = blocked::count(visit.state.sign_in.throttle.blocked(clock::monotonic()));
    let text = match count {
        0 => return None,
        1 => "One address has to wait after failed sign-ins.".to_owned(),
        _ => format!("{count} addresses have to wait after failed sign-ins."),
    };
    Some(Matter { text, way: Some((visit.page("/admin/blocked"), "Who is blocked")) })
}

fn asleep(visit: &Visit, view: &View) -> Vec<Matter> {
    let disabled = view.users().search("").into_iter().filter(|user| user.standing == Standing::Disabled);
    let with_keys = disabled.filter_map(|user| {
        let text = match view.keys_of(user.id).len() {
            0 => return None,
            1 => format!("{} is disabled, but has a key that works again once they are enabled.", user.name),
            keys => format!(
                "{} is disabled, but has {keys} keys that work again once they are enabled.",
                user.name
            ),
        };
        let href = visit.page(&format!("/admin/keys?user={}", user.id.get()));
        Some(Matter { text, way: Some((href, "Their keys")) })
    });
    with_keys.take(MOST).collect()
}

fn keys(visit: &Visit, view: &View) -> Vec<Matter> {
    let (now, live) = (clock::now(), view.live_keys(None));
    let count = |sort: Sort| live.iter().filter(|key| sort.has(key, now)).count();
    let matter = |number, one: &str, many: &str, show: &str, label| {
        let text = match number {
            0 => return None,
            1 => format!("One key {one}."),
            _ => format!("{number} keys {many}."),
        };
        Some(Matter { text, way: Some((visit.page(&format!("/admin/keys?show={show}")), label)) })
    };
    let ending =
        matter(count(Sort::Ending), "ends within a week", "end within a week", "ending", "Which end");
    let unused =
        matter(count(Sort::Unused), "was never used", "were never used", "unused", "Which were not used");
    ending.into_iter().chain(unused).collect()
}
