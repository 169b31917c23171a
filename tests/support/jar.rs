//! A browser's cookies and its redirects, over a client that sends exactly what it is given.

use std::net::SocketAddr;

use url::Url;

use super::raw::{Answer, Request};

/// More redirects than that are a loop to a browser.
const MOST_REDIRECTS: usize = 20;

#[derive(Debug, PartialEq, Eq)]
struct Kept {
    name: String,
    value: String,
    path: String,
    /// The host that set it, or the domain that it is for.
    host: String,
    is_for_domain: bool,
    is_secure: bool,
}

impl Kept {
    fn goes_to(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let below = host.strip_suffix(&self.host).is_some_and(|rest| rest.ends_with('.'));
        let path = url.path().strip_prefix(&self.path);
        let in_path =
            path.is_some_and(|rest| self.path.ends_with('/') || rest.is_empty() || rest.starts_with('/'));
        (host == self.host || (self.is_for_domain && below))
            && in_path
            && (!self.is_secure || url.scheme() == "https")
    }
}

/// A browser that is at the proxy, whatever host it asks for.
#[derive(Debug)]
pub struct Jar {
    proxy: SocketAddr,
    kept: Vec<Kept>,
    /// Whether it keeps cookies.
    pub keeps: bool,
}

impl Jar {
    pub fn new(proxy: SocketAddr) -> Self {
        Self { proxy, kept: Vec::new(), keeps: true }
    }

    /// Opens a page and follows where it leads; gives the last answer and its address.
    #[track_caller]
    pub fn open(&mut self, url: &str) -> (Answer, Url) {
        self.follow(url, Request::navigating)
    }

    /// The same by a program or a browser that says what it is in another way.
    #[track_caller]
    pub fn follow(&mut self, url: &str, as_whom: impl Fn(Request) -> Request) -> (Answer, Url) {
        let mut url = Url::parse(url).expect("an address");
        for _ in 0..MOST_REDIRECTS {
            let answer = self.send(&url, as_whom(get(&url)));
            match answer.location() {
                Some(next) if (300..400).contains(&answer.status) => {
                    url = url.join(next).unwrap_or_else(|error| panic!("{next}: {error}"));
                }
                _ => return (answer, url),
            }
        }
        panic!("a loop of redirects at {url}");
    }

    /// Sends what a script of an open page would.
    #[track_caller]
    pub fn fetch(&mut self, url: &str) -> Answer {
        let url = Url::parse(url).expect("an address");
        let request = get(&url).header("Accept", "*/*").header("Sec-Fetch-Mode", "cors");
        self.send(&url, request.header("Sec-Fetch-Site", "same-origin"))
    }

    /// Sends a form from a page of the same host.
    #[track_caller]
    pub fn submit(&mut self, url: &str, fields: &[(&str, &str)]) -> Answer {
        let url = Url::parse(url).expect("an address");
        let request = Request::post(target(&url)).header("Origin", url.origin().ascii_serialization());
        self.send(&url, request.form(fields))
    }

    /// Sends a request for this address with the cookies that go there, and keeps those that come.
    #[track_caller]
    pub fn send(&mut self, url: &Url, request: Request) -> Answer {
        let request = request.host(&authority(url));
        let cookies = self.cookies_for(url);
        let request = if cookies.is_empty() { request } else { request.header("Cookie", cookies) };
        let answer = request.send(self.proxy);
        for cookie in answer.all("set-cookie") {
            self.keep(url, cookie);
        }
        answer
    }

    /// The cookies that go to this address, as a header has them.
    pub fn cookies_for(&self, url: &Url) -> String {
        let pairs = self.kept.iter().filter(|kept| kept.goes_to(url));
        pairs.map(|kept| format!("{}={}", kept.name, kept.value)).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, url: &Url, cookie: &str) {
        let mut parts = cookie.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie");
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut kept = Kept {
            name: name.to_owned(),
            value: value.to_owned(),
            path: "/".to_owned(),
            host,
            is_for_domain: false,
            is_secure: false,
        };
        let mut is_over = false;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.to_ascii_lowercase().as_str() {
                "path" => value.clone_into(&mut kept.path),
                "domain" => {
                    kept.is_for_domain = true;
                    value.trim_start_matches('.').clone_into(&mut kept.host);
                }
                "secure" => kept.is_secure = true,
                "max-age" => is_over = value == "0",
                _ => {}
            }
        }
        let key = |kept: &Kept| (kept.name.clone(), kept.path.clone(), kept.host.clone(), kept.is_for_domain);
        let this = key(&kept);
        self.kept.retain(|other| key(other) != this);
        if self.keeps && !is_over {
            self.kept.push(kept);
        }
    }
}

fn target(url: &Url) -> &str {
    &url[url::Position::BeforePath..url::Position::AfterQuery]
}

fn authority(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
}

fn get(url: &Url) -> Request {
    Request::get(target(url))
}
