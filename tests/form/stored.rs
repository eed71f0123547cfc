//! What a valid form stores and answers, and that a conflicting one stores nothing.

use reqwest::header;
use serde_json::Value;

use super::*;
use crate::support::{Setup, assert_problem, eventually, iam, user};

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
