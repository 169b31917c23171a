//! What a change brings with it, and what is to be looked at afterwards.

use std::collections::BTreeSet;

use super::*;
use crate::{
    authn::{api_key::KeyName, token::Token},
    clock::Timestamp,
    policy::app::AppName,
    store::{
        capabilities,
        keys::{self, NewApiKey, Scope},
        users::UserId,
    },
};

const APPS: [(&str, &str); 2] = [("app.sonarr.hosts", "[sonarr.test]"), ("app.radarr.hosts", "[nas.test]")];

fn app(name: &str) -> AppName {
    AppName::parse(name).unwrap()
}

/// Makes a key of ada's that opens these apps, and ends in so many seconds.
fn add_key(world: &World, name: &str, (apps, ends): (&[&str], Option<i64>)) {
    let ada = world.state().store.view().users().search("")[0].id;
    let expires = ends.map(|ends| Timestamp::from_secs(clock::now().secs() + ends));
    let apps = Some(apps.iter().map(|name| app(name)).collect());
    let scope = Scope { apps, expires, ..Scope::default() };
    let name = KeyName::parse(name).unwrap();
    let key = NewApiKey { user: ada, name: &name, scope: &scope };
    let digest = Token::generate().unwrap().digest();
    world.state().store.write_users(|tx| keys::insert(tx, &digest, &key, clock::now())).unwrap();
}

#[test]
fn what_ends_with_an_app_is_said_before() {
    in_world("", async |world| {
        let added = world.preview(&APPS).await.unwrap();
        assert_eq!(added.consequences, [""; 0], "the app that stands in for all is missed by nobody");
        world.save(&APPS).await.unwrap();
        let said = async |edits: &[(&str, &str)]| world.preview(edits).await.unwrap().consequences;
        let gone = "the app `sonarr` is gone, and what the proxy asks about it is refused";
        assert_eq!(said(&[("app.sonarr", "-")]).await, [gone]);
        add_key(world, "one", (&["sonarr"], None));
        add_key(world, "both", (&["sonarr", "radarr"], None));
        add_key(world, "ended", (&["sonarr"], Some(-1)));
        add_key(world, "elsewhere", (&["flood"], None));
        assert_eq!(said(&[("app.sonarr", "-")]).await, [gone, "1 key opens nothing any more"]);
        add_key(world, "another", (&["sonarr"], Some(60)));
        let set = |user: UserId| {
            let store = &world.state().store;
            store.write_users(|tx| capabilities::set_in(tx, user, &app("sonarr"), Some(Capabilities::NONE)))
        };
        set(world.state().store.view().users().search("")[0].id).unwrap();
        let all = [gone, "2 keys open nothing any more", "the set of 1 user for `sonarr` goes unused"];
        assert_eq!(said(&[("app.sonarr", "-")]).await, all);
        assert_eq!(said(&[("app.radarr.users", "[ada]")]).await, [""; 0]);
    });
}

#[test]
fn the_events_that_go_with_a_shorter_time_are_counted_before() {
    in_world("", async |world| {
        let said = async |keep: &str| world.preview(&[("audit.keep", keep)]).await.unwrap().consequences;
        let add = |days: i64| {
            let at = Timestamp::from_secs(clock::now().secs() - days * 86_400);
            let event = Event::new(Kind::UserAdded);
            world.state().store.write(|tx| events::append(tx, &event, at)).unwrap();
        };
        add(3);
        assert_eq!(said("5d").await, [""; 0]);
        assert_eq!(said("2d").await, ["1 event is older than that, and goes for good"]);
        add(4);
        assert_eq!(said("2d").await, ["2 events are older than that, and go for good"]);
        assert_eq!(said("120d").await, [""; 0]);
    });
}

#[test]
fn names_that_no_user_has_are_warned_of() {
    in_world("", async |world| {
        let edits = [
            ("bypass.hosts", "[10.0.0.9]"),
            ("app.radarr.hosts", "[nas.test]"),
            ("app.radarr.users", "[ada, bob, eve]"),
        ];
        let warned = |warnings: &[WrongKey]| {
            let said = warnings.iter().map(|warning| format!("{}: {}", warning.key, warning.message));
            said.collect::<Vec<_>>()
        };
        let expected = [
            "bypass.user: `admin` is no user, so nobody comes in this way; name another, or see to that one",
            "app.radarr.users: nobody is called `bob` or `eve`; correct the name, or add the user",
        ];
        assert_eq!(warned(&world.preview(&edits).await.unwrap().warnings), expected);
        world.save(&edits).await.unwrap();
        assert_eq!(warned(&overview(&world.state()).unwrap().warnings), expected);
        world.save(&[("bypass.user", "ada"), ("app.radarr.users", "[ada]")]).await.unwrap();
        assert_eq!(warned(&overview(&world.state()).unwrap().warnings), [""; 0]);
    });
}

#[test]
fn what_was_chosen_is_not_to_be_mended() {
    let file = "bypass.hosts = [\"nas.example.com\"]\nbypass.user = \"ada\"\nauth.enabled = false\n\
                [sso]\nenabled = true\nsecret = \"none\"\nuser_header = \"X-Forwarded-User\"\n\
                group_map = { family = \"read-only\" }\n\
                [[event]]\ntypes = [\"*\"]\nurl = \"https://hooks.test/x\"\n\
                [[app]]\nname = \"sonarr\"\nhosts = [\"nas.test\"]\n\
                [[app]]\nname = \"radarr\"\nhosts = [\"nas.test\"]\nusers = [\"bob\"]";
    in_world(file, async |world| {
        let Overview { warnings, to_mend, .. } = overview(&world.state()).unwrap();
        let keys = |all: &[WrongKey]| all.iter().map(|one| one.key.clone()).collect::<BTreeSet<_>>();
        let to_mend = keys(&to_mend);
        let expected = ["app.radarr.users", "auth.enabled", "bypass.hosts", "sso.group_map"];
        assert_eq!(to_mend, expected.map(str::to_owned).into());
        let chosen = ["app.radarr.hosts", "event.0.secret", "sso.secret"];
        assert_eq!(keys(&warnings), &to_mend | &chosen.map(str::to_owned).into());
    });
}

#[test]
fn a_wrong_kind_of_app_makes_no_other_key_unknown() {
    in_world("", async |world| {
        let edits = [
            ("app.radarr.hosts", "[nas.test]"),
            ("app.radarr.pack", "nonsense"),
            ("app.radarr.public", "[/a]"),
            ("app.radarr.ownership", "strict"),
        ];
        match world.preview(&edits).await {
            Err(Refused::Keys(keys)) => {
                let keys: Vec<_> = keys.iter().map(|wrong| wrong.key.as_str()).collect();
                assert_eq!(keys, ["app.radarr.pack"]);
            }
            other => panic!("{:?}", other.err()),
        }
    });
}
