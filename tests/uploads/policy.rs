//! Limits, and rules that change while an upload is unfinished.

use std::fs;

use reqwest::Method;

use super::{Tus, metadata, number};
use crate::support::{
    Server, Setup, assert_problem, eventually, files_below, iam, json_of, token, user,
};

fn bytes(server: &Server) -> u64 {
    let files = files_below(&server.data_dir().join("blobs"));
    files.into_iter().map(|(_, size)| size).sum()
}

async fn swap(server: &Server, policy: &str) {
    fs::write(server.policy_file(), policy).unwrap();
    let reload = format!("{}/component/reload", server.operations);
    let reloaded = reqwest::Client::new().post(reload).send().await.unwrap();
    assert_eq!(reloaded.status(), 200);
}

#[tokio::test]
async fn a_policy_that_closes_creating_refuses_what_has_begun_and_leaves_nothing() {
    let server = Setup::default().args(&["--watch-interval", "0s"]).start();
    let tus = Tus::new(&server, Some(user("alice")));
    let begun = tus.create("user", "a", 6).await;
    let other = tus.create("user", "b", 6).await;
    tus.append(&begun, 0, b"abc").await;
    tus.append(&other, 0, b"abc").await;
    swap(&server, &(iam() + "[user]\ncreate = \"nobody\"\n")).await;
    let completing = tus.patch(&begun, 3, "def").send().await.unwrap();
    assert_eq!(completing.headers()["tus-resumable"], "1.0.0");
    assert_problem(completing, 403, "forbidden").await;
    let appending = tus.patch(&other, 3, "d").send().await.unwrap();
    assert_problem(appending, 403, "forbidden").await;
    for upload in [&begun, &other] {
        assert_eq!(tus.offset(upload).await, Err(404));
    }
    let file = server.get("/v1/user/files/a").bearer_auth(user("alice"));
    assert_eq!(file.send().await.unwrap().status(), 404);
    eventually("no bytes are left", || bytes(&server) == 0);
}

#[tokio::test]
async fn there_are_only_so_many_unfinished_uploads_of_an_owner() {
    let policy = iam() + "[uploads]\nmax-unfinished = 3\n";
    let server = Setup::policy(&policy).start();
    let alice = Tus::new(&server, Some(user("alice")));
    let mut uploads = Vec::new();
    for name in ["a", "b", "c"] {
        uploads.push(alice.create("user", name, 3).await);
    }
    let more = alice.try_create("user", "d", 3).await;
    assert_problem(more, 429, "too-many-uploads").await;
    // Others are not concerned, and one that is complete does not count.
    let bob = Tus::new(&server, Some(user("bob")));
    bob.create("user", "a", 3).await;
    alice.append(&uploads[0], 0, b"abc").await;
    alice.create("user", "d", 3).await;
}

#[tokio::test]
async fn callers_without_a_token_cannot_shut_each_other_out() {
    let policy = iam() + "[uploads]\nmax-unfinished = 1\n";
    let server = Setup::policy(&policy).start();
    let nobody = Tus::new(&server, None);
    for name in ["a", "b", "c"] {
        nobody.create("public", name, 3).await;
    }
    let alice = Tus::new(&server, Some(user("alice")));
    alice.create("public", "d", 3).await;
    let more = alice.try_create("user", "e", 3).await;
    assert_problem(more, 429, "too-many-uploads").await;
}

#[tokio::test]
async fn each_link_has_its_own_number_of_unfinished_uploads() {
    let policy = iam() + "[uploads]\nmax-unfinished = 1\n";
    let server = Setup::policy(&policy).start();
    let nobody = Tus::new(&server, None);
    for folder in ["in", "out"] {
        let at = format!("/v1/user/urls/{folder}/");
        let made = server.post(&at).bearer_auth(user("alice"));
        let made = made.json(&serde_json::json!({ "for": "upload" }));
        let made = json_of(made).await;
        let link = made["url"].as_str().unwrap();
        let link = link.strip_prefix(&server.url).unwrap().to_owned();
        let create = |name: &str| {
            let request = nobody.request(Method::POST, &link);
            let named = metadata(&[("filename", name)]);
            request
                .header("upload-length", 3)
                .header("upload-metadata", named)
        };
        let first = create("a").send().await.unwrap();
        assert_eq!(first.status(), 201, "{folder}");
        let more = create("b").send().await.unwrap();
        assert_problem(more, 429, "too-many-uploads").await;
    }
    let alice = Tus::new(&server, Some(user("alice")));
    alice.create("user", "a", 3).await;
}

