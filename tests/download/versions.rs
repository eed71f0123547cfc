//! `versioned_url`: one version of a public file, which caches may keep.

use super::*;
use crate::support::iam;

const FOREVER: &str = "public, max-age=31536000, immutable";

/// Stores a file and returns its entity tag and the path of its `versioned_url`.
async fn stored(server: &Server, path: &str, body: &'static str) -> (String, String) {
    let put = server.put(path, body).header("content-type", "text/plain");
    let alice = token(Some("alice"), Some("acme"), &[]);
    let file: Value = json_of(put.bearer_auth(alice)).await;
    let url = file["versioned_url"].as_str().unwrap();
    let at = url.strip_prefix(&server.url).unwrap().to_owned();
    assert!(at.starts_with(&format!("{path}?v=etag-")), "{at}");
    (file["etag"].as_str().unwrap().to_owned(), at)
}

#[tokio::test]
async fn a_versioned_url_shows_its_version_until_there_is_another() {
    let server = Server::start();
    let path = "/v1/public/files/folder/%E6%97%A5.txt";
    let (etag, first) = stored(&server, path, "0123456789").await;
    let last_modified = {
        let response = server.get(path).send().await.unwrap();
        assert_eq!(
            field(response.headers(), "cache-control"),
            "public, no-cache"
        );
        field(response.headers(), "last-modified").to_owned()
    };
    // The fields of the request, and the status while it is the current version.
    let rows: &[(&[(&str, &str)], u16)] = &[
        (&[], 200),
        (&[("range", "bytes=2-3")], 206),
        (&[("range", "bytes=99-")], 416),
        (&[("range", "bytes=2-3"), ("if-range", "CURRENT")], 206),
        (&[("range", "bytes=2-3"), ("if-range", "\"other\"")], 200),
        (&[("if-none-match", "CURRENT")], 304),
        (&[("if-none-match", "\"other\"")], 200),
        (&[("if-modified-since", "MODIFIED")], 304),
        (&[("if-match", "CURRENT")], 200),
        (&[("if-match", "*")], 200),
        (&[("if-match", "\"other\"")], 412),
        (&[("if-unmodified-since", "MODIFIED")], 200),
        (
            &[("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")],
            412,
        ),
    ];
    for (fields, status) in rows {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.replace("MODIFIED", &last_modified)))
            .collect();
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        for method in [Method::GET, Method::HEAD] {
            let expected = match status {
                206 | 416 if method == Method::HEAD => 200,
                status => *status,
            };
            let response = ask(&server, method.clone(), &first, &fields, &etag).await;
            assert_eq!(response.status(), expected, "{method} {fields:?}");
            if matches!(expected, 200 | 206 | 304) {
                let headers = response.headers();
                assert_eq!(field(headers, "cache-control"), FOREVER, "{fields:?}");
                assert_eq!(field(headers, "etag"), etag, "{fields:?}");
                assert_eq!(
                    field(headers, "cross-origin-resource-policy"),
                    "cross-origin"
                );
            }
        }
    }
    let saved = server
        .get(&format!("{first}&download=b.txt"))
        .send()
        .await
        .unwrap();
    assert_eq!(field(saved.headers(), "cache-control"), FOREVER);
    let disposition = field(saved.headers(), "content-disposition");
    assert!(
        disposition.starts_with("attachment; filename=\"b.txt\""),
        "{disposition}"
    );

    let (_, second) = stored(&server, path, "another").await;
    for (fields, _) in rows {
        // A condition of the client's own that fails on the current version is told first.
        let expected = match fields {
            [("if-match", "CURRENT" | "\"other\"")] | [("if-unmodified-since", _)] => [404, 412],
            _ => [404, 404],
        };
        for method in [Method::GET, Method::HEAD] {
            let response = ask(&server, method, &first, fields, &etag).await;
            let status = response.status().as_u16();
            assert!(expected.contains(&status), "{fields:?} {status}");
            assert!(
                !response.headers().contains_key("content-range"),
                "{fields:?}"
            );
        }
    }
    assert_problem(server.get(&first).send().await.unwrap(), 404, "not-found").await;
    let current = server.get(&second).send().await.unwrap();
    assert_eq!(field(current.headers(), "cache-control"), FOREVER);
    assert_eq!(current.text().await.unwrap(), "another");

    let alice = token(Some("alice"), Some("acme"), &[]);
    let deleted = server.delete(path).bearer_auth(alice).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    assert_problem(server.get(&second).send().await.unwrap(), 404, "not-found").await;
}

#[tokio::test]
async fn cache_busters_and_versions_elsewhere_are_ignored() {
    let server = Server::start();
    let alice = token(Some("alice"), Some("acme"), &[]);
    for area in ["public", "user", "org"] {
        let path = format!("/v1/{area}/files/a");
        let put = server.put(&path, "content").bearer_auth(&alice);
        let file: Value = json_of(put).await;
        let is_public = area == "public";
        assert_eq!(file["versioned_url"].is_string(), is_public, "{file}");
        let tag = file["etag"].as_str().unwrap().trim_matches('"').to_owned();
        let (plain, version) = if is_public {
            ("public, no-cache", FOREVER)
        } else {
            ("private, no-cache", "private, no-cache")
        };
        for (query, status, cache_control) in [
            ("v=3".to_owned(), 200, plain),
            ("v=%".to_owned(), 200, plain),
            ("v".to_owned(), 200, plain),
            (format!("v={tag}"), 200, plain),
            (format!("V=etag-{tag}"), 200, plain),
            (format!("v=3&v=etag-{tag}"), 200, version),
            (format!("utm=x&v=etag-{tag}"), 200, version),
            ("v=etag-".to_owned(), 404, plain),
            ("v=etag-%22,%20%22".to_owned(), 404, plain),
            (format!("v=etag-{tag}&v=etag-other"), 404, plain),
            (format!("v=etag-{}", "x".repeat(5000)), 404, plain),
        ] {
            let status = if is_public { status } else { 200 };
            let get = server.get(&format!("{path}?{query}")).bearer_auth(&alice);
            let response = get.send().await.unwrap();
            assert_eq!(response.status(), status, "{area} {query}");
            if status == 200 {
                let found = field(response.headers(), "cache-control");
                assert_eq!(found, cache_control, "{area} {query}");
            }
        }
    }
    let made = server.post("/v1/user/urls/a").bearer_auth(&alice);
    let link: Value = json_of(made).await;
    let link = link["url"]
        .as_str()
        .unwrap()
        .strip_prefix(&server.url)
        .unwrap();
    let response = server
        .get(&format!("{link}?v=etag-x"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        field(response.headers(), "cache-control"),
        "private, no-cache"
    );
}

#[tokio::test]
async fn caches_keep_versions_only_of_files_that_anyone_may_read() {
    for (lines, plain, version) in [
        (
            "read = \"signed-in\"",
            "private, no-cache",
            "private, no-cache",
        ),
        ("cache-control = \"max-age=9\"", "max-age=9", FOREVER),
        ("cache-control = \"no-store\"", "no-store", "no-store"),
    ] {
        let policy = format!("{}[public]\n{lines}\n", iam());
        let server = Setup::policy(&policy).start();
        let path = "/v1/public/files/a";
        let (_, at) = stored(&server, path, "content").await;
        for (path, expected) in [(path, plain), (at.as_str(), version)] {
            let alice = token(Some("alice"), None, &[]);
            let get = server.get(path).bearer_auth(alice).send().await.unwrap();
            assert_eq!(get.status(), 200);
            assert_eq!(field(get.headers(), "cache-control"), expected, "{lines}");
        }
    }
}
