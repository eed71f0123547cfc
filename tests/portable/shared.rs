//! Several hosts on one directory or bucket at once, and one that crashes.

use std::sync::Arc;

use futures_util::future::join_all;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};

use crate::support::s3_service::S3Service;
use crate::support::{Platform, Server, Setup, Store, content, files_below, json_of};

const ON_FILES: Platform = Platform::Wasmtime(Store::Filesystem);
const ON_S3: Platform = Platform::Wasmtime(Store::S3);

async fn put(server: &Server, name: &str, bytes: Vec<u8>) -> StatusCode {
    let path = format!("/v1/public/files/{name}");
    server.put(&path, bytes).send().await.unwrap().status()
}

async fn get(server: &Server, name: &str) -> (StatusCode, Vec<u8>) {
    let path = format!("/v1/public/files/{name}");
    let answer = server.get(&path).send().await.unwrap();
    (answer.status(), answer.bytes().await.unwrap().to_vec())
}

async fn names(server: &Server) -> Vec<String> {
    let list = json_of(server.get("/v1/public/files?limit=1000")).await;
    let files = list["files"].as_array().unwrap().iter();
    files
        .map(|file| file["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Two servers on one directory.
fn pair() -> (Server, Server) {
    let one = Setup::public_only().on(ON_FILES).start();
    let other = Setup::public_only().on(ON_FILES).data(one.data()).start();
    (one, other)
}

#[tokio::test]
async fn of_many_who_create_a_name_on_two_hosts_one_succeeds() {
    let (one, other) = pair();
    for round in 0..3 {
        let path = format!("/v1/public/files/{round}");
        let tries = (0..16).map(|i| {
            let server = if i % 2 == 0 { &one } else { &other };
            let put = server
                .put(&path, format!("{i}"))
                .header("if-none-match", "*");
            async move { (i, put.send().await.unwrap().status().as_u16()) }
        });
        let outcomes = join_all(tries).await;
        let won: Vec<i32> = outcomes
            .iter()
            .filter(|o| o.1 == 201)
            .map(|o| o.0)
            .collect();
        assert_eq!(won.len(), 1, "{outcomes:?}");
        assert_eq!(
            outcomes.iter().filter(|o| o.1 == 412).count(),
            15,
            "{outcomes:?}"
        );
        let expected = won[0].to_string().into_bytes();
        assert_eq!(get(&other, &round.to_string()).await.1, expected);
    }
}

#[tokio::test]
async fn what_two_hosts_write_at_once_is_all_there_and_nothing_else_is() {
    let (one, other) = pair();
    let writes = (0..60).map(|i| {
        let server = if i % 2 == 0 { &one } else { &other };
        async move {
            let name = format!("{i:02}");
            let size = 1000 * i;
            assert_eq!(put(server, &name, content(i as u64, size)).await, 201);
            if i % 3 == 0 {
                assert_eq!(put(server, &name, content(i as u64 + 1, size)).await, 200);
            }
            if i % 5 == 0 {
                let path = format!("/v1/public/files/{name}");
                assert_eq!(server.delete(&path).send().await.unwrap().status(), 204);
            }
        }
    });
    join_all(writes).await;
    let expected: Vec<String> = (0..60)
        .filter(|i| i % 5 != 0)
        .map(|i| format!("{i:02}"))
        .collect();
    for server in [&one, &other] {
        assert_eq!(names(server).await, expected);
    }
    for i in (0..60_u64).filter(|i| i % 5 != 0) {
        let seed = if i % 3 == 0 { i + 1 } else { i };
        let expected = (StatusCode::OK, content(seed, 1000 * i as usize));
        assert!(get(&other, &format!("{i:02}")).await == expected, "{i}");
    }
    let blobs = files_below(&one.data_dir().join("blobs"));
    assert_eq!(blobs.len(), expected.len(), "{blobs:?}");
}

#[tokio::test]
async fn a_form_shows_whole_or_not_at_all_while_another_host_looks() {
    let (one, other) = pair();
    let form = |round: usize| {
        (0..20).fold(Form::new(), |form, i| {
            let part = Part::text(round.to_string()).file_name(format!("{i:02}"));
            form.part("file", part)
        })
    };
    let writing = async {
        for round in 0..5 {
            let post = one
                .post("/v1/public/files?replace=true")
                .multipart(form(round));
            assert_eq!(post.send().await.unwrap().status(), 201);
        }
    };
    let looking = async {
        for _ in 0..40 {
            let count = names(&other).await.len();
            assert!(count == 0 || count == 20, "{count}");
        }
    };
    tokio::join!(writing, looking);
    assert_eq!(names(&other).await.len(), 20);
}

#[tokio::test]
async fn after_many_writes_the_index_is_small_and_everything_is_found() {
    let server = Setup::public_only().on(ON_FILES).start();
    let long = "n".repeat(600);
    for some in (0..300).collect::<Vec<_>>().chunks(10) {
        let form = some.iter().fold(Form::new(), |form, i| {
            let part = Part::text(i.to_string()).file_name(format!("{i:03}-{long}"));
            form.part("file", part)
        });
        let post = server.post("/v1/public/files").multipart(form);
        assert_eq!(post.send().await.unwrap().status(), 201);
    }
    for i in 0..100 {
        assert_eq!(
            put(&server, "same", i.to_string().into_bytes())
                .await
                .as_u16()
                / 100,
            2
        );
    }
    assert_eq!(names(&server).await.len(), 301);
    for i in [0, 7, 150, 299] {
        let found = get(&server, &format!("{i:03}-{long}")).await;
        assert_eq!(found, (StatusCode::OK, i.to_string().into_bytes()));
    }
    let index = files_below(&server.data_dir().join("index"));
    assert!(index.len() <= 66, "{}", index.len());
    assert!(index.iter().all(|(_, size)| *size < 80 << 10), "{index:?}");
    assert_eq!(files_below(&server.data_dir().join("trials")), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_killed_leaves_what_was_acknowledged_and_no_half_file() {
    let mut data = None;
    for round in 0..4 {
        let mut setup = Setup::public_only().on(ON_FILES);
        if let Some(data) = data.take() {
            setup = setup.data(data);
        }
        let server = Arc::new(setup.start());
        let writers = (0..8).map(|i| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let mut stored = Vec::new();
                for number in 0.. {
                    let name = format!("{round}-{i}-{number}");
                    let path = format!("/v1/public/files/{name}");
                    let body = content(number, 50_000);
                    match server.put(&path, body).send().await {
                        Ok(answer) if answer.status() == 201 => stored.push((name, number)),
                        _ => break,
                    }
                }
                stored
            })
        });
        let writers: Vec<_> = writers.collect();
        // It has stored some, and is about to store more.
        crate::support::eventually("it stores", || {
            let index = server.data_dir().join("index");
            index.exists() && files_below(&index).len() > 10
        });
        server.kill();
        let mut stored = Vec::new();
        for writer in writers {
            stored.extend(writer.await.unwrap());
        }
        let kept = server.data();
        drop(server);
        let after = Setup::public_only().on(ON_FILES).data(kept.clone()).start();
        for (name, number) in &stored {
            let found = get(&after, name).await;
            assert!(
                found == (StatusCode::OK, content(*number, 50_000)),
                "{name}"
            );
        }
        for name in names(&after).await {
            assert_eq!(get(&after, &name).await.1.len(), 50_000, "{name}");
        }
        // An abandoned turn does not block others.
        assert_eq!(
            put(&after, &format!("after-{round}"), vec![0; 50_000]).await,
            201
        );
        data = Some(kept);
    }
}

#[tokio::test]
async fn hosts_of_both_kinds_accept_each_others_links() {
    let service = Arc::new(S3Service::start());
    let printed = std::process::Command::new(crate::support::COFFER)
        .arg("secret")
        .output();
    let secret = String::from_utf8(printed.unwrap().stdout).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("link-secret");
    std::fs::write(&file, &secret).unwrap();
    let native = Setup::default()
        .s3(&service)
        .args(&["--link-secret-file", file.to_str().unwrap()])
        .start();
    let alice = crate::support::user("alice");
    let put = native
        .put("/v1/user/files/a", "content")
        .bearer_auth(&alice);
    assert_eq!(put.send().await.unwrap().status(), 201);
    // As a shell's `$(cat link-secret)` returns it, and as it is in the file.
    for value in [secret.trim_end(), &secret] {
        let adapted = Setup::default()
            .s3(&service)
            .on(ON_S3)
            .env("COFFER_LINK_SECRET", value)
            .start();
        for (maker, reader) in [(&native, &adapted), (&adapted, &native)] {
            let made = json_of(maker.post("/v1/user/urls/a").bearer_auth(&alice)).await;
            let link = made["url"].as_str().unwrap();
            let path = link.strip_prefix(maker.url.as_str()).unwrap();
            let read = reader.get(path).send().await.unwrap();
            assert_eq!(read.status(), 200, "{link}");
            assert_eq!(read.text().await.unwrap(), "content");
        }
    }
}

#[tokio::test]
async fn a_native_host_and_an_adapter_share_a_bucket() {
    let service = Arc::new(S3Service::start());
    let native = Setup::default().s3(&service).start();
    let adapted = Setup::default().s3(&service).on(ON_S3).start();
    let alice = crate::support::user("alice");
    for (one, other, name) in [(&native, &adapted, "a"), (&adapted, &native, "b")] {
        for (round, size) in [0, 10, 9 << 20].into_iter().enumerate() {
            let bytes = content(round as u64, size);
            let path = format!("/v1/user/files/{name} ü+");
            let put = one
                .put(&path, bytes.clone())
                .bearer_auth(&alice)
                .send()
                .await
                .unwrap();
            assert_eq!(
                put.status(),
                if round == 0 { 201 } else { 200 },
                "{name} {size}"
            );
            let etag = put.headers()["etag"].clone();
            let got = other.get(&path).bearer_auth(&alice).send().await.unwrap();
            assert_eq!(got.headers()["etag"], etag);
            assert!(got.bytes().await.unwrap() == bytes, "{name} {size}");
        }
    }
    // The uploader is known on both sides.
    let public = "/v1/public/files/mine";
    let stored = native
        .put(public, "1")
        .bearer_auth(&alice)
        .send()
        .await
        .unwrap();
    assert_eq!(stored.status(), 201);
    let others = adapted
        .put(public, "2")
        .bearer_auth(crate::support::user("bob"));
    assert_eq!(others.send().await.unwrap().status(), 403);
    let own = adapted.put(public, "2").bearer_auth(&alice);
    assert_eq!(own.send().await.unwrap().status(), 200);
    assert_eq!(get(&native, "mine").await.1, b"2");
    assert_eq!(service.unfinished(), 0);
}
