//! tus 1.0.0 from end to end.

use reqwest::Method;
use reqwest::redirect::Policy;

use super::{Tus, metadata, number, path_of};
use crate::support::{Server, Setup, assert_problem, content, iam, json_of, store, stored, user};

#[tokio::test]
async fn a_file_comes_in_pieces_and_is_seen_when_it_is_whole() {
    let server = Server::start();
    let alice = user("alice");
    for area in ["public", "user"] {
        let tus = Tus::new(&server, Some(alice.clone()));
        let sent = content(1, 100_000);
        let created = tus
            .request(Method::POST, &format!("/v1/{area}/uploads"))
            .header("upload-length", sent.len())
            .header(
                "upload-metadata",
                metadata(&[
                    ("filename", "C:\\fakepath\\a b.bin"),
                    ("filetype", "video/mp4"),
                    ("folder", "2026/june/"),
                    ("relativePath", "null"),
                    ("caption", "Zoë"),
                ]),
            )
            .send()
            .await
            .unwrap();
        assert_eq!(created.status(), 201);
        assert_eq!(created.headers()["tus-resumable"], "1.0.0");
        assert!(created.headers().contains_key("upload-expires"));
        let upload = path_of(&server, &created);
        assert!(upload.starts_with(&format!("/v1/{area}/uploads/")));

        let file = format!("/v1/{area}/files/2026/june/a%20b.bin");
        let mut offset = 0;
        for piece in sent.chunks(30_000) {
            let unseen = server.get(&file).bearer_auth(&alice).send().await.unwrap();
            assert_eq!(unseen.status(), 404);
            let looked = tus.request(Method::HEAD, &upload).send().await.unwrap();
            assert_eq!(looked.status(), 200);
            assert_eq!(looked.headers()["cache-control"], "no-store");
            assert_eq!(looked.headers()["tus-resumable"], "1.0.0");
            assert_eq!(number(&looked, "upload-offset"), offset);
            assert_eq!(number(&looked, "upload-length"), 100_000);
            let patched = tus.patch(&upload, offset, piece.to_vec()).send().await;
            let patched = patched.unwrap();
            assert_eq!(patched.status(), 204);
            offset += piece.len() as u64;
            assert_eq!(number(&patched, "upload-offset"), offset);
            if offset == 100_000 {
                let url = format!("{}{file}", server.url);
                assert_eq!(patched.headers()["content-location"], url);
                let head = server.head(&file).bearer_auth(&alice).send().await.unwrap();
                assert_eq!(patched.headers()["etag"], head.headers()["etag"]);
            } else {
                assert!(patched.headers().contains_key("upload-expires"));
            }
        }
        let got = server.get(&file).bearer_auth(&alice).send().await.unwrap();
        assert_eq!(got.headers()["content-type"], "video/mp4");
        assert_eq!(got.headers()["coffer-meta-caption"], "Zo%C3%AB");
        assert!(got.bytes().await.unwrap() == sent);

        // What is complete is still known, and leads to the file.
        let looked = tus.request(Method::HEAD, &upload).send().await.unwrap();
        assert_eq!(number(&looked, "upload-offset"), 100_000);
        let echoed = looked.headers()["upload-metadata"].to_str().unwrap();
        assert!(echoed.contains("filetype dmlkZW8vbXA0"), "{echoed}");
        let client = reqwest::Client::builder().redirect(Policy::none());
        let client = client.build().unwrap();
        let led = client.get(format!("{}{upload}", server.url));
        let led = led.bearer_auth(&alice).send().await.unwrap();
        assert_eq!(led.status(), 303);
        assert_eq!(led.headers()["location"], format!("{}{file}", server.url));
        let info = server.get(&format!("/v1/{area}/info/2026/june/a%20b.bin"));
        let info = json_of(info.bearer_auth(&alice)).await;
        assert_eq!(info["size"], 100_000);
    }
}

