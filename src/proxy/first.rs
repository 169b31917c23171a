//! What is said before the body of a request is read: whoever would be refused whatever it calls is refused at once.

use actix_web::{HttpResponse, dev::RequestHead};

use super::{
    answer,
    dialect::Dialect,
    refusal::Refusal,
    turned_away::Refused,
    verify::{Asked, Described},
};
use crate::{
    authn::{
        chain::{Identity, Question, Settled},
        principal::{Principal, Way},
    },
    clock,
    metrics::reason::Reason,
    policy::{needs::Needs, rpc::Calls},
    state::State,
    store::users::UserId,
};

/// Where a request comes to without its body.
pub(super) enum First {
    /// It is refused.
    Refused(HttpResponse),
    /// It hangs on the body, which this user sends; nobody, where none need be known.
    Undecided(Option<Known>),
}

/// Who is known before the body is read.
pub(super) struct Known {
    pub(super) user: UserId,
    /// The proof, where finding it took time; any other is looked at again once the body has come.
    pub(super) proof: Option<Principal>,
}

enum Come {
    ByAnybody,
    By(Principal),
    Open(Question),
}

/// Says what can be said without the body.
pub(super) async fn first(
    request: &RequestHead,
    state: &State,
    (dialect, app): (Dialect, Option<&str>),
) -> First {
    let begun = clock::monotonic();
    let asked = Asked { request, state, dialect, app, calls: Calls::Awaited };
    let (user, proof) = match asked.come() {
        Ok(Come::ByAnybody) => return First::Undecided(None),
        Ok(Come::By(principal)) => (principal.user.id, None),
        Ok(Come::Open(question)) => {
            let way = question.way();
            let settled = state.authenticator.settle(question, &state.sign_in).await;
            match asked.come_by(settled, way) {
                Ok(principal) => (principal.user.id, Some(principal)),
                Err(refused) => return First::Refused(asked.refuse(&refused)),
            }
        }
        Err(refused) => {
            let response = asked.refuse(&refused);
            asked.observe(begun);
            return First::Refused(response);
        }
    };
    First::Undecided(Some(Known { user, proof }))
}

/// Answers the first of two questions.
pub(super) async fn answer(
    request: &RequestHead,
    state: &State,
    (dialect, app): (Dialect, Option<&str>),
) -> HttpResponse {
    let asked = Asked { request, state, dialect, app, calls: Calls::Awaited };
    let by_body = app.and_then(|app| state.config.apps.named(app)).is_none_or(|app| !app.pack.rpc.is_empty());
    if !by_body {
        let refusal = Refusal::Undescribed("this app needs one question only".to_owned());
        let cause = "no body decides about this app; take `/first` off the end of the verify address";
        return asked.refuse(&Refused::new(Reason::Undescribed, refusal, cause));
    }
    match first(request, state, (dialect, app)).await {
        First::Refused(response) => response,
        First::Undecided(_) => answer::go_on(),
    }
}

/// Answers once the body is read, for whom it was found out before.
pub(super) fn last(asked: &Asked<'_>, principal: &Principal) -> HttpResponse {
    let begun = clock::monotonic();
    let judged = asked.described().and_then(|described| {
        asked
            .judge(principal, &described)
            .map_err(|refused| refused.about(described.original, Some(described.app)))
    });
    let response = judged.unwrap_or_else(|refused| asked.refuse(&refused));
    asked.observe(begun);
    response
}

/// Too many bodies are being read.
pub(super) fn busy(asked: &Asked<'_>) -> HttpResponse {
    let cause = "too many bodies are being read; the client may try again";
    let refused = Refused::new(Reason::Busy, Refusal::Unavailable, cause);
    asked.refuse(&match asked.described() {
        Ok(described) => refused.about(described.original, Some(described.app)),
        Err(refused) => refused,
    })
}

impl<'a> Asked<'a> {
    fn come(&self) -> Result<Come, Refused<'a>> {
        let described = self.described()?;
        self.come_to(&described).map_err(|refused| refused.about(described.original, Some(described.app)))
    }

    fn come_to(&self, described: &Described<'a>) -> Result<Come, Refused<'a>> {
        let Described { original, app, ruling, .. } = described;
        if ruling.needs == Needs::Public {
            return Ok(Come::ByAnybody);
        }
        match self.identify(described)? {
            Identity::Proven(principal) => self.may(&principal, described).map(|_| Come::By(principal)),
            Identity::Unsettled(question) => Ok(Come::Open(question)),
            Identity::Rejected(way, rejection) => Err(self.rejected(rejection, way, original, app)),
            Identity::Anonymous if original.is_preflight(&self.request.headers) => Ok(Come::ByAnybody),
            Identity::Anonymous => Err(self.anonymous(original, app)),
        }
    }

    fn come_by(&self, settled: Settled, way: Way) -> Result<Principal, Refused<'a>> {
        let described = self.described()?;
        let principal = self.settled(settled, way, &described.original, described.app);
        let may = principal.and_then(|principal| self.may(&principal, &described).map(|_| principal));
        may.map_err(|refused| refused.about(described.original, Some(described.app)))
    }
}
