//! How a shadow policy begins and ends: by request, by file, with the component, and in force.

use std::fs;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::support::COFFER;

const OPEN: &str = "[public]\ncreate = \"anyone\"\n";
const CLOSED: &str = "[public]\ncreate = \"nobody\"\n";

async fn store(server: &Server, name: &str) -> u16 {
    status(server.put(&format!("/v1/public/files/{name}"), "x")).await
}

async fn component(server: &Server) -> Value {
    operate(server, Method::GET, "/component", "").await.1
}

#[tokio::test]
async fn a_shadow_is_put_looked_at_and_deleted() {
    let server = Setup::policy(OPEN).start();
    let state = shadow(&server).await;
    let off = json!({"state": "off", "share": 1.0, "dropped": null, "refused": null});
    assert_eq!(state, off);
    let (status, _) = operate(&server, Method::DELETE, "/shadow", "").await;
    assert_eq!(status, 404);
    begin(&server, CLOSED).await;
    assert_eq!(store(&server, "a").await, 201);
    compared(&server, 2).await;
    let state = shadow(&server).await;
    assert_eq!(
        (&state["state"], &state["source"], &state["component"]),
        (
            &json!("running"),
            &json!("request"),
            &component(&server).await["component"]
        )
    );
    // Another one counts from the start.
    begin(&server, OPEN).await;
    assert_eq!(shadow(&server).await["decisions"]["would_deny"], 0);
    let (status, _) = operate(&server, Method::DELETE, "/shadow", "").await;
    assert_eq!(status, 204);
    assert_eq!(shadow(&server).await, off);
    assert_eq!(store(&server, "b").await, 201);
    assert_eq!(counted(&server, "create", "public", "would_deny").await, 1);
}

#[tokio::test]
async fn a_document_with_a_mistake_is_refused_and_the_shadow_before_stays() {
    let server = Setup::policy(OPEN).start();
    begin(&server, CLOSED).await;
    let long = format!("# {}\n{OPEN}", "x".repeat(1 << 20));
    for (document, expected, reason) in [
        ("[public]\n\nreed = \"anyone\"\n", 422, "line 3: "),
        ("", 422, "it is empty"),
        ("no toml", 422, "line 1"),
        (&long, 413, "at most 1048576 bytes"),
    ] {
        let (status, problem) = operate(&server, Method::PUT, "/shadow", document).await;
        assert_eq!(status, expected, "{problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(reason), "{detail}");
        let state = shadow(&server).await;
        assert_eq!(state["policy"], digest(CLOSED), "{state}");
        if expected == 422 {
            let refused = state["refused"]["reason"].as_str().unwrap();
            assert!(detail.ends_with(refused), "{state}");
        }
    }
    let url = format!("{}/shadow", server.operations);
    let put = Client::new().put(&url).body(&b"\xff"[..]);
    assert_eq!(put.send().await.unwrap().status(), 422);
    let page = Client::new()
        .put(&url)
        .header("origin", "https://evil.example");
    assert_eq!(page.body(OPEN).send().await.unwrap().status(), 403);
    let post = Client::new().post(&url).send().await.unwrap();
    assert_eq!(
        (post.status().as_u16(), &post.headers()["allow"]),
        (405, &"GET, HEAD, PUT, DELETE".parse().unwrap())
    );
    assert_logged(&server, &[" ERROR ", "shadow policy: refused", "line 3: "]);
    assert_eq!(store(&server, "a").await, 201);
    let decisions = compared(&server, 2).await;
    assert_eq!(decisions["would_deny"], 1);
}

#[tokio::test]
async fn a_shadow_is_promoted_and_rolled_back() {
    let server = Setup::policy(OPEN).start();
    let promote = || operate(&server, Method::POST, "/component/promote", "");
    let (status, problem) = promote().await;
    assert_eq!(
        (status, &problem["detail"]),
        (409, &json!("no shadow policy is running"))
    );
    begin(&server, CLOSED).await;
    assert_eq!(store(&server, "a").await, 201);
    let (status, promoted) = promote().await;
    assert_eq!((status, &promoted["policy"]), (200, &json!(digest(CLOSED))));
    assert_eq!(store(&server, "b").await, 403);
    assert_eq!(shadow(&server).await["state"], "off");
    let after = component(&server).await;
    assert_eq!(after["previous"]["policy"], digest(OPEN));
    assert_eq!((&after["swaps"], promote().await.0), (&json!(1), 409));
    assert_logged(
        &server,
        &["swapped", "promoted by an operator", &digest(CLOSED)],
    );
    let (status, _) = operate(&server, Method::POST, "/component/rollback", "").await;
    assert_eq!(status, 200);
    assert_eq!(component(&server).await["policy"], digest(OPEN));
    assert_eq!(store(&server, "c").await, 201);
}

#[tokio::test]
async fn a_shadow_that_opens_more_without_saying_so_is_not_promoted_and_stays() {
    let strict = policy("[public]\nread = \"signed-in\"\n");
    let server = Setup::policy(&strict).start();
    begin(&server, &policy("")).await;
    let (status, problem) = operate(&server, Method::POST, "/component/promote", "").await;
    assert_eq!(status, 422, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("opens more than the one in force"),
        "{detail}"
    );
    let after = component(&server).await;
    assert_eq!(
        (&after["policy"], &after["swaps"]),
        (&json!(digest(&strict)), &json!(0))
    );
    assert_eq!(after["refused"]["reason"], detail);
    assert_eq!(shadow(&server).await["state"], "running");
}

#[tokio::test]
async fn a_file_is_a_shadow_from_the_start_and_again_when_it_changes() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("next.toml");
    fs::write(&file, CLOSED).unwrap();
    let server = Setup::policy(OPEN)
        .args(&["--shadow-policy", file.to_str().unwrap()])
        .args(&["--watch-interval", "20ms"])
        .start();
    let state = shadow(&server).await;
    assert_eq!(
        (&state["state"], &state["source"], &state["policy"]),
        (&json!("running"), &json!("file"), &json!(digest(CLOSED)))
    );
    assert_eq!(store(&server, "a").await, 201);
    compared(&server, 2).await;
    fs::write(&file, "[public]\nreed = 1\n").unwrap();
    assert_logged(&server, &["shadow policy: refused", "line 2"]);
    assert_eq!(shadow(&server).await["policy"], digest(CLOSED));
    let third = "[public]\nread = \"nobody\"\n";
    fs::write(&file, third).unwrap();
    assert_logged(&server, &["shadow policy: started", &digest(third)]);
    // A file that is not there keeps no policy from changing, and what was ended stays so.
    let (status, _) = operate(&server, Method::DELETE, "/shadow", "").await;
    assert_eq!(status, 204);
    fs::write(server.policy_file(), CLOSED).unwrap();
    assert_logged(&server, &["swapped", &digest(CLOSED)]);
    assert_eq!(shadow(&server).await["state"], "off");
    fs::remove_file(&file).unwrap();
    assert_logged(&server, &["shadow policy: refused", "No such file"]);
    fs::write(server.policy_file(), OPEN).unwrap();
    eventually("the policy is in force", || {
        !lines(&server, &["swapped", &digest(OPEN)]).is_empty()
    });
}

