//! What a check found, in words: what is proved, what is wrong, and what could not be told.

mod sso;

use actix_web::http::header::HeaderMap;
pub(super) use sso::secret;

use super::{Answer, Probed, forgery};
use crate::{
    policy::{app::App, origin::Origin},
    portal::probe::Arrival,
    state::State,
    store::users::User,
};

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Does the proxy hand the portal's pages to Sluice?
    Reached,
    /// Does it say where the client sent the request?
    Described,
    /// Does it ask Sluice about the app's pages?
    Asked,
    /// Does a forged name open the app to somebody who proves nothing?
    ForgedAlone,
    /// Does a forged name reach the app beside a real one?
    ForgedBeside,
    /// Is the client's own word on its address believed?
    Address,
    /// Does the proxy in front send the secret beside the names of users?
    Secret,
}

impl Question {
    /// For a list.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Reached => "The proxy reaches Sluice",
            Self::Described => "The proxy says where a request was sent",
            Self::Asked => "Sluice is asked before the app",
            Self::ForgedAlone => "A forged name opens nothing",
            Self::ForgedBeside => "A forged name does not reach the app",
            Self::Address => "A forged address is not believed",
            Self::Secret => "The proxy in front sends the secret",
        }
    }

    /// For programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Described => "described",
            Self::Asked => "asked",
            Self::ForgedAlone => "forged_alone",
            Self::ForgedBeside => "forged_beside",
            Self::Address => "address",
            Self::Secret => "secret",
        }
    }
}

/// What came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be, and was seen to be.
    Proved,
    /// It is not.
    Wrong,
    /// It could not be told; the text says what would let it.
    Unproved,
    /// Nothing that is asked from here can tell, as things are configured.
    NotHere,
}

impl Verdict {
    /// For programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Wrong => "wrong",
            Self::Unproved => "unproved",
            Self::NotHere => "not_here",
        }
    }
}

/// One question with what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The question.
    pub question: Question,
    /// What came out.
    pub verdict: Verdict,
    /// What was seen, and what to do where it is wrong.
    pub text: String,
}

impl Finding {
    fn new(question: Question, verdict: Verdict, text: impl Into<String>) -> Self {
        Self { question, verdict, text: text.into() }
    }
}

/// Of the portal's page.
pub(super) fn portal(probed: &Probed, portal: &Origin) -> Vec<Finding> {
    let question = Question::Reached;
    let Some(arrival) = &probed.arrival else {
        return vec![match &probed.answer {
            Answer::Nothing(cause) => Finding::new(
                question,
                Verdict::Unproved,
                format!(
                    "Sluice itself cannot open {portal}: {cause}. If browsers can, that name leads elsewhere on \
                     Sluice's machine: let it lead to the proxy there, too, as by a line of /etc/hosts, then check \
                     again."
                ),
            ),
            Answer::Status(status) => Finding::new(
                question,
                Verdict::Wrong,
                format!(
                    "{portal} answered {status} by itself. The lines for Sluice's own pages are missing in the proxy, \
                     or it has Sluice's address wrong."
                ),
            ),
        }];
    };
    if !arrival.from_trusted_proxy {
        let peer = arrival.peer.map_or_else(|| "the Unix socket".to_owned(), |peer| peer.to_string());
        return vec![Finding::new(
            question,
            Verdict::Wrong,
            format!(
                "The request came from {peer}, which is not in server.trusted_proxies. Add it in the file."
            ),
        )];
    }
    vec![
        Finding::new(
            question,
            Verdict::Proved,
            format!("A request to {portal} came to Sluice through the proxy."),
        ),
        described(arrival, portal),
    ]
}

fn described(arrival: &Arrival, portal: &Origin) -> Finding {
    let question = Question::Described;
    match &arrival.reached {
        Some(reached) if reached == portal => {
            Finding::new(question, Verdict::Proved, format!("It says that the request was sent to {portal}."))
        }
        said => {
            let said =
                said.as_ref().map_or_else(|| "nothing that can be read".to_owned(), ToString::to_string);
            Finding::new(
                question,
                Verdict::Wrong,
                format!(
                    "It says {said} of a request to {portal}. Let it send X-Forwarded-Proto and X-Forwarded-Host as \
                     the lines do; where another proxy in front ends TLS, the lines name the place to say so."
                ),
            )
        }
    }
}

