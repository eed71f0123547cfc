//! `POST /page/token`: the page of this machine gets development tokens, and nobody else.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{RequestBuilder, Server, Setup, assert_problem, json_of};

fn ask(server: &Server, whom: &Value) -> RequestBuilder {
    let request = server.post("/page/token").header("origin", &server.url);
    request.json(whom)
}

#[tokio::test]
async fn the_page_gets_a_token_for_the_user_and_organization_that_are_picked() {
    let server = Setup::public_only().args(&["--dev"]).start();
    let settings = server.get("/page/settings.json").send().await.unwrap();
    assert_eq!(json_of(settings).await, json!({ "development": true }));
    let mut tokens = vec![];
    for user in ["ann", "bob"] {
        let whom = json!({ "user": user, "org": "acme", "roles": ["staff"] });
        let made = ask(&server, &whom).send().await.unwrap();
        assert_eq!(made.headers()["cache-control"], "no-store");
        let token = json_of(made).await["token"].as_str().unwrap().to_owned();
        tokens.push(token);
    }
    let put = |area: &str| server.put(&format!("/v1/{area}/files/a"), "a");
    for area in ["user", "org"] {
        let stored = put(area).bearer_auth(&tokens[0]).send().await.unwrap();
        assert_eq!(stored.status(), StatusCode::CREATED);
    }
    for (area, expected) in [("user", 404), ("org", 200)] {
        let path = format!("/v1/{area}/files/a");
        let read = server
            .get(&path)
            .bearer_auth(&tokens[1])
            .send()
            .await
            .unwrap();
        assert_eq!(read.status(), expected, "{area}");
    }
    // Without an organization there is none.
    let made = ask(&server, &json!({ "user": "eve", "org": "" }))
        .send()
        .await
        .unwrap();
    let token = json_of(made).await["token"].as_str().unwrap().to_owned();
    let answer = server
        .get("/v1/org/files/a")
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_problem(answer, 403, "forbidden").await;
}

#[tokio::test]
async fn nobody_else_gets_one() {
    let names = ["--dev", "--allowed-host", "*"];
    let server = Setup::public_only().args(&names).start();
    let whom = json!({ "user": "alice" });
    let plain = server.post("/page/token").json(&whom);
    let port = server.address().rsplit(':').next().unwrap();
    let rebound = format!("rebound.example:{port}");
    for (what, request) in [
        ("no origin", plain),
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
            server
                .post("/page/token")
                .json(&whom)
                .header("origin", "http://127.0.0.1:1"),
        ),
        (
            "a name that was made to point here",
            server
                .post("/page/token")
                .json(&whom)
                .header("host", &rebound)
                .header("origin", format!("http://{rebound}")),
        ),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{what}");
        assert_problem(answer, 403, "forbidden").await;
    }
    let form = server.post("/page/token").header("origin", &server.url);
    let form = form
        .header("content-type", "text/plain")
        .body(whom.to_string());
    assert_problem(form.send().await.unwrap(), 415, "unsupported-media-type").await;
    let large = json!({ "user": "a".repeat(5000) });
    for wrong in [
        json!({}),
        json!({ "user": "" }),
        json!({ "user": "a", "admin": true }),
        large,
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
    let settings = server.get("/page/settings.json").send().await.unwrap();
    assert_eq!(json_of(settings).await, json!({ "development": false }));
    let answer = ask(&server, &json!({ "user": "alice" }))
        .send()
        .await
        .unwrap();
    assert_problem(answer, 404, "not-found").await;
}
