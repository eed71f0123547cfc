//! A shadow whose component traps, loops or answers nonsense is dropped, and requests go on.

use serde_json::json;

use super::*;

/// A guest that reports decisions, and judges like this.
fn judging(body: &str) -> Vec<u8> {
    let report = "(if (call $report-request) (then
            (local.set $i (i32.const 0))
            (loop $again
              (call $report-decision)
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))))
        (call $answer (local.get $out) (i32.const 200))";
    Guest::new(report).judging(body).build()
}

async fn evil(server: &Server) -> u16 {
    status(server.get("/v1/public/files/evil")).await
}

#[tokio::test]
async fn a_shadow_that_fails_is_dropped_with_one_line_and_requests_go_on() {
    for (body, reason) in [
        ("unreachable", "unreachable"),
        ("(loop $again (br $again)) unreachable", "CPU time"),
        (
            "(call $deny (i32.const 99))",
            "99 verdicts on 100 questions",
        ),
        (
            "(drop (memory.grow (i32.const 60000))) (i32.load8_u (i32.const -1))",
            "out of bounds",
        ),
    ] {
        let guest = judging(body);
        let server = Setup::public_only()
            .component(&guest)
            .args(&["--max-cpu-time", "100ms"])
            .start();
        begin(&server, "[public]\n").await;
        let before = operate(&server, Method::GET, "/component", "").await.1;
        for _ in 0..5 {
            assert_eq!(evil(&server).await, 200, "{body}");
        }
        assert_logged(&server, &[" ERROR ", "shadow policy: dropped", reason]);
        let document = shadow(&server).await;
        assert_eq!(document["state"], "dropped", "{document}");
        let said = document["dropped"]["reason"].as_str().unwrap();
        assert!(said.contains(reason), "{document}");
        assert_eq!(evil(&server).await, 200, "{body}");
        assert_eq!(lines(&server, &["shadow policy: dropped"]).len(), 1);
        let metrics = Client::new().get(format!("{}/metrics", server.operations));
        let metrics = metrics.send().await.unwrap().text().await.unwrap();
        assert!(metrics.contains("\ncoffer_shadow_running 0\n"), "{metrics}");
        let after = operate(&server, Method::GET, "/component", "").await.1;
        assert_eq!(after, before, "{body}");
        // Another one may come, and what was dropped can be forgotten.
        begin(&server, "[public]\n").await;
        assert_eq!(shadow(&server).await["dropped"], json!(null));
    }
}

#[tokio::test]
async fn a_component_that_reports_without_end_has_a_hundred_decisions() {
    let server = Setup::public_only()
        .component(&judging("(call $deny (local.get $count))"))
        .start();
    begin(&server, "[public]\n").await;
    assert_eq!(evil(&server).await, 200);
    let decisions = compared(&server, 100).await;
    assert_eq!(decisions["would_deny"], 100);
}

#[tokio::test]
async fn a_component_that_cannot_judge_is_refused_as_a_shadow() {
    let guest = Guest::new("(call $answer (local.get $out) (i32.const 200))").build();
    let server = Setup::public_only().component(&guest).start();
    let (status, problem) = operate(&server, Method::PUT, "/shadow", "[public]\n").await;
    assert_eq!(status, 422, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("judge"), "{detail}");
    assert_eq!(shadow(&server).await["state"], "off");
    assert_eq!(evil(&server).await, 200);
}
