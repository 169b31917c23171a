//! Changes after which whoever made them could make no other: their own request is looked at again as it would be
//! answered then.

use super::{Editor, WrongKey};
use crate::{
    config::Shown,
    policy::{app::Taken, origin::MissingOrigin, role::Role},
    portal::visit::Visit,
    state::Snapshot,
    store::users::User,
};

type Changed = (String, Shown, Shown);

/// What would lock them out, at the key that does.
pub(super) async fn found(editor: &Editor<'_>, next: &Snapshot, changes: &[Changed]) -> Vec<WrongKey> {
    let before = editor.visit;
    let key = |keys: &[&str]| {
        let changed = changes.iter().find(|(key, ..)| keys.iter().any(|start| key.starts_with(start)));
        changed.map_or_else(|| keys.first().copied().unwrap_or_default().to_owned(), |(key, ..)| key.clone())
    };
    let Some(after) = before.in_state(next.clone()) else {
        let host = before.origin.host.as_str();
        let text = format!(
            "no app would take {host}, the host on which you use this page, and the page would be gone; let an app \
             keep it in its hosts, or set server.public_url in the configuration file first"
        );
        return vec![WrongKey::new(&host_key(before, changes).unwrap_or_else(|| key(&["app."])), text)];
    };
    if !editor.proof.is_of_session() {
        // A key of an administrator goes on counting under every setting.
        return Vec::new();
    }
    let mut wrong = Vec::new();
    let mut refuse = |keys: &[&str], text: String| wrong.push(WrongKey::new(&key(keys), text));
    if after.looks_foreign(MissingOrigin::Allowed) && !before.looks_foreign(MissingOrigin::Allowed) {
        refuse(
            &["origins."],
            format!(
                "your browser's forms come from an origin that is not {}, and would all be refused; keep that origin \
                 in origins.allowed, or correct server.public_url or what the proxy says of itself first",
                after.origin
            ),
        );
    }
    if before.keeps_cookie() && !after.keeps_cookie() {
        refuse(
            &["session.cookie_secure"],
            "you use this page without HTTPS, where browsers drop such a cookie: you could not sign in again; open \
             the page over HTTPS and save this there"
                .to_owned(),
        );
    }
    if !can_sign_in(&after, editor.user).await {
        let lives = after.signed_in().is_some_and(|(user, _)| user.id == editor.user.id);
        if !lives || can_sign_in(before, editor.user).await {
            let (keys, text) = no_way_in(&after);
            refuse(keys, text);
        }
    }
    wrong
}

/// Whether they could sign in to the portal: with their password, or where people sign in elsewhere, because this
/// very request shows that they are known there as an administrator.
async fn can_sign_in(visit: &Visit, user: &User) -> bool {
    let authenticator = &visit.state.authenticator;
    if !authenticator.is_external() {
        return user.password_hash.is_some();
    }
    let client = || visit.client();
    let cookies = authenticator.sessions.cookies(visit.headers());
    let known =
        authenticator.known_elsewhere(&visit.presented(&cookies, &client), visit.state.store.view()).await;
    known.is_some_and(|(name, role)| name == user.name && role == Role::Admin)
}

fn no_way_in(after: &Visit) -> (&'static [&'static str], String) {
    let proof = "and this request does not show that it knows you as an administrator: you could not come in again. \
                 Open this page so that it does, or set this in the configuration file";
    let config = &after.state.config;
    match (&config.upstream, &config.sso) {
        (Some(upstream), _) => {
            (&["upstream.", "sso."], format!("people would sign in at {}, {proof}", upstream.url))
        }
        (None, Some(_)) => (&["sso."], format!("people would sign in at the proxy in front, {proof}")),
        (None, None) => (
            &["session.", "sso.", "upstream."],
            "your session would end, and you have no password to sign in with; set one first".to_owned(),
        ),
    }
}

/// The hosts that are changed: of the app that took the host until now, else of any.
fn host_key(before: &Visit, changes: &[Changed]) -> Option<String> {
    let own = match before.state.config.apps.on(&before.origin) {
        Taken::By(app) => format!("app.{}.hosts", app.name.as_str()),
        Taken::BySeveral | Taken::ByNone => String::new(),
    };
    let of_hosts = |key: &&String| key.starts_with("app.") && key.ends_with(".hosts");
    let keys = || changes.iter().map(|(key, ..)| key);
    keys().find(|key| **key == own).or_else(|| keys().find(of_hosts)).cloned()
}
