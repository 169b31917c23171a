//! Which events the log shows, as it is typed.

use time::{Date, macros::format_description};

use crate::{
    administration::FieldError, clock::Timestamp, events::kind::Kinds, policy::app::Apps,
    portal::visit::Visit, store::events::Filter,
};

const DAY: i64 = 86_400;
const ALL: &str = "*";

/// What can be chosen of kinds.
const GROUPS: [(&str, &str); 9] = [
    (ALL, "Everything"),
    ("request.refused", "Refused requests"),
    ("action", "Changes through apps"),
    ("signin.*", "Sign-ins"),
    ("session.*", "Sessions"),
    ("key.*", "API keys"),
    ("user.*", "Users"),
    ("owner.*", "Owners"),
    ("settings.*", "Settings"),
];

/// One of a list.
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What stands there.
    pub label: String,
    /// Whether it is the one.
    pub chosen: bool,
}

/// The fields as they came; an empty one filters nothing.
#[derive(Default)]
pub struct Typed {
    /// Kinds and groups of kinds.
    pub types: String,
    /// Who did it.
    pub actor: String,
    /// Whom it is about.
    pub subject: String,
    /// In which app.
    pub app: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
}

impl Typed {
    /// As the query has them.
    pub fn of(visit: &Visit) -> Self {
        let field = |name| visit.query(name).unwrap_or_default().trim().to_owned();
        let types = Some(field("types")).filter(|types| !types.is_empty());
        Self {
            types: types.unwrap_or_else(|| ALL.to_owned()),
            actor: field("actor"),
            subject: field("subject"),
            app: field("app"),
            from: field("from"),
            to: field("to"),
        }
    }

    /// The filter, or what is wrong with it.
    pub fn read(&self) -> Result<Filter, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let kinds =
            self.types.parse::<Kinds>().map_err(|error| wrong.push(FieldError::new("types", error))).ok();
        let mut day = |field, text: &str| {
            if text.is_empty() {
                return None;
            }
            let day = day(text);
            if day.is_none() {
                wrong.push(FieldError::new(field, "write the day as year, month, day, such as 2026-03-31"));
            }
            day
        };
        let (since, last) = (day("from", &self.from), day("to", &self.to));
        if let (Some(since), Some(last)) = (since, last)
            && last.since(since) < 0
        {
            wrong.push(FieldError::new("to", "the last day is before the first"));
        }
        let (Some(kinds), true) = (kinds, wrong.is_empty()) else { return Err(wrong) };
        // Names of users and apps are kept in small letters.
        let exact = |text: &String| Some(text.to_ascii_lowercase()).filter(|text| !text.is_empty());
        let until = last.map(|day| Timestamp::from_secs(day.secs() + DAY - 1));
        let (actor, subject, app) = (exact(&self.actor), exact(&self.subject), exact(&self.app));
        Ok(Filter { kinds, actor, subject, app, since, until })
    }

    /// The kinds to choose from.
    pub fn kinds(&self) -> Vec<Choice> {
        let known = GROUPS.map(|(value, label)| (value.to_owned(), label.to_owned()));
        choices(known.into(), &self.types)
    }

    /// The apps to choose from.
    pub fn apps(&self, apps: &Apps) -> Vec<Choice> {
        let names = apps.iter().map(|app| (app.name.as_str().to_owned(), app.name.as_str().to_owned()));
        choices([(String::new(), "Every app".to_owned())].into_iter().chain(names).collect(), &self.app)
    }

    /// A query with the same filter, with `&` before what follows.
    pub fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let fields = [
            ("types", &self.types),
            ("actor", &self.actor),
            ("subject", &self.subject),
            ("app", &self.app),
            ("from", &self.from),
            ("to", &self.to),
        ];
        for (name, value) in fields {
            if !value.is_empty() && value != ALL {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { query } else { query + "&" }
    }
}

/// What was chosen stays, also where it is none of those that are known.
fn choices(mut known: Vec<(String, String)>, chosen: &str) -> Vec<Choice> {
    if known.iter().all(|(value, _)| value != chosen) {
        known.push((chosen.to_owned(), chosen.to_owned()));
    }
    let choice = |(value, label): (String, String)| Choice { chosen: value == chosen, value, label };
    known.into_iter().map(choice).collect()
}

/// The first moment of a day, in UTC.
fn day(text: &str) -> Option<Timestamp> {
    let date = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
    Some(Timestamp::from_secs(date.midnight().assume_utc().unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::kind::Kind;

    fn typed(from: &str, to: &str) -> Typed {
        Typed { types: ALL.to_owned(), from: from.to_owned(), to: to.to_owned(), ..Typed::default() }
    }

    #[test]
    fn days_last_from_midnight_to_midnight() {
        let filter = typed("1970-01-02", "1970-01-02").read().unwrap();
        let secs = |at: Option<Timestamp>| at.map(Timestamp::secs);
        assert_eq!((secs(filter.since), secs(filter.until)), (Some(DAY), Some(2 * DAY - 1)));
        let open = typed("", "").read().unwrap();
        assert_eq!((open.since, open.until, open.kinds), (None, None, Kinds::ALL));
    }

    #[test]
    fn what_is_wrong_is_said_for_each_field() {
        let fields = |typed: &Typed| -> Vec<_> {
            typed.read().map_or_else(|wrong| wrong.iter().map(|wrong| wrong.field).collect(), |_| Vec::new())
        };
        for (from, to, expected) in [
            ("2026-02-30", "", vec!["from"]),
            ("31.3.2026", "x", vec!["from", "to"]),
            ("2026-03-02", "2026-03-01", vec!["to"]),
            ("2026-03-01", "2026-03-01", vec![]),
            ("99999999999-01-01", "", vec!["from"]),
        ] {
            assert_eq!(fields(&typed(from, to)), expected, "{from} to {to}");
        }
        assert_eq!(fields(&Typed { types: "nothing".to_owned(), ..Typed::default() }), ["types"]);
    }

    #[test]
    fn a_filter_survives_its_query() {
        let typed = Typed { types: "key.*".to_owned(), actor: "a&b=c".to_owned(), ..Typed::default() };
        assert_eq!(typed.query(), "types=key.*&actor=a%26b%3Dc&");
        assert_eq!(Typed { types: ALL.to_owned(), ..Typed::default() }.query(), "");
    }

    #[test]
    fn every_kind_is_in_a_group() {
        let groups = GROUPS[1..].iter().map(|(types, _)| types.parse::<Kinds>().unwrap());
        assert_eq!(groups.fold(Kinds::NONE, Kinds::either), Kinds::ALL);
        assert!(Kind::ALL.len() > GROUPS.len());
    }
}
