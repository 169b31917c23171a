//! What a capability allows in the apps that are configured, in words, from what their packs say.

use super::{
    app::{App, Ownership},
    capability::Capability,
    needs::Needs,
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
        None if app.pack.asks_for(capability) => Some(uncapitalised(capability.description())),
        None if matches!(app.unsafe_methods, Needs::Capabilities(set) if set.holds(capability)) => {
            Some("needed for whatever is more than looking".to_owned())
        }
        None => None,
    }
}

/// What a capability allows in these apps, a sentence for all that say the same of it.
pub fn in_apps<'a>(capability: Capability, apps: impl Iterator<Item = &'a App>) -> String {
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for app in apps {
        let Some(words) = in_app(capability, app) else { continue };
        match told.iter_mut().find(|(known, _)| *known == words) {
            Some((_, titles)) => titles.push(title(app)),
            None => told.push((words, vec![title(app)])),
        }
    }
    if told.is_empty() {
        return format!(
            "{}. No route of an app here asks for it; the apps are told.",
            capability.description()
        );
    }
    let sentences = told.iter().map(|(words, titles)| format!("In {}: {words}.", titles.join(", ")));
    sentences.collect::<Vec<_>>().join(" ")
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
        let series = app("series", &[(C::RemoveDownloads, Some("delete series"))]);
        let both = in_apps(C::RemoveDownloads, [&sonarr, &films, &series].into_iter());
        assert_eq!(both, "In Sonarr, series: delete series. In films: delete films.");
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
