//! `POST /v1/{area}/urls`: the URLs of many files at once.

use super::*;

/// The answer to a request for the URLs of these names.
async fn urls(server: &Server, token: &str, area: &str, body: &Value) -> Vec<Value> {
    let response = ask(server, token, &format!("/v1/{area}/urls"), body.to_string()).await;
    assert_eq!(response.status(), 200, "{:?}", response.text().await);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    answer["urls"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_name_gets_its_url_or_its_problem() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    let bob = org_member("bob", "other");
    for area in ["public", "user", "org"] {
        for name in ["a", "dir/%E6%97%A5%20%22b%22.txt"] {
            let path = format!("/v1/{area}/files/{name}");
            store(&server, &alice, &path, "content").await;
        }
    }
    store(&server, &bob, "/v1/user/files/theirs", "bob's").await;
    let names = json!([
        "a",
        "none",
        "dir/日 \"b\".txt",
        "",
        "../a",
        "a",
        "theirs",
        "a\u{0}",
        "x".repeat(901)
    ]);
    for area in ["public", "user", "org"] {
        let entries = urls(&server, &alice, area, &json!({ "names": names })).await;
        assert_eq!(entries.len(), 9);
        for (entry, name) in entries.iter().zip(names.as_array().unwrap()) {
            assert_eq!(&entry["name"], name);
        }
        for at in [0, 2, 5] {
            let entry = &entries[at];
            assert_eq!(entry.as_object().unwrap().len(), 3, "{entry}");
            assert_eq!(entry["expires_at"].is_null(), area == "public", "{entry}");
            assert_opens(&server, &path_of(&server, entry), "content").await;
        }
        assert_eq!(entries[0], entries[5]);
        for (at, kind, status) in [
            (1, "not-found", 404),
            (3, "invalid-name", 400),
            (4, "invalid-name", 400),
            (6, "not-found", 404),
            (7, "invalid-name", 400),
            (8, "invalid-name", 400),
        ] {
            let entry = &entries[at];
            assert_eq!(entry.as_object().unwrap().len(), 2, "{entry}");
            let problem = &entry["problem"];
            assert_eq!(problem["type"], format!("/problems/{kind}"), "{entry}");
            assert_eq!(problem["status"], status, "{entry}");
            assert!(problem["title"].is_string() && problem["detail"].is_string());
        }
    }
    assert!(
        urls(&server, &alice, "user", &json!({ "names": [] }))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn many_links_are_those_that_each_file_gets_alone() {
    let server = Server::start();
    let alice = user("alice");
    let names: Vec<String> = (0..100).map(|n| format!("{n}")).collect();
    for name in &names {
        store(
            &server,
            &alice,
            &format!("/v1/user/files/{name}"),
            "content",
        )
        .await;
    }
    for expires_in in [60, 604_800] {
        let body = json!({ "names": names, "expires_in": expires_in });
        let entries = urls(&server, &alice, "user", &body).await;
        assert_eq!(entries.len(), 100);
        for entry in &entries {
            let off = lifetime(entry) - f64::from(expires_in);
            let late = f64::from(expires_in) / 10.0 + 2.0;
            assert!((-2.0..=late).contains(&off), "{entry}");
            assert_eq!(entry["expires_at"], entries[0]["expires_at"]);
        }
        assert_opens(&server, &path_of(&server, &entries[99]), "content").await;
    }
    // A step of the expiry time may lie between the two requests, but not each time.
    for _ in 0..3 {
        let alone = made(ask(&server, &alice, "/v1/user/urls/7", "").await).await;
        let many = urls(&server, &alice, "user", &json!({ "names": ["7"] })).await;
        if many[0]["url"] == alone["url"] && many[0]["expires_at"] == alone["expires_at"] {
            return;
        }
    }
    panic!("every link is different");
}

#[tokio::test]
async fn what_is_wrong_with_the_request_is_refused_as_a_whole() {
    let policy = format!("{}[public]\nread = \"role:reader\"\n", iam());
    let server = Setup::policy(&policy).start();
    let alice = user("alice");
    for body in [
        "",
        "{}",
        "[\"a\"]",
        "{\"names\":\"a\"}",
        "{\"names\":[\"a\",1]}",
        "{\"names\":[\"a\"],\"names\":[]}",
        "{\"names\":[\"a\"],\"expires_in\":0}",
        "{\"names\":[\"a\"],\"expires_in\":604801}",
        "{\"names\":[\"a\"],\"for\":\"upload\"}",
        "{\"names\":[\"a\"]",
    ] {
        let response = ask(&server, &alice, "/v1/user/urls", body).await;
        eprintln!("{body}");
        assert_problem(response, 400, "invalid-request").await;
    }
    for body in [
        json!({ "names": vec!["a"; 101] }).to_string(),
        json!({ "names": ["a".repeat(600_000)] }).to_string(),
    ] {
        let response = ask(&server, &alice, "/v1/user/urls", body).await;
        assert_problem(response, 413, "too-large").await;
    }
    let hundred = json!({ "names": vec!["\u{1F600}".repeat(225); 100] });
    let entries = urls(&server, &alice, "user", &hundred).await;
    assert_eq!(entries[99]["problem"]["status"], 404);

    let body = "{\"names\":[\"a\"]}";
    for (path, token, status, kind) in [
        ("/v1/user/urls", None, 401, "unauthenticated"),
        ("/v1/user/urls", Some("forged"), 401, "invalid-token"),
        ("/v1/org/urls", Some(&*alice), 403, "forbidden"),
        ("/v1/public/urls", None, 401, "unauthenticated"),
        ("/v1/public/urls", Some(&*alice), 403, "forbidden"),
    ] {
        let mut request = server.post(path).body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        assert_problem(request.send().await.unwrap(), status, kind).await;
    }
    let reader = token(Some("alice"), None, &["reader"]);
    let response = ask(
        &server,
        &reader,
        "/v1/public/urls",
        "{\"names\":[],\"expires_in\":9}",
    )
    .await;
    assert_problem(response, 400, "invalid-request").await;
}

#[tokio::test]
async fn files_of_other_uploaders_are_refused_one_by_one() {
    let policy = format!("{}[org]\nread = \"uploader\"\n", iam());
    let server = Setup::policy(&policy).start();
    let (alice, bob) = (org_member("alice", "acme"), org_member("bob", "acme"));
    store(&server, &alice, "/v1/org/files/a", "content").await;
    store(&server, &bob, "/v1/org/files/b", "bob's").await;
    let entries = urls(&server, &alice, "org", &json!({ "names": ["b", "a"] })).await;
    assert_eq!(entries[0]["problem"]["type"], "/problems/forbidden");
    assert_eq!(entries[0]["problem"]["status"], 403);
    assert_opens(&server, &path_of(&server, &entries[1]), "content").await;
}
