//! `GET /v1/{area}/files`: what is on a page, in which order, and what a walk over
//! the pages sees.

mod closed;

use std::cell::Cell;

use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

use crate::support::{Server, assert_problem, json_of, org_member, user};

/// Every byte encoded but `/`.
fn path(area: &str, name: &str) -> String {
    let encode = |byte: u8| match byte {
        b'/' => "/".to_owned(),
        byte => format!("%{byte:02X}"),
    };
    let name: String = name.bytes().map(encode).collect();
    format!("/v1/{area}/files/{name}")
}

async fn store(server: &Server, token: &str, area: &str, name: &str) {
    let request = server.put(&path(area, name), name.to_owned());
    let response = request.bearer_auth(token).send().await.unwrap();
    assert!(response.status().is_success(), "{name}: {response:?}");
}

async fn store_all(server: &Server, token: &str, names: &[String]) {
    stream::iter(names)
        .for_each_concurrent(16, |name| store(server, token, "user", name))
        .await;
}

async fn delete(server: &Server, token: &str, name: &str) {
    let request = server.delete(&path("user", name)).bearer_auth(token);
    assert_eq!(request.send().await.unwrap().status(), 204, "{name}");
}

/// One page of an area.
async fn page(server: &Server, token: &str, area: &str, query: &str) -> Value {
    let request = server.get(&format!("/v1/{area}/files?{query}"));
    let response = request.bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status(), 200, "{query}");
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.unwrap()
}

fn files(page: &Value) -> Vec<&str> {
    let files = page["files"].as_array().unwrap();
    files
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect()
}

fn folders(page: &Value) -> Vec<&str> {
    let folders = page["folders"].as_array().unwrap();
    folders
        .iter()
        .map(|folder| folder.as_str().unwrap())
        .collect()
}

/// Files and folders in their common order, after checking that of each.
fn entries(page: &Value) -> Vec<String> {
    let (files, folders) = (files(page), folders(page));
    assert!(files.is_sorted() && folders.is_sorted(), "{page}");
    let mut entries: Vec<String> = [files, folders]
        .concat()
        .iter()
        .map(|&e| e.into())
        .collect();
    entries.sort();
    entries
}

/// All entries, in pages of `limit` entries, in the order received.
async fn walk(server: &Server, token: &str, query: &str, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let query = format!("{query}&limit={limit}{cursor}");
        let page = page(server, token, "user", &query).await;
        let found = entries(&page);
        assert!(found.len() <= limit, "{query}: {page}");
        seen.extend(found.iter().cloned());
        match page["next"].as_str() {
            Some(next) => {
                assert_eq!(found.len(), limit, "a page before the last is full");
                cursor = format!("&cursor={next}");
            }
            None => return seen,
        }
    }
}

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

#[tokio::test]
async fn the_pages_together_are_the_whole_list() {
    let server = Server::start();
    let token = user("alice");
    let mut names: Vec<String> = (0..60).map(|n| format!("{n:03}")).collect();
    names.extend((0..40).map(|n| format!("{:03}/{n}", n % 8)));
    names.extend((0..21).map(|n| format!("日/{n}/{}", n % 3)));
    names.sort();
    store_all(&server, &token, &names).await;

    let first = page(&server, &token, "user", "").await;
    assert_eq!(files(&first), names[..100]);
    let next = first["next"].as_str().unwrap();
    let second = page(&server, &token, "user", &format!("cursor={next}")).await;
    assert_eq!(files(&second), names[100..]);
    assert_eq!(second["next"], Value::Null);

    for query in [
        "",
        "delimiter=/",
        "prefix=0",
        "prefix=0&delimiter=/",
        "prefix=005",
        "prefix=005/&delimiter=/",
        "prefix=%E6%97%A5/&delimiter=/",
        "prefix=none",
    ] {
        let whole = page(&server, &token, "user", &format!("{query}&limit=1000")).await;
        assert_eq!(whole["next"], Value::Null);
        let expected = entries(&whole);
        for limit in [1, 7, expected.len().max(1)] {
            let seen = walk(&server, &token, query, limit).await;
            assert_eq!(seen, expected, "{query} limit {limit}");
        }
    }
}

