//! Whose cookies of the app a browser brings: a person's own are handed on, and a browser that others have used is led
//! through the page that takes theirs away.

use super::{
    answer::UserAnswer,
    caller::{self, Caller},
    dialect::Says,
    handed_on::{Bound, HandedOn},
    original::Original,
    refusal::{self, NO_PERSON_PAGE, Refusal},
    target::TargetRules,
    turned_away::Refused,
    verify::{Asked, Described},
};
use crate::{
    authn::{
        marker::{Shown, Whose},
        principal::{Carrier, Credential, Principal, UpstreamBy},
    },
    clock,
    metrics::reason::Reason,
    store::sessions::Opened,
};

/// The path of the page, below the portal's.
pub const PAGE: &str = "/person";

impl<'a> Asked<'a> {
    /// What a user's request brings the app, or why it must not reach the app yet.
    pub(super) fn handed_on_for(
        &self,
        principal: &Principal,
        described: &Described<'a>,
    ) -> Result<HandedOn, Refused<'a>> {
        let bound = match described.app.cookies.bind_any() {
            true => self.bound(principal, described)?,
            false => Bound::HeldBack,
        };
        Ok(self.handed_on(described, bound))
    }

    /// Whether the cookies of one person are handed on. A request that brings another's marker does not reach the app:
    /// what the app answered would lie beside that marker, and be handed on for the other one.
    fn bound(&self, principal: &Principal, described: &Described<'a>) -> Result<Bound, Refused<'a>> {
        let original = &described.original;
        let shown = Shown::among(&described.cookies);
        let (user, host) = (&principal.user, &original.origin.host);
        let whose = shown.whose(original.origin.scheme, || {
            let own = user.answer.get_or_init(|| UserAnswer::of(user));
            own.marker(host, || self.state.markers.settled(user.id, host))
        });
        match whose {
            Whose::Theirs => Ok(Bound::HandedOn),
            // To lead it there once more would be a loop.
            _ if self.is_our_page(described) => Err(lines_lack_page()),
            Whose::Nobodys | Whose::Anothers if self.can_be_led(principal, original, whose) => {
                Err(self.led_to_page(principal, original))
            }
            Whose::Nobodys => Ok(Bound::HeldBack),
            Whose::Anothers => Err(anothers(principal)),
        }
    }

    /// Whether it is a browser that opens a page, and comes back with a marker. Programs may send `Accept: text/html`,
    /// but keep no cookies.
    fn can_be_led(&self, principal: &Principal, original: &Original<'_>, whose: Whose) -> bool {
        let opens_page =
            matches!(original.method_name, "GET" | "HEAD") && self.caller(original) == Caller::Navigating;
        // Other systems' lines may lead to a fixed address in place of ours.
        let leads = self.dialect.says == Says::All;
        let browser = match principal.credential {
            // The way back has no key.
            Credential::ApiKey(Carrier::Query) => return false,
            Credential::Session(_, Opened::Page)
            | Credential::Sso
            | Credential::Upstream(UpstreamBy::Browser) => true,
            _ => whose == Whose::Anothers || caller::navigates_as_browsers_do(&self.request.headers),
        };
        opens_page && leads && browser
    }

    /// Whether the page itself came to the question about an app, to which the lines must not send it.
    pub(super) fn is_our_page(&self, described: &Described<'a>) -> bool {
        let below = described.original.path().strip_prefix(self.state.config.server.base_path.as_str());
        described.app.cookies.bind_any() && below == Some(PAGE)
    }

    #[cold]
    fn led_to_page(&self, principal: &Principal, original: &Original<'_>) -> Refused<'a> {
        let (origin, id) = (&original.origin, principal.user.id);
        let ticket = self.state.markers.ticket(id, origin, clock::now());
        let page = format!("{origin}{}{PAGE}", self.state.config.server.base_path);
        let target = TargetRules::new(&self.state.config, origin.clone()).check(original.target);
        let target = target.as_ref().map_or("/", |target| target.as_str());
        let refusal = Refusal::Handover(refusal::handover_address(&page, target, &ticket));
        let cause = "the browser has not shown yet that the app's cookies in it are this person's; it is led to the page \
                     that takes away others'";
        about(principal, Refused::new(Reason::AnotherPerson, refusal, cause))
    }
}

/// The lines are older than the page, or lack it.
#[cold]
pub(super) fn lines_lack_page<'a>() -> Refused<'a> {
    let cause = "Sluice's page /person came to an app's lines; this host needs `include sluice.conf` (nginx), or the import \
                 (Caddy) or the router (Traefik) that the shipped files have for this page";
    Refused::new(Reason::Undescribed, Refusal::Undescribed(NO_PERSON_PAGE.to_owned()), cause)
}

#[cold]
fn anothers<'a>(principal: &Principal) -> Refused<'a> {
    let cause = "the app's cookies in this browser are another person's; the page must be opened anew";
    about(principal, Refused::new(Reason::AnotherPerson, Refusal::AnotherPerson, cause))
}

fn about<'a>(principal: &Principal, mut refused: Refused<'a>) -> Refused<'a> {
    refused.user = Some(principal.user.name.clone());
    refused.way = principal.credential.way();
    refused
}
