//! The IETF's resumable uploads from end to end, in the versions that clients send.

use reqwest::Method;

use super::{number, path_of};
use crate::support::{
    RequestBuilder, Server, Setup, assert_problem, content, json_of, store, stored, user,
};

/// How a version says that more will come, and that no more will.
struct Words {
    version: &'static str,
    state: &'static str,
    more: &'static str,
    last: &'static str,
    appended: u16,
}

const VERSIONS: [Words; 5] = [
    Words {
        version: "3",
        state: "upload-incomplete",
        more: "?1",
        last: "?0",
        appended: 201,
    },
    words("5", 201),
    words("6", 204),
    words("8", 204),
    // As the standard will be.
    words("", 204),
];

const fn words(version: &'static str, appended: u16) -> Words {
    Words {
        version,
        state: "upload-complete",
        more: "?0",
        last: "?1",
        appended,
    }
}

impl Words {
    fn speak(&self, request: RequestBuilder) -> RequestBuilder {
        if self.version.is_empty() {
            return request;
        }
        request.header("upload-draft-interop-version", self.version)
    }
}

fn patch(server: &Server, path: &str, offset: u64, state: &str) -> RequestBuilder {
    let request = server.request(Method::PATCH, path);
    request
        .header("content-type", "application/partial-upload")
        .header("upload-offset", offset)
        .header("upload-complete", state)
}

#[tokio::test]
async fn a_whole_file_has_the_length_that_was_said_and_begins_at_its_beginning() {
    let server = Setup::public_only().start();
    let put = |field: &'static str, value: u64| {
        let pieces = [Ok::<_, std::io::Error>("hello")];
        let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        let request = server.put("/v1/public/files/a", chunked);
        request.header("upload-complete", "?1").header(field, value)
    };
    for length in [3, 9] {
        let answer = put("upload-length", length).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{length}");
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(problem["title"], "Inconsistent upload length");
    }
    let answer = put("upload-offset", 7).send().await.unwrap();
    assert_problem(answer, 400, "invalid-request").await;
    let missing = server.get("/v1/public/files/a").send().await.unwrap();
    assert_eq!(missing.status(), 404);
    for (field, value) in [("upload-length", 5), ("upload-offset", 0)] {
        let answer = put(field, value).send().await.unwrap();
        assert!(answer.status().is_success(), "{field}");
    }
}

#[tokio::test]
async fn a_file_is_put_in_parts_by_every_version() {
    let server = Server::start();
    let alice = user("alice");
    for words in VERSIONS {
        let version = words.version;
        let file = format!("/v1/user/files/by-{version}.txt");
        let sent = content(3, 50_000);
        let created = words
            .speak(server.put(&file, sent[..20_000].to_vec()))
            .header(words.state, words.more)
            .header("coffer-meta-a", "b")
            .bearer_auth(&alice)
            .send()
            .await
            .unwrap();
        assert_eq!(created.status(), 201, "{version}");
        assert_eq!(created.headers()[words.state], words.more, "{version}");
        assert_eq!(number(&created, "upload-offset"), 20_000);
        assert!(created.headers().contains_key("upload-limit"));
        let upload = path_of(&server, &created);

        let looked = words.speak(server.head(&upload)).bearer_auth(&alice);
        let looked = looked.send().await.unwrap();
        assert_eq!(looked.status(), 204, "{version}");
        assert_eq!(number(&looked, "upload-offset"), 20_000);
        assert_eq!(looked.headers()[words.state], words.more);
        assert_eq!(looked.headers()["cache-control"], "no-store");

        let append = |offset: usize, end: usize, state: &str| {
            let request = words.speak(server.request(Method::PATCH, &upload));
            request
                .header("content-type", "application/partial-upload")
                .header("upload-offset", offset)
                .header(words.state, state)
                .bearer_auth(&alice)
                .body(sent[offset..end].to_vec())
        };
        let appended = append(20_000, 35_000, words.more).send().await.unwrap();
        assert_eq!(appended.status(), words.appended, "{version}");
        assert_eq!(appended.headers()[words.state], words.more);
        let unseen = server.get(&file).bearer_auth(&alice).send().await.unwrap();
        assert_eq!(unseen.status(), 404);

        let wrong = append(20_000, 50_000, words.last).send().await.unwrap();
        assert_eq!(wrong.status(), 409, "{version}");
        assert_eq!(number(&wrong, "upload-offset"), 35_000);
        assert_eq!(wrong.headers()[words.state], words.more);

        let finished = append(35_000, 50_000, words.last).send().await.unwrap();
        assert_eq!(finished.status(), 201, "{version}");
        assert_eq!(finished.headers()[words.state], words.last);
        let url = format!("{}{file}", server.url);
        assert_eq!(finished.headers()["location"], url);
        assert_eq!(finished.headers()["content-location"], url);
        let etag = finished.headers()["etag"].to_str().unwrap().to_owned();
        let described: serde_json::Value = finished.json().await.unwrap();
        assert_eq!(described["size"], 50_000);
        assert_eq!(described["metadata"]["a"], "b");
        assert_eq!(described["content_type"], "text/plain");
        let got = server.get(&file).bearer_auth(&alice).send().await.unwrap();
        assert_eq!(got.headers()["etag"], etag);
        assert!(got.bytes().await.unwrap() == sent);

        let looked = words.speak(server.head(&upload)).bearer_auth(&alice);
        let looked = looked.send().await.unwrap();
        assert_eq!(looked.headers()[words.state], words.last, "{version}");
        let again = append(50_000, 50_000, words.last).send().await.unwrap();
        assert_eq!(again.status(), 400, "{version}");
        let problem: serde_json::Value = again.json().await.unwrap();
        let kind = problem["type"].as_str().unwrap();
        assert!(kind.ends_with("#completed-upload"), "{kind}");
        let more = append(49_999, 50_000, words.last).send().await.unwrap();
        assert_eq!(more.status(), 400, "{version}");
        let problem: serde_json::Value = more.json().await.unwrap();
        let kind = problem["type"].as_str().unwrap();
        assert!(kind.ends_with("#inconsistent-upload-length"), "{kind}");
    }
}

