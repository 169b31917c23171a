//! Settings changed by an administrator whose request is at hand.

mod brought;

use std::{path::Path, sync::Arc};

use actix_web::{FromRequest, dev::Payload, http::header::COOKIE, rt::System, test::TestRequest, web::Data};
use secrecy::SecretString;
use tempfile::TempDir;

use super::*;
use crate::{
    authn::{device::Device, name::UserName, password, sign_in::Wanted as WantedSession},
    config::{Flags, Input},
    policy::{capability::Capabilities, role::Role},
    startup::{self, Service},
    store::{
        events,
        sessions::{Lifetime, Opened, SessionId},
        users::{self, NewUser},
    },
};

/// A service with an administrator `ada`, and what her browser sends.
struct World {
    folder: TempDir,
    service: Service,
    cookie: String,
}

const ORIGIN: &str = "https://nas.test";

fn in_world(file: &str, test: impl AsyncFnOnce(&World)) {
    System::new().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let service = service(folder.path(), file);
        let state = service.current.get();
        let name = UserName::parse("ada").unwrap();
        let hash = password::hash(&SecretString::from("Correct-horse-1"), 4).unwrap();
        let ada = NewUser {
            name: &name,
            display_name: None,
            email: None,
            role: Role::Admin,
            granted: Capabilities::ALL,
            password_hash: Some(&hash),
        };
        state.store.write_users(|tx| users::insert(tx, &ada, clock::now())).unwrap();
        let user = state.store.view().users().by_name(&name).cloned().unwrap();
        let wanted = WantedSession {
            lifetime: Lifetime::Browser,
            opened: Opened::Page,
            device: Device::default(),
            replaced: None,
        };
        let token = state.sign_in.start_session(&user, [127, 0, 0, 1].into(), wanted).unwrap();
        let cookie = format!("sluice_session={}", token.expose());
        test(&World { folder, service, cookie }).await;
    });
}

fn service(folder: &Path, file: &str) -> Service {
    let path = folder.join("sluice.toml");
    let store = folder.join("sluice.db");
    let fixed = format!(
        "server.listen = \"127.0.0.1:0\"\nstore.path = \"{}\"\nauth.bcrypt_cost = 4\n{file}",
        store.display()
    );
    std::fs::write(&path, fixed).unwrap();
    let flags = Flags { file: Some(path), values: Vec::new() };
    let config = config::load(&flags).config.unwrap_or_else(|problems| panic!("{problems:?}"));
    startup::build(config, flags).unwrap()
}

fn proof(visit: &Visit, user: &User, session: SessionId) -> FreshProof {
    FreshProof::of_session(&visit.state.store, visit.actor(user), session).unwrap()
}

impl World {
    fn visit_with(&self, headers: &[(&str, &str)]) -> Visit {
        let mut request = TestRequest::post()
            .uri("/sluice/admin/settings")
            .peer_addr("127.0.0.1:50000".parse().unwrap())
            .insert_header(("X-Forwarded-Proto", "https"))
            .insert_header(("X-Forwarded-Host", "nas.test"))
            .insert_header(("X-Forwarded-For", "192.0.2.1"))
            .insert_header(("Origin", ORIGIN))
            .insert_header((COOKIE, self.cookie.as_str()))
            .app_data(Data::from(Arc::clone(&self.service.current)));
        for header in headers {
            request = request.insert_header(*header);
        }
        Visit::from_request(&request.to_http_request(), &mut Payload::None).into_inner().unwrap()
    }

    fn visit(&self) -> Visit {
        self.visit_with(&[])
    }

    /// Saves what ada types on top of the version that holds.
    async fn save(&self, edits: &[(&str, &str)]) -> Result<VersionId, Refused> {
        self.save_from(&self.visit(), edits).await
    }

    async fn save_from(&self, visit: &Visit, edits: &[(&str, &str)]) -> Result<VersionId, Refused> {
        let (user, session) = visit.signed_in().unwrap();
        let editor = Editor { visit, user: &user, proof: &proof(visit, &user, session) };
        let base = overview(&visit.state).unwrap().version;
        save(&editor, &Change { base, edits: edits.iter().map(typed).collect() }).await
    }

    async fn preview(&self, edits: &[(&str, &str)]) -> Result<Preview, Refused> {
        let visit = self.visit();
        let (user, session) = visit.signed_in().unwrap();
        let editor = Editor { visit: &visit, user: &user, proof: &proof(&visit, &user, session) };
        let base = overview(&visit.state).unwrap().version;
        preview(&editor, &Change { base, edits: edits.iter().map(typed).collect() }).await
    }

    fn state(&self) -> Arc<State> {
        self.service.current.get()
    }
}

