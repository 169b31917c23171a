//! The nginx blocks of the two pages that Sluice started from, with only the addresses changed.

use tempfile::TempDir;

use super::echo::Echo;
use super::nginx;
use super::process::{free_port, local};
use super::proxy::{Kind, Proxy};
use super::raw::Request;
use super::sluice::{Home, PASSWORD, Sluice, session_of};

/// pyTorrent's page, for Nginx Proxy Manager: its own variables stand for the app's address.
const TINYAUTH: &str = "\
location / {
proxy_pass http://APP;
auth_request /tinyauth;
error_page 401 = @tinyauth_login;
auth_request_set $redirection_url $upstream_http_x_tinyauth_location;
auth_request_set $auth_user $upstream_http_remote_user;
proxy_set_header Remote-User $auth_user;
}
location /tinyauth {
proxy_pass http://GATE/api/auth/nginx;
proxy_set_header x-forwarded-proto $scheme;
proxy_set_header x-forwarded-host $http_host;
proxy_set_header x-forwarded-uri $request_uri;
}
location @tinyauth_login {
return 302 http://HERE/sluice/login?redirect_uri=$scheme://$http_host$request_uri;
}
";

/// aMuTorrent's page for Authelia, with the location that Authelia's own page gives for it. VARIABLE is
/// `$upstream_http_remote_user` on the page, which nginx leaves empty: no variable can be set from itself.
const AUTHELIA: &str = "\
location / {
proxy_pass http://APP;
proxy_set_header X-Remote-User VARIABLE;
# Authelia auth_request
auth_request /authelia;
auth_request_set VARIABLE $upstream_http_remote_user;
}
location /authelia {
internal;
proxy_pass http://GATE/api/authz/auth-request;
proxy_set_header X-Original-Method $request_method;
proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
proxy_set_header Content-Length \"\";
proxy_pass_request_body off;
}
";

/// aMuTorrent's page for authentik; ORIGINAL is the line that authentik's own page has there as well.
const AUTHENTIK: &str = "\
location / {
proxy_pass http://APP;
# Authentik forward auth
auth_request /outpost.goauthentik.io/auth/nginx;
auth_request_set $authentik_username $upstream_http_x_authentik_username;
proxy_set_header X-Remote-User $authentik_username;
}
location /outpost.goauthentik.io {
proxy_pass http://GATE/outpost.goauthentik.io;
ORIGINAL
}
";

struct Page {
    app: Echo,
    sluice: Sluice,
    proxy: Proxy,
}

/// nginx with a block of a page, and Sluice's own pages beside it.
#[track_caller]
fn behind(block: &str) -> Page {
    behind_with(block, "")
}

/// The same with settings.
#[track_caller]
fn behind_with(block: &str, settings: &str) -> Page {
    let app = Echo::start();
    let sluice = Home::new().with(settings).user("vera", &["--preset", "read-only"]).start();
    let port = free_port();
    let block = block
        .replace("APP", &app.address.to_string())
        .replace("GATE", &sluice.address.to_string())
        .replace("HERE", &local(port).to_string());
    let server = format!(
        "server {{\nlisten 127.0.0.1:{port};\n{block}location /sluice/ {{ proxy_pass http://{}; \
         proxy_set_header Host $http_host; }}\n}}\n",
        sluice.address
    );
    let dir = TempDir::new().expect("a temporary directory");
    let proxy = nginx::start_with(dir, port, &server);
    assert_eq!(proxy.kind, Kind::Nginx);
    Page { app, sluice, proxy }
}

impl Page {
    #[track_caller]
    fn sign_in(&self) -> String {
        let origin = format!("http://{}", self.proxy.address);
        let form = Request::post("/sluice/login").header("Origin", origin);
        session_of(&form.form(&[("username", "vera"), ("password", PASSWORD)]).send(self.proxy.address))
    }

    /// What the app is told in `header` of somebody signed in who forges it.
    #[track_caller]
    fn told(&self, header: &str) -> String {
        let request = Request::get("/page?x=1").session(&self.sign_in()).header(header, "admin");
        request.send(self.proxy.address).assert_status(200);
        self.app.seen().last().expect("the app was reached").one(header).to_owned()
    }
}