#[tokio::test]
async fn a_whole_file_is_stored_as_by_any_put() {
    let server = Setup::public_only().start();
    for words in VERSIONS {
        let path = format!("/v1/public/files/whole-{}", words.version);
        let put = words.speak(server.put(&path, "whole"));
        let put = put.header(words.state, words.last).send().await.unwrap();
        assert_eq!(put.status(), 201);
        assert_eq!(put.headers()[words.state], words.last);
        assert_eq!(stored(&server, &path).await.unwrap().0, b"whole");
    }
    let posted = server
        .post("/v1/public/uploads")
        .header("upload-complete", "?1")
        .header("content-disposition", "inline; filename=\"a b.txt\"")
        .body("posted");
    let posted = posted.send().await.unwrap();
    assert_eq!(posted.headers()["upload-complete"], "?1");
    let described: serde_json::Value = posted.json().await.unwrap();
    assert_eq!(described["name"], "a b.txt");
}

#[tokio::test]
async fn a_post_names_the_file_by_its_disposition_or_in_the_query() {
    let server = Setup::public_only().start();
    for (query, disposition, name) in [
        ("", "inline; filename=\"C:\\\\a.txt\"", "a.txt"),
        (
            "?folder=b/c/",
            "attachment; filename=x; filename*=UTF-8''%E6%97%A5.txt",
            "b/c/日.txt",
        ),
        ("?name=d/e.txt", "inline; filename=x", "d/e.txt"),
    ] {
        let created = server
            .post(&format!("/v1/public/uploads{query}"))
            .header("upload-complete", "?0")
            .header("content-disposition", disposition)
            .body("ab")
            .send()
            .await
            .unwrap();
        assert_eq!(created.status(), 201, "{name}");
        let upload = path_of(&server, &created);
        let described = json_of(patch(&server, &upload, 2, "?1").body("c")).await;
        assert_eq!(described["name"], name);
        assert_eq!(described["size"], 3);
    }
    let unnamed = server.post("/v1/public/uploads");
    let unnamed = unnamed.header("upload-complete", "?0").body("ab");
    assert_problem(unnamed.send().await.unwrap(), 400, "invalid-request").await;
    // As with a form, a new file only.
    store(&server, "/v1/public/files/there", "x").await;
    let there = server.post("/v1/public/uploads?name=there");
    let there = there.header("upload-complete", "?0").body("ab");
    assert_problem(there.send().await.unwrap(), 409, "already-exists").await;
}

