//! What a capability allows in the apps that are configured, in words, from what their packs say.

use super::{
    app::{App, Ownership},
    capability::Capability,
};

/// How people know an app: by what it is, or by the name that it was given.
pub fn title(app: &App) -> &str {
    if app.name.as_str() == app.pack.name { &app.pack.title } else { app.name.as_str() }
}

/// What a capability allows in one app; `None` where no route of it asks for the capability.
pub fn in_app(capability: Capability, app: &App) -> Option<String> {
    let strict = capability == Capability::EditAllDownloads && app.ownership == Ownership::Strict;
    if strict {
        return Some(
            "needed beside the others to change any download, since all belong to everybody".to_owned(),
        );
    }
    let words = app.pack.words.iter().find(|(known, _)| *known == capability);
    match words {
        Some((_, words)) => Some(words.clone()),
        None => app.pack.asks_for(capability).then(|| uncapitalised(capability.description())),
    }
}

/// What a capability allows in these apps, a sentence for each that asks for it.
pub fn in_apps<'a>(capability: Capability, apps: impl Iterator<Item = &'a App>) -> String {
    let sentence = |app: &App| Some(format!("In {}: {}.", title(app), in_app(capability, app)?));
    let sentences: Vec<_> = apps.filter_map(sentence).collect();
    match sentences.is_empty() {
        true => {
            format!("{}. No route of an app here asks for it; the apps are told.", capability.description())
        }
        false => sentences.join(" "),
    }
}

fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|letter| letter.to_lowercase().collect()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{
        super::{
            app::AppName,
            capability::Capabilities,
            needs::Needs,
            pack::{Listed, Pack},
        },
        *,
    };

    fn app(name: &str, asked: &[(Capability, Option<&str>)]) -> App {
        let row = |&(capability, _): &(Capability, Option<&str>)| Listed {
            what: "POST /x".to_owned(),
            needs: Needs::Capabilities(Capabilities::with(capability)),
        };
        let words = |&(capability, words): &(Capability, Option<&str>)| Some((capability, words?.to_owned()));
        let pack = Pack {
            name: "sonarr".to_owned(),
            title: "Sonarr".to_owned(),
            listed: asked.iter().map(row).collect(),
            words: asked.iter().filter_map(words).collect(),
            ..Pack::default()
        };
        App::plain(AppName::parse(name).unwrap(), Arc::new(pack))
    }

    #[test]
    fn a_capability_is_told_for_each_app_that_asks_for_it() {
        use Capability as C;
        let sonarr = app("sonarr", &[(C::RemoveDownloads, Some("delete series")), (C::ViewLogs, None)]);
        let films = app("films", &[(C::RemoveDownloads, Some("delete films"))]);
        let strict = App { ownership: Ownership::Strict, ..app("strict", &[]) };
        for (capability, told) in [
            (C::RemoveDownloads, "In Sonarr: delete series. In films: delete films."),
            (C::ViewLogs, "In Sonarr: see the app's logs."),
            (
                C::Search,
                "Search indexers and networks. No route of an app here asks for it; the apps are told.",
            ),
            (
                C::EditAllDownloads,
                "In strict: needed beside the others to change any download, since all belong to everybody.",
            ),
        ] {
            assert_eq!(in_apps(capability, [&sonarr, &films, &strict].into_iter()), told);
        }
    }
}