#[tokio::test]
async fn options_say_what_is_supported() {
    let policy = iam() + "[user]\nmax-file-size = '3 MiB'\n";
    let server = Setup::policy(&policy).start();
    let response = server.request(Method::OPTIONS, "/v1/user/uploads");
    let response = response.send().await.unwrap();
    assert_eq!(response.status(), 204);
    for (name, expected) in [
        ("tus-resumable", "1.0.0"),
        ("tus-version", "1.0.0"),
        (
            "tus-extension",
            "creation,creation-with-upload,creation-defer-length,expiration,termination,checksum",
        ),
        ("tus-max-size", "3145728"),
        ("tus-checksum-algorithm", "sha1,sha256"),
        ("upload-limit", "max-size=3145728, max-age=86400"),
        ("accept-patch", "application/partial-upload"),
    ] {
        assert_eq!(response.headers()[name], expected);
    }
    let other = server.request(Method::OPTIONS, "/v1/user/files");
    let other = other.send().await.unwrap();
    assert!(!other.headers().contains_key("tus-version"));
}

#[tokio::test]
async fn a_creation_may_come_with_bytes_or_with_all_of_them() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let create = |name: &str, length: u64, body: &'static str| {
        let request = tus.request(Method::POST, "/v1/public/uploads");
        request
            .header("upload-length", length)
            .header("upload-metadata", metadata(&[("name", name)]))
            .header("content-type", "application/offset+octet-stream")
            .body(body)
    };
    let some = create("some", 11, "hello ").send().await.unwrap();
    assert_eq!(some.status(), 201);
    assert_eq!(number(&some, "upload-offset"), 6);
    let upload = path_of(&server, &some);
    assert_eq!(tus.append(&upload, 6, b"world").await, 11);
    let file = stored(&server, "/v1/public/files/some").await.unwrap();
    assert_eq!(file.0, b"hello world");

    let all = create("all", 5, "hello").send().await.unwrap();
    assert_eq!(all.status(), 201);
    assert_eq!(number(&all, "upload-offset"), 5);
    assert!(all.headers().contains_key("etag"));
    let location = all.headers()["content-location"].to_str().unwrap();
    assert!(location.ends_with("/v1/public/files/all"), "{location}");
    let upload = path_of(&server, &all);
    assert_eq!(tus.offset(&upload).await, Ok(5));

    // An empty file needs no bytes.
    let empty = tus.try_create("public", "empty", 0).await;
    assert_eq!(empty.status(), 201);
    let file = stored(&server, "/v1/public/files/empty").await.unwrap();
    assert!(file.0.is_empty());

    // More than was said leaves nothing.
    let more = create("more", 3, "hello").send().await.unwrap();
    assert_problem(more, 413, "too-large").await;
    assert!(stored(&server, "/v1/public/files/more").await.is_none());
}

#[tokio::test]
async fn the_length_may_be_said_later_and_once() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let created = tus
        .request(Method::POST, "/v1/public/uploads")
        .header("upload-defer-length", "1")
        .header("upload-metadata", metadata(&[("filename", "later")]))
        .send()
        .await
        .unwrap();
    let upload = path_of(&server, &created);
    let looked = tus.request(Method::HEAD, &upload).send().await.unwrap();
    assert_eq!(number(&looked, "upload-defer-length"), 1);
    assert!(!looked.headers().contains_key("upload-length"));

    tus.append(&upload, 0, b"hello ").await;
    let below = tus.patch(&upload, 6, "x").header("upload-length", 5);
    assert_eq!(below.send().await.unwrap().status(), 400);
    let above = tus.patch(&upload, 6, "x");
    let above = above.header("upload-length", 5_368_709_121_u64);
    assert_problem(above.send().await.unwrap(), 413, "too-large").await;
    assert_eq!(tus.offset(&upload).await, Ok(6));
    let said = tus.patch(&upload, 6, "wor").header("upload-length", 11);
    assert_eq!(said.send().await.unwrap().status(), 204);
    let looked = tus.request(Method::HEAD, &upload).send().await.unwrap();
    assert_eq!(number(&looked, "upload-length"), 11);
    let other = tus.patch(&upload, 9, "ld").header("upload-length", 12);
    assert_eq!(other.send().await.unwrap().status(), 400);
    let again = tus.patch(&upload, 9, "ld").header("upload-length", 11);
    assert_eq!(again.send().await.unwrap().status(), 204);
    let file = stored(&server, "/v1/public/files/later").await.unwrap();
    assert_eq!(file.0, b"hello world");
}

