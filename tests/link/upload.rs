//! Upload links for one file.

use std::sync::Arc;

use reqwest::header::LOCATION;

use super::*;
use crate::support::{Claims, Connection, etag, sign};

#[tokio::test]
async fn an_upload_link_stores_its_one_file_without_a_token() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    for area in ["public", "user", "org"] {
        let name = "in/%E6%97%A5%20b.txt";
        let at = format!("/v1/{area}/urls/{name}");
        let link = upload_link(&server, &alice, &at, json!({})).await;
        assert!(link.ends_with("/%E6%97%A5%20b.txt"), "{link}");
        let response = put(&server, &link, "content").await;
        assert_eq!(response.status(), 201, "{area}");
        let etag = etag(&response);
        // Whom it takes a token to read the file, its URL does not help.
        let location = response.headers().get(LOCATION).cloned();
        let url = format!("{}/v1/{area}/files/{name}", server.url);
        let is_public = area == "public";
        let expected = is_public.then_some(url.as_str());
        assert_eq!(location.as_ref().map(|url| url.to_str().unwrap()), expected);
        let file: Value = response.json().await.unwrap();
        assert_eq!(file["name"], "in/日 b.txt");
        assert_eq!(file["content_type"], "text/plain");
        assert_eq!(file["etag"], etag);
        assert_eq!(file["public_url"].is_string(), is_public);
        assert!(file["manage_url"].is_null(), "{file}");
        let files = files_in(&server, &alice, area).await;
        assert_eq!(files["in/日 b.txt"], "content");
        // The link is for a new file only.
        let again = put(&server, &link, "another").await;
        assert_problem(again, 409, "already-exists").await;
        assert_eq!(files_in(&server, &alice, area).await, files);
    }
}

