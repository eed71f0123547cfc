//! Valid forms that are refused for their files, and that store nothing then.

use serde_json::Value;

use super::*;
use crate::support::{Setup, assert_problem, eventually, iam, user};

#[tokio::test]
async fn a_file_that_the_policy_does_not_allow_is_refused_with_the_whole_form() {
    let policy = format!(
        "{}[user]\nmax-file-size = \"1 KiB\"\ncontent-types = [\"image/*\"]\n",
        iam()
    );
    let server = Setup::policy(&policy).start();
    let token = user("alice");
    for (second, status, kind) in [
        (file("b.png", vec![0; 1025]), 413, "too-large"),
        (file("b.png", vec![0; 300_000]), 413, "too-large"),
        (file("b.html", "x"), 415, "unsupported-media-type"),
        (file("b", "x"), 415, "unsupported-media-type"),
    ] {
        let body = form(&[file("a.png", vec![0; 1024]), second]);
        let response = post(&server, "/v1/user/files", &token, body).await;
        assert_problem(response, status, kind).await;
        assert!(names(&server, &token).await.is_empty());
    }
    assert_left(&server, &[]).await;
    let body = form(&[file("a.png", vec![0; 1024]), file("b.gif", "")]);
    let response = post(&server, "/v1/user/files", &token, body).await;
    assert_eq!(response.status(), 201);
}

#[tokio::test]
async fn an_existing_name_is_kept_and_nothing_of_the_form_is_stored() {
    let server = Server::start();
    let token = user("alice");
    let at = "/v1/user/files";
    let response = post(&server, at, &token, form(&[file("b", "old")])).await;
    assert_eq!(response.status(), 201);
    let kept = blobs(&server);
    for query in ["", "?replace=false"] {
        let body = form(&[file("a", "new"), file("b", "new"), file("c", "new")]);
        let response = post(&server, &format!("{at}{query}"), &token, body).await;
        assert_problem(response, 409, "already-exists").await;
        assert_eq!(names(&server, &token).await, ["b"]);
        assert_eq!(content(&server, &format!("{at}/b"), &token).await, b"old");
    }
    assert_left(&server, &kept).await;
    let body = form(&[file("a", "new"), file("b", "new")]);
    let response = post(&server, &format!("{at}?replace=true"), &token, body).await;
    assert_eq!(response.status(), 201);
    for name in ["a", "b"] {
        let path = format!("{at}/{name}");
        assert_eq!(content(&server, &path, &token).await, b"new");
    }
    assert_eq!(names(&server, &token).await, ["a", "b"]);
}

#[tokio::test]
async fn replacing_needs_the_right_to_replace() {
    let server = Server::start();
    let (alice, bob) = (user("alice"), user("bob"));
    let at = "/v1/public/files?replace=true";
    let response = post(&server, at, &alice, form(&[file("hers", "old")])).await;
    assert_eq!(response.status(), 201);
    let response = post(&server, at, &bob, form(&[file("his", "old")])).await;
    assert_eq!(response.status(), 201);
    let kept = blobs(&server);
    let body = || form(&[file("new", "new"), file("his", "new"), file("hers", "new")]);
    assert_problem(post(&server, at, &bob, body()).await, 403, "forbidden").await;
    // The reason is in the log, as for any other request.
    eventually("the reason is logged", || {
        server
            .log()
            .contains("public.replace (the default) requires uploader")
    });
    let anonymous = server.post(at).header("content-type", form_type());
    let response = anonymous.body(body()).send().await.unwrap();
    assert_problem(response, 401, "unauthenticated").await;
    for name in ["his", "hers"] {
        let path = format!("/v1/public/files/{name}");
        assert_eq!(content(&server, &path, &bob).await, b"old");
    }
    let new = server.get("/v1/public/files/new").send().await.unwrap();
    assert_problem(new, 404, "not-found").await;
    assert_left(&server, &kept).await;
    let response = post(&server, at, &alice, form(&[file("hers", "new")])).await;
    assert_eq!(response.status(), 201);
    assert_eq!(
        content(&server, "/v1/public/files/hers", &bob).await,
        b"new"
    );
}