#[tokio::test]
async fn lengths_that_contradict_each_other_are_refused() {
    let server = Setup::public_only().start();
    let created = server
        .put("/v1/public/files/a", "ab")
        .header("upload-complete", "?0")
        .header("upload-length", 5)
        .send()
        .await
        .unwrap();
    let upload = path_of(&server, &created);
    let looked = server.head(&upload).send().await.unwrap();
    assert_eq!(number(&looked, "upload-length"), 5);
    for request in [
        patch(&server, &upload, 2, "?1").body("cd"),
        patch(&server, &upload, 2, "?1").body("cdef"),
        patch(&server, &upload, 2, "?0")
            .header("upload-length", 6)
            .body("c"),
        patch(&server, &upload, 2, "?1")
            .header("upload-length", 4)
            .body("cd"),
    ] {
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), 400);
        assert_eq!(refused.headers()["upload-complete"], "?0");
        let problem: serde_json::Value = refused.json().await.unwrap();
        let kind = problem["type"].as_str().unwrap();
        assert!(kind.ends_with("#inconsistent-upload-length"), "{kind}");
    }
    let longer = patch(&server, &upload, 2, "?0").body("cdefg");
    let longer = longer.send().await.unwrap();
    let limit = longer.headers()["upload-limit"].to_str().unwrap();
    assert!(limit.starts_with("max-size=5368709120, "), "{limit}");
    assert_problem(longer, 413, "too-large").await;
    let larger = server.put("/v1/public/files/b", "ab");
    let larger = larger.header("upload-complete", "?0");
    let larger = larger.header("upload-length", 5_368_709_121_u64);
    let larger = larger.send().await.unwrap();
    assert_eq!(
        larger.headers()["upload-limit"],
        "max-size=5368709120, max-age=86400"
    );
    assert_problem(larger, 413, "too-large").await;
    let looked = server.head(&upload).send().await.unwrap();
    assert_eq!(number(&looked, "upload-offset"), 2);
    // All the bytes are there, but only the client can say that it is complete.
    let all = patch(&server, &upload, 2, "?0").body("cde");
    assert_eq!(all.send().await.unwrap().status(), 204);
    assert!(stored(&server, "/v1/public/files/a").await.is_none());
    let done = patch(&server, &upload, 5, "?1").send().await.unwrap();
    assert_eq!(done.status(), 201);
    let file = stored(&server, "/v1/public/files/a").await.unwrap();
    assert_eq!(file.0, b"abcde");
}

#[tokio::test]
async fn preconditions_hold_at_the_beginning_and_at_the_end() {
    let server = Setup::public_only().start();
    let path = "/v1/public/files/a";
    let begin = || {
        let request = server.put(path, "a").header("upload-complete", "?0");
        request.header("if-none-match", "*")
    };
    let upload = path_of(&server, &begin().send().await.unwrap());
    let other = store(&server, path, "other").await;
    let refused = begin().send().await.unwrap();
    assert_problem(refused, 412, "precondition-failed").await;
    let refused = patch(&server, &upload, 1, "?1")
        .body("b")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.headers()["upload-complete"], "?1");
    assert_problem(refused, 412, "precondition-failed").await;
    assert_eq!(stored(&server, path).await.unwrap().1, other);
    let gone = server.head(&upload).send().await.unwrap();
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn a_part_has_its_own_digest() {
    const HELLO: &str = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
    let server = Setup::public_only().start();
    let path = "/v1/public/files/a";
    let begin = |body: &'static str| {
        let request = server.put(path, body).header("upload-complete", "?0");
        request.header("content-digest", HELLO)
    };
    let wrong = begin("hallo").send().await.unwrap();
    assert_problem(wrong, 400, "digest-mismatch").await;
    let upload = path_of(&server, &begin("hello").send().await.unwrap());
    let append = |body: &'static str| {
        let request = patch(&server, &upload, 5, "?1").body(body);
        request.header("content-digest", HELLO)
    };
    let wrong = append("hallo").send().await.unwrap();
    assert_problem(wrong, 400, "digest-mismatch").await;
    assert_eq!(append("hello").send().await.unwrap().status(), 201);
    let file = stored(&server, path).await.unwrap();
    assert_eq!(file.0, b"hellohello");
    let whole = server.put(path, "x").header("upload-complete", "?0");
    let whole = whole.header("repr-digest", HELLO).send().await.unwrap();
    assert_problem(whole, 400, "invalid-request").await;
}

#[tokio::test]
async fn a_part_never_becomes_the_whole_by_mistake() {
    let server = Setup::public_only().start();
    let path = "/v1/public/files/a";
    for (state, version) in [
        ("0", None),
        ("?2", None),
        ("", None),
        ("?0", Some("3")),
        ("?0", Some("2")),
        ("?0", Some("9")),
        ("?0", Some("x")),
    ] {
        let mut request = server.put(path, "part").header("upload-complete", state);
        if let Some(version) = version {
            request = request.header("upload-draft-interop-version", version);
        }
        let refused = request.send().await.unwrap();
        assert_problem(refused, 400, "invalid-request").await;
    }
    assert!(stored(&server, path).await.is_none());
}
