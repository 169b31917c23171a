//! A browser's question before a request (a CORS preflight, Fetch standard 3.2.2), which carries no credential.

use super::{
    needs::Needs,
    origin::{Claim, MissingOrigin, OriginRefusal, OriginRule},
    ruling::Basis,
    verdict::{Action, Forbidden, page_may_act},
};

/// Decides: it passes where the page that the browser asks for is listed. For the app's own pages no browser asks.
pub fn decide(
    action: &Action<'_>,
    basis: Basis<'_>,
    claim: &Claim,
    rule: &OriginRule,
) -> Result<(), Forbidden> {
    // An odd path could be one that nobody may ask for, unless the pack has none that another spelling goes round.
    let unclear = basis == Basis::OddPath && action.needs == Needs::Admin;
    if unclear || !action.app.pack.preflights || action.needs == Needs::Deny {
        return Err(Forbidden::Never);
    }
    let own = matches!(claim, Claim::From(origin) if origin == action.own);
    let verdict = match own {
        true => Err(OriginRefusal::Foreign),
        false => page_may_act(claim, action, rule, MissingOrigin::Refused),
    };
    verdict.map_err(Forbidden::Origin)
}