/// `-` takes the key away, and `[a, b]` is a list.
fn typed((key, text): &(&str, &str)) -> Edit {
    let key = (*key).to_owned();
    let list = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    match (*text, list) {
        ("-", _) => Edit::Remove(key),
        (_, Some("")) => Edit::Set(key, Input::List(Vec::new())),
        (_, Some(list)) => Edit::Set(key, Input::List(list.split(", ").map(str::to_owned).collect())),
        (text, None) => Edit::Set(key, Input::Text(text.to_owned())),
    }
}

#[track_caller]
fn refused_at<T>(result: Result<T, Refused>, key: &str, needle: &str) {
    match result {
        Err(Refused::Keys(keys)) => {
            let found = keys.iter().any(|wrong| wrong.key == key && wrong.message.contains(needle));
            assert!(found, "no {key} with `{needle}` in {keys:?}");
        }
        Err(other) => panic!("refused otherwise: {other}"),
        Ok(_) => panic!("{key} was taken"),
    }
}

#[test]
fn a_change_holds_at_once_and_is_on_record() {
    in_world("", async |world| {
        let edits = [
            ("session.ttl", "2h"),
            ("throttle.max_failures", "3"),
            ("origins.allowed", "[https://a.test, https://b.test]"),
            ("bypass.hosts", "[10.0.0.9]"),
            ("api_keys.admin_only", "true"),
            ("app.radarr.hosts", "[nas.test]"),
        ];
        let recorded = world.state().store.read(events::newest).unwrap();
        let version = world.save(&edits).await.unwrap();
        let state = world.state();
        assert_eq!(state.config.session.ttl.as_secs(), 7_200);
        assert_eq!(state.config.throttle.max_failures, 3);
        assert_eq!(state.config.origins.allowed.len(), 2);
        assert!(state.authenticator.bypass.is_some());
        assert!(state.config.apps.named("radarr").is_some());
        assert_eq!(state.authenticator.sessions.idle_limit(Lifetime::Browser), 7_200);
        let history = overview(&state).unwrap().history;
        assert_eq!((history[0].id, history[0].author.as_str()), (version, "ada"));
        assert!(state.store.read(events::newest).unwrap() > recorded, "no event");
    });
}

#[test]
fn what_is_wrong_is_said_at_its_key_and_changes_nothing() {
    in_world("[[app]]\nname = \"sonarr\"\n", async |world| {
        for (edits, key, needle) in [
            (&[("session.ttl", "soon")][..], "session.ttl", "is no time"),
            (&[("session.tll", "1h")], "session.tll", "no such key"),
            (&[("session.remember_ttl", "1h")], "session.remember_ttl", "shorter"),
            (&[("sso.enabled", "true")], "sso.secret", "needs a secret"),
            (&[("upstream.kind", "tinyauth")], "upstream.url", "say where"),
            (&[("app.radarr.hosts", "[a b]")], "app.radarr.hosts", "is no host"),
            (&[("app.radarr.pack", "nonsense")], "app.radarr.pack", "known are"),
            (&[("server.listen", "0.0.0.0:1")], "server.listen", "configuration file"),
            (&[("auth.admin_password", "Another-horse-1")], "auth.admin_password", "configuration file"),
            (&[("app.sonarr.users", "[ada]")], "app.sonarr.users", "set in /"),
            (&[("app.sonarr", "-")], "app.sonarr", "set in /"),
            (&[("store.path", "/tmp/x")], "store.path", "configuration file"),
        ] {
            refused_at(world.preview(edits).await, key, needle);
            refused_at(world.save(edits).await, key, needle);
        }
        assert_eq!(overview(&world.state()).unwrap().version, VersionId::default());
    });
}

#[test]
fn a_change_that_would_take_the_portal_from_its_author_is_refused() {
    in_world("", async |world| {
        let secret = ("sso.secret", "a-long-enough-secret");
        for (edits, key, needle) in [
            (&[("app.radarr.hosts", "[radarr.test]")][..], "app.radarr.hosts", "no app would take nas.test"),
            (&[("sso.enabled", "true"), secret], "sso.enabled", "does not show that it knows you"),
            (
                &[("upstream.kind", "generic"), ("upstream.url", "http://127.0.0.1:1")],
                "upstream.kind",
                "does not show that it knows you",
            ),
        ] {
            refused_at(world.save(edits).await, key, needle);
        }
        let plain = [("X-Forwarded-Proto", "http"), ("Origin", "http://nas.test")];
        let visit = world.visit_with(&plain);
        let always = [("session.cookie_secure", "always")];
        refused_at(world.save_from(&visit, &always).await, "session.cookie_secure", "without HTTPS");
        world.save(&always).await.unwrap();
    });
}

