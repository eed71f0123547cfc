//! The operations listener: what it answers, what it counts, and to whom.

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;

use crate::support::{Server, eventually, user};

mod readiness; // whether a host is ready, and its state

async fn ask(server: &Server, method: Method, path: &str) -> Response {
    let url = format!("{}{path}", server.operations);
    Client::new().request(method, url).send().await.unwrap()
}

async fn metrics(server: &Server) -> String {
    let response = ask(server, Method::GET, "/metrics").await;
    assert_eq!(
        response.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    response.text().await.unwrap()
}

/// The value of the series that starts like this.
fn value(metrics: &str, series: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.starts_with(series))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[tokio::test]
async fn a_server_is_alive_and_ready_and_says_which_component_it_runs() {
    let server = Server::start();
    for (path, word) in [("/livez", "alive\n"), ("/readyz", "ready\n")] {
        let response = ask(&server, Method::GET, path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.text().await.unwrap(), word);
    }
    let response = ask(&server, Method::GET, "/component").await;
    let document: Value = response.json().await.unwrap();
    for name in ["component", "policy"] {
        let digest = document[name].as_str().unwrap();
        assert_eq!(digest.len(), 16, "{document}");
    }
    assert!(
        document["previous"].is_null() && document["refused"].is_null(),
        "{document}"
    );
    assert_eq!(
        (&document["swaps"], &document["engine"]),
        (&0.into(), &"local".into())
    );
    let metrics = metrics(&server).await;
    let info = format!("coffer_component_info{{component={}", document["component"]);
    assert_eq!(value(&metrics, &info), Some(1.0), "{metrics}");
    let build = concat!(
        "coffer_build_info{version=\"",
        env!("CARGO_PKG_VERSION"),
        "\",commit=\""
    );
    assert_eq!(value(&metrics, build), Some(1.0), "{metrics}");
    // An alert on an increase needs the series from before.
    for kind in [
        "busy",
        "cpu-time",
        "error",
        "memory",
        "no-answer",
        "panic",
        "port",
        "stack",
        "timeout",
        "trap",
    ] {
        let series = format!("coffer_component_failures_total{{kind=\"{kind}\"}}");
        assert_eq!(value(&metrics, &series), Some(0.0), "{kind}: {metrics}");
    }
}

#[tokio::test]
async fn requests_bytes_tokens_and_engine_calls_are_counted() {
    let server = Server::start();
    let token = user("ann");
    let body = vec![b'x'; 10_000];
    let put = server.put("/v1/user/files/a", body).bearer_auth(&token);
    assert_eq!(put.send().await.unwrap().status(), 201);
    for _ in 0..2 {
        let get = server.get("/v1/user/files/a").bearer_auth(&token);
        assert_eq!(
            get.send().await.unwrap().bytes().await.unwrap().len(),
            10_000
        );
    }
    let get = server.get("/v1/user/files/a").bearer_auth("forged");
    assert_eq!(get.send().await.unwrap().status(), 401);
    let metrics = metrics(&server).await;
    for (series, expected) in [
        (
            r#"coffer_requests_total{operation="upload",area="user",status="201"}"#,
            1.0,
        ),
        (
            r#"coffer_requests_total{operation="download",area="user",status="200"}"#,
            2.0,
        ),
        (
            r#"coffer_requests_total{operation="download",area="user",status="401"}"#,
            1.0,
        ),
        (
            r#"coffer_request_duration_seconds_count{operation="download"}"#,
            3.0,
        ),
        ("coffer_received_bytes_total", 10_000.0),
        (r#"coffer_tokens_total{outcome="verified"}"#, 1.0),
        (r#"coffer_tokens_total{outcome="remembered"}"#, 2.0),
        (r#"coffer_tokens_total{outcome="refused"}"#, 1.0),
        (
            r#"coffer_engine_calls_total{call="open",outcome="done"}"#,
            2.0,
        ),
        (
            r#"coffer_engine_calls_total{call="finish",outcome="done"}"#,
            1.0,
        ),
        ("coffer_queue ", 0.0),
        ("coffer_damaged_files ", 0.0),
        ("coffer_checksum_mismatches_total ", 0.0),
    ] {
        assert_eq!(
            value(&metrics, series),
            Some(expected),
            "{series}\n{metrics}"
        );
    }
    assert!(
        value(&metrics, "coffer_sent_bytes_total") >= Some(20_000.0),
        "{metrics}"
    );
    for line in metrics.lines() {
        assert!(!line.contains("ann") && !line.contains("forged"), "{line}");
    }
    assert!(metrics.ends_with("# EOF\n"));
}

#[tokio::test]
async fn unknown_paths_and_web_pages_are_refused() {
    let server = Server::start();
    for (method, path, status) in [
        (Method::GET, "/", 404),
        (Method::GET, "/v1/public/files", 404),
        (Method::GET, "/component/reload", 405),
        (Method::GET, "/component/rollback", 405),
        (Method::POST, "/component", 405),
        (Method::POST, "/metrics", 405),
        (Method::POST, "/component/rollback", 409),
    ] {
        let response = ask(&server, method.clone(), path).await;
        assert_eq!(response.status(), status, "{method} {path}");
    }
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "none"),
    ] {
        let url = format!("{}/component/reload", server.operations);
        let response = Client::new().post(url).header(name, value).send().await;
        assert_eq!(response.unwrap().status(), StatusCode::FORBIDDEN, "{name}");
    }
    let on_the_public_port = server.get("/metrics").send().await.unwrap();
    assert_eq!(on_the_public_port.status(), 404);
}

#[tokio::test]
async fn the_log_ties_a_request_to_its_trace_and_its_component() {
    let server = Server::start();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let get = server.get("/v1/public/files/a");
    let get = get.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    get.send().await.unwrap();
    let document: Value = ask(&server, Method::GET, "/component")
        .await
        .json()
        .await
        .unwrap();
    let component = document["component"].as_str().unwrap();
    eventually("it is logged", || {
        let log = server.log();
        let mut lines = log.lines();
        lines.any(|line| {
            line.contains("answered") && line.contains(trace) && line.contains(component)
        })
    });
}

#[tokio::test]
async fn the_log_says_what_a_request_asked_for() {
    let server = Server::start();
    for row in [
        "GET /v1/org/files/a download org 401",
        "DELETE /v1/user/files/a//b delete user 400",
        "GET /v1/links/t/a follow-link none 403",
        "GET /v1/openapi.json openapi none 200",
        "PUT /v1/links/t/a upload none 403",
        "DELETE /v1/links/t/a delete none 403",
        "POST /v1/links/t/ form none 403",
        "POST /v1/user/urls make-urls user 401",
        "POST /v1/user/copy copy user 401",
        "POST /v1/org/move move org 401",
        "POST /v1/public/delete delete-many public ",
        "HEAD /v1/public/info/none info public 404",
        "PATCH /v1/user/info/a amend user 401",
        "PATCH /v1/user/files/a other none 405",
    ] {
        let [method, path, operation, area, status] = row.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        let asked = format!(r#"operation="{operation}" area="{area}" status={status}"#);
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        server.request(method, path).send().await.unwrap();
        eventually(&asked, || {
            server.log().lines().any(|line| line.contains(&asked))
        });
    }
}
