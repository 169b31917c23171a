//! The description of the API, held against what the service answers.

use std::process::Command;

use super::{API, Gate};
use crate::support::process::tool;

/// Schemathesis sends what the description allows and what it forbids, and reads every answer.
#[test]
fn whatever_is_sent_the_answer_is_in_the_description() {
    let mut gate = Gate::start();
    let bearer = format!("Authorization: Bearer {}", gate.key);
    let output = Command::new(tool("schemathesis"))
        .arg("run")
        .arg(format!("{}{API}/openapi.json", gate.sluice.origin()))
        .args(["-H", &bearer, "-H", &format!("X-API-Key: {}", gate.key)])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"])
        .args([
            "--checks",
            "response_schema_conformance,response_headers_conformance,negative_data_rejection",
        ])
        .args(["--max-examples", "40", "--seed", "1", "--no-color"])
        // Whatever revokes or ends may hit what the run itself goes by.
        .args(["--exclude-method", "DELETE"])
        .current_dir(gate.sluice.home.file("data"))
        .env("NO_PROXY", "*")
        .output()
        .expect("schemathesis runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Fuzzing"), "{said}");
    gate.sluice.assert_no_panic();
}
