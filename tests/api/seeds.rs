//! The variables of pyTorrent and aMuTorrent, as their own pages give them, work as they are.

use crate::support::product::Product;
use crate::support::provider::Provider;
use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{ALL_CAPABILITIES, DIALECTS, Dialect, READ_ONLY};

const SECRET: &str = "of-the-proxy-and-nobody-else";

const LOCAL: &str = "PYTORRENT_AUTH_ENABLE=true
PYTORRENT_AUTH_PROVIDER=local";

const TINYAUTH: &str = "PYTORRENT_AUTH_ENABLE=true
PYTORRENT_AUTH_PROVIDER=tinyauth
PYTORRENT_AUTH_PROXY_USER_HEADER=Remote-User
PYTORRENT_AUTH_PROXY_AUTO_CREATE=true
PYTORRENT_AUTH_PROXY_AUTO_CREATE_ROLE=admin
PYTORRENT_AUTH_PROXY_AUTO_CREATE_PERMISSION=rw";

const PROXY: &str = "PYTORRENT_AUTH_ENABLE=true
PYTORRENT_AUTH_PROVIDER=proxy
PYTORRENT_AUTH_PROXY_USER_HEADER=X-Forwarded-User
PYTORRENT_AUTH_PROXY_AUTO_CREATE=true
PYTORRENT_AUTH_PROXY_AUTO_CREATE_ROLE=user
PYTORRENT_AUTH_PROXY_AUTO_CREATE_PERMISSION=rw";

const DIRECT_IP: &str = "PYTORRENT_AUTH_ENABLE=true
PYTORRENT_AUTH_PROVIDER=tinyauth
PYTORRENT_AUTH_BYPASS_HOSTS=10.11.1.11:8090,10.11.1.11";

const BEHIND_A_PROXY: &str = "PYTORRENT_PROXY_FIX_ENABLE=true
PYTORRENT_SESSION_COOKIE_SECURE=true
PYTORRENT_SOCKETIO_CORS_ALLOWED_ORIGINS=https://pytorrent.example.com
PYTORRENT_API_ALLOWED_ORIGINS=https://pytorrent.example.com";

const PASSWORD_PROTECTION: &str = "WEB_AUTH_ENABLED=true
WEB_AUTH_PASSWORD=your_secure_password";

const TRUSTED_PROXY: &str = "TRUSTED_PROXY_ENABLED=true
TRUSTED_PROXY_USERNAME_HEADER=X-Remote-User
TRUSTED_PROXY_AUTO_PROVISION=true";

/// A page's block as the environment, with the secret that Sluice wants beside it, an administrator `admin` and
/// `vera`, who has no password and may only look.
fn with(block: &str) -> Home {
    let home = block.lines().fold(Home::new(), |home, line| {
        let (name, value) = line.split_once('=').expect("a variable");
        home.variable(name, value)
    });
    home.variable("SLUICE_SSO__SECRET", SECRET)
        .user("admin", &["--admin"])
        .user("vera", &["--no-password", "--preset", "read-only"])
}

fn sso(dialect: Dialect, header: &str, user: &str) -> Request {
    dialect.verify().header("X-Sluice-Secret", SECRET).header(header, user)
}

#[track_caller]
fn assert_user(answer: &Answer, user: &str, method: &str) {
    assert_eq!(answer.assert_status(200).header("remote-user"), Some(user));
    assert_eq!(answer.header("x-auth-method"), Some(method));
}

#[track_caller]
fn assert_rights(answer: &Answer, role: &str, capabilities: &str) {
    assert_eq!(answer.assert_status(200).header("x-auth-role"), Some(role));
    assert_eq!(answer.header("x-auth-capabilities"), Some(capabilities));
}

fn shows_a_form(sluice: &Sluice) -> bool {
    let page = Request::get("/sluice/login").navigating().send(sluice.address);
    page.text().contains("name=\"password\"")
}

