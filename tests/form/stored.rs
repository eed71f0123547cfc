//! What a valid form stores and answers.

use reqwest::header;
use serde_json::Value;

use super::*;
use crate::support::user;

#[tokio::test]
async fn files_are_stored_among_text_fields() {
    let server = Server::start();
    let token = user("alice");
    let large: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let parts = [
        field("title", "A walk"),
        file("a.txt", "first"),
        field("file", "a text field without a filename is not a file"),
        file("b.bin", large.clone()),
        file("empty.txt", ""),
        field("note", ""),
    ];
    let response = post(&server, "/v1/user/files", &token, form(&parts)).await;
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(!response.headers().contains_key(header::LOCATION));
    let answer: Value = response.json().await.unwrap();
    assert_eq!(names_of(&answer), ["a.txt", "b.bin", "empty.txt"]);
    for (file, size) in answer["files"]
        .as_array()
        .unwrap()
        .iter()
        .zip([5, 300_000, 0])
    {
        let mut keys: Vec<&String> = file.as_object().unwrap().keys().collect();
        keys.sort();
        let expected = [
            "content_type",
            "etag",
            "last_modified",
            "metadata",
            "name",
            "size",
        ];
        assert_eq!(keys, expected);
        assert_eq!(file["size"], size);
        let path = format!("/v1/user/files/{}", file["name"].as_str().unwrap());
        let head = server.head(&path).bearer_auth(&token).send().await.unwrap();
        assert_eq!(head.headers()["etag"], file["etag"].as_str().unwrap());
        let served = head.headers()["content-type"].to_str().unwrap();
        let stored = served.trim_end_matches("; charset=utf-8");
        assert_eq!(stored, file["content_type"]);
    }
    assert_eq!(
        content(&server, "/v1/user/files/a.txt", &token).await,
        b"first"
    );
    assert!(content(&server, "/v1/user/files/b.bin", &token).await == large);
    assert!(
        content(&server, "/v1/user/files/empty.txt", &token)
            .await
            .is_empty()
    );
    assert_eq!(
        names(&server, &token).await,
        ["a.txt", "b.bin", "empty.txt"]
    );
}

#[tokio::test]
async fn one_file_has_a_location_and_a_public_one_a_url() {
    let server = Server::start();
    let token = user("alice");
    for (area, name, path) in [
        ("public", "日本 1.txt", "%E6%97%A5%E6%9C%AC%201.txt"),
        ("user", "a+b%.txt", "a%2Bb%25.txt"),
    ] {
        let parts = [
            file("", ""),
            file(name, "x"),
            field("after", "a text field"),
        ];
        let at = format!("/v1/{area}/files");
        let response = post(&server, &at, &token, form(&parts)).await;
        assert_eq!(response.status(), 201, "{area}");
        let location = response.headers()[header::LOCATION]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(location, format!("{}{at}/{path}", server.url));
        let answer: Value = response.json().await.unwrap();
        assert_eq!(names_of(&answer), [name]);
        let public_url = (area == "public").then_some(location.as_str());
        assert_eq!(answer["files"][0]["public_url"].as_str(), public_url);
        let versioned_url = answer["files"][0]["versioned_url"].as_str();
        let begins = public_url.map(|url| format!("{url}?v=etag-"));
        match (versioned_url, begins) {
            (Some(url), Some(begins)) => assert!(url.starts_with(&begins), "{url}"),
            (url, _) => assert!(url.is_none() && area != "public", "{url:?}"),
        }
        let path = location.trim_start_matches(&server.url);
        assert_eq!(content(&server, path, &token).await, b"x");
    }
}

#[tokio::test]
async fn a_content_type_is_stored_or_guessed_from_the_name() {
    let server = Server::start();
    let token = user("alice");
    for (number, (filename, given, expected)) in [
        ("a.png", None, "image/png"),
        ("a.PDF", None, "application/pdf"),
        ("a.unknown", None, "application/octet-stream"),
        ("a", None, "application/octet-stream"),
        (
            "a.png",
            Some("text/plain; charset=utf-8"),
            "text/plain; charset=utf-8",
        ),
        ("a", Some("video/mp4"), "video/mp4"),
        // The libraries' default and malformed types are ignored.
        ("a.png", Some("application/octet-stream"), "image/png"),
        ("a.png", Some("image"), "image/png"),
        ("a.png", Some("undefined"), "image/png"),
        ("a.png", Some("image/*"), "image/png"),
        (
            "a.pdf",
            Some("application/pdf; name=a b.pdf"),
            "application/pdf",
        ),
        ("a.png", Some(""), "image/png"),
        ("a", Some("a/b/c"), "application/octet-stream"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut a = file(filename, "x");
        if let Some(given) = given {
            a.0.push_str(&format!("\r\ncontent-type: {given}"));
        }
        let at = format!("/v1/user/files?folder={number}");
        let response = post(&server, &at, &token, form(&[a])).await;
        assert_eq!(response.status(), 201, "{filename} {given:?}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["files"][0]["content_type"], expected);
        let path = format!("/v1/user/files/{number}/{filename}");
        let head = server.head(&path).bearer_auth(&token).send().await.unwrap();
        assert_eq!(head.headers()["content-type"], expected, "{path}");
    }
}
