//! The packs against lists of requests that were made without them: `tests/packs/*.cases`.

use std::{fs, path::Path, sync::Arc};

use super::Packs;
use crate::policy::{
    app::{App, AppName},
    needs::Needs,
    pack::Pack,
    route::Verb,
    routes::Sought,
    rpc::Calls,
};

/// A line of a list.
struct Case {
    text: String,
    method: String,
    path: String,
    query: String,
    call: Vec<String>,
    needs: Needs,
}

fn cases(name: &str) -> Vec<Case> {
    let file = Path::new("tests/packs").join(format!("{name}.cases"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(|line| case(line).unwrap_or_else(|| panic!("{name}: {line}"))).collect()
}

fn case(line: &str) -> Option<Case> {
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    let (method, address, call, needs) = match words[..] {
        ["RPC", path, call, needs] => ("POST", path, vec![call.to_owned()], needs),
        [method, address, needs] => (method, address, Vec::new(), needs),
        _ => return None,
    };
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    Some(Case {
        text: line.to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        call,
        needs: Needs::parse(needs, |_| None).ok()?,
    })
}

fn app(pack: &Arc<Pack>) -> App {
    App::plain(AppName::parse("app").unwrap(), Arc::clone(pack))
}

fn packs() -> impl Iterator<Item = (String, Arc<Pack>)> {
    Packs::COMPILED_IN.names().into_iter().map(|name| {
        let pack = Packs::COMPILED_IN.named(&name).unwrap_or_else(|error| panic!("{error}"));
        (name, pack)
    })
}

fn verb(method: &str) -> Option<Verb> {
    (method != "WS").then(|| Verb::parse(method))
}

#[test]
fn every_route_of_every_app_needs_what_it_should() {
    let mut wrong = Vec::new();
    for (name, pack) in packs() {
        let app = app(&pack);
        for case in cases(&name) {
            let calls = if case.call.is_empty() { Calls::Unseen } else { Calls::Named(&case.call) };
            let request = Sought {
                verb: verb(&case.method),
                overridden: false,
                path: &case.path,
                query: &case.query,
                calls,
            };
            let needs = app.ruling(&request, |_, _| {}).needs;
            if needs != case.needs {
                wrong.push(format!("{name}: {} but {needs}", case.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Other spellings of a path that some app could read as the same.
fn spellings(path: &str) -> Vec<String> {
    let last = path.rfind('/').unwrap_or(0);
    let (before, after) = path.split_at(last);
    let first = path.as_bytes().get(1).copied().unwrap_or(b'x');
    let rest = path.get(2..).unwrap_or("");
    vec![
        path.to_ascii_uppercase(),
        path.to_ascii_lowercase(),
        format!("{path}/"),
        format!("/{path}"),
        format!("{path}//"),
        format!("/.{path}"),
        format!("{path}/."),
        format!("/x/..{path}"),
        format!("/static/..{path}"),
        format!("/x/%2e%2e{path}"),
        format!("{before}/{after}"),
        format!("{before}%2f{}", after.trim_start_matches('/')),
        format!("{before}\\{}", after.trim_start_matches('/')),
        format!("{path};x=y"),
        format!("{path}%3bx"),
        format!("{path}%00"),
        format!("{path}%20"),
        format!("{path}%3f"),
        format!("{path}%23"),
        format!("/%{first:02x}{rest}"),
        format!("/%25{first:02x}{rest}"),
        format!("{path}.json"),
        format!("{path}%c0%af"),
    ]
}

#[test]
fn what_nobody_may_do_is_so_in_every_spelling_below_every_path() {
    let mut passed = Vec::new();
    for (name, pack) in packs() {
        for base_path in ["", "/rt", "/apps/rt"] {
            let app = App { base_path: base_path.to_owned(), ..app(&pack) };
            for case in cases(&name).iter().filter(|case| case.needs == Needs::Deny) {
                let other_names =
                    |path: &String| [".json", "%20", "%c0%af"].iter().any(|end| path.ends_with(end));
                let below = spellings(&format!("{base_path}{}", case.path));
                let within = spellings(&case.path).into_iter().map(|path| format!("{base_path}{path}"));
                for path in below.into_iter().chain(within).filter(|path| !other_names(path)) {
                    let (verb, query) = (verb(&case.method), &*case.query);
                    let request =
                        Sought { verb, overridden: false, path: &path, query, calls: Calls::Unseen };
                    if app.ruling(&request, |_, _| {}).needs != Needs::Deny {
                        passed.push(format!("{name}: {} {path}", case.method));
                    }
                }
            }
        }
    }
    assert!(passed.is_empty(), "{} of them:\n{}", passed.len(), passed[..passed.len().min(40)].join("\n"));
}

#[test]
fn no_other_spelling_and_no_other_method_needs_less() {
    let mut wider = Vec::new();
    for (name, pack) in packs().filter(|(name, _)| name != "generic") {
        let app = app(&pack);
        let needs = |verb, path: &str, query: &str| {
            app.ruling(&Sought { verb, overridden: false, path, query, calls: Calls::Unseen }, |_, _| {})
                .needs
        };
        for case in cases(&name).iter().filter(|case| case.call.is_empty()) {
            let mut check = |how: &str, found: Needs| {
                let least = if case.needs == Needs::Deny { Needs::Admin } else { case.needs };
                if found.and(least) != found {
                    wider.push(format!("{name}: {} but {found} by {how}", case.text));
                }
            };
            for path in spellings(&case.path) {
                // Another name below the same folder is another resource, unless an app reads it as the same.
                let suffixed = path.ends_with(".json") || path.ends_with("%20");
                // A case of an unlisted spelling is listed in another.
                let respelled = case.needs == Needs::Admin && path.eq_ignore_ascii_case(&case.path);
                if !suffixed && !respelled {
                    check(&path, needs(verb(&case.method), &path, &case.query));
                }
            }
            if case.needs != Needs::Admin && case.method != "WS" {
                let by_any = needs(Some(Verb::Unknown), &case.path, &case.query);
                check("an override header", by_any);
                assert_ne!(by_any, Needs::Public, "{}", case.text);
            }
            for method in ["get", "Post", "PURGE", "PROPFIND", "TRACE", "CONNECT"] {
                check(method, needs(Some(Verb::parse(method)), &case.path, &case.query));
            }
            if case.needs == Needs::Public {
                assert_ne!(needs(None, &case.path, ""), Needs::Public, "{}", case.text);
            } else if case.method != "WS" {
                let socket = needs(None, &case.path, "");
                assert_ne!(socket, Needs::Public, "{}", case.text);
            }
        }
    }
    assert!(wider.is_empty(), "{} of them:\n{}", wider.len(), wider[..wider.len().min(60)].join("\n"));
}