#[test]
fn pytorrents_local_provider_is_the_form_and_no_header() {
    let sluice = with(LOCAL).start();
    assert!(shows_a_form(&sluice));
    let session = sluice.sign_in("admin", PASSWORD);
    for dialect in DIALECTS {
        sso(dialect, "Remote-User", "vera").send(sluice.address).assert_status(401);
        let answer = sso(dialect, "Remote-User", "vera").session(&session).send(sluice.address);
        assert_user(&answer, "admin", "session");
    }
}

#[test]
fn pytorrents_tinyauth_block_makes_administrators_by_header() {
    let sluice = with(TINYAUTH).start();
    assert!(!shows_a_form(&sluice));
    for dialect in DIALECTS {
        dialect.verify().send(sluice.address).assert_status(401);
        dialect.verify().header("Remote-User", "admin").send(sluice.address).assert_status(401);
        let answer = sso(dialect, "Remote-User", "newcomer").send(sluice.address);
        assert_user(&answer, "newcomer", "sso");
        assert_rights(&answer, "admin", ALL_CAPABILITIES);
        // Passwordless users are kept in step with what is configured.
        assert_rights(&sso(dialect, "Remote-User", "vera").send(sluice.address), "admin", ALL_CAPABILITIES);
    }
}

#[test]
fn pytorrents_proxy_block_makes_users_who_may_everything() {
    let sluice = with(PROXY).start();
    for dialect in DIALECTS {
        let answer = sso(dialect, "X-Forwarded-User", "newcomer").send(sluice.address);
        assert_user(&answer, "newcomer", "sso");
        assert_rights(&answer, "user", ALL_CAPABILITIES);
        assert_rights(
            &sso(dialect, "X-Forwarded-User", "vera").send(sluice.address),
            "user",
            ALL_CAPABILITIES,
        );
        // One with a password stays as they are.
        assert_rights(
            &sso(dialect, "X-Forwarded-User", "admin").send(sluice.address),
            "admin",
            ALL_CAPABILITIES,
        );
        sso(dialect, "Remote-User", "vera").send(sluice.address).assert_status(401);
    }
}

#[test]
fn pytorrents_words_for_permissions_mean_what_its_page_says() {
    for (word, capabilities) in
        [("none", "none"), ("ro", READ_ONLY), ("rw", ALL_CAPABILITIES), ("full", ALL_CAPABILITIES)]
    {
        let block = PROXY.replace("PERMISSION=rw", &format!("PERMISSION={word}"));
        let answer = sso(Dialect::Nginx, "X-Forwarded-User", "newcomer").send(with(&block).start().address);
        assert_rights(&answer, "user", capabilities);
    }
    let block = PROXY.replace("AUTO_CREATE=true", "AUTO_CREATE=false");
    let sluice = with(&block).start();
    sso(Dialect::Nginx, "X-Forwarded-User", "newcomer").send(sluice.address).assert_status(403);
    for (name, value) in [
        ("PYTORRENT_AUTH_PROVIDER", "oauth"),
        ("PYTORRENT_AUTH_PROXY_AUTO_CREATE_ROLE", "root"),
        ("PYTORRENT_AUTH_PROXY_AUTO_CREATE_PERMISSION", "rx"),
        ("PYTORRENT_AUTH_PROXY_AUTO_CREATE", "perhaps"),
    ] {
        let home = Home::new().variable("SLUICE_SSO__SECRET", SECRET).variable(name, value);
        let said = home.fail();
        assert!(said.assert_code(2).err.contains(name), "{said:#?}");
    }
}

#[test]
fn pytorrents_external_providers_are_asked_where_their_address_is_known() {
    for (product, block) in [(Product::Tinyauth, TINYAUTH), (Product::Generic, PROXY)] {
        let provider = Provider::start(product);
        let block = block.replace("X-Forwarded-User", "Remote-User");
        let home = with(&block).variable(
            "SLUICE_UPSTREAM__URL",
            &format!("http://{}{}", provider.address, product.path_in_url()),
        );
        let sluice = home.start();
        assert!(!shows_a_form(&sluice));
        for dialect in DIALECTS {
            let page = || dialect.about("GET", "https", "app.example.com", "/");
            let answer = page().header("Cookie", product.cookie("max")).send(sluice.address);
            assert_user(&answer, "max", "upstream");
            let role = if product == Product::Tinyauth { "admin" } else { "user" };
            assert_rights(&answer, role, ALL_CAPABILITIES);
            let answer = page().header("Cookie", product.cookie("vera")).send(sluice.address);
            assert_rights(&answer, role, ALL_CAPABILITIES);
            page().send(sluice.address).assert_status(401);
        }
        assert_eq!(provider.questions(), 9);
    }
}

