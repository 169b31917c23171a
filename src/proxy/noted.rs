//! What of verify requests is noted: refusals, and requests that change something. Reading leaves no trace.

use std::net::IpAddr;

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
        repeats::Alike,
    },
    policy::{
        app::App,
        capability::{Capabilities, Capability},
        needs::Needs,
        rpc::Calls,
        ruling::Ruling,
    },
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

    /// A request is refused. Who is only led to the sign-in, or back to it, is not noted, nor who asks while we fail
    /// ourselves.
    pub(super) fn note_refusal(&self, refused: &Refused<'_>, client: IpAddr) {
        let Some(cause) = &refused.cause else { return };
        if matches!(refused.refusal, Refusal::Handover(_) | Refusal::AnotherPerson) {
            return;
        }
        let to_sign_in = matches!(refused.refusal, Refusal::SignIn(_) | Refusal::SignInAgain);
        let proof_is_wrong = matches!(refused.way, Way::ApiKey | Way::Basic | Way::Sso);
        if refused.refusal == Refusal::Unavailable || (to_sign_in && !proof_is_wrong) {
            return;
        }
        let known = refused.known.as_ref();
        let original = known.map(|known| &known.original);
        let app = known.and_then(|known| known.app);
        let method = bounded(original.map_or("", |original| original.method_name));
        let (route, cause) = (bounded(original.map_or("", Original::path)), bounded(cause));
        let alike = Alike {
            address: client,
            user: refused.user.as_ref().map_or("", UserName::as_str),
            app: app.map_or("", |app| app.name.as_str()),
            method: &method,
            route: &route,
            cause: &cause,
        };
        self.state.log.record_refusal(&alike, || {
            let mut event = event(Kind::RequestRefused, client, original);
            if let Some(app) = app {
                event = event.in_app(&app.name);
            }
            if let Some(user) = &refused.user {
                event = event.by(By::User(user));
            }
            event.with("reason", refused.refusal.reason()).with("cause", cause.as_ref())
        });
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
