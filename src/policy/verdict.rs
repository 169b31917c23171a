//! The verdict: a pure function of who asks and how, for one app.

use super::{
    app::{App, AppName},
    capability::Capabilities,
    needs::Needs,
    origin::{self, Claim, MissingOrigin, Origin, OriginRefusal, OriginRule},
    role::Role,
};

/// The method of the original request, as far as rules need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`, `HEAD` or `OPTIONS`, byte for byte, with no override header.
    Safe,
    /// Anything else.
    Unsafe,
    /// The proxy did not say, and no page is named as the sender.
    Unknown,
    /// The proxy did not say, and an `Origin` came, as with everything that changes something.
    UnknownOfPage,
}

/// What kind of exchange the original request opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// A request and its answer.
    Http,
    /// A WebSocket handshake: whatever its method, it can go on to change things.
    WebSocket,
}

/// How far a credential binds a request to the page that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginBinding {
    /// Browsers attach it by themselves, so the page must prove itself.
    Browser,
    /// The client's place in the network is the credential: a browser must prove its page all the same, but a
    /// client that names no page is none.
    Network,
    /// Nothing is attached by itself, so no page can misuse it.
    None,
}

/// Who asks, as policy sees them.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Their name.
    pub name: &'a str,
    /// The groups that another system named.
    pub groups: &'a [String],
    /// Administrator or not, as far as entering an app goes.
    pub standing: Role,
    /// Administrator or not, as far as this credential goes.
    pub role: Role,
    /// What they were granted for the app.
    pub granted: Capabilities,
    /// The only apps that the credential opens, where it opens some only.
    pub apps: Option<&'a [AppName]>,
    /// How far the credential binds the request to the page that sent it.
    pub binding: OriginBinding,
}

/// The original request, as policy sees it.
#[derive(Debug)]
pub struct Action<'a> {
    /// The app it is for.
    pub app: &'a App,
    /// Its method.
    pub method: Method,
    /// HTTP or WebSocket.
    pub exchange: Exchange,
    /// Where it was sent.
    pub own: &'a Origin,
    /// What it needs.
    pub needs: Needs,
}

/// How a page that could misuse a request must prove itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Page {
    /// It need not.
    Any,
    /// Where one is named, it must be one that may act: a link that somebody opens names none.
    IfNamed,
    /// One must be named, and be one that may act.
    Named,
}

impl Action<'_> {
    fn page(&self) -> Page {
        let unsafe_method = matches!(self.method, Method::Unsafe | Method::UnknownOfPage);
        if self.exchange == Exchange::WebSocket || unsafe_method {
            return Page::Named;
        }
        // Some apps change things on GET, with which browsers send cookies along from any site's link.
        let changes = match self.needs {
            Needs::Capabilities(set) => set.both(Capabilities::CHANGING) != Capabilities::NONE,
            Needs::Admin => true,
            Needs::Public | Needs::Any | Needs::Deny => false,
        };
        if changes { Page::IfNamed } else { Page::Any }
    }
}

/// The answer to *may they*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They may, with these capabilities.
    Allow(Capabilities),
    /// They may not.
    Forbid(Forbidden),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// Nobody may.
    Never,
    /// They may not enter the app.
    Entry,
    /// Only administrators may.
    AdminOnly,
    /// They lack some of these capabilities.
    Missing(Capabilities),
    /// The credential opens other apps only.
    App,
    /// The page that sent the request is not the app's own.
    Origin(OriginRefusal),
}

/// Decides; `claim` reads which page sent the request.
pub fn decide(
    subject: &Subject<'_>,
    action: &Action<'_>,
    claim: impl Fn() -> Claim,
    rule: &OriginRule,
) -> Verdict {
    if action.needs == Needs::Deny {
        return Verdict::Forbid(Forbidden::Never);
    }
    if !action.app.entry.admits(subject.standing, subject.name, subject.groups) {
        return Verdict::Forbid(Forbidden::Entry);
    }
    if subject.apps.is_some_and(|apps| !apps.contains(&action.app.name)) {
        return Verdict::Forbid(Forbidden::App);
    }
    let page = action.page();
    let missing = match (subject.binding, page) {
        (OriginBinding::Network, _) | (_, Page::IfNamed) => MissingOrigin::Allowed,
        (OriginBinding::Browser | OriginBinding::None, _) => rule.missing,
    };
    if subject.binding != OriginBinding::None
        && page != Page::Any
        && let Err(refusal) = page_may_act(&claim(), action, rule, missing)
    {
        return Verdict::Forbid(Forbidden::Origin(refusal));
    }
    let held = match subject.role {
        Role::Admin => Capabilities::ALL,
        Role::User => subject.granted,
    };
    match action.needs {
        Needs::Admin if subject.role != Role::Admin => Verdict::Forbid(Forbidden::AdminOnly),
        Needs::Capabilities(set) if !set.within(held) => Verdict::Forbid(Forbidden::Missing(set)),
        _ => Verdict::Allow(held),
    }
}

