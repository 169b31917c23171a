//! The audit log: its page, its table and its list of the API.

use serde_json::Value;

use super::{ask, database, gate, page};
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice};

/// Writes events, as if they had happened: ids from 1,000,001 on, all in one second each.
#[track_caller]
fn happened(sluice: &Sluice, count: u32, kind: &str) {
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO events (id, at, type, actor, subject, app, address, detail)
        SELECT 1000000 + i, 1000000000 + i, ?2, iif(i % 2, 'eve', 'mallory'), NULL, 'sonarr', '192.0.2.1',
               '{\"route\":\"/<b>' || i || '\",\"method\":\"GET\",\"cause\":\"the rule\"}' FROM n";
    database(sluice).execute(sql, rusqlite::params![count, kind]).expect("written");
}

#[test]
fn the_audit_log_is_filtered_and_comes_in_pages() {
    let sluice = gate();
    let ada = sluice.sign_in("ada", PASSWORD);
    happened(&sluice, 130, "request.refused");
    let count = |html: &str| html.matches("<li class=\"refused\">").count();
    let mut path = "/audit?types=request.refused&actor=EVE".to_owned();
    let mut numbers = Vec::new();
    for expected in [50, 15] {
        let html = page(&sluice, &ada, &path);
        assert_eq!(count(&html), expected, "{html}");
        assert!(html.contains("Rule: the rule") && html.contains("eve was refused in sonarr"), "{html}");
        let found = html
            .split("/&#60;b&#62;")
            .skip(1)
            .map(|rest| rest.split('.').next().unwrap_or_default().to_owned());
        numbers.extend(found.filter_map(|number| number.parse::<u32>().ok()));
        if let Some((_, rest)) = html.split_once("before=") {
            let before = rest.split('"').next().unwrap_or_default().to_owned();
            path = format!("/audit?types=request.refused&actor=eve&before={before}");
        }
    }
    assert_eq!(numbers, (1..=130).rev().filter(|number| number % 2 == 1).collect::<Vec<_>>());

    for (query, expected) in [
        ("from=2001-09-09&to=2001-09-09", 50),
        ("from=2001-09-10&to=2001-09-11", 0),
        ("app=qbittorrent", 0),
        ("app=sonarr&actor=mallory", 50),
        ("types=key.*&app=sonarr", 0),
        ("subject=vera&types=request.refused", 0),
    ] {
        assert_eq!(count(&page(&sluice, &ada, &format!("/audit?{query}"))), expected, "{query}");
    }
    for query in ["from=yesterday", "to=2001-13-01", "from=2002-01-02&to=2002-01-01", "types=nothing"] {
        let html = ask(&sluice, &ada, &format!("/audit?{query}")).assert_status(422).text();
        assert!(html.contains("aria-invalid=\"true\"") && html.contains("role=\"alert\""), "{html}");
        ask(&sluice, &ada, &format!("/audit.csv?{query}")).assert_status(422);
    }
    assert!(
        ask(&sluice, &ada, "/audit?from=yesterday").text().contains("value=\"yesterday\""),
        "nothing typed is lost"
    );
}

#[test]
fn the_table_holds_all_of_a_filter_and_no_formula() {
    let sluice = gate();
    let ada = sluice.sign_in("ada", PASSWORD);
    happened(&sluice, 2_500, "action");
    let sql = "INSERT INTO events (at, type, actor, address, detail) VALUES (1, 'action', '=cmd()', '+1', '{\"a\":\"x,\\\"y\"}')";
    database(&sluice).execute(sql, []).expect("written");
    let answer = ask(&sluice, &ada, "/audit.csv?types=action");
    assert_eq!(answer.assert_status(200).header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"sluice-audit.csv\""));
    let text = answer.text();
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(lines[0], "id,time,type,actor,subject,app,address,detail");
    assert_eq!(lines.len(), 2_502);
    assert!(
        lines[1].ends_with(",1970-01-01T00:00:01Z,action,'=cmd(),,,'+1,\"{\"\"a\"\":\"\"x,\\\"\"y\"\"}\""),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].starts_with("1002500,2001-09-09T02:28:20Z,action,mallory,,sonarr,192.0.2.1,"),
        "{}",
        lines[2]
    );
    assert!(lines[2_501].starts_with("1000001,"), "{}", lines[2_501]);
    let none = ask(&sluice, &ada, "/audit.csv?types=owner.*").assert_status(200).text();
    assert_eq!(none, "id,time,type,actor,subject,app,address,detail\r\n");
}

#[test]
fn the_api_lists_the_same_and_the_day() {
    let home = Home::new()
        .with("[[app]]\nname = \"sonarr\"")
        .user("ada", &["--admin"])
        .user("vera", &["--preset", "read-only"]);
    let (key, other) = (home.key("ada", "automation"), home.key("vera", "phone"));
    let sluice = home.start();
    happened(&sluice, 130, "action");
    let ask = |key: &str, path: &str| {
        Request::get(&format!("/sluice/api/v1{path}")).header("X-API-Key", key).send(sluice.address)
    };
    let list = |path: &str| -> Value { ask(&key, path).assert_status(200).json() };
    let first = list(
        "/audit?types=action&limit=100&actor=eve&since=2001-09-09T01:46:40Z&until=2001-09-10T00:00:00%2B02:00",
    );
    assert_eq!(first["items"].as_array().map(Vec::len), Some(65));
    assert_eq!(first["next"], Value::Null);
    let entry = &first["items"][0];
    assert_eq!(
        (&entry["id"], &entry["type"], &entry["actor"]),
        (&1_000_129.into(), &"action".into(), &"eve".into())
    );
    assert_eq!((&entry["at"], &entry["cause"]), (&"2001-09-09T01:48:49Z".into(), &"the rule".into()));
    let page = list("/audit?types=action&limit=100");
    let next = page["next"].as_str().expect("a further page");
    assert_eq!(
        list(&format!("/audit?types=action&limit=100&after={next}"))["items"].as_array().map(Vec::len),
        Some(30)
    );
    for wrong in ["types=nothing", "since=yesterday", "until=2001-09-10"] {
        let problem = ask(&key, &format!("/audit?{wrong}"));
        assert_eq!(problem.assert_status(422).header("content-type"), Some("application/problem+json"));
        assert_eq!(problem.json()["errors"][0]["field"], wrong.split('=').next().unwrap_or_default());
        ask(&key, &format!("/audit.csv?{wrong}")).assert_status(422);
    }
    for unknown in
        ["/audit?limit=0", "/audit?limit=999", "/audit?colour=red", "/audit.csv?limit=1", "/audit?after=0"]
    {
        ask(&key, unknown).assert_status(400);
    }
    let table = ask(&key, "/audit.csv?types=action").assert_status(200).text();
    assert_eq!(table.split_terminator("\r\n").count(), 131);
    let traffic = list("/traffic");
    assert_eq!(traffic["hours"].as_array().map(Vec::len), Some(24));
    for path in ["/audit", "/audit.csv", "/traffic"] {
        ask(&other, path).assert_status(403);
        ask("sluice_wrong", path).assert_status(401);
    }
}