#[tokio::test]
async fn a_wrong_checksum_keeps_nothing_of_that_request() {
    const SHA1: &str = "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=";
    const SHA256: &str = "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=";
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    for (name, checksum) in [("1", SHA1), ("256", SHA256)] {
        let upload = tus.create("public", name, 12).await;
        tus.append(&upload, 0, b"!").await;
        let wrong = tus.patch(&upload, 1, "hello w0rld");
        let wrong = wrong.header("upload-checksum", checksum).send().await;
        assert_problem(wrong.unwrap(), 460, "digest-mismatch").await;
        assert_eq!(tus.offset(&upload).await, Ok(1));
        let right = tus.patch(&upload, 1, "hello world");
        let right = right.header("upload-checksum", checksum).send().await;
        assert_eq!(right.unwrap().status(), 204);
        let file = format!("/v1/public/files/{name}");
        let file = stored(&server, &file).await.unwrap();
        assert_eq!(file.0, b"!hello world");
    }
}

#[tokio::test]
async fn a_discarded_upload_is_gone_and_a_file_stays() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let upload = tus.create("public", "a", 3).await;
    tus.append(&upload, 0, b"ab").await;
    let discarded = tus.request(Method::DELETE, &upload).send().await.unwrap();
    assert_eq!(discarded.status(), 204);
    assert_eq!(tus.offset(&upload).await, Err(404));
    let patched = tus.patch(&upload, 2, "c").send().await.unwrap();
    assert_problem(patched, 404, "not-found").await;
    let again = tus.request(Method::DELETE, &upload).send().await.unwrap();
    assert_problem(again, 404, "not-found").await;
    assert!(stored(&server, "/v1/public/files/a").await.is_none());

    let upload = tus.create("public", "b", 3).await;
    tus.append(&upload, 0, b"abc").await;
    let forgotten = tus.request(Method::DELETE, &upload).send().await.unwrap();
    assert_eq!(forgotten.status(), 204);
    assert_eq!(tus.offset(&upload).await, Err(404));
    assert!(stored(&server, "/v1/public/files/b").await.is_some());
}

#[tokio::test]
async fn methods_may_be_said_in_a_field() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let upload = tus.create("public", "a", 3).await;
    let as_method = |method: &str| {
        let request = tus.request(Method::POST, &upload);
        request.header("x-http-method-override", method.to_owned())
    };
    let patched = as_method("PATCH")
        .header("upload-offset", 0)
        .header("content-type", "application/offset+octet-stream")
        .body("ab");
    assert_eq!(patched.send().await.unwrap().status(), 204);
    let looked = as_method("HEAD").send().await.unwrap();
    assert_eq!(
        (looked.status().as_u16(), number(&looked, "upload-offset")),
        (200, 2)
    );
    assert_eq!(as_method("DELETE").send().await.unwrap().status(), 204);
    assert_eq!(tus.offset(&upload).await, Err(404));
    // Nowhere else.
    store(&server, "/v1/public/files/a", "x").await;
    let elsewhere = tus.request(Method::POST, "/v1/public/files/a");
    let elsewhere = elsewhere.header("x-http-method-override", "DELETE");
    assert_problem(elsewhere.send().await.unwrap(), 405, "method-not-allowed").await;
}