#[test]
fn an_origin_that_the_forms_need_stays() {
    in_world("", async |world| {
        world.save(&[("origins.allowed", "[https://nas.test]")]).await.unwrap();
        // The proxy does not say that the browser speaks HTTPS.
        let behind = [("X-Forwarded-Proto", "http"), ("Origin", "https://nas.test")];
        let visit = world.visit_with(&behind);
        let edits = [("origins.allowed", "[https://third.test]")];
        refused_at(world.save_from(&visit, &edits).await, "origins.allowed", "keep that origin");
        let more = [("origins.allowed", "[https://third.test, https://nas.test]")];
        world.save_from(&visit, &more).await.unwrap();
    });
}

#[test]
fn sso_can_be_switched_on_where_it_knows_the_author_as_an_administrator() {
    in_world("", async |world| {
        let headers = [("Remote-User", "ada"), ("X-Sluice-Secret", "a-long-enough-secret")];
        let edits = [("sso.enabled", "true"), ("sso.secret", "a-long-enough-secret")];
        let another = world.visit_with(&[("Remote-User", "bob"), headers[1]]);
        refused_at(world.save_from(&another, &edits).await, "sso.enabled", "does not show");
        world.save_from(&world.visit_with(&headers), &edits).await.unwrap();
        assert!(world.state().authenticator.sso.is_some());
    });
}

#[test]
fn the_sessions_that_end_are_said_before() {
    in_world("", async |world| {
        let preview = world.preview(&[("session.cookie_name", "other")]).await.unwrap();
        assert!(preview.consequences[0].contains("1 session ends"), "{:?}", preview.consequences);
        let quiet = world.preview(&[("session.ttl", "48h")]).await.unwrap();
        assert_eq!(quiet.consequences, [""; 0]);
        let (key, before, after) = &quiet.changes[0];
        assert_eq!(
            (key.as_str(), before.to_string(), after.to_string()),
            ("session.ttl", "24h".to_owned(), "48h".to_owned())
        );
        assert_eq!(overview(&world.state()).unwrap().version, VersionId::default());
    });
}

#[test]
fn the_second_of_two_who_save_is_told() {
    in_world("", async |world| {
        let visit = world.visit();
        let (user, session) = visit.signed_in().unwrap();
        let editor = Editor { visit: &visit, user: &user, proof: &proof(&visit, &user, session) };
        let change = |ttl| Change { base: VersionId::default(), edits: vec![typed(&("session.ttl", ttl))] };
        let first = save(&editor, &change("2h")).await.unwrap();
        match save(&editor, &change("3h")).await {
            Err(Refused::Overtaken { version, author }) => {
                assert_eq!((version, author.as_str()), (first, "ada"));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(world.state().config.session.ttl.as_secs(), 7_200);
    });
}

#[test]
fn an_earlier_version_comes_back_as_a_new_one() {
    in_world("", async |world| {
        let first = world.save(&[("session.ttl", "2h")]).await.unwrap();
        let second = world.save(&[("session.ttl", "3h")]).await.unwrap();
        let visit = world.visit();
        let (user, session) = visit.signed_in().unwrap();
        let editor = Editor { visit: &visit, user: &user, proof: &proof(&visit, &user, session) };
        let third = restore(&editor, second, first).await.unwrap();
        assert!(third > second);
        assert_eq!(world.state().config.session.ttl.as_secs(), 7_200);
        let nothing = restore(&editor, third, VersionId::default()).await.unwrap();
        assert!(nothing > third && world.state().config.session.ttl.as_secs() == 86_400);
        let gone = restore(&editor, nothing, VersionId::numbered(99)).await;
        assert!(matches!(gone, Err(Refused::Fault(Fault::NotFound(_)))), "{gone:?}");
    });
}

#[test]
fn a_version_that_the_file_does_not_go_with_any_more_is_not_brought_back() {
    in_world("", async |world| {
        let first = world.save(&[("session.remember_ttl", "26h")]).await.unwrap();
        let second = world.save(&[("session.remember_ttl", "-")]).await.unwrap();
        let path = world.folder.path().join("sluice.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}\nsession.ttl = \"27h\"\n")).unwrap();
        let visit = world.visit();
        let (user, session) = visit.signed_in().unwrap();
        let editor = Editor { visit: &visit, user: &user, proof: &proof(&visit, &user, session) };
        refused_at(restore(&editor, second, first).await, "session.remember_ttl", "shorter");
    });
}

#[test]
fn a_secret_is_kept_unless_it_is_replaced_and_never_shown() {
    in_world("", async |world| {
        world.save(&[("sso.secret", "canary-0123456789")]).await.unwrap();
        world.save(&[("sso.user_header", "X-Remote-User")]).await.unwrap();
        let overview = overview(&world.state()).unwrap();
        assert!(!format!("{:?}", overview.fields).contains("canary"));
        let secret = overview.fields.iter().find(|field| field.key == "sso.secret").unwrap();
        assert_eq!(secret.value, Shown::Secret);
    });
}
