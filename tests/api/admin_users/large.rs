//! Users with sets of their own in many apps.

use super::{Desk, form, value};
use crate::support::sluice::{Home, PASSWORD};
use crate::support::verify::ALL_CAPABILITIES;

#[test]
fn a_user_with_sets_in_64_apps_is_saved_and_a_form_without_end_is_not() {
    let apps: Vec<_> = (0..64).map(|number| format!("application-number-{number:02}")).collect();
    let tables: String = apps.iter().map(|app| format!("[[app]]\nname = \"{app}\"\n")).collect();
    let home = Home::new().with(&tables).user("ada", &["--admin"]).user("vera", &["--preset", "read-only"]);
    let sluice = home.start();
    let session = sluice.sign_in("ada", PASSWORD);
    let desk = Desk { sluice, session };
    let fields: Vec<_> = apps.iter().map(|app| (format!("set.{app}"), format!("may.{app}"))).collect();
    let capabilities: Vec<_> = ALL_CAPABILITIES.split(',').collect();
    let made_from = desk.made_from("vera");
    let mut all = form("vera", &[("made_from", &made_from)]);
    all.retain(|(field, _)| !field.starts_with("set."));
    for (set, may) in &fields {
        all.push((set, "custom"));
        all.extend(capabilities.iter().skip(1).map(|&capability| (may.as_str(), capability)));
    }
    let bytes = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&all).finish().len();
    assert!((40_000..100_000).contains(&bytes), "{bytes}");
    desk.change("vera", &all).assert_status(303);
    let vera = desk.sluice.sign_in("vera", PASSWORD);
    assert_eq!(desk.may("application-number-63", &vera), capabilities[1..].join(","));
    // The page carries all that, too, and saves it again.
    let page = desk.html(&desk.page_of("vera"));
    let now = value(&page, "made_from").to_owned();
    all.iter_mut().filter(|(field, _)| *field == "made_from").for_each(|field| field.1 = &now);
    desk.change("vera", &all).assert_status(303);
    let endless = "x".repeat(300_000);
    desk.change("vera", &form("vera", &[("display_name", &endless)])).assert_status(413);
}
