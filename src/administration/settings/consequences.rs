//! What a change of the settings brings beside itself, said before it is made.

use crate::{
    authn::api_key::KeyHolders,
    clock::Timestamp,
    policy::{
        app::{App, Apps},
        role::Role,
    },
    state::State,
    store::{database::StoreError, events, view::View},
};

/// Each in a sentence without its full stop.
pub(super) fn of(before: &State, next: &State, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let mut all = sessions(before, next, now);
    all.extend(keys_of_users(before, next));
    all.extend(ways_in(before, next));
    all.extend(apps((&before.config.apps, &next.config.apps), before.store.view(), now));
    all.extend(events(before, next, now)?);
    Ok(all)
}

fn sessions(before: &State, next: &State, now: Timestamp) -> Vec<String> {
    let mut all = Vec::new();
    let ended =
        before.authenticator.sessions.ended_under(&next.authenticator.sessions, now, before.store.view());
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
    all
}

fn keys_of_users(before: &State, next: &State) -> Option<String> {
    if before.config.api_keys != KeyHolders::Everybody || next.config.api_keys != KeyHolders::Admins {
        return None;
    }
    let view = before.store.view();
    let users = view.users();
    let keys = view.live_keys(None);
    let of_users =
        keys.iter().filter(|key| users.by_id(key.user).is_some_and(|user| user.role == Role::User));
    let count = of_users.count();
    (count > 0).then(|| format!("{count} API keys of users who are no administrators count no longer"))
}

fn ways_in(before: &State, next: &State) -> Vec<String> {
    let mut all = Vec::new();
    let (was_external, is_external) = (before.authenticator.is_external(), next.authenticator.is_external());
    if is_external && !was_external {
        all.push("people sign in at the other provider, and the sign-in form is gone".to_owned());
    }
    if was_external && !is_external {
        all.push("people sign in here, and those without a password cannot until they get one".to_owned());
    }
    if before.config.auth.enabled && !next.config.auth.enabled {
        let name = &next.config.auth.admin_user;
        all.push(format!(
            "everybody who reaches the proxy gets in to every app as the administrator `{name}`; only this portal still \
             asks who one is"
        ));
    }
    all
}

/// What ends with the apps that are gone.
fn apps((before, next): (&Apps, &Apps), view: &View, now: Timestamp) -> Vec<String> {
    let gone: Vec<&App> = before.iter().filter(|app| next.named(app.name.as_str()).is_none()).collect();
    if gone.is_empty() {
        return Vec::new();
    }
    // The one that is there until others are configured is missed by nobody.
    let stands_in = |app: &App| app.name.as_str() == "default" && app.hosts.is_empty();
    let of_proxy = gone.iter().filter(|app| !stands_in(app)).map(|app| {
        format!("the app `{}` is gone, and what the proxy asks about it is refused", app.name.as_str())
    });
    let mut all: Vec<_> = of_proxy.collect();
    let keys = view.live_keys(None);
    let loses_all = keys.iter().filter(|key| key.scope.expires.is_none_or(|end| end > now)).filter(|key| {
        let opens =
            |apps: &Apps| key.scope.apps.iter().flatten().any(|app| apps.named(app.as_str()).is_some());
        opens(before) && !opens(next)
    });
    match loses_all.count() {
        0 => {}
        1 => all.push("1 key opens nothing any more".to_owned()),
        count => all.push(format!("{count} keys open nothing any more")),
    }
    let users = view.users().search("");
    for app in gone {
        let name = app.name.as_str();
        match users.iter().filter(|user| user.per_app.get(&app.name).is_some()).count() {
            0 => {}
            1 => all.push(format!("the set of 1 user for `{name}` goes unused")),
            count => all.push(format!("the sets of {count} users for `{name}` go unused")),
        }
    }
    all
}

fn events(before: &State, next: &State, now: Timestamp) -> Result<Option<String>, StoreError> {
    let keep = next.config.audit.keep;
    if keep >= before.config.audit.keep {
        return Ok(None);
    }
    let seconds = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
    let oldest = Timestamp::from_secs(now.secs().saturating_sub(seconds));
    Ok(match before.store.read(|connection| events::count_before(connection, oldest))? {
        0 => None,
        1 => Some("1 event is older than that, and goes for good".to_owned()),
        count => Some(format!("{count} events are older than that, and go for good")),
    })
}
