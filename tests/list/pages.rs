//! What is on a page, in which order, and which queries are valid.

use serde_json::{Value, json};

use super::{files, folders, page, store, store_all, walk};
use crate::support::{Server, assert_problem, json_of, user};

#[tokio::test]
async fn a_listing_has_exactly_these_members() {
    let server = Server::start();
    let token = user("alice");
    let empty = json!({ "files": [], "folders": [], "next": null });
    for query in ["", "delimiter=/", "prefix=a", "limit=1"] {
        assert_eq!(page(&server, &token, "user", query).await, empty);
    }
    let put = server.put("/v1/user/files/a%20b", "content");
    let put = json_of(put.bearer_auth(&token)).await;
    store(&server, &token, "user", "c/d").await;
    let listing = page(&server, &token, "user", "delimiter=/").await;
    let file = json!({
        "name": "a b",
        "size": 7,
        "etag": put["etag"],
        "last_modified": put["last_modified"],
    });
    let expected = json!({ "files": [file], "folders": ["c/"], "next": null });
    assert_eq!(listing, expected);
    let modified = put["last_modified"].as_str().unwrap();
    assert!(humantime::parse_rfc3339(modified).is_ok() && modified.ends_with('Z'));

    let head = server.head("/v1/user/files").bearer_auth(&token);
    let head = head.send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn names_are_sorted_by_their_bytes() {
    let server = Server::start();
    let token = user("alice");
    // In UTF-16 order the last two would be the other way round.
    let expected = [
        "!",
        "%41",
        "+",
        "0",
        "A",
        "AB",
        "B",
        "Z",
        "_",
        "a",
        "a ",
        "a!",
        "a-b",
        "a.b",
        "a/B",
        "a/b",
        "a/b!",
        "a/b/c",
        "a/é",
        "a0",
        "aa",
        "b",
        "z",
        "~",
        "e\u{301}",
        "é",
        "日本/語",
        "日本語",
        "\u{fffd}",
        "😀",
    ];
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    let mut names = expected.clone();
    names.reverse();
    store_all(&server, &token, &names).await;
    let listing = page(&server, &token, "user", "").await;
    assert_eq!(files(&listing), expected);
    for file in listing["files"].as_array().unwrap() {
        assert_eq!(file["size"], file["name"].as_str().unwrap().len());
    }
    for limit in [1, 7] {
        assert_eq!(walk(&server, &token, "", limit).await, expected);
    }
}

#[tokio::test]
async fn a_prefix_and_a_delimiter_choose_what_is_shown() {
    let server = Server::start();
    let token = user("alice");
    let names = [
        "A/x",
        "a",
        "a/b",
        "a/b+c",
        "a/c/d",
        "a/c/e/f",
        "a0",
        "ab/x",
        "日本/語",
        "日本語",
    ];
    store_all(&server, &token, &names.map(str::to_owned)).await;
    for (query, expected_files, expected_folders) in [
        ("", &names[..], &[][..]),
        (
            "delimiter=/",
            &["a", "a0", "日本語"],
            &["A/", "a/", "ab/", "日本/"],
        ),
        (
            "delimiter=%2F&prefix=",
            &["a", "a0", "日本語"],
            &["A/", "a/", "ab/", "日本/"],
        ),
        (
            "prefix=a",
            &["a", "a/b", "a/b+c", "a/c/d", "a/c/e/f", "a0", "ab/x"],
            &[],
        ),
        ("prefix=a&delimiter=/", &["a", "a0"], &["a/", "ab/"]),
        ("prefix=a/", &["a/b", "a/b+c", "a/c/d", "a/c/e/f"], &[]),
        ("prefix=a/&delimiter=/", &["a/b", "a/b+c"], &["a/c/"]),
        ("prefix=a/b&delimiter=/", &["a/b", "a/b+c"], &[]),
        ("prefix=a/b%2B", &["a/b+c"], &[]),
        ("prefix=a/c", &["a/c/d", "a/c/e/f"], &[]),
        ("prefix=a/c&delimiter=/", &[], &["a/c/"]),
        ("prefix=a%2Fc%2F&delimiter=/", &["a/c/d"], &["a/c/e/"]),
        ("prefix=a/c/e/&delimiter=/", &["a/c/e/f"], &[]),
        ("prefix=a/c/d&delimiter=/", &["a/c/d"], &[]),
        ("prefix=ab/&delimiter=/", &["ab/x"], &[]),
        ("prefix=%E6%97%A5", &["日本/語", "日本語"], &[]),
        ("prefix=日本&delimiter=/", &["日本語"], &["日本/"]),
        ("prefix=A", &["A/x"], &[]),
        ("prefix=a/c/d/", &[], &[]),
        ("prefix=b", &[], &[]),
        ("prefix=/", &[], &[]),
        ("prefix=../", &[], &[]),
    ] {
        let listing = page(&server, &token, "user", query).await;
        assert_eq!(files(&listing), expected_files, "{query}");
        assert_eq!(folders(&listing), expected_folders, "{query}");
        assert_eq!(listing["next"], Value::Null, "{query}");
    }
}

#[tokio::test]
async fn an_invalid_query_is_refused() {
    let server = Server::start();
    let token = user("alice");
    store(&server, &token, "user", "a").await;
    let long = "a".repeat(5000);
    for query in [
        "limit=0",
        "limit=1001",
        "limit=",
        "limit",
        "limit=-1",
        "limit=%2B1",
        "limit=1.0",
        "limit=1e2",
        "limit=ten",
        "limit=%D9%A1",
        "limit=18446744073709551617",
        "limit=1&limit=2",
        "delimiter=",
        "delimiter=a",
        "delimiter=%2F%2F",
        "prefix=%FF",
        "prefix=%2",
        "prefix=%00",
        "cursor=",
        "cursor=!",
        "cursor=a",
        "cursor=YQ==",
        "cursor=Y%20Q",
        "cursor=%FF",
        // `/`, `../x`, a control character, not UTF-8.
        "cursor=Lw",
        "cursor=Li4veA",
        "cursor=YQo",
        "cursor=_w",
        &format!("cursor={long}"),
    ] {
        let request = server.get(&format!("/v1/user/files?{query}"));
        let response = request.bearer_auth(&token).send().await.unwrap();
        eprintln!("{query:.80}");
        assert_problem(response, 400, "invalid-request").await;
    }
    for query in [
        "offset=100",
        "search=a",
        "limit=1&Prefix=a",
        "x",
        "unknown=%",
    ] {
        let request = server.get(&format!("/v1/user/files?{query}"));
        let response = request.bearer_auth(&token).send().await.unwrap();
        assert_eq!(response.status(), 400, "{query}");
        let problem: Value = response.json().await.unwrap();
        let detail = problem["detail"].as_str().unwrap();
        if !query.ends_with('%') {
            assert!(
                detail.contains("prefix, delimiter, limit, cursor"),
                "{detail}"
            );
        }
    }
    for query in ["limit=1", "limit=1000", "limit=007", "&&limit=1&"] {
        let listing = page(&server, &token, "user", query).await;
        assert_eq!(files(&listing), ["a"], "{query}");
    }
}