#[tokio::test]
async fn a_walk_sees_each_lasting_name_once_while_others_come_and_go() {
    let server = Server::start();
    let token = user("alice");
    let lasting: Vec<String> = (0..90).map(|n| format!("{n:02}")).collect();
    store_all(&server, &token, &lasting).await;
    let done = Cell::new(false);
    let writing = async {
        let mut round = 0;
        while !done.get() {
            // Spread over the whole list, before and after the position of the walk.
            let coming: Vec<String> = (0..8)
                .map(|n| format!("{:02}-{round}", (n * 13 + round * 7) % 90))
                .collect();
            store_all(&server, &token, &coming).await;
            for name in &coming {
                delete(&server, &token, name).await;
            }
            round += 1;
        }
    };
    let walking = async {
        for limit in [1, 2, 7, 7, 7, 50] {
            for query in ["", "delimiter=/"] {
                let seen = walk(&server, &token, query, limit).await;
                assert!(seen.windows(2).all(|two| two[0] < two[1]), "{seen:?}");
                let stayed: Vec<&String> = seen.iter().filter(|name| !name.contains('-')).collect();
                assert_eq!(stayed, lasting.iter().collect::<Vec<_>>());
            }
        }
        done.set(true);
    };
    tokio::join!(writing, walking);
    assert_eq!(walk(&server, &token, "", 1000).await, lasting);
}

#[tokio::test]
async fn a_cursor_continues_where_its_name_was() {
    let server = Server::start();
    let token = user("alice");
    let names = ["a", "b/1", "b/2", "c", "d"].map(str::to_owned);
    store_all(&server, &token, &names).await;
    let query = "delimiter=/&limit=2";
    let first = page(&server, &token, "user", query).await;
    assert_eq!(entries(&first), ["a", "b/"]);
    let next = first["next"].as_str().unwrap().to_owned();
    let rest = format!("{query}&cursor={next}");
    assert_eq!(
        entries(&page(&server, &token, "user", &rest).await),
        ["c", "d"]
    );
    // New files in a folder that has been shown do not show it again.
    store(&server, &token, "user", "b/3").await;
    assert_eq!(
        entries(&page(&server, &token, "user", &rest).await),
        ["c", "d"]
    );
    for name in ["b/1", "b/2", "b/3", "a"] {
        delete(&server, &token, name).await;
    }
    assert_eq!(
        entries(&page(&server, &token, "user", &rest).await),
        ["c", "d"]
    );

    let first = page(&server, &token, "user", "limit=1").await;
    assert_eq!(files(&first), ["c"]);
    let rest = format!("limit=1&cursor={}", first["next"].as_str().unwrap());
    delete(&server, &token, "c").await;
    assert_eq!(files(&page(&server, &token, "user", &rest).await), ["d"]);
    delete(&server, &token, "d").await;
    let end = page(&server, &token, "user", &rest).await;
    assert_eq!(end, json!({ "files": [], "folders": [], "next": null }));
}

#[tokio::test]
async fn areas_and_owners_do_not_show_each_others_names() {
    let server = Server::start();
    // The same word as user and as organization, and one within another.
    let owners = [
        ("public", user("alice"), "everybodys"),
        ("user", user("alice"), "alices"),
        ("user", user("ali"), "alis"),
        ("user", user("alice/a"), "alice-as"),
        ("user", user("acme"), "acmes-user"),
        ("org", org_member("alice", "acme"), "acmes"),
        ("org", org_member("alice", "acme2"), "acme2s"),
        ("org", org_member("acme", "alice"), "alices-org"),
    ];
    for (area, token, _) in &owners {
        let listing = page(&server, token, area, "").await;
        assert!(entries(&listing).is_empty(), "{listing}");
    }
    for (area, token, name) in &owners {
        store(&server, token, area, name).await;
        store(&server, token, area, &format!("shared/{name}")).await;
    }
    let mut cursors = Vec::new();
    for (area, token, name) in &owners {
        let below = format!("shared/{name}");
        let listing = page(&server, token, area, "").await;
        assert_eq!(files(&listing), [*name, &below], "{area}");
        let listing = page(&server, token, area, "prefix=shared/").await;
        assert_eq!(files(&listing), [&below], "{area}");
        let listing = page(&server, token, area, "limit=1").await;
        cursors.push(listing["next"].as_str().unwrap().to_owned());
    }
    for (area, token, name) in &owners {
        let own = [(*name).to_owned(), format!("shared/{name}")];
        for cursor in &cursors {
            let listing = page(&server, token, area, &format!("cursor={cursor}")).await;
            let foreign = files(&listing)
                .into_iter()
                .find(|file| !own.contains(&(*file).into()));
            assert_eq!(foreign, None, "{area} {name}");
        }
        for prefix in ["user/", "org/", "public/", "alice/", "acme", "u/", "o/"] {
            let listing = page(&server, token, area, &format!("prefix={prefix}")).await;
            let foreign = files(&listing)
                .into_iter()
                .find(|file| !own.contains(&(*file).into()));
            assert_eq!(foreign, None, "{area} {name} {prefix}");
        }
    }
    let response = server.get("/v1/user/files").send().await.unwrap();
    assert_problem(response, 401, "unauthenticated").await;
}
