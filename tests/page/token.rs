//! `POST /page/token`: the page of this machine gets development tokens, and nobody else.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{RequestBuilder, Server, Setup, assert_problem, json_of};

/// As the server's own page asks.
fn ask(server: &Server, whom: &Value) -> RequestBuilder {
    let request = server.post("/page/token").header("origin", &server.url);
    request.json(whom)
}

async fn token(server: &Server, whom: &Value) -> String {
    let answer = json_of(ask(server, whom)).await;
    answer["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_page_gets_a_token_for_the_user_and_organization_that_are_picked() {
    let server = Setup::public_only().args(&["--dev"]).start();
    let settings = json_of(server.get("/page/settings.json")).await;
    assert_eq!(settings, json!({ "development": true }));
    let ann = json!({ "user": "ann", "org": "acme", "roles": ["staff"] });
    let made = ask(&server, &ann).send().await.unwrap();
    assert_eq!(made.headers()["cache-control"], "no-store");
    let ann = token(&server, &ann).await;
    for area in ["user", "org"] {
        let put = server.put(&format!("/v1/{area}/files/a"), "a");
        let stored = put.bearer_auth(&ann).send().await.unwrap();
        assert_eq!(stored.status(), StatusCode::CREATED);
    }
    let bob = token(&server, &json!({ "user": "bob", "org": "acme" })).await;
    for (area, expected) in [("user", 404), ("org", 200)] {
        let get = server.get(&format!("/v1/{area}/files/a"));
        let read = get.bearer_auth(&bob).send().await.unwrap();
        assert_eq!(read.status(), expected, "{area}");
    }
    let eve = token(&server, &json!({ "user": "eve", "org": "" })).await;
    let get = server.get("/v1/org/files/a").bearer_auth(eve);
    assert_problem(get.send().await.unwrap(), 403, "forbidden").await;
}

#[tokio::test]
async fn nobody_else_gets_one() {
    let args = ["--dev", "--allowed-host", "*"];
    let server = Setup::public_only().args(&args).start();
    let whom = json!({ "user": "alice" });
    let post = || server.post("/page/token").json(&whom);
    let rebound = "rebound.example";
    for (what, request) in [
        ("no origin", post()),
        (
            "another site",
            ask(&server, &whom).header("sec-fetch-site", "cross-site"),
        ),
        (
            "a proxy",
            ask(&server, &whom).header("x-forwarded-for", "127.0.0.1"),
        ),
        (
            "another port",
            post().header("origin", "http://127.0.0.1:1"),
        ),
        (
            "a name that was made to point here",
            post()
                .header("host", rebound)
                .header("origin", format!("http://{rebound}")),
        ),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{what}");
        assert_problem(answer, 403, "forbidden").await;
    }
    let form = server.post("/page/token").header("origin", &server.url);
    let form = form.header("content-type", "text/plain");
    let answer = form.body(whom.to_string()).send().await.unwrap();
    assert_problem(answer, 415, "unsupported-media-type").await;
    for wrong in [
        json!({}),
        json!({ "user": "" }),
        json!({ "user": "a", "admin": true }),
        json!({ "user": "a".repeat(5000) }),
    ] {
        let answer = ask(&server, &wrong).send().await.unwrap();
        assert_problem(answer, 400, "invalid-request").await;
    }
    let read = server.get("/page/token").send().await.unwrap();
    assert_eq!(read.headers()["allow"], "POST");
    assert_problem(read, 405, "method-not-allowed").await;
}

#[tokio::test]
async fn outside_development_mode_there_are_none() {
    let server = Setup::default().args(&["--page"]).start();
    let settings = json_of(server.get("/page/settings.json")).await;
    assert_eq!(settings, json!({ "development": false }));
    let answer = ask(&server, &json!({ "user": "alice" })).send().await;
    assert_problem(answer.unwrap(), 404, "not-found").await;
}