#[test]
fn pytorrents_direct_ip_block_lets_the_private_network_in_as_the_administrator() {
    let overview = format!("{TINYAUTH}\nPYTORRENT_AUTH_BYPASS_HOSTS=10.11.1.11:8090,10.11.1.11");
    for block in [DIRECT_IP, &overview] {
        let sluice = with(block).start();
        for dialect in DIALECTS {
            for host in ["10.11.1.11:8090", "10.11.1.11"] {
                let request = dialect.about("GET", "http", host, "/").header("X-Forwarded-For", "10.11.1.5");
                let answer = request.send(sluice.address);
                assert_user(&answer, "admin", "bypass");
                assert_rights(&answer, "admin", ALL_CAPABILITIES);
                // The names of others and the addresses of others still need the provider.
                let answer = dialect.about("GET", "http", host, "/").send(sluice.address);
                answer.assert_status(401);
            }
            let request = dialect.about("GET", "https", "pytorrent.example.com", "/");
            request.header("X-Forwarded-For", "10.11.1.5").send(sluice.address).assert_status(401);
        }
    }
    let named = with(&format!("{DIRECT_IP}\nPYTORRENT_AUTH_BYPASS_USER=vera")).start();
    let request =
        Dialect::Nginx.about("GET", "http", "10.11.1.11", "/").header("X-Forwarded-For", "10.11.1.5");
    let answer = request.send(named.address);
    assert_user(&answer, "vera", "bypass");
    assert_rights(&answer, "user", READ_ONLY);
}

#[test]
fn pytorrents_block_for_proxies_lets_its_own_pages_act() {
    let sluice = with(BEHIND_A_PROXY).start();
    let answer = sluice.sign_in_form("admin", PASSWORD).send(sluice.address);
    let cookie = answer.assert_status(303).set_cookie("sluice_session").expect("a session").to_owned();
    assert!(cookie.contains("; Secure"), "{cookie}");
    let session = crate::support::sluice::session_of(&answer);
    // As behind a proxy that does not know that its clients come over HTTPS.
    let post = |origin: &str| {
        let request = Dialect::Nginx.about("POST", "http", "pytorrent.example.com", "/api/torrents");
        request.session(&session).header("Origin", origin).send(sluice.address)
    };
    post("https://pytorrent.example.com").assert_status(200);
    post("https://other.example.com").assert_status(403);
}

#[test]
fn the_api_origins_win_over_those_of_the_socket() {
    const API: &str = "PYTORRENT_API_ALLOWED_ORIGINS=https://api.test, https://api2.test";
    const SOCKET: &str = "PYTORRENT_SOCKETIO_CORS_ALLOWED_ORIGINS=https://socket.test";
    for (block, api, socket) in [
        (API.to_owned(), 200, 403),
        (SOCKET.to_owned(), 403, 200),
        (format!("{API}\n{SOCKET}"), 200, 403),
        (format!("{SOCKET}\n{API}"), 200, 403),
    ] {
        let sluice = with(&block).start();
        let session = sluice.sign_in("admin", PASSWORD);
        for (origin, status) in
            [("https://api.test", api), ("https://api2.test", api), ("https://socket.test", socket)]
        {
            let request = Dialect::Caddy.about("POST", "http", "app.test", "/").session(&session);
            let answer = request.header("Origin", origin).send(sluice.address);
            assert_eq!(answer.status, status, "{origin} with {block}");
        }
    }
}

