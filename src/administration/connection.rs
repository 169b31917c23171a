//! A look at whether the proxy does what it should: Sluice sends requests through it to an app's own address, as a
//! client would who forges what can be forged, and sees what becomes of them.

mod forgery;
mod report;
mod request;

use std::sync::Arc;

use actix_web::web;
use cidr::IpCidr;
pub use report::{Finding, Question, Verdict};
use request::{Answer, Sender};
use tokio::sync::Mutex;

use super::{Fault, fresh_proof::FreshProof, keys};
use crate::{
    authn::api_key::{KeyName, NewKey},
    clock::{self, Timestamp},
    policy::{
        app::{App, AppName},
        origin::Origin,
    },
    portal::{probe::Arrival, visit::Visit},
    proxy::lines::CHECK,
    state::Snapshot,
    store::{
        database::StoreError,
        keys::{ApiKey, Scope},
        looks::{self, Look, Outcome},
        users::User,
    },
};

/// How long a key of a check lives, in seconds, should it not be revoked at the end.
const KEY_LIFE: i64 = 60;

/// One check at a time: each sends a handful of requests.
static UNDER_WAY: Mutex<()> = Mutex::const_new(());

/// What to do where an app has no address that can be checked.
pub const NO_ADDRESS: &str = "neither the app's hosts nor server.public_url says where the proxy is, and a check sends a key there; set one \
     of them first";

/// The addresses on which an app can be checked, and no others: on the hosts that its configuration lists, else on the
/// portal's own. Whoever asks for a check names none, as a key goes there.
pub fn addresses(visit: &Visit, app: &App) -> Vec<Origin> {
    let here = &visit.origin;
    if app.hosts.is_empty() {
        return visit.state.config.server.public_url.iter().cloned().collect();
    }
    let mut all: Vec<Origin> = Vec::new();
    for (host, port) in &app.hosts {
        let usual = if *host == here.host { here.port } else { here.scheme.default_port() };
        let port = port.unwrap_or(usual);
        let origin = Origin { scheme: here.scheme, host: host.clone(), port };
        if !all.contains(&origin) {
            all.push(origin);
        }
    }
    all
}

/// Checks the lines before an app on one of its addresses.
pub async fn check(
    visit: &Visit,
    (user, proof): (&Arc<User>, &FreshProof),
    (app, address): (&AppName, &Origin),
) -> Result<Vec<Finding>, Fault> {
    let _alone =
        UNDER_WAY.try_lock().map_err(|_| Fault::Conflict("another check is under way".to_owned()))?;
    let state = &visit.state;
    let app = state.config.apps.named(app.as_str()).ok_or(Fault::NotFound("app"))?;
    if !addresses(visit, app).contains(address) {
        return Err(Fault::Refused("only addresses of the app's own hosts are checked"));
    }
    let sender = Sender::new().map_err(|cause| Fault::Conflict(cause.to_string()))?;
    let portal = state.config.server.public_url.as_ref().unwrap_or(address);
    let check = Check { state, proof, user, app, address, portal, sender };
    let findings = check.run().await?;
    let look = Look { at: clock::now(), outcome: Outcome::of(&findings) };
    state.checked.note(&app.name, look);
    let (name, storing) = (app.name.clone(), state.clone());
    web::block(move || storing.store.write(|tx| looks::note(tx, &name, look)))
        .await
        .map_err(|_| Fault::Busy)??;
    Ok(findings)
}

struct Check<'a> {
    state: &'a Snapshot,
    proof: &'a FreshProof,
    user: &'a Arc<User>,
    app: &'a App,
    address: &'a Origin,
    portal: &'a Origin,
    sender: Sender,
}

/// A key for a few requests.
struct Lent {
    text: NewKey,
    key: Arc<ApiKey>,
}

/// What became of a request with a token.
struct Probed {
    answer: Answer,
    arrival: Option<Arrival>,
}