#[tokio::test]
async fn a_form_without_files_or_with_nameless_or_duplicate_ones_is_refused() {
    let server = Server::start();
    let token = user("alice");
    for parts in [
        vec![],
        vec![field("a", "text")],
        vec![file("", "")],
        vec![file("", "bytes without a name"), file("a", "1")],
        vec![file("a", "1"), file("", "bytes without a name")],
        vec![file("a", "1"), file("b", "2"), file("a", "3")],
        vec![file("a", "1"), file("below/a", "1")],
    ] {
        let response = post(&server, "/v1/user/files", &token, form(&parts)).await;
        assert_problem(response, 400, "invalid-multipart").await;
    }
    assert!(names(&server, &token).await.is_empty());
    assert_left(&server, &[]).await;
    let parts = [file("", ""), file("a", "1"), file("", "")];
    let response = post(&server, "/v1/user/files", &token, form(&parts)).await;
    assert_eq!(response.status(), 201);
    assert_eq!(names(&server, &token).await, ["a"]);
}

#[tokio::test]
async fn a_hundred_files_are_accepted_and_one_more_is_not() {
    let server = Server::start();
    let token = user("alice");
    let mut parts: Vec<Part> = (0..101)
        .map(|n| file(&format!("{n:03}"), format!("content {n}")))
        .collect();
    let response = post(&server, "/v1/user/files", &token, form(&parts)).await;
    assert_problem(response, 413, "too-large").await;
    assert!(names(&server, &token).await.is_empty());
    assert_left(&server, &[]).await;
    parts.pop();
    let response = post(&server, "/v1/user/files", &token, form(&parts)).await;
    assert_eq!(response.status(), 201);
    let expected: Vec<String> = (0..100).map(|n| format!("{n:03}")).collect();
    assert_eq!(names_of(&response.json().await.unwrap()), expected);
    assert_eq!(names(&server, &token).await, expected);
    assert_eq!(
        content(&server, "/v1/user/files/099", &token).await,
        b"content 99"
    );
}

#[tokio::test]
async fn a_refusal_names_the_file_and_the_limit_that_it_is_about() {
    let policy = format!(
        "{}[user]\nmax-file-size = \"1 KiB\"\ncontent-types = [\"image/*\", \"application/pdf\"]\n",
        iam()
    );
    let server = Setup::policy(&policy).start();
    let token = user("alice");
    let first = form(&[file("there.png", "x")]);
    let response = post(&server, "/v1/user/files", &token, first).await;
    assert_eq!(response.status(), 201);
    let long = format!("{}.png", "n".repeat(897));
    for (filename, size, kind, words) in [
        (
            "C:\\photos\\large.png",
            1025,
            "too-large",
            "larger than 1024 bytes",
        ),
        (
            "日本.html",
            1,
            "unsupported-media-type",
            "text/html are not accepted here, only image/*, application/pdf",
        ),
        ("there.png", 1, "already-exists", ""),
        ("first.png", 1, "invalid-multipart", "first.png"),
        ("..", 1, "invalid-name", ""),
        (&long, 1, "invalid-name", "900 bytes"),
    ] {
        let parts = [
            file("first.png", "x"),
            file(filename, vec![0; size]),
            file("last.png", "x"),
        ];
        let response = post(&server, "/v1/user/files", &token, form(&parts)).await;
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["type"], format!("/problems/{kind}"), "{problem}");
        assert_eq!(problem["file"], filename, "{problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains(words),
            "{problem}"
        );
    }
    // A problem that is not about a file names none.
    let parts = [file("a.png", "x"), field("dzchunkindex", "0")];
    let response = post(&server, "/v1/user/files", &token, form(&parts)).await;
    let problem: Value = response.json().await.unwrap();
    assert!(problem.get("file").is_none(), "{problem}");
    assert_eq!(names(&server, &token).await, ["there.png"]);
}

#[tokio::test]
async fn a_chunk_is_not_stored_as_a_file() {
    let server = Server::start();
    let token = user("alice");
    for number in ["dzchunkindex", "resumableChunkNumber", "flowChunkNumber"] {
        let chunk = || file("video.mp4", "the first of many");
        for parts in [[field(number, "0"), chunk()], [chunk(), field(number, "0")]] {
            let at = "/v1/user/files?replace=true";
            let response = post(&server, at, &token, form(&parts)).await;
            assert_eq!(response.status(), 400, "{number}");
            let problem: Value = response.json().await.unwrap();
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(number), "{detail}");
            assert!(detail.contains("/v1/{area}/uploads"), "{detail}");
        }
        let at = format!("/v1/user/files?{number}=1");
        let response = post(&server, &at, &token, form(&[chunk()])).await;
        assert_problem(response, 400, "invalid-request").await;
    }
    assert!(names(&server, &token).await.is_empty());
    assert_left(&server, &[]).await;
}