#[test]
fn amutorrents_password_makes_the_administrator() {
    let home = PASSWORD_PROTECTION.lines().fold(Home::new(), |home, line| {
        let (name, value) = line.split_once('=').expect("a variable");
        home.variable(name, value)
    });
    let sluice = home.start();
    Dialect::Nginx.verify().send(sluice.address).assert_status(401);
    let session = sluice.sign_in("admin", "your_secure_password");
    let answer = Dialect::Nginx.verify().session(&session).send(sluice.address);
    assert_rights(&answer, "admin", ALL_CAPABILITIES);
}

#[test]
fn amutorrents_trusted_proxy_makes_users_with_its_default_and_leaves_others_alone() {
    let default = "search,add_downloads,remove_downloads,pause_resume,assign_categories,move_files,rename_files,\
                   set_comment,view_history,clear_history,view_shared,view_uploads,view_statistics,\
                   view_all_downloads";
    let sluice = with(TRUSTED_PROXY).start();
    assert!(!shows_a_form(&sluice));
    for dialect in DIALECTS {
        dialect.verify().send(sluice.address).assert_status(401);
        dialect.verify().header("X-Remote-User", "admin").send(sluice.address).assert_status(401);
        sso(dialect, "Remote-User", "admin").send(sluice.address).assert_status(401);
        let answer = sso(dialect, "X-Remote-User", "newcomer").send(sluice.address);
        assert_user(&answer, "newcomer", "sso");
        assert_rights(&answer, "user", default);
        // What an administrator has set is kept.
        assert_rights(&sso(dialect, "X-Remote-User", "vera").send(sluice.address), "user", READ_ONLY);
    }
    let sluice = with(&TRUSTED_PROXY.replace("PROVISION=true", "PROVISION=false")).start();
    sso(Dialect::Nginx, "X-Remote-User", "newcomer").send(sluice.address).assert_status(403);
    let off = with(&TRUSTED_PROXY.replace("ENABLED=true", "ENABLED=false")).start();
    sso(Dialect::Nginx, "X-Remote-User", "vera").send(off.address).assert_status(401);
}

#[test]
fn amutorrents_networks_are_those_of_the_peer_and_empty_means_its_defaults() {
    for (networks, status) in [
        ("", 200),
        ("127.0.0.0/8", 200),
        ("10.0.0.0/8, 127.0.0.1", 200),
        ("10.0.0.0/8", 401),
        ("192.0.2.0/24,172.16.0.0/12", 401),
    ] {
        let sluice = with(&format!("{TRUSTED_PROXY}\nTRUSTED_PROXY_IPS={networks}")).start();
        for dialect in DIALECTS {
            let answer = sso(dialect, "X-Remote-User", "vera").send(sluice.address);
            assert_eq!(answer.status, status, "{networks:?} {dialect:?}");
        }
    }
    let said = with(TRUSTED_PROXY).variable("TRUSTED_PROXY_IPS", "10.0.0.0/33").fail();
    assert!(said.assert_code(2).err.contains("TRUSTED_PROXY_IPS"), "{said:#?}");
    let shown = with(TRUSTED_PROXY).variable("TRUSTED_PROXY_IPS", "").cli(&["check"], "");
    for network in
        ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7", "fe80::/10"]
    {
        let line = shown.out.lines().find(|line| line.starts_with("sso.trusted_ips")).unwrap_or_default();
        assert!(line.contains(network), "{network} in {line}");
    }
}

#[test]
fn a_fresh_store_of_pytorrents_tinyauth_block_has_its_first_administrator_by_header() {
    let home = TINYAUTH.lines().fold(Home::new(), |home, line| {
        let (name, value) = line.split_once('=').expect("a variable");
        home.variable(name, value)
    });
    let sluice = home.variable("SLUICE_SSO__SECRET", SECRET).start();
    Dialect::Nginx.verify().send(sluice.address).assert_status(401);
    let answer = sso(Dialect::Nginx, "Remote-User", "first").send(sluice.address);
    assert_user(&answer, "first", "sso");
    assert_rights(&answer, "admin", ALL_CAPABILITIES);
}
