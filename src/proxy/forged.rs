//! Headers of a client that an app could take for Sluice's.

use actix_web::http::header::HeaderName;

use super::{
    headers::{alias_of, forged_of},
    refusal::Refusal,
    turned_away::Refused,
    verify::Asked,
};
use crate::{metrics::reason::Reason, policy::app::App};

impl<'a> Asked<'a> {
    /// A header that the app could take for one that the configuration adds to ours.
    pub(super) fn forged_of_configured(&self, app: &App) -> Option<Refused<'a>> {
        let of_app = app.extras.headers.iter().map(|(name, _)| name.as_str());
        let sso = self.state.authenticator.sso.as_ref();
        let of_sso = sso.map_or(&[][..], |sso| &sso.uncommon).iter().map(HeaderName::as_str);
        let of_dialect = self.dialect.names.beside().iter().copied();
        // Most configurations add none.
        if (of_app.len(), of_sso.len(), of_dialect.len()) == (0, 0, 0) {
            return None;
        }
        let headers = &self.request.headers;
        let is_of_sso = |name: &str| of_sso.clone().any(|read| read.eq_ignore_ascii_case(name));
        if let Some(forged) = forged_of(headers, of_app, is_of_sso) {
            return Some(written_by_client(forged, app));
        }
        alias_of(headers, of_sso.clone().chain(of_dialect)).map(aliased)
    }
}

/// Of a name that is always Sluice's.
pub(super) fn aliased<'a>(alias: &str) -> Refused<'a> {
    Refused::new(
        Reason::Undescribed,
        Refusal::Undescribed("an alias of an identity header".to_owned()),
        format!("the client sent `{alias}`, which an app would take for a header of Sluice"),
    )
}

fn written_by_client<'a>(name: &str, app: &App) -> Refused<'a> {
    let app = app.name.as_str();
    Refused::new(
        Reason::Undescribed,
        Refusal::Forbidden("a header that only Sluice may send to this app"),
        format!(
            "the client sent `{name}`, one of app.{app}.headers, which the proxy's lines let through; `sluice check` \
             shows the lines to add"
        ),
    )
}