#[tokio::test]
async fn the_maker_of_a_link_counts_as_the_uploader() {
    let server = Server::start();
    let (alice, bob) = (user("alice"), user("bob"));
    let link = upload_link(&server, &alice, "/v1/public/urls/a", json!({})).await;
    assert_eq!(put(&server, &link, "content").await.status(), 201);
    for (token, status) in [(&bob, 403), (&alice, 204)] {
        let request = server.delete("/v1/public/files/a").bearer_auth(token);
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn only_a_link_that_was_made_without_a_token_gives_a_manage_url() {
    let server = Server::start();
    // Neither a user nor an organization.
    let machine = token(None, None, &[]);
    let link = upload_link(&server, &machine, "/v1/public/urls/a", json!({})).await;
    let folder = upload_link(&server, &machine, "/v1/public/urls/in/", json!({})).await;
    let file: Value = put(&server, &link, "content").await.json().await.unwrap();
    let form: Value = post(&server, &folder, &[("b", "1")])
        .await
        .json()
        .await
        .unwrap();
    for file in [&file, &form["files"][0]] {
        assert!(file["etag"].is_string(), "{file}");
        assert!(file["manage_url"].is_null(), "{file}");
    }

    let body = json!({ "for": "upload" }).to_string();
    let made = server
        .post("/v1/public/urls/c")
        .body(body)
        .send()
        .await
        .unwrap();
    let link = path_of(&server, &super::made(made).await);
    let file: Value = put(&server, &link, "content").await.json().await.unwrap();
    assert!(file["manage_url"].is_string(), "{file}");
}

#[tokio::test]
async fn a_link_that_replaces_does_so_as_far_as_its_maker_may() {
    let server = Server::start();
    let (alice, bob) = (user("alice"), user("bob"));
    let at = "/v1/public/urls/a";
    let link = upload_link(&server, &alice, at, json!({ "replace": true })).await;
    for (content, status) in [("first", 201), ("second", 200), ("third", 200)] {
        assert_eq!(put(&server, &link, content).await.status(), status);
        assert_eq!(files_in(&server, &alice, "public").await["a"], content);
    }
    // By default the uploader alone may replace a public file.
    let deleted = server.delete("/v1/public/files/a").bearer_auth(&alice);
    assert_eq!(deleted.send().await.unwrap().status(), 204);
    store(&server, &bob, "/v1/public/files/a", "bob's").await;
    assert_problem(put(&server, &link, "fourth").await, 403, "forbidden").await;
    assert_eq!(files_in(&server, &alice, "public").await["a"], "bob's");
}

#[tokio::test]
async fn an_upload_by_a_link_is_checked_as_any_other() {
    let server = Server::start();
    let alice = user("alice");
    let at = "/v1/user/urls/a.txt";
    let link = upload_link(&server, &alice, at, json!({ "replace": true })).await;
    let first = put(&server, &link, "first").await;
    let first = etag(&first);
    let digest = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:";
    let form = "multipart/form-data; boundary=x";
    for (field, value, status, kind) in [
        ("if-none-match", "*", 412, "precondition-failed"),
        ("if-match", "\"other\"", 412, "precondition-failed"),
        ("content-digest", digest, 400, "digest-mismatch"),
        ("content-range", "bytes 0-1/2", 400, "invalid-request"),
        ("content-encoding", "gzip", 415, "unsupported-media-type"),
        ("content-type", form, 415, "unsupported-media-type"),
        ("content-type", "text", 400, "invalid-request"),
    ] {
        let request = server.put(&link, "changed").header(field, value);
        eprintln!("{field}: {value}");
        assert_problem(request.send().await.unwrap(), status, kind).await;
    }
    let chunk = format!("{link}?resumableChunkNumber=1");
    assert_problem(
        put(&server, &chunk, "changed").await,
        400,
        "invalid-request",
    )
    .await;
    assert_eq!(files_in(&server, &alice, "user").await["a.txt"], "first");
    let request = server.put(&link, "second").header("if-match", first);
    let request = request.header("coffer-meta-from", "a stranger");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let file: Value = response.json().await.unwrap();
    assert_eq!(file["metadata"], json!({ "from": "a stranger" }));
    // The name says the type.
    assert_eq!(file["content_type"], "text/plain");
}

#[tokio::test]
async fn a_link_of_nobody_hands_the_file_to_its_holder() {
    let server = Setup::public_only().start();
    let request = server
        .post("/v1/public/urls/a")
        .body("{\"for\":\"upload\"}");
    let link = path_of(&server, &made(request.send().await.unwrap()).await);
    let file: Value = put(&server, &link, "content").await.json().await.unwrap();
    let manage = file["manage_url"].as_str().unwrap();
    let manage = manage.strip_prefix(&server.url).unwrap();
    assert_eq!(server.delete(manage).send().await.unwrap().status(), 204);
    // The file is gone, so the link may create it once more.
    assert_eq!(put(&server, &link, "again").await.status(), 201);
}

#[tokio::test]
async fn an_upload_link_is_valid_for_as_long_as_requested_in_every_area() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    for at in ["/v1/public/urls/a", "/v1/user/urls/a", "/v1/org/urls/a/"] {
        for (members, seconds) in [
            (json!({}), 3600),
            (json!({ "expires_in": null }), 3600),
            (json!({ "expires_in": 60.0 }), 60),
            (json!({ "expires_in": 604_800 }), 604_800),
        ] {
            let mut body = members.clone();
            body["for"] = json!("upload");
            let made = made(ask(&server, &alice, at, body.to_string()).await).await;
            let off = lifetime(&made) - f64::from(seconds);
            let late = f64::from(seconds) / 10.0 + 2.0;
            assert!((-2.0..=late).contains(&off), "{members}: {made}");
        }
    }
}

#[tokio::test]
async fn a_request_for_an_upload_link_is_exact() {
    let server = Server::start();
    let alice = user("alice");
    for (path, body) in [
        ("a", json!({ "for": "upload", "expires_in": 0 })),
        ("a", json!({ "for": "upload", "expires_in": 604_801 })),
        ("a", json!({ "for": "upload", "max_size": 0 })),
        ("a", json!({ "for": "upload", "max_size": 1.5 })),
        ("a", json!({ "for": "upload", "content_types": [] })),
        ("a", json!({ "for": "upload", "content_types": ["image"] })),
        (
            "a",
            json!({ "for": "upload", "content_types": vec!["a/b"; 33] }),
        ),
        ("a", json!({ "for": "upload", "replace": 1 })),
        ("a", json!({ "for": "upload", "name": "b" })),
        ("a", json!({ "for": "both" })),
        ("a", json!({ "max_size": 1 })),
        ("a", json!({ "for": "download", "content_types": ["a/b"] })),
        ("a", json!({ "for": "download", "replace": true })),
        ("a/", json!({ "for": "upload", "replace": true })),
    ] {
        let at = format!("/v1/user/urls/{path}");
        let response = ask(&server, &alice, &at, body.to_string()).await;
        eprintln!("{path} {body}");
        assert_problem(response, 400, "invalid-request").await;
    }
    for (path, body) in [
        ("a/", json!({})),
        ("a/", json!({ "for": "download" })),
        ("a//", json!({ "for": "upload" })),
        ("%2e%2e%2F", json!({ "for": "upload" })),
        ("", json!({ "for": "upload" })),
    ] {
        let at = format!("/v1/user/urls/{path}");
        let response = ask(&server, &alice, &at, body.to_string()).await;
        eprintln!("{path} {body}");
        assert_problem(response, 400, "invalid-name").await;
    }
    let batch = ask(
        &server,
        &alice,
        "/v1/user/urls",
        "{\"names\":[],\"for\":\"upload\"}",
    )
    .await;
    assert_problem(batch, 400, "invalid-request").await;
}

#[tokio::test]
async fn making_an_upload_link_needs_what_storing_needs() {
    let policy = format!(
        "{}[public]\ncreate = \"signed-in\"\n[user]\ncreate = \"role:author\"\nread = \"role:reader\"\n\
         [org]\nreplace = \"nobody\"\n",
        iam()
    );
    let server = Setup::policy(&policy).start();
    let author = token(Some("ann"), Some("acme"), &["author"]);
    let reader = token(Some("ann"), Some("acme"), &["reader"]);
    let neither = org_member("ann", "acme");
    let upload = json!({ "for": "upload" });
    let replace = json!({ "for": "upload", "replace": true });
    for (path, token, body, status) in [
        ("/v1/public/urls/a", None, &upload, 401),
        ("/v1/public/urls/a", Some(&neither), &upload, 201),
        ("/v1/public/urls/a", Some(&neither), &replace, 201),
        ("/v1/user/urls/a", None, &upload, 401),
        ("/v1/user/urls/a", Some(&author), &upload, 201),
        ("/v1/user/urls/a/", Some(&author), &upload, 201),
        ("/v1/user/urls/a", Some(&author), &json!({}), 403),
        ("/v1/user/urls/a", Some(&reader), &upload, 403),
        ("/v1/user/urls/a/", Some(&reader), &upload, 403),
        ("/v1/user/urls/a", Some(&reader), &json!({}), 404),
        ("/v1/user/urls/a", Some(&neither), &upload, 403),
        ("/v1/org/urls/a", Some(&author), &upload, 201),
        ("/v1/org/urls/a", Some(&author), &replace, 403),
        ("/v1/org/urls/a", None, &upload, 401),
        ("/v1/user/urls/a", Some(&"forged".to_owned()), &upload, 401),
    ] {
        let mut request = server.post(path).body(body.to_string());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{path} {body}");
    }
}

#[tokio::test]
async fn the_policy_in_force_when_a_link_is_used_limits_it_too() {
    let server = Server::start();
    let alice = user("alice");
    let members = json!({ "max_size": 10, "content_types": ["text/*", "image/*"] });
    let link = upload_link(&server, &alice, "/v1/user/urls/a", members.clone()).await;
    let folder = upload_link(&server, &alice, "/v1/user/urls/in/", members).await;
    let data = server.data();
    server.stop();
    let policy = format!(
        "{}[user]\ncreate = \"nobody\"\nmax-file-size = \"3 B\"\ncontent-types = [\"text/plain\"]\n",
        iam()
    );
    let server = Setup::policy(&policy).data(data).start();
    assert_problem(put(&server, &link, "four").await, 413, "too-large").await;
    let response = post(&server, &folder, &[("a", "four")]).await;
    assert_problem(response, 413, "too-large").await;
    let image = server.put(&link, "x").header("content-type", "image/png");
    let image = image.send().await.unwrap();
    assert_problem(image, 415, "unsupported-media-type").await;
    // The rules were judged when the links were made.
    assert_eq!(put(&server, &link, "abc").await.status(), 201);
    let response = post(&server, &folder, &[("a", "abc")]).await;
    assert_eq!(response.status(), 201);
    let files = files_in(&server, &alice, "user").await;
    assert_eq!(files.into_keys().collect::<Vec<_>>(), ["a", "in/a"]);
}

#[tokio::test]
async fn of_a_hundred_uploads_at_once_through_one_link_one_succeeds() {
    let server = Arc::new(Server::start());
    let alice = user("alice");
    let link = upload_link(&server, &alice, "/v1/user/urls/a", json!({})).await;
    let tasks: Vec<_> = (0..100)
        .map(|number: u32| {
            let (server, link) = (Arc::clone(&server), link.clone());
            tokio::spawn(async move {
                let content = format!("content {number}").repeat(1000);
                let response = server.put(&link, content.clone()).send().await.unwrap();
                (response.status().as_u16(), content)
            })
        })
        .collect();
    let mut stored = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            (201, content) => stored.push(content),
            (status, _) => assert_eq!(status, 409),
        }
    }
    assert_eq!(stored.len(), 1);
    assert_eq!(files_in(&server, &alice, "user").await["a"], stored[0]);
}

