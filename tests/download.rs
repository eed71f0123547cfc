//! GET and HEAD: the bytes and every header field beside them.

mod conditions;
mod display;
mod disposition;
mod ranges;
mod versions;

use reqwest::header::HeaderMap;
use reqwest::{Method, Response};
use serde_json::Value;

use crate::support::{Server, Setup, assert_problem, content, is_identified, json_of, token};

/// Stores a file and returns its entity tag.
async fn store(
    server: &Server,
    path: &str,
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> String {
    let request = server.put(path, body).header("content-type", content_type);
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{response:?}");
    field(response.headers(), "etag").to_owned()
}

fn field<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let mut values = headers.get_all(name).iter();
    let value = values
        .next()
        .unwrap_or_else(|| panic!("no {name} in {headers:?}"));
    assert!(values.next().is_none(), "more than one {name}");
    value.to_str().unwrap()
}

/// Sends a request with these fields, in which `CURRENT` stands for an entity tag.
async fn ask(
    server: &Server,
    method: Method,
    path: &str,
    fields: &[(&str, &str)],
    current: &str,
) -> Response {
    let mut request = server.request(method, path);
    for (name, value) in fields {
        request = request.header(*name, value.replace("CURRENT", current));
    }
    request.send().await.unwrap()
}

/// All fields but those that differ from one response to the next.
fn lasting(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove("date");
    headers.remove("x-request-id");
    headers
}

#[tokio::test]
async fn every_download_carries_its_fields_and_head_carries_the_same() {
    let server = Server::start();
    let alice = token(Some("alice"), Some("acme"), &[]);
    let mut paths = vec![
        (
            "/v1/public/files/folder/a.bin".to_owned(),
            "public, no-cache",
        ),
        (
            "/v1/user/files/folder/a.bin".to_owned(),
            "private, no-cache",
        ),
        ("/v1/org/files/folder/a.bin".to_owned(), "private, no-cache"),
    ];
    for (path, _) in &paths {
        let stored = server
            .put(path, "0123456789")
            .bearer_auth(&alice)
            .send()
            .await
            .unwrap();
        assert_eq!(stored.status(), 201);
    }
    let made = server
        .post("/v1/user/urls/folder/a.bin")
        .bearer_auth(&alice)
        .send()
        .await
        .unwrap();
    let link: Value = made.json().await.unwrap();
    let link = link["url"]
        .as_str()
        .unwrap()
        .strip_prefix(&server.url)
        .unwrap();
    paths.push((link.to_owned(), "private, no-cache"));

    for (path, cache_control) in paths {
        let response = server.get(&path).bearer_auth(&alice).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let headers = response.headers().clone();
        assert_eq!(response.text().await.unwrap(), "0123456789");
        for (name, value) in [
            ("content-length", "10"),
            ("content-type", "application/octet-stream"),
            ("accept-ranges", "bytes"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("cache-control", cache_control),
            (
                "content-disposition",
                "attachment; filename=\"a.bin\"; filename*=UTF-8''a.bin",
            ),
        ] {
            assert_eq!(field(&headers, name), value, "{path}");
        }
        let embedded = headers.get("cross-origin-resource-policy");
        let is_public = path.starts_with("/v1/public/");
        let expected = is_public.then_some("cross-origin");
        assert_eq!(
            embedded.map(|value| value.to_str().unwrap()),
            expected,
            "{path}"
        );
        let etag = field(&headers, "etag");
        assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
        let modified = httpdate::parse_http_date(field(&headers, "last-modified")).unwrap();
        let date = httpdate::parse_http_date(field(&headers, "date")).unwrap();
        assert!(modified <= date, "{headers:?}");
        assert!(is_identified(&headers));
        assert!(
            !headers.contains_key("content-range") && !headers.contains_key("transfer-encoding")
        );

        let response = server.head(&path).bearer_auth(&alice).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(lasting(response.headers()), lasting(&headers), "{path}");
        assert_eq!(response.bytes().await.unwrap(), "");
    }
}

#[tokio::test]
async fn times_are_those_of_the_response_to_the_upload() {
    let server = Server::shared();
    let response = server
        .put("/v1/public/files/times/a", "x")
        .send()
        .await
        .unwrap();
    let file: Value = response.json().await.unwrap();
    let stored = humantime::parse_rfc3339(file["last_modified"].as_str().unwrap()).unwrap();
    let response = server.get("/v1/public/files/times/a").send().await.unwrap();
    assert_eq!(
        field(response.headers(), "last-modified"),
        httpdate::fmt_http_date(stored)
    );
    let listing = json_of(server.get("/v1/public/files?prefix=times/")).await;
    assert_eq!(listing["files"][0]["last_modified"], file["last_modified"]);
}

#[tokio::test]
async fn the_policy_says_how_long_public_files_may_be_cached() {
    let policy = "[public]\ncache-control = \"public, max-age=31536000, immutable\"\n";
    let server = Setup::policy(policy).start();
    let etag = store(&server, "/v1/public/files/a", "text/plain", "x").await;
    let not_modified = [("if-none-match", etag.as_str())];
    for fields in [&[][..], &[("range", "bytes=0-0")], &not_modified] {
        let response = ask(&server, Method::GET, "/v1/public/files/a", fields, "").await;
        let cache_control = field(response.headers(), "cache-control");
        assert_eq!(
            cache_control, "public, max-age=31536000, immutable",
            "{fields:?}"
        );
    }
    // Refusals are not cached.
    let response = server.get("/v1/public/files/b").send().await.unwrap();
    assert_eq!(field(response.headers(), "cache-control"), "no-store");
}

#[tokio::test]
async fn an_absent_file_is_not_found_and_head_says_so_without_a_body() {
    let server = Server::shared();
    store(
        &server,
        "/v1/public/files/absent/folder/a",
        "text/plain",
        "x",
    )
    .await;
    for path in [
        "/v1/public/files/absent/b",
        "/v1/public/files/absent/folder",
        "/v1/public/files/absent/folder/a/b",
        "/v1/public/files/absent/Folder/a",
    ] {
        assert_problem(server.get(path).send().await.unwrap(), 404, "not-found").await;
        let fields = [
            ("range", "bytes=0-0"),
            ("if-none-match", "*"),
            ("if-match", "*"),
        ];
        for field in fields {
            let response = ask(&server, Method::GET, path, &[field], "").await;
            assert_problem(response, 404, "not-found").await;
        }
        let response = server.head(path).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.bytes().await.unwrap(), "", "{path}");
    }
}

#[tokio::test]
async fn many_readers_at_once_get_their_own_bytes() {
    let server = Server::shared();
    for number in 0..10 {
        let path = format!("/v1/public/files/readers/{number}");
        store(
            &server,
            &path,
            "application/x-test",
            content(number, 300_000),
        )
        .await;
    }
    let reads = (0..100_u64).map(|read| {
        let request = server.get(&format!("/v1/public/files/readers/{}", read % 10));
        async move {
            let bytes = request.send().await.unwrap().bytes().await.unwrap();
            assert!(bytes == content(read % 10, 300_000), "{read}");
        }
    });
    futures_util::future::join_all(reads).await;
}