#[test]
fn a_start_with_a_shadow_that_is_refused_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("next.toml");
    for (content, reason) in [
        (
            Some("[public]\nreed = 1\n"),
            "coffer: the shadow policy was refused: the policy: line 2: ",
        ),
        (Some(""), "it is empty"),
        (None, "coffer: the shadow policy "),
    ] {
        let _ = fs::remove_file(&file);
        if let Some(content) = content {
            fs::write(&file, content).unwrap();
        }
        let ended = Command::new(COFFER)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--ops-listen",
                "off",
                "--log",
                "off",
            ])
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .arg("--shadow-policy")
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains(reason) && said.lines().count() == 1, "{said}");
    }
}

#[tokio::test]
async fn another_component_takes_the_shadow_over_or_ends_it() {
    let guest = |status: u32| {
        let answer = format!(
            "(drop (call $report-request))
            (call $answer (local.get $out) (i32.const {status}))"
        );
        Guest::new(&answer)
            .judging("(call $deny (local.get $count))")
            .build()
    };
    let server = Setup::public_only()
        .component(&guest(200))
        .args(&["--watch-interval", "0s"])
        .start();
    begin(&server, CLOSED).await;
    let next = guest(201);
    fs::write(server.component_file(), &next).unwrap();
    let reload = || operate(&server, Method::POST, "/component/reload", "");
    assert_eq!(reload().await.0, 200);
    let state = shadow(&server).await;
    assert_eq!(
        (&state["state"], &state["policy"], &state["component"]),
        (
            &json!("running"),
            &json!(digest(CLOSED)),
            &json!(digest(&next))
        )
    );
    let (status, _) = operate(&server, Method::POST, "/component/rollback", "").await;
    assert_eq!(status, 200);
    assert_eq!(shadow(&server).await["component"], digest(guest(200)));
    fs::write(server.component_file(), Guest::new("").build()).unwrap();
    assert_eq!(reload().await.0, 200);
    let state = shadow(&server).await;
    assert_eq!(state["state"], "dropped", "{state}");
    assert_logged(
        &server,
        &["shadow policy: dropped", "the component now in force"],
    );
}