#[tokio::test]
async fn an_upload_is_hidden_from_other_members_who_may_not_store_the_file() {
    let policy = iam() + "[org]\ncreate = \"role:writer\"\n";
    let server = Setup::policy(&policy).start();
    let member = |name, roles: &[&str]| token(Some(name), Some("acme"), roles);
    let alice = Tus::new(&server, Some(member("alice", &["writer"])));
    let upload = alice.create("org", "a", 6).await;
    alice.append(&upload, 0, b"abc").await;
    let bob = Tus::new(&server, Some(member("bob", &[])));
    let last = bob.patch(&upload, 3, "def").send().await.unwrap();
    assert_eq!(last.status(), 404);
    for method in [Method::HEAD, Method::GET, Method::DELETE] {
        let answer = bob.request(method.clone(), &upload).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{method}");
        assert!(
            !answer.headers().contains_key("upload-metadata"),
            "{method}"
        );
    }
    // The member who began it still finds it without the role.
    let alice_now = Tus::new(&server, Some(member("alice", &[])));
    assert_eq!(alice_now.offset(&upload).await, Ok(3));
    let carol = Tus::new(&server, Some(member("carol", &["writer"])));
    assert_eq!(carol.offset(&upload).await, Ok(3));
    assert_eq!(alice.append(&upload, 3, b"def").await, 6);
    for method in [Method::HEAD, Method::GET, Method::DELETE] {
        let answer = bob.request(method.clone(), &upload).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{method} of a complete one");
    }
}

#[tokio::test]
async fn a_token_without_the_role_is_refused_and_ends_nothing() {
    let policy = iam() + "[user]\ncreate = \"role:writer\"\n";
    let server = Setup::policy(&policy).start();
    let alice = |roles: &[&str]| Tus::new(&server, Some(token(Some("alice"), None, roles)));
    let upload = alice(&["writer"]).create("user", "a", 6).await;
    let refused = alice(&[]).patch(&upload, 0, "abc").send().await.unwrap();
    assert_problem(refused, 403, "forbidden").await;
    assert_eq!(alice(&["writer"]).append(&upload, 0, b"abc").await, 3);
}

#[tokio::test]
async fn a_file_that_is_too_large_by_now_is_refused_however_it_ends() {
    let server = Setup::default().args(&["--watch-interval", "0s"]).start();
    let words = ("upload-complete", "?0");
    let begun = server.put("/v1/user/files/a", vec![b'a'; 100]);
    let begun = begun.header(words.0, words.1).bearer_auth(user("alice"));
    let begun = begun.send().await.unwrap();
    let upload = super::path_of(&server, &begun);
    let other = Tus::new(&server, Some(user("alice")));
    let deferred = other.request(Method::POST, "/v1/user/uploads");
    let deferred = deferred
        .header("upload-defer-length", 1)
        .header("upload-metadata", metadata(&[("filename", "b")]));
    let deferred = super::path_of(&server, &deferred.send().await.unwrap());
    other.append(&deferred, 0, &[b'b'; 100]).await;
    swap(&server, &(iam() + "[user]\nmax-file-size = \"10 B\"\n")).await;
    let nothing = futures_util::stream::empty::<Result<&[u8], std::io::Error>>();
    let last = server.request(Method::PATCH, &upload);
    let last = last
        .header("content-type", "application/partial-upload")
        .header("upload-offset", 100)
        .header("upload-complete", "?1")
        .bearer_auth(user("alice"))
        .body(reqwest::Body::wrap_stream(nothing));
    assert_problem(last.send().await.unwrap(), 413, "too-large").await;
    let last = other.patch(&deferred, 100, "").header("upload-length", 100);
    assert_problem(last.send().await.unwrap(), 413, "too-large").await;
    for upload in [&upload, &deferred] {
        assert_eq!(other.offset(upload).await, Err(404));
    }
    eventually("no bytes are left", || bytes(&server) == 0);
}

#[tokio::test]
async fn limits_are_held_at_the_beginning() {
    let policy = iam()
        + "[user]\nmax-file-size = '10 B'\ncontent-types = ['text/*']\n\
           [public]\ncreate = \"signed-in\"\n";
    let server = Setup::policy(&policy).start();
    let tus = Tus::new(&server, Some(user("alice")));
    let large = tus.try_create("user", "a.txt", 11).await;
    assert_problem(large, 413, "too-large").await;
    let image = tus.try_create("user", "a.png", 3).await;
    assert_problem(image, 415, "unsupported-media-type").await;
    let nobody = Tus::new(&server, None);
    let refused = nobody.try_create("public", "a.txt", 3).await;
    assert_eq!(refused.headers()["www-authenticate"], "Bearer");
    assert_problem(refused, 401, "unauthenticated").await;
    let created = tus.try_create("user", "a.txt", 10).await;
    assert_eq!(created.status(), 201);
}

#[tokio::test]
async fn an_upload_expires() {
    let policy = iam() + "[uploads]\nmax-age = '2s'\n";
    let server = Setup::policy(&policy).start();
    let tus = Tus::new(&server, Some(user("alice")));
    let created = tus.try_create("user", "a", 6).await;
    assert!(created.headers().contains_key("upload-expires"));
    let upload = super::path_of(&server, &created);
    assert_eq!(tus.append(&upload, 0, b"abc").await, 3);
    let mut left = 600;
    while tus.offset(&upload).await.is_ok() && left > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        left -= 1;
    }
    assert_eq!(tus.offset(&upload).await, Err(404));
    let late = tus.patch(&upload, 3, "def").send().await.unwrap();
    assert_problem(late, 404, "not-found").await;
    let file = server.get("/v1/user/files/a").bearer_auth(user("alice"));
    assert_eq!(file.send().await.unwrap().status(), 404);
    let again = tus.try_create("user", "a", 6).await;
    assert_eq!(number(&again, "upload-offset"), 0);
}