/// Of the app's first page with a key.
pub(super) fn asked((asked, answer): &(bool, Answer), app: &App) -> Finding {
    let question = Question::Asked;
    let name = app.name.as_str();
    match (asked, answer) {
        (true, _) => Finding::new(
            question,
            Verdict::Proved,
            format!(
                "Before it handed a request to {name}, the proxy asked Sluice, which knew the key in it."
            ),
        ),
        (false, Answer::Nothing(cause)) => Finding::new(
            question,
            Verdict::Unproved,
            format!(
                "{name} could not be opened: {cause}. Let its host lead to the proxy on Sluice's machine, too, then \
                 check again."
            ),
        ),
        (false, Answer::Status(status)) => Finding::new(
            question,
            Verdict::Wrong,
            format!(
                "A request to {name} was answered {status}, and Sluice did not know the key in it: it was not asked, \
                 or not about this app, or the proxy does not describe the request. Compare the lines of this app's \
                 location; Sluice's log says more where it was asked."
            ),
        ),
    }
}

/// Of the app's first page for somebody who proves nothing.
pub(super) fn forged_alone(answer: &Answer, (asked, _): &(bool, Answer), state: &State) -> Finding {
    let question = Question::ForgedAlone;
    match answer {
        Answer::Nothing(cause) => {
            let text = format!("The app could not be opened: {cause}. Once it can, check again.");
            Finding::new(question, Verdict::Unproved, text)
        }
        Answer::Status(300..=399 | 401 | 403) if *asked => Finding::new(
            question,
            Verdict::Proved,
            "A request without a credential that names an administrator was refused, by the same lines that ask Sluice.",
        ),
        Answer::Status(_) if !state.config.auth.enabled || state.authenticator.bypass.is_some() => {
            Finding::new(
                question,
                Verdict::NotHere,
                "Sluice lets people in here who prove nothing (auth.enabled or bypass), so nothing can be told.",
            )
        }
        Answer::Status(status @ 200..=299) => Finding::new(
            question,
            Verdict::Wrong,
            format!(
                "A request without a credential that names an administrator was answered {status}. The app is open, or \
                 believes the name: remove the client's own Remote-User in the proxy, and close the app's port to all \
                 but the proxy."
            ),
        ),
        Answer::Status(status) => Finding::new(
            question,
            Verdict::Unproved,
            format!(
                "The request was answered {status}, which says neither that Sluice refused it nor that it passed. Start \
                 the app, or correct its address in the proxy, then check again."
            ),
        ),
    }
}

/// Of the page that stands in for the app.
pub(super) fn forged_beside(probed: &Probed, user: &User, app: &App) -> Finding {
    let question = Question::ForgedBeside;
    let Some(arrival) = &probed.arrival else {
        let text = "The lines of this app have no place where Sluice stands in for it (/sluice-check), so what the app \
                    gets could not be seen. The lines that Sluice writes have it: copy them anew, let the proxy \
                    read them, then check again.";
        return Finding::new(question, Verdict::Unproved, text);
    };
    let headers = &arrival.headers;
    let leaked = forgery::came_through(forgery::told(app), headers);
    let wrong = |text: String| Finding::new(question, Verdict::Wrong, text);
    if !leaked.is_empty() {
        return wrong(format!(
            "The app got what a client wrote itself in {}, and would believe it. Let the proxy replace such a header by \
             Sluice's answer, or remove it, as the lines do.",
            forgery::in_words(&leaked)
        ));
    }
    if once(headers, "remote-user") != Some(user.name.as_str())
        || once(headers, "x-auth-app") != Some(app.name.as_str())
    {
        return wrong(
            "The app did not get Sluice's Remote-User and X-Auth-App, each once. Let the proxy hand on all ten names of \
             Sluice's answer, as the lines do."
                .to_owned(),
        );
    }
    if headers.contains_key("x-api-key") || headers.contains_key("x-sluice-secret") {
        return wrong(
            "The app got Sluice's key or secret. Let the proxy take X-Api-Key and X-Sluice-Secret from Sluice's answer."
                .to_owned(),
        );
    }
    Finding::new(
        question,
        Verdict::Proved,
        "Where Sluice stood in for the app, behind the same lines, the forged names were gone and Sluice's own were there.",
    )
}

fn once<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
}

/// Of a key that counts from a forged address only; `None` where Sluice is not asked at all.
pub(super) fn address(believed: Option<bool>) -> Finding {
    let question = Question::Address;
    match believed {
        None => Finding::new(
            question,
            Verdict::Unproved,
            "Sluice is not asked, so this cannot be told. Once it is, check again.",
        ),
        Some(false) => Finding::new(
            question,
            Verdict::Proved,
            "A client's own X-Forwarded-For was not taken for its address.",
        ),
        // From one of its own addresses Sluice cannot see what would become of a stranger's.
        Some(true) => Finding::new(
            question,
            Verdict::Unproved,
            "The proxy handed on the X-Forwarded-For of Sluice's own request. Let it replace that header, as the lines \
             do: a client on a network of server.trusted_proxies can choose its address.",
        ),
    }
}
