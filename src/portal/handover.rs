//! The page on an app's host that hands a browser over from one person to another: it takes away the cookies that the
//! app gave the one before, and leaves the marker that says whose the next ones are.

mod removal;

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, http::StatusCode};
use tracing::{debug, info, warn};

use super::{
    page::{self, Link},
    visit,
};
use crate::{
    authn::{
        cookie::Cookies,
        marker::{Marker, Shown, TicketError, Whose},
    },
    clock,
    policy::origin::Origin,
    proxy::{person::PAGE, refusal, target::TargetRules},
    state::{Snapshot, State},
    store::users::UserId,
};

/// How often it is tried before a person is asked to help.
const MOST_TRIES: u8 = 3;

/// A browser that is handed over.
struct Handover<'a> {
    state: &'a State,
    /// The app's.
    here: Origin,
    person: UserId,
    /// What the client sent.
    cookies: Cookies<'a>,
    /// Where it leads back to, a path of this host.
    target: String,
    ticket: String,
    /// Whether the browser shows that an app here had somebody before.
    was_used: bool,
    /// The round that it is in: the cookies were taken away so often already.
    round: u8,
}

/// Takes a browser through the steps, each a redirect to the next.
pub async fn show(request: HttpRequest, state: Snapshot) -> HttpResponse {
    let base = &state.config.server.base_path;
    let Some(here) = visit::reached(&request, &state) else { return page::misdirected(base) };
    let [target, ticket, round] = ["rd", "t", "round"].map(|name| query(&request, name));
    let target = checked(&state, &here, target);
    let ticket = ticket.unwrap_or_default();
    let person = match state.markers.redeem(&ticket, &here, clock::now()) {
        Ok(person) => person,
        // Whoever opens the app again gets a new one.
        Err(TicketError::Old) => return page::see_other(&target).finish(),
        Err(TicketError::Wrong) => {
            info!(
                host = here.host.as_str(),
                "a browser came to be handed over with a ticket for another host or scheme; the proxy must say the same of \
                 both to Sluice's pages and to its question"
            );
            return open_again(base, target);
        }
    };
    let round = round.and_then(|text| text.parse().ok()).unwrap_or(0);
    let cookies = state.authenticator.sessions.cookies(request.headers());
    let was_used = !Shown::among(&cookies).is_absent()
        || removal::visible(&state.config.apps, &cookies).next().is_some();
    Handover { state: &state, here, person, cookies, target, ticket, was_used, round }.answer()
}

impl Handover<'_> {
    fn answer(&self) -> HttpResponse {
        let shown = Shown::among(&self.cookies);
        let settled = || self.state.markers.settled(self.person, &self.here.host);
        if shown.whose(self.here.scheme, settled) == Whose::Theirs {
            return page::see_other(&self.target).finish();
        }
        let pending = self.state.markers.pending(self.person, &self.here.host);
        let is_pending = shown.say(self.here.scheme, &pending);
        let left: Vec<_> = removal::visible(&self.state.config.apps, &self.cookies).collect();
        match self.round {
            0 => self.take_away(&pending),
            _ if is_pending && left.is_empty() => self.settle(),
            round if round < MOST_TRIES => self.take_away(&pending),
            _ if is_pending => self.refuse_left(&left),
            _ => self.refuse_unmarked(),
        }
    }

    /// The cookies go, and the browser shows at the next step that they went. Until then no other request is let
    /// through, so that the app gives it no new ones.
    fn take_away(&self, pending: &Marker) -> HttpResponse {
        let page = format!("{}{PAGE}", self.state.config.server.base_path);
        let next = refusal::handover_address(&page, &self.target, &self.ticket);
        let mut response = page::see_other(&format!("{next}&round={}", self.round + 1));
        for cookie in removal::removals(self.state, &self.here, (&self.target, self.round), &self.cookies) {
            response.append_header(("Set-Cookie", cookie.to_string()));
        }
        set(&mut response, pending, &self.here);
        if self.was_used {
            // What pages of the person before have stored, or a worker of theirs would answer. It takes seconds.
            response.insert_header(("Clear-Site-Data", "\"cache\", \"storage\""));
        }
        response.finish()
    }

    fn settle(&self) -> HttpResponse {
        debug!(host = self.here.host.as_str(), user = self.person.get(), "a browser was handed over");
        let mut response = page::see_other(&self.target);
        set(&mut response, &self.state.markers.settled(self.person, &self.here.host), &self.here);
        response.finish()
    }

    fn refuse_left(&self, left: &[&str]) -> HttpResponse {
        let (host, names) = (self.here.host.as_str(), left.join(", "));
        warn!(
            host,
            names, "an app's cookies cannot be taken away; name their paths in cookies.paths of the [[app]]"
        );
        let text = format!(
            "This browser holds cookies that an app here gave somebody else ({names}), and they could not be removed. Delete the \
             cookies of {host} in the browser’s settings, then open the app again."
        );
        self.refuse("Cookies of somebody else", &text)
    }

    fn refuse_unmarked(&self) -> HttpResponse {
        let host = self.here.host.as_str();
        info!(host, "a browser that was to be handed over keeps no cookie");
        let text = format!(
            "The browser must keep a cookie for {host}, so that nobody who uses it after you is taken for you. Allow cookies for \
             {host}, or delete those that it has for it, then open the app again."
        );
        self.refuse("This browser keeps no cookie", &text)
    }

    fn refuse(&self, heading: &str, text: &str) -> HttpResponse {
        let link = Link { href: self.target.clone(), label: "Open the app again".to_owned() };
        let base = &self.state.config.server.base_path;
        page::message(base, StatusCode::CONFLICT, (heading, text), Some(link))
    }
}

fn set(response: &mut HttpResponseBuilder, marker: &Marker, here: &Origin) {
    for cookie in marker.cookies(here.scheme) {
        response.append_header(("Set-Cookie", cookie.to_string()));
    }
}

fn open_again(base: &str, target: String) -> HttpResponse {
    let text = "This address was made for another visit or another host. Open the app again.";
    let link = Link { href: target, label: "Open the app again".to_owned() };
    page::message(base, StatusCode::BAD_REQUEST, ("Open the app again", text), Some(link))
}

/// A path of this host; its start for anything else.
fn checked(state: &State, here: &Origin, target: Option<String>) -> String {
    let rules = TargetRules::new(&state.config, here.clone());
    let target = target.filter(|target| target.starts_with('/')).and_then(|target| rules.check(&target));
    target.map_or_else(|| "/".to_owned(), |target| target.as_str().to_owned())
}

/// A value of the query, where it stands there exactly once.
fn query(request: &HttpRequest, name: &str) -> Option<String> {
    let mut values = url::form_urlencoded::parse(request.query_string().as_bytes())
        .filter_map(|(key, value)| (key == name).then(|| value.into_owned()));
    values.next().filter(|_| values.next().is_none())
}