#[tokio::test]
async fn names_follow_the_rules_of_all_names() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let create = |pairs: &[(&str, &str)]| {
        let request = tus.request(Method::POST, "/v1/public/uploads");
        request
            .header("upload-length", 0)
            .header("upload-metadata", metadata(pairs))
    };
    for (pairs, name) in [
        (&[("filename", "../../etc/a")][..], "a"),
        (&[("name", "日本語 +%.pdf")], "日本語 +%.pdf"),
        (&[("filename", "a"), ("folder", "b/c")], "b/c/a"),
        (&[("filename", "x"), ("relativePath", "d/e/x")], "d/e/x"),
        (
            &[
                ("filename", "x"),
                ("relativePath", "/f/x"),
                ("folder", "g/"),
            ],
            "g/f/x",
        ),
    ] {
        let created = create(pairs).send().await.unwrap();
        assert_eq!(created.status(), 201, "{name}");
        let list = json_of(server.get("/v1/public/files")).await;
        let names = list["files"].as_array().unwrap().iter();
        let is_there = names.into_iter().any(|file| file["name"] == name);
        assert!(is_there, "{name}: {list}");
    }
    for pairs in [
        &[("filename", "a\u{1}b")][..],
        &[("filename", "..")],
        &[("filename", "a/")],
        &[("relativePath", "../x")],
        &[("relativePath", "a//x")],
        &[("relativePath", "a\\x")],
        &[("filename", "a"), ("folder", "../b")],
        &[("filename", "a"), ("folder", "/")],
    ] {
        let refused = create(pairs).send().await.unwrap();
        assert_problem(refused, 400, "invalid-name").await;
    }
    for pairs in [&[][..], &[("filename", "")], &[("Caption", "x")]] {
        let refused = create(pairs).send().await.unwrap();
        assert_problem(refused, 400, "invalid-request").await;
    }
}

#[tokio::test]
async fn an_existing_file_is_replaced_only_if_the_client_says_so() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    store(&server, "/v1/public/files/a", "old").await;
    let refused = tus.try_create("public", "a", 3).await;
    assert_problem(refused, 409, "already-exists").await;

    // It came meanwhile.
    let upload = tus.create("public", "b", 3).await;
    store(&server, "/v1/public/files/b", "old").await;
    let refused = tus.patch(&upload, 0, "new").send().await.unwrap();
    assert_problem(refused, 409, "already-exists").await;
    assert_eq!(tus.offset(&upload).await, Err(404));
    let file = stored(&server, "/v1/public/files/b").await.unwrap();
    assert_eq!(file.0, b"old");

    let created = tus
        .request(Method::POST, "/v1/public/uploads")
        .header("upload-length", 3)
        .header(
            "upload-metadata",
            metadata(&[("filename", "a"), ("replace", "true")]),
        )
        .send()
        .await
        .unwrap();
    let upload = path_of(&server, &created);
    assert_eq!(tus.append(&upload, 0, b"new").await, 3);
    let file = stored(&server, "/v1/public/files/a").await.unwrap();
    assert_eq!(file.0, b"new");
}

#[tokio::test]
async fn urls_are_right_behind_a_proxy_with_a_path_prefix() {
    let base = "https://files.example.com/api";
    let server = Setup::public_only().args(&["--public-url", base]).start();
    let tus = Tus::new(&server, None);
    let created = tus.try_create("public", "a", 3).await;
    let location = created.headers()["location"].to_str().unwrap();
    let path = location.strip_prefix(base).unwrap();
    let patched = tus.patch(path, 0, "abc").send().await.unwrap();
    assert_eq!(
        patched.headers()["content-location"],
        format!("{base}/v1/public/files/a")
    );
}

#[tokio::test]
async fn who_stores_a_public_file_without_a_token_can_manage_it() {
    let server = Server::start();
    let tus = Tus::new(&server, None);
    let upload = tus.create("public", "a", 3).await;
    let patched = tus.patch(&upload, 0, "abc").send().await.unwrap();
    let link = patched.headers()["link"].to_str().unwrap();
    let url = link
        .strip_prefix('<')
        .and_then(|link| link.strip_suffix(">; rel=\"edit\""));
    let url = url.unwrap_or_else(|| panic!("{link}"));
    let path = url.strip_prefix(&server.url).unwrap();
    let deleted = server.delete(path).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    assert!(stored(&server, "/v1/public/files/a").await.is_none());
}
