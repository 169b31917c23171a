//! What of verify requests is noted: refusals, and requests that change something. Reading leaves no trace.

use std::{net::IpAddr, sync::Arc};

use tracing::{info, warn};

use super::{
    original::Original,
    refusal::Refusal,
    turned_away::{Refused, bounded},
    verify::Asked,
};
use crate::{
    authn::{
        name::UserName,
        principal::{Principal, Way},
    },
    events::{
        event::{By, Event},
        kind::Kind,
        line::{Topic, Words},
        log,
        repeats::Alike,
    },
    policy::{
        app::App,
        capability::{Capabilities, Capability},
        needs::Needs,
        rpc::Calls,
        ruling::Ruling,
    },
    throttle,
};

impl Asked<'_> {
    /// A request is let through: noted where what it needed is more than looking.
    pub(super) fn note_action(
        &self,
        principal: &Principal,
        (original, app): (&Original<'_>, &App),
        ruling: &Ruling<'_>,
    ) {
        let Needs::Capabilities(needed) = ruling.needs else { return };
        let changing = needed.both(Capabilities::CHANGING);
        if changing == Capabilities::NONE {
            return;
        }
        let names: Vec<_> = changing.iter().map(Capability::name).collect();
        let client = self.client().address();
        let mut event = event(Kind::Action, client, Some(original)).in_app(&app.name);
        event = event.by(By::User(&principal.user.name)).with("capability", names.join(","));
        if let Some(key) = &principal.key {
            event = event.with("key", key.name.as_str());
        }
        if let Calls::Named(calls) = self.calls {
            event = event.with("calls", calls.join(","));
        }
        self.state.log.record(event);
    }

    /// A request is refused: the log has it, unless it has the cause already. On record it is where the client is not
    /// only led to the sign-in, or back to it, and we did not fail ourselves.
    pub(super) fn note_refusal(&self, refused: &Refused<'_>, client: IpAddr) {
        let Some(cause) = &refused.cause else { return };
        let app = refused.known.as_ref().and_then(|known| known.app);
        let cause = bounded(cause);
        let alike = Alike {
            topic: match refused.refusal {
                Refusal::Undescribed(_) | Refusal::Unavailable => Topic::Fault,
                _ => Topic::Request,
            },
            network: throttle::network(client),
            user: refused.user.as_ref().map_or("", UserName::as_str),
            app: app.map_or("", |app| app.name.as_str()),
            cause: &cause,
        };
        self.state.log.record_refusal(&alike, || told(refused, client, &cause));
    }
}

#[cold]
fn told(refused: &Refused<'_>, client: IpAddr, cause: &str) -> log::Refusal {
    let known = refused.known.as_ref();
    let original = known.map(|known| &known.original);
    let to_sign_in = matches!(refused.refusal, Refusal::SignIn(_) | Refusal::SignInAgain);
    let proof_is_wrong = matches!(refused.way, Way::ApiKey | Way::Basic | Way::Sso);
    let unremarkable =
        matches!(refused.refusal, Refusal::Unavailable | Refusal::Handover(_) | Refusal::AnotherPerson);
    let on_record = !unremarkable && (!to_sign_in || proof_is_wrong);
    let event = on_record.then(|| {
        let mut event = event(Kind::RequestRefused, client, original);
        if let Some(app) = known.and_then(|known| known.app) {
            event = event.in_app(&app.name);
        }
        if let Some(user) = &refused.user {
            event = event.by(By::User(user));
        }
        event.with("reason", refused.refusal.reason()).with("cause", cause)
    });
    log::Refusal { words: words(refused, client, cause.to_owned()), event }
}

/// The line of the log.
fn words(refused: &Refused<'_>, client: IpAddr, cause: String) -> Words {
    let original = refused.known.as_ref().map(|known| &known.original);
    let host = original.map_or_else(String::new, |original| original.origin.to_string());
    let method = bounded(original.map_or("-", |original| original.method_name)).into_owned();
    let path = bounded(original.map_or("-", Original::path)).into_owned();
    match refused.refusal {
        Refusal::Undescribed(_) | Refusal::Unavailable => {
            Arc::new(move |more| warn!(%client, method, host, path, cause, more, "refused"))
        }
        _ => Arc::new(move |more| info!(%client, method, host, path, cause, more, "refused")),
    }
}

/// From where, and which route: never the query, which may hold keys.
fn event(kind: Kind, client: IpAddr, original: Option<&Original<'_>>) -> Event {
    let event = Event::new(kind).from(client);
    match original {
        Some(original) => {
            let (method, route) = (bounded(original.method_name), bounded(original.path()));
            event.with("method", method).with("route", route)
        }
        None => event,
    }
}
