//! Apps with one endpoint for everything: what a call needs is in the body.

use std::collections::HashMap;

use super::needs::Needs;

/// The form of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyForm {
    /// A JSON object, or an array of them where the app takes batches.
    Json {
        /// Whether it does.
        batch: bool,
    },
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// An endpoint whose body names what is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rpc {
    /// Its form.
    pub form: BodyForm,
    /// The field with the name of what is called.
    pub field: String,
    /// What the endpoint needs where no proxy hands the body over.
    pub without_body: Needs,
    methods: HashMap<String, Needs>,
}

/// What a body calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls<'a> {
    /// No body came.
    Unseen,
    /// It is still to be read: any call is possible.
    Awaited,
    /// It could be read in more ways than one.
    Unclear,
    /// These.
    Named(&'a [String]),
}

/// Two calls that an app may take for one, with different needs.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the call `{0}` stands twice, with different needs")]
pub struct SameCall(String);

impl Rpc {
    /// An endpoint with the needs of each call.
    pub fn new(
        form: BodyForm,
        field: String,
        without_body: Needs,
        methods: impl IntoIterator<Item = (String, Needs)>,
    ) -> Result<Self, SameCall> {
        let mut known = HashMap::new();
        for (name, needs) in methods {
            if known.insert(form.fold(&name), needs).is_some_and(|before| before != needs) {
                return Err(SameCall(name));
            }
        }
        Ok(Self { form, field, without_body, methods: known })
    }

    /// What all of the calls need together. One that is not known needs an administrator.
    pub fn needs(&self, calls: Calls<'_>) -> Needs {
        match calls {
            Calls::Unseen => self.without_body,
            // The least that any of them needs.
            Calls::Awaited => Needs::Any,
            Calls::Named([]) => Needs::Admin,
            // It may be one that nobody may make.
            Calls::Unclear if self.methods.values().any(|needs| *needs == Needs::Deny) => Needs::Deny,
            Calls::Unclear => Needs::Admin,
            Calls::Named(names) => names.iter().map(|name| self.call(name)).fold(Needs::Any, Needs::and),
        }
    }

    fn call(&self, name: &str) -> Needs {
        self.methods.get(&self.form.fold(name)).copied().unwrap_or(Needs::Admin)
    }
}

impl BodyForm {
    /// As apps compare names: Transmission 4.1 takes `torrent-get`, `torrent_get` and `torrentGet`, .NET any case; a
    /// form's are compared as they are.
    fn fold(self, name: &str) -> String {
        match self {
            Self::Json { .. } => {
                name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
            }
            Self::Form => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_a_body_counts() {
        let needs = |text| Needs::parse(text, |_| None).unwrap();
        let methods = [
            ("torrent_get", "view_all_downloads"),
            ("torrent_remove", "remove_downloads"),
            ("session_get", "any"),
        ];
        let rpc = Rpc::new(
            BodyForm::Json { batch: true },
            "method".to_owned(),
            Needs::Admin,
            methods.map(|(name, text)| (name.to_owned(), needs(text))),
        )
        .unwrap();
        for (names, expected) in [
            (&["torrent-get"][..], "view_all_downloads"),
            (&["torrentGet", "session_get"], "view_all_downloads"),
            (&["torrent_get", "torrent_remove"], "remove_downloads+view_all_downloads"),
            (&["session-get"], "any"),
            (&["torrent_get", "session_close"], "admin"),
            (&["torrent get"], "admin"),
            (&[], "admin"),
        ] {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(rpc.needs(Calls::Named(&names)).to_string(), expected, "{names:?}");
        }
        assert_eq!(rpc.needs(Calls::Unseen), Needs::Admin);
        assert_eq!(rpc.needs(Calls::Unclear), Needs::Admin);
        let denied = [("close".to_owned(), Needs::Deny)];
        let rpc = Rpc::new(BodyForm::Form, "mode".to_owned(), Needs::Admin, denied).unwrap();
        assert_eq!(rpc.needs(Calls::Unclear), Needs::Deny);
    }
}
