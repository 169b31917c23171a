//! What a change of the settings brings beside itself, said before it is made.

use crate::{authn::api_key::KeyHolders, clock::Timestamp, policy::role::Role, state::State};

/// Each in a sentence without its full stop.
pub(super) fn of(before: &State, next: &State, now: Timestamp) -> Vec<String> {
    let view = before.store.view();
    let mut all = Vec::new();
    let ended = before.authenticator.sessions.ended_under(&next.authenticator.sessions, now, view);
    if ended > 0 {
        let who = if ended == 1 { "1 session ends: its owner" } else { "sessions end: their owners" };
        let count = if ended == 1 { String::new() } else { format!("{ended} ") };
        all.push(format!("{count}{who} must sign in again, and so must you if yours is among them"));
    }
    if next.config.session.cookie_domain != before.config.session.cookie_domain {
        all.push(
            "who is signed in stays so where they are, and must sign in again to be known on other hosts"
                .to_owned(),
        );
    }
    if before.config.api_keys == KeyHolders::Everybody && next.config.api_keys == KeyHolders::Admins {
        let users = view.users();
        let keys = view.live_keys(None);
        let of_users =
            keys.iter().filter(|key| users.by_id(key.user).is_some_and(|user| user.role == Role::User));
        let count = of_users.count();
        if count > 0 {
            all.push(format!("{count} API keys of users who are no administrators count no longer"));
        }
    }
    let (was_external, is_external) = (before.authenticator.is_external(), next.authenticator.is_external());
    if is_external && !was_external {
        all.push("people sign in at the other provider, and the sign-in form is gone".to_owned());
    }
    if was_external && !is_external {
        all.push("people sign in here, and those without a password cannot until they get one".to_owned());
    }
    if before.config.auth.enabled && !next.config.auth.enabled {
        all.push(
            "everybody who reaches the proxy is the administrator of every app; only this portal still asks who one is"
                .to_owned(),
        );
    }
    all
}