/// pyTorrent's block leads to the sign-in page and back, query and all, and names the user.
pub fn pytorrents_block_works_with_the_address_changed() {
    let page = behind(TINYAUTH);
    let target = "/page?p2=2&p3=3&redirect_uri=x";
    let refused = page_of(&page, &Request::get(target).navigating().header("Remote-User", "admin"));
    let here = format!("http://{}", page.proxy.address);
    let sign_in = format!("{here}/sluice/login?redirect_uri={here}{target}");
    assert_eq!(refused.assert_status(302).location(), Some(sign_in.as_str()));
    page.app.assert_never_reached();
    let path = sign_in.strip_prefix(&here).expect("our own page");
    let form = page_of(&page, &Request::get(path).navigating());
    let hidden = format!("value=\"{here}{}\"", target.replace('&', "&#38;"));
    assert!(form.assert_status(200).text().contains(&hidden), "{hidden} in {}", form.text());
    assert_eq!(page.told("Remote-User"), "vera");
}

fn page_of(page: &Page, request: &Request) -> super::raw::Answer {
    request.send(page.proxy.address)
}

/// aMuTorrent's block for Authelia lets in whom it should, and no forged name; with a variable of its own it names
/// the user, too.
pub fn amutorrents_authelia_block_works_with_the_address_changed() {
    let as_printed = behind(&AUTHELIA.replace("VARIABLE", "$upstream_http_remote_user"));
    page_of(&as_printed, &Request::get("/page").header("X-Remote-User", "admin")).assert_status(401);
    as_printed.app.assert_never_reached();
    let request = Request::get("/page").session(&as_printed.sign_in()).header("X-Remote-User", "admin");
    page_of(&as_printed, &request).assert_status(200);
    assert_eq!(as_printed.app.seen()[0].all("x-remote-user"), [""; 0]);
    assert_eq!(behind(&AUTHELIA.replace("VARIABLE", "$remote_name")).told("X-Remote-User"), "vera");
}

/// aMuTorrent's block for authentik, which needs the line that says what is asked about; the log names it.
pub fn amutorrents_authentik_block_works_with_the_line_that_the_log_names() {
    let without = behind(&AUTHENTIK.replace("ORIGINAL\n", ""));
    page_of(&without, &Request::get("/page").header("X-Remote-User", "admin")).assert_status(403);
    let line = "proxy_set_header X-Original-URL $scheme://$host$request_uri;";
    without.sluice.process.log.wait_for("the missing line", |text| text.contains(line).then_some(()));
    without.app.assert_never_reached();

    let line = "proxy_set_header X-Original-URL $scheme://$http_host$request_uri;";
    let page = behind(&AUTHENTIK.replace("ORIGINAL", line));
    page_of(&page, &Request::get("/page").header("X-Remote-User", "admin")).assert_status(401);
    assert_eq!(page.told("X-Remote-User"), "vera");
}

/// What these blocks do not set, a client can write itself: none of it counts.
pub fn a_client_gains_nothing_by_what_the_blocks_leave_to_it() {
    let line = "proxy_set_header X-Original-URL $scheme://$http_host$request_uri;";
    let settings = "origins.allowed = [\"https://dash.example.com\"]\n[bypass]\nhosts = [\"10.11.1.11\"]\nuser = \"vera\"";
    for block in [TINYAUTH.to_owned(), AUTHENTIK.replace("ORIGINAL", line)] {
        let page = behind_with(&block, settings);
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            let preflight = Request::new(method, "/api/torrents/delete?all=1")
                .header("X-Forwarded-Method", "OPTIONS")
                .header("X-Original-Method", "OPTIONS")
                .header("Origin", "https://dash.example.com")
                .header("Access-Control-Request-Method", "POST");
            assert!([302, 401].contains(&page_of(&page, &preflight).status), "{method}");
        }
        let near = Request::get("/page")
            .host("10.11.1.11")
            .header("X-Forwarded-For", "10.0.0.5")
            .header("X-Original-URL", "http://10.11.1.11/");
        assert!([302, 401].contains(&page_of(&page, &near).status));
        page.app.assert_never_reached();
        // A method of the client's own passes no page of another site off as safe.
        let foreign = Request::post("/page")
            .session(&page.sign_in())
            .header("X-Forwarded-Method", "GET")
            .header("X-Original-Method", "GET")
            .header("Origin", "http://evil.test");
        page_of(&page, &foreign).assert_status(403);
        page.app.assert_never_reached();
    }
}