impl Check<'_> {
    async fn run(&self) -> Result<Vec<Finding>, Fault> {
        let of_portal = self.of_portal().await?;
        let mut findings = report::portal(&of_portal, self.portal);
        if findings
            .iter()
            .any(|finding| finding.question == Question::Reached && finding.verdict != Verdict::Proved)
        {
            return Ok(findings);
        }
        let anonymous = self.anonymous().await;
        let lent = self.lend(None).await?;
        let asked = self.with_key(&lent).await;
        let stand_in = self.in_place_of_app(&lent).await?;
        self.take_back(lent).await?;
        findings.extend([
            report::asked(&asked, self.app),
            report::forged_alone(&anonymous, &asked, self.state),
            report::forged_beside(&stand_in, self.user, self.app),
        ]);
        findings.push(self.forged_address(asked.0).await?);
        let arrival = of_portal.arrival.as_ref();
        let sso = self.state.config.sso.as_ref().zip(arrival);
        findings.extend(sso.map(|(sso, arrival)| report::secret(sso, &arrival.headers, arrival.peer)));
        Ok(findings)
    }

    /// Whether the portal is reached, and how the proxy describes that.
    async fn of_portal(&self) -> Result<Probed, Fault> {
        let token = self.state.probes.expect().map_err(no_random)?;
        let url = format!("{}{}/probe?{}", self.portal, self.state.config.server.base_path, token.expose());
        let answer = self.sender.get(&url, &self.marked(), None).await;
        Ok(Probed { answer, arrival: self.state.probes.take(&token) })
    }

    /// The app's first page for somebody who only says that they are the administrator.
    async fn anonymous(&self) -> Answer {
        let forged = forgery::claiming(&self.state.config, self.user.name.as_str());
        self.sender.get(&self.first_page(), &forged, None).await
    }

    /// The same page with a key: whether Sluice was asked, which a key's last use shows, and what came of it.
    async fn with_key(&self, lent: &Lent) -> (bool, Answer) {
        let answer = self.sender.get(&self.first_page(), &self.marked(), Some(&lent.text)).await;
        (lent.key.used.get().is_some(), answer)
    }

    /// What an app gets: here Sluice stands in for it, behind the same lines.
    async fn in_place_of_app(&self, lent: &Lent) -> Result<Probed, Fault> {
        let token = self.state.probes.expect().map_err(no_random)?;
        let url = format!("{}{}{CHECK}?{}", self.address, self.app.base_path, token.expose());
        let answer = self.sender.get(&url, &self.marked(), Some(&lent.text)).await;
        Ok(Probed { answer, arrival: self.state.probes.take(&token) })
    }

    /// A key that counts from one address only, which a client claims to have.
    async fn forged_address(&self, was_asked: bool) -> Result<Finding, Fault> {
        if !was_asked {
            return Ok(report::address(None));
        }
        let network: IpCidr = forgery::ADDRESS.parse().map_err(|_| Fault::Refused("no such address"))?;
        let lent = self.lend(Some(network)).await?;
        let (believed, _) = self.with_key(&lent).await;
        self.take_back(lent).await?;
        Ok(report::address(Some(believed)))
    }

    fn first_page(&self) -> String {
        format!("{}{}/", self.address, self.app.base_path)
    }

    fn marked(&self) -> forgery::Headers {
        forgery::marked(&self.state.config, self.app)
    }

    async fn lend(&self, network: Option<IpCidr>) -> Result<Lent, Fault> {
        let suffix = NewKey::generate().map_err(no_random)?;
        let ending: String =
            suffix.expose().chars().rev().filter(char::is_ascii_alphanumeric).take(6).collect();
        let name = KeyName::parse(&format!("check of the proxy {ending}"));
        let name = name.map_err(|cause| Fault::Conflict(cause.to_string()))?;
        let scope = Scope {
            apps: Some(vec![self.app.name.clone()]),
            networks: network.map(|network| vec![network]),
            expires: Some(Timestamp::from_secs(clock::now().secs() + KEY_LIFE)),
            ..Scope::default()
        };
        let (state, proof, user) = (self.state.clone(), self.proof.clone(), Arc::clone(self.user));
        let making = web::block(move || {
            let made = keys::make(&state, &proof, &user, (&name, &scope))?;
            let key = state.store.view().key(&made.key.digest()).ok_or(Fault::NotFound("key"))?;
            Ok(Lent { text: made.key, key })
        });
        making.await.map_err(|_| Fault::Busy)?
    }

    async fn take_back(&self, lent: Lent) -> Result<(), Fault> {
        let (state, proof, user) = (self.state.clone(), self.proof.clone(), Arc::clone(self.user));
        let revoking = web::block(move || keys::revoke(&state, &proof, &user, &lent.key));
        revoking.await.map_err(|_| Fault::Busy)?
    }
}

fn no_random(cause: impl std::fmt::Display) -> Fault {
    Fault::Unstored(StoreError::Foreign(cause.to_string()))
}