#[tokio::test]
async fn what_began_before_the_end_of_a_link_may_finish() {
    let server = Server::start();
    let alice = user("alice");
    let members = json!({ "expires_in": 2, "content_types": ["text/plain"] });
    let link = upload_link(&server, &alice, "/v1/user/urls/a", members.clone()).await;
    let folder = upload_link(&server, &alice, "/v1/user/urls/in/", members).await;
    let head = |method: &str, path: &str, fields: &str, length: usize| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\n{fields}\r\n",
            server.address()
        )
    };
    let mut upload = Connection::open(server.address());
    upload.send(head("PUT", &link, "Content-Type: text/plain\r\n", 6));
    upload.send("con");
    let body = form(&[("b", "content")]) + "--limit--\r\n";
    let (begin, end) = body.split_at(body.len() / 2);
    let fields = "Content-Type: multipart/form-data; boundary=limit\r\n";
    let mut drop = Connection::open(server.address());
    drop.send(head("POST", &folder, fields, body.len()));
    drop.send(begin);

    expired(&server, &Method::PUT, &link).await;
    expired(&server, &Method::POST, &folder).await;
    assert!(!upload.has_answer(Duration::from_millis(1)));
    upload.send("ten");
    drop.send(end);
    assert_eq!(upload.answer().0, 201);
    assert_eq!(drop.answer().0, 201);
    let files = files_in(&server, &alice, "user").await;
    assert_eq!(files["a"], "conten");
    assert_eq!(files["in/b"], "content");
    assert_problem(put(&server, &link, "late").await, 403, "link-expired").await;
}

#[tokio::test]
async fn a_link_of_the_longest_name_and_the_most_types_works() {
    let server = Server::start();
    let alice = sign(&Claims::new().with("sub", "alice"));
    let name = "%22".repeat(900);
    let types: Vec<String> = (0..31).map(|number| format!("a/{number:0>115}")).collect();
    let types: Vec<&str> = types
        .iter()
        .map(String::as_str)
        .chain(["text/plain"])
        .collect();
    let members = json!({ "content_types": types, "max_size": u64::MAX, "replace": true });
    let at = format!("/v1/user/urls/{name}");
    let link = upload_link(&server, &alice, &at, members).await;
    assert_eq!(put(&server, &link, "content").await.status(), 201);
    assert_eq!(put(&server, &link, "again").await.status(), 200);
}