pub(super) fn page_may_act(
    claim: &Claim,
    action: &Action<'_>,
    rule: &OriginRule,
    missing: MissingOrigin,
) -> Result<(), OriginRefusal> {
    let allowed = rule.allowed.iter().chain(&action.app.origins);
    origin::check(claim, action.own, allowed, missing)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{app::Entry, capability::Capability},
        *,
    };

    const NOBODY: Subject<'static> = Subject {
        name: "vera",
        groups: &[],
        standing: Role::User,
        role: Role::User,
        granted: Capabilities::NONE,
        apps: None,
        binding: OriginBinding::None,
    };

    fn verdict(method: Method, exchange: Exchange, claim: Claim, binding: OriginBinding) -> Verdict {
        verdict_about(Needs::Any, (method, exchange), claim, binding)
    }

    fn verdict_about(
        needs: Needs,
        (method, exchange): (Method, Exchange),
        claim: Claim,
        binding: OriginBinding,
    ) -> Verdict {
        let own = Origin::parse("https://app.test").unwrap();
        let app = App {
            origins: vec![Origin::parse("https://listed.test").unwrap()],
            ..App::plain(AppName::parse("app").unwrap(), std::sync::Arc::default())
        };
        let rule = OriginRule { allowed: Vec::new(), missing: MissingOrigin::Refused };
        let action = Action { app: &app, method, exchange, own: &own, needs };
        let granted = Capabilities::READ_ONLY.either(Capabilities::with(Capability::AddDownloads));
        let subject = Subject { granted, binding, ..NOBODY };
        decide(&subject, &action, || claim.clone(), &rule)
    }

    #[test]
    fn a_credential_for_some_apps_opens_only_those() {
        let own = Origin::parse("https://app.test").unwrap();
        let [app, other] = ["app", "other"].map(|name| AppName::parse(name).unwrap());
        let apps = [other.clone()];
        for (name, expected) in
            [(app, Verdict::Forbid(Forbidden::App)), (other, Verdict::Allow(Capabilities::ALL))]
        {
            let app = App::plain(name, std::sync::Arc::default());
            let action = Action {
                app: &app,
                method: Method::Safe,
                exchange: Exchange::Http,
                own: &own,
                needs: Needs::Any,
            };
            let subject = Subject { standing: Role::Admin, role: Role::Admin, apps: Some(&apps), ..NOBODY };
            let rule = OriginRule { allowed: Vec::new(), missing: MissingOrigin::Refused };
            assert_eq!(decide(&subject, &action, || Claim::Missing, &rule), expected);
        }
    }

    #[test]
    fn only_who_holds_what_a_route_needs_may_use_it() {
        use Forbidden::{AdminOnly, Entry as Outside, Missing, Never};
        let own = Origin::parse("https://app.test").unwrap();
        let needs = |text| Needs::parse(text, |_| None).unwrap();
        let set = |text: &str| text.parse::<Capabilities>().unwrap();
        let family = ["family".to_owned()];
        let user = |list: &str| Subject { granted: set(list), ..NOBODY };
        let admin = Subject { standing: Role::Admin, role: Role::Admin, ..NOBODY };
        let narrowed = Subject { role: Role::User, granted: set("search"), ..admin };
        let member = Subject { name: "bob", groups: &family, ..NOBODY };
        let forbid = |why| Verdict::Forbid(why);
        for (subject, needed, entry, expected) in [
            (user("none"), "any", &[][..], Verdict::Allow(Capabilities::NONE)),
            (user("search"), "search", &[], Verdict::Allow(set("search"))),
            (user("search"), "search+add_downloads", &[], forbid(Missing(set("search,add_downloads")))),
            (user("search"), "admin", &[], forbid(AdminOnly)),
            (user("search"), "deny", &[], forbid(Never)),
            (admin, "add_downloads", &[], Verdict::Allow(Capabilities::ALL)),
            (admin, "admin", &[], Verdict::Allow(Capabilities::ALL)),
            (admin, "deny", &[], forbid(Never)),
            (admin, "any", &["bob"], Verdict::Allow(Capabilities::ALL)),
            (narrowed, "admin", &[], forbid(AdminOnly)),
            (narrowed, "any", &["bob"], Verdict::Allow(set("search"))),
            (user("search"), "any", &["bob"], forbid(Outside)),
            (user("search"), "any", &["vera"], Verdict::Allow(set("search"))),
            (member, "any", &["vera"], Verdict::Allow(Capabilities::NONE)),
        ] {
            let groups = if entry.is_empty() { Vec::new() } else { family.to_vec() };
            let app = App {
                entry: Entry { users: entry.iter().map(|&name| name.to_owned()).collect(), groups },
                ..App::plain(AppName::parse("app").unwrap(), std::sync::Arc::default())
            };
            let action = Action {
                app: &app,
                method: Method::Safe,
                exchange: Exchange::Http,
                own: &own,
                needs: needs(needed),
            };
            let rule = OriginRule { allowed: Vec::new(), missing: MissingOrigin::Refused };
            assert_eq!(decide(&subject, &action, || Claim::Missing, &rule), expected, "{needed} {entry:?}");
        }
    }

    #[test]
    fn the_origin_rule_holds_where_a_page_could_misuse_the_credential() {
        use Exchange::{Http, WebSocket};
        use Method::{Safe, Unknown, UnknownOfPage, Unsafe};
        use OriginBinding::{Browser, Network, None};
        let from = |text| Claim::From(Origin::parse(text).unwrap());
        let own = || from("https://app.test");
        let allow = verdict(Safe, Http, own(), Browser);
        assert!(matches!(allow, Verdict::Allow(_)));
        let foreign = Verdict::Forbid(Forbidden::Origin(OriginRefusal::Foreign));
        let cross = |text| Claim::CrossSite(Origin::parse(text).unwrap());
        let missing = Verdict::Forbid(Forbidden::Origin(OriginRefusal::Missing));
        for (method, exchange, claim, binding, expected) in [
            (Safe, Http, Claim::Foreign, Browser, allow),
            (Safe, Http, Claim::Missing, Browser, allow),
            (Unsafe, Http, own(), Browser, allow),
            (Unsafe, Http, from("https://listed.test"), Browser, allow),
            (Unsafe, Http, cross("https://listed.test"), Browser, allow),
            (Unsafe, Http, cross("https://app.test"), Browser, foreign),
            (Unsafe, Http, Claim::Missing, Browser, missing),
            (Unsafe, Http, Claim::Foreign, Browser, foreign),
            (Unsafe, Http, from("https://evil.test"), Browser, foreign),
            (Safe, WebSocket, from("https://evil.test"), Browser, foreign),
            (Safe, WebSocket, Claim::Missing, Browser, missing),
            (Safe, WebSocket, own(), Browser, allow),
            (Unknown, Http, Claim::Missing, Browser, allow),
            (Unknown, Http, from("https://evil.test"), Browser, allow),
            (UnknownOfPage, Http, own(), Browser, allow),
            (UnknownOfPage, Http, from("https://evil.test"), Browser, foreign),
            (Unknown, WebSocket, Claim::Missing, Browser, missing),
            (Unsafe, Http, Claim::Missing, Network, allow),
            (Unsafe, Http, Claim::Foreign, Network, foreign),
            (Safe, WebSocket, from("https://evil.test"), Network, foreign),
            (Unsafe, WebSocket, Claim::Foreign, None, allow),
        ] {
            assert_eq!(verdict(method, exchange, claim.clone(), binding), expected, "{method:?} {claim:?}");
        }
    }

    #[test]
    fn a_link_on_another_site_opens_pages_and_changes_nothing() {
        use Exchange::Http;
        use OriginBinding::{Browser, None};
        let from = |text| Claim::From(Origin::parse(text).unwrap());
        for (needs, claim, binding, passes) in [
            ("add_downloads", from("https://app.test"), Browser, true),
            ("add_downloads", from("https://listed.test"), Browser, true),
            ("add_downloads", Claim::Missing, Browser, true),
            ("add_downloads", from("https://evil.test"), Browser, false),
            ("add_downloads", Claim::Foreign, Browser, false),
            ("view_uploads+add_downloads", Claim::Foreign, Browser, false),
            ("add_downloads", Claim::Foreign, None, true),
            ("admin", Claim::Foreign, Browser, false),
            ("view_uploads", Claim::Foreign, Browser, true),
            ("any", Claim::Foreign, Browser, true),
        ] {
            let required = Needs::parse(needs, |_| Option::None).unwrap();
            let verdict = verdict_about(required, (Method::Safe, Http), claim.clone(), binding);
            let foreign = Verdict::Forbid(Forbidden::Origin(OriginRefusal::Foreign));
            assert_eq!(verdict != foreign, passes, "{needs} {claim:?}: {verdict:?}");
        }
    }
}
