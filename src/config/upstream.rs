//! `[upstream]`: another provider, which Sluice asks about every request without a credential of its own.

use std::time::Duration;

use actix_web::http::header::HeaderName;
use url::Url;

use super::{
    provisioning,
    reader::Reader,
    values::{duration, header, web_address},
};
use crate::authn::{external::Provisioning, sso::IdentityHeaders, upstream::dialect::Dialect};

/// The section, where a provider is named.
#[derive(Debug)]
pub struct UpstreamConfig {
    /// How it is asked.
    pub dialect: Dialect,
    /// Where it is.
    pub url: Url,
    /// The headers of its answer.
    pub headers: IdentityHeaders,
    /// The time it has for an answer.
    pub timeout: Duration,
    /// How long an answer is kept.
    pub cache_ttl: Duration,
    /// How its users become users here.
    pub provisioning: Provisioning,
    /// Where people sign out.
    pub logout_url: Option<Url>,
}

/// `Some(None)` where no provider is named.
#[expect(clippy::option_option, reason = "a section that is off is not one that is wrong")]
pub(super) fn read(reader: &mut Reader) -> Option<Option<UpstreamConfig>> {
    let dialect = reader.optional("upstream.kind", |text| {
        let known = Dialect::ALL.into_iter().find(|(name, _)| *name == text);
        known
            .map(|(_, dialect)| dialect)
            .ok_or_else(|| "is none of tinyauth, authelia, authentik, generic".to_owned())
    });
    let url = reader.optional("upstream.url", web_address);
    let (usual_user, usual_groups, separator) = dialect.flatten().unwrap_or(Dialect::Generic).usual_headers();
    let user = reader.value("upstream.user_header", usual_user, header);
    let groups = reader.value("upstream.groups_header", usual_groups, header);
    let timeout = reader.value("upstream.timeout", "2s", duration(1..=30));
    let cache_ttl = reader.value("upstream.cache_ttl", "0s", duration(0..=3_600));
    let provisioning = provisioning::read(reader, "upstream");
    let logout_url = reader.optional("upstream.logout_url", web_address);
    let (dialect, url) = match (dialect?, url?) {
        (None, None) => return Some(None),
        (Some(dialect), Some(url)) => (dialect, url),
        (None, Some(_)) => {
            reader
                .problem("upstream.kind", "say what answers there: tinyauth, authelia, authentik or generic");
            return None;
        }
        (Some(_), None) => {
            reader.problem("upstream.url", "say where the provider answers, like http://127.0.0.1:3000");
            return None;
        }
    };
    let (user, groups): (HeaderName, HeaderName) = (user?, groups?);
    Some(Some(UpstreamConfig {
        dialect,
        url,
        headers: IdentityHeaders::answered(user, groups, separator),
        timeout: timeout?,
        cache_ttl: cache_ttl?,
        provisioning: provisioning?,
        logout_url: logout_url?,
    }))
}
