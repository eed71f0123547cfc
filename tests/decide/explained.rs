//! Decisions of the component in the log, by `coffer check`, and in the tests of a policy.

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::support::{COFFER, Guest, eventually, raw};

#[tokio::test]
async fn it_is_swapped_in_while_the_host_serves_and_its_reason_is_logged() {
    let server = Setup::policy(&iam())
        .component(include_bytes!("../../target/component/coffer.wasm"))
        .args(&["--watch-interval", "20ms"])
        .start();
    let held = claiming("ann", &json!({ "holds": ["case/"] }));
    let put = || server.put("/v1/user/files/case/a", "x").bearer_auth(&held);
    assert_eq!([status(put()).await, status(put()).await], [201, 200]);
    fs::write(server.component_file(), composed()).unwrap();
    let address = server.operations.trim_start_matches("http://").to_owned();
    let request =
        format!("GET /component HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    eventually("it is swapped in", || {
        let (_, _, body) = raw(&address, request.as_bytes());
        serde_json::from_slice::<Value>(&body).unwrap()["swaps"] == 1
    });
    let refused = put().send().await.unwrap();
    assert_eq!(refused.status(), 403);
    // The client learns no more than from a rule.
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/forbidden");
    assert!(!problem.to_string().contains("hold"), "{problem}");
    eventually("the reason is logged", || {
        server.log().contains("denied it: case/a is on legal hold")
    });
}

/// What `coffer check` prints about the composition, and its exit status.
fn check(caller: &str, question: &str) -> (String, Option<i32>) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("composed.wasm");
    fs::write(&file, composed()).unwrap();
    let mut command = std::process::Command::new(COFFER);
    command
        .arg("check")
        .arg(&file)
        .args(["--dev", "--as", caller, question]);
    let output = command.env("COFFER_ENV", "test").output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (String::from_utf8(printed).unwrap(), output.status.code())
}

#[test]
fn check_says_that_the_component_decided_and_why() {
    let contract = "read org/contracts/ann+bob/lease.pdf";
    for (caller, question, expected, code) in [
        ("user=ann,org=acme", contract, "allowed", 0),
        (
            "user=eve,org=acme",
            contract,
            "the caller is not a signatory",
            1,
        ),
    ] {
        let (printed, ended) = check(caller, question);
        assert_eq!(ended, Some(code), "{printed}");
        for words in [expected, "the component that decides"] {
            assert!(printed.contains(words), "{words} in {printed}");
        }
    }
    let (printed, _) = check("user=ann,org=acme", "read org/plan.txt");
    assert!(!printed.contains("the component that decides"), "{printed}");
}

#[tokio::test]
async fn the_tests_of_a_policy_are_decided_by_both() {
    let rules = "[org]\nread = \"nobody\"\n[[test]]\nas = { user = \"ann\", org = \"acme\" }\n\
                 may = [\"read org/contracts/ann+bob/a\"]\nmay-not = [\"read org/a\"]\n";
    let server = deciding(rules);
    let ann = claiming("ann", &json!({}));
    let read = server.get("/v1/org/files/contracts/ann+bob/a");
    assert_eq!(status(read.bearer_auth(&ann)).await, 404);
}

#[tokio::test]
async fn a_trap_brings_back_no_earlier_decisions() {
    let server = Setup::policy(&iam())
        .component(&composed())
        .args(&["--watch-interval", "0s", "--probation", "1h"])
        .start();
    let trapping = Guest::new("unreachable").build();
    fs::write(server.component_file(), trapping).unwrap();
    let address = server.operations.trim_start_matches("http://").to_owned();
    let operate = |request: &str| {
        let message = format!("{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        let (_, _, body) = raw(&address, message.as_bytes());
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    operate("POST /component/reload");
    for _ in 0..10 {
        assert_eq!(status(server.get("/v1/public/files/evil")).await, 500);
    }
    let after = operate("GET /component");
    assert_eq!(
        (&after["swaps"], &after["rollbacks"]),
        (&1.into(), &0.into())
    );
}
