//! `POST /v1/{area}/delete`: many files, or a folder.

use reqwest::Response;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{Server, Setup, assert_problem, iam, json_of, org_member, token, user};

async fn delete(server: &Server, token: &str, area: &str, body: &Value) -> Response {
    let request = server
        .post(&format!("/v1/{area}/delete"))
        .bearer_auth(token);
    request.body(body.to_string()).send().await.unwrap()
}

/// How many files are gone, and which are not, with the types of their problems.
async fn outcome(response: Response) -> (u64, Vec<(String, String)>) {
    assert_eq!(response.status(), 200, "{:?}", response.text().await);
    assert_eq!(response.headers()["content-type"], "application/json");
    let answer: Value = response.json().await.unwrap();
    assert!(answer["next"].is_null(), "{answer}");
    let failed = answer["failed"].as_array().unwrap().iter().map(|failure| {
        let kind = failure["problem"]["type"].as_str().unwrap();
        let name = failure["name"].as_str().unwrap();
        (
            name.to_owned(),
            kind.trim_start_matches("/problems/").to_owned(),
        )
    });
    (answer["done"].as_u64().unwrap(), failed.collect())
}

async fn store(server: &Server, token: &str, area: &str, names: &[String]) {
    for names in names.chunks(100) {
        let form = names.iter().fold(Form::new(), |form, name| {
            form.part("file", Part::text("content").file_name(name.clone()))
        });
        let request = server.post(&format!("/v1/{area}/files?paths=keep"));
        let response = request.bearer_auth(token).multipart(form).send().await;
        assert_eq!(response.unwrap().status(), 201);
    }
}

async fn names(server: &Server, token: &str, area: &str) -> Vec<String> {
    let path = format!("/v1/{area}/files?limit=1000");
    let page = json_of(server.get(&path).bearer_auth(token)).await;
    assert!(page["next"].is_null());
    let files = page["files"].as_array().unwrap().iter();
    files
        .map(|file| file["name"].as_str().unwrap().to_owned())
        .collect()
}

fn owned<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).into()
}

#[tokio::test]
async fn the_named_files_are_gone_and_no_others() {
    let server = Server::start();
    let alice = org_member("alice", "acme");
    for area in ["public", "user", "org"] {
        store(
            &server,
            &alice,
            area,
            &owned(["a", "a/b", "日 本", "kept", "A"]),
        )
        .await;
        let body = json!({ "names": ["a", "日 本", "none", "a", "a/b/c"] });
        // An absent file counts too, so that a repeated call answers alike.
        for _ in 0..2 {
            let answer = delete(&server, &alice, area, &body).await;
            assert_eq!(outcome(answer).await, (4, vec![]), "{area}");
            assert_eq!(names(&server, &alice, area).await, ["A", "a/b", "kept"]);
        }
        let nothing = delete(&server, &alice, area, &json!({ "names": [] })).await;
        assert_eq!(outcome(nothing).await, (0, vec![]));
    }
}

#[tokio::test]
async fn a_thousand_files_are_deleted_at_once_and_a_folder_whole() {
    let server = Server::start();
    let alice = user("alice");
    let thousand: Vec<String> = (0..1000).map(|n| format!("x/{n:04}")).collect();
    store(&server, &alice, "user", &thousand).await;
    let answer = delete(&server, &alice, "user", &json!({ "names": thousand })).await;
    assert_eq!(outcome(answer).await, (1000, vec![]));
    assert_eq!(names(&server, &alice, "user").await, [""; 0]);

    let folder: Vec<String> = (0..2300).map(|n| format!("d/{}/{n:04}", n % 3)).collect();
    store(&server, &alice, "user", &folder).await;
    store(&server, &alice, "user", &owned(["d", "dd/x", "D/x"])).await;
    let within = delete(&server, &alice, "user", &json!({ "folder": "d/1/" })).await;
    assert_eq!(outcome(within).await, (767, vec![]));
    for done in [1533, 0] {
        let (mut body, mut total) = (json!({ "folder": "d/" }), 0);
        // Slow machines need more than one call.
        loop {
            let answer: Value = delete(&server, &alice, "user", &body)
                .await
                .json()
                .await
                .unwrap();
            assert_eq!(answer["failed"], json!([]));
            total += answer["done"].as_u64().unwrap();
            if answer["next"].is_null() {
                break;
            }
            body["cursor"] = answer["next"].clone();
        }
        assert_eq!(total, done);
        assert_eq!(names(&server, &alice, "user").await, ["D/x", "d", "dd/x"]);
    }
}

