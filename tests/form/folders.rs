//! Which folder files go to.

use serde_json::Value;

use super::*;
use crate::support::{assert_problem, user};

#[tokio::test]
async fn files_go_into_the_folder_that_is_named_before_them() {
    let server = Server::start();
    let x = || file("x", "1");
    let y = || file("y", "2");
    for (number, (query, parts, expected)) in [
        ("", vec![x(), y()], vec!["x", "y"]),
        ("?folder=a", vec![x(), y()], vec!["a/x", "a/y"]),
        ("?folder=a/", vec![x()], vec!["a/x"]),
        ("?folder=a%2Fb+c/%E6%97%A5", vec![x()], vec!["a/b c/日/x"]),
        ("?folder=", vec![x()], vec!["x"]),
        (
            "",
            vec![field("folder", "a/b"), x(), y()],
            vec!["a/b/x", "a/b/y"],
        ),
        ("", vec![field("folder", "a/b/"), x()], vec!["a/b/x"]),
        (
            "",
            vec![field("folder", "日本 +%41"), x()],
            vec!["日本 +%41/x"],
        ),
        ("", vec![field("folder", ""), x()], vec!["x"]),
        ("", vec![x(), field("folder", "a"), y()], vec!["a/y", "x"]),
        ("", vec![x(), field("folder", "a")], vec!["x"]),
        ("?folder=q", vec![field("folder", "a"), x()], vec!["q/x"]),
        ("?folder=a", vec![file("b/../x", "")], vec!["a/x"]),
        ("", vec![field("Folder", "a"), x()], vec!["x"]),
    ]
    .into_iter()
    .enumerate()
    {
        let token = user(&format!("user-{number}"));
        let at = format!("/v1/user/files{query}");
        let response = post(&server, &at, &token, form(&parts)).await;
        assert_eq!(response.status(), 201, "{expected:?}");
        assert_eq!(names(&server, &token).await, expected, "{query}");
    }
}

#[tokio::test]
async fn an_invalid_query_or_folder_is_refused() {
    let server = Server::start();
    let token = user("alice");
    for (query, folder, kind) in [
        ("?folder=..", "", "invalid-name"),
        ("?folder=a//b", "", "invalid-name"),
        ("?folder=a//", "", "invalid-name"),
        ("?folder=/", "", "invalid-name"),
        ("?folder=a%00", "", "invalid-name"),
        ("?folder=a%5Cb", "", "invalid-name"),
        ("?folder=%FF", "", "invalid-request"),
        ("?folder=a&folder=b", "", "invalid-request"),
        ("?replace=yes", "", "invalid-request"),
        ("?replace=", "", "invalid-request"),
        ("", "../a", "invalid-name"),
        ("", "/a", "invalid-name"),
        ("", "a\\b", "invalid-name"),
        ("", "a\r\nb", "invalid-name"),
        ("", &"a".repeat(900), "invalid-name"),
        ("", &"a".repeat(5000), "invalid-multipart"),
    ] {
        let parts = [field("folder", folder), file("x", "1")];
        let at = format!("/v1/user/files{query}");
        let response = post(&server, &at, &token, form(&parts)).await;
        eprintln!("{query} {folder:.20}");
        assert_problem(response, 400, kind).await;
    }
    let disposition = "Content-Disposition: form-data; name=folder";
    let parts = [part(disposition, b"\xff"), file("x", "1")];
    let response = post(&server, "/v1/user/files", &token, form(&parts)).await;
    assert_problem(response, 400, "invalid-multipart").await;
    assert!(names(&server, &token).await.is_empty());
    assert_left(&server, &[]).await;
}

#[tokio::test]
async fn an_uploaded_folder_keeps_its_paths_on_request() {
    let server = Server::start();
    let token = user("alice");
    let parts = || {
        [
            file("photos/2026/a.jpg", "1"),
            file("photos/2027/a.jpg", "2"),
            file(r"photos\win\a.jpg", "3"),
            file(r"photos\\curl\\a.jpg", "4"),
        ]
    };
    let response = post(&server, "/v1/user/files", &token, form(&parts())).await;
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/invalid-multipart");
    assert_eq!(problem["file"], "photos/2027/a.jpg");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("?paths=keep"), "{detail}");

    let at = "/v1/user/files?paths=keep&folder=all";
    let response = post(&server, at, &token, form(&parts())).await;
    assert_eq!(response.status(), 201);
    let expected = ["2026", "2027", "win", "curl"].map(|of| format!("all/photos/{of}/a.jpg"));
    assert_eq!(names_of(&response.json().await.unwrap()), expected);
    for (name, expected) in expected.iter().zip(["1", "2", "3", "4"]) {
        let path = format!("/v1/user/files/{name}");
        assert_eq!(content(&server, &path, &token).await, expected.as_bytes());
    }
    for filename in ["../a", "/a", "a//b", "a/", "a/./b", r"..\a", r"\\host\a"] {
        let body = form(&[file("good", "1"), file(filename, "2")]);
        let response = post(&server, at, &token, body).await;
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["type"], "/problems/invalid-name", "{filename}");
        assert_eq!(problem["file"], filename);
    }
    let response = post(&server, "/v1/user/files?paths=x", &token, form(&parts())).await;
    assert_problem(response, 400, "invalid-request").await;
    assert_eq!(names(&server, &token).await.len(), 4);
}