#[tokio::test]
async fn a_bad_request_deletes_nothing() {
    let server = Server::start();
    let alice = user("alice");
    store(&server, &alice, "user", &owned(["a", "b/c"])).await;
    let many = json!({ "names": vec!["a"; 1001] });
    let long = json!({ "names": ["a", "x".repeat(901)] });
    for (body, status, kind, words) in [
        (json!({}), 400, "invalid-request", "missing"),
        (json!(["a"]), 400, "invalid-request", "not a JSON object"),
        (
            json!({ "names": "a" }),
            400,
            "invalid-request",
            "must be a list",
        ),
        (
            json!({ "names": ["a", 1] }),
            400,
            "invalid-request",
            "must be a list",
        ),
        (
            json!({ "names": ["a"], "folder": "b/" }),
            400,
            "invalid-request",
            "exclude",
        ),
        (
            json!({ "names": ["a"], "cursor": "x" }),
            400,
            "invalid-request",
            "cursor",
        ),
        (
            json!({ "names": ["a"], "force": true }),
            400,
            "invalid-request",
            "unknown member",
        ),
        (many, 400, "invalid-request", "at most 1000"),
        (
            json!({ "folder": "b" }),
            400,
            "invalid-request",
            "must end in /",
        ),
        (
            json!({ "folder": "" }),
            400,
            "invalid-request",
            "whole area",
        ),
        (
            json!({ "folder": "/" }),
            400,
            "invalid-request",
            "whole area",
        ),
        (
            json!({ "folder": "b/", "cursor": "YQ" }),
            400,
            "invalid-request",
            "cursor",
        ),
        (
            json!({ "names": ["a", "../b"] }),
            400,
            "invalid-name",
            "segment",
        ),
        (
            json!({ "names": ["a", "b/"] }),
            400,
            "invalid-name",
            "segment",
        ),
        (json!({ "names": ["a", ""] }), 400, "invalid-name", "empty"),
        (long, 400, "invalid-name", "900 bytes"),
        (json!({ "folder": "b//" }), 400, "invalid-name", "segment"),
    ] {
        let refused = delete(&server, &alice, "user", &body).await;
        let shown = body.to_string();
        assert_eq!(refused.status(), status, "{shown:.80}");
        let document: Value = refused.json().await.unwrap();
        assert_eq!(document["type"], format!("/problems/{kind}"), "{shown:.80}");
        let detail = document["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{shown:.80}: {detail:.200}");
    }
    for (field, value) in [
        ("if-match", "*"),
        ("if-none-match", "\"x\""),
        ("if-unmodified-since", "Fri, 01 Jan 2100 00:00:00 GMT"),
    ] {
        let request = server.post("/v1/user/delete").bearer_auth(&alice);
        let request = request.header(field, value).body(r#"{"names":["a"]}"#);
        assert_problem(request.send().await.unwrap(), 400, "invalid-request").await;
    }
    assert_eq!(names(&server, &alice, "user").await, ["a", "b/c"]);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = Server::start();
    let body = json!({ "names": ["x".repeat(5 << 20)] });
    let refused = delete(&server, &user("alice"), "user", &body).await;
    assert_problem(refused, 413, "too-large").await;
}

#[tokio::test]
async fn files_of_other_uploaders_stay_and_are_named() {
    let policy = format!(
        "{}[org]\ndelete = [\"uploader\", \"role:manager\"]\n",
        iam()
    );
    let server = Setup::policy(&policy).start();
    let (alice, bob) = (org_member("alice", "acme"), org_member("bob", "acme"));
    store(&server, &alice, "org", &owned(["d/1", "d/3"])).await;
    store(&server, &bob, "org", &owned(["d/2", "d/4"])).await;
    let forbidden = |name: &str| (name.to_owned(), "forbidden".to_owned());
    let body = json!({ "names": ["d/1", "d/2", "none"] });
    let answer = outcome(delete(&server, &alice, "org", &body).await).await;
    assert_eq!(answer, (2, vec![forbidden("d/2")]));
    let answer = outcome(delete(&server, &alice, "org", &json!({ "folder": "d/" })).await).await;
    assert_eq!(answer, (1, vec![forbidden("d/2"), forbidden("d/4")]));
    assert_eq!(names(&server, &bob, "org").await, ["d/2", "d/4"]);
    let manager = token(Some("carol"), Some("acme"), &["manager"]);
    let answer = outcome(delete(&server, &manager, "org", &json!({ "folder": "d/" })).await).await;
    assert_eq!(answer, (2, vec![]));
}

#[tokio::test]
async fn it_takes_the_rule_and_for_folders_the_one_to_list_too() {
    let rules =
        "[public]\ndelete = \"anyone\"\nlist = \"role:auditor\"\n[org]\ndelete = \"nobody\"\n";
    let server = Setup::policy(&format!("{}{rules}", iam())).start();
    let alice = org_member("alice", "acme");
    for area in ["public", "user", "org"] {
        store(&server, &alice, area, &owned(["d/a"])).await;
    }
    let (file, folder) = (json!({ "names": ["d/a"] }), json!({ "folder": "d/" }));
    for (area, token, body, status, kind) in [
        ("org", Some(&alice), &file, 403, "forbidden"),
        ("org", Some(&alice), &folder, 403, "forbidden"),
        ("public", Some(&alice), &folder, 403, "forbidden"),
        ("public", None, &folder, 401, "unauthenticated"),
        ("user", None, &file, 401, "unauthenticated"),
    ] {
        let mut request = server
            .post(&format!("/v1/{area}/delete"))
            .body(body.to_string());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        assert_problem(request.send().await.unwrap(), status, kind).await;
    }
    // Bob's folder of that name is another one.
    let bob = org_member("bob", "other");
    for (area, body) in [("user", &folder), ("user", &file)] {
        let answer = delete(&server, &bob, area, body).await;
        assert_eq!(answer.status(), 200);
    }
    for area in ["user", "org"] {
        assert_eq!(names(&server, &alice, area).await, ["d/a"]);
    }
    let anonymous = server.post("/v1/public/delete").body(file.to_string());
    assert_eq!(outcome(anonymous.send().await.unwrap()).await, (1, vec![]));
}
