//! Many appends to one upload at once, slow ones, and lines that break.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;

use super::{Tus, metadata, number, path_of};
use crate::support::s3_service::S3Service;
use crate::support::{
    Connection, Server, Setup, assert_problem, content, eventually, stored, user,
};

fn head(server: &Server, upload: &str, fields: &[&str]) -> String {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    format!(
        "PATCH {upload} HTTP/1.1\r\nHost: {}\r\nTus-Resumable: 1.0.0\r\n\
         Content-Type: application/offset+octet-stream\r\n{fields}\r\n",
        server.address()
    )
}

#[tokio::test]
async fn of_64_appends_at_once_one_goes_on() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let sent = content(7, 400_000);
    let upload = tus.create("public", "a", sent.len() as u64).await;
    for (round, piece) in sent.chunks(100_000).enumerate() {
        let offset = round as u64 * 100_000;
        let appends = (0..64).map(|_| tus.patch(&upload, offset, piece.to_vec()).send());
        let answers = futures_util::future::join_all(appends).await;
        let statuses = answers.into_iter().map(|answer| answer.unwrap().status());
        let statuses: Vec<u16> = statuses.map(|status| status.as_u16()).collect();
        let count = |status| statuses.iter().filter(|found| **found == status).count();
        assert_eq!(count(204), 1, "{statuses:?}");
        // After the last piece it is complete.
        assert_eq!(count(204) + count(409) + count(423), 64, "{statuses:?}");
    }
    let file = stored(&server, "/v1/public/files/a").await.unwrap();
    assert!(file.0 == sent);
}

#[tokio::test]
async fn a_second_append_is_told_that_the_upload_is_busy() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    // The second may come before the first has its turn: then with another upload.
    for attempt in 0..100 {
        let name = format!("a{attempt}");
        let upload = tus.create("public", &name, 6).await;
        let mut slow = Connection::open(server.address());
        let fields = ["Upload-Offset: 0", "Content-Length: 3"];
        slow.send(head(&server, &upload, &fields));
        slow.send("a");
        let second = tus.patch(&upload, 0, "abc").send().await.unwrap();
        if second.status() == 204 {
            continue;
        }
        assert_problem(second, 423, "upload-busy").await;
        // How far it is can be asked all the same.
        assert_eq!(tus.offset(&upload).await, Ok(0));
        slow.send("bc");
        assert_eq!(slow.answer().0, 204);
        assert_eq!(tus.append(&upload, 3, b"def").await, 6);
        return;
    }
    panic!("the first never has its turn");
}

#[tokio::test]
async fn an_append_whose_client_is_silent_gives_way_to_the_next() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let upload = tus.create("public", "a", 6).await;
    // Its line is gone, and nobody has told the server.
    let mut silent = Connection::open(server.address());
    let fields = ["Upload-Offset: 0", "Content-Length: 6"];
    silent.send(head(&server, &upload, &fields));
    silent.send("ab");
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        assert!(Instant::now() < deadline, "the upload stays busy");
        let offset = tus.offset(&upload).await.unwrap();
        let rest = &"abcdef"[usize::try_from(offset).unwrap()..];
        let next = tus.patch(&upload, offset, rest).send().await.unwrap();
        match next.status().as_u16() {
            204 => break,
            status => assert!(matches!(status, 409 | 423), "{status}"),
        }
    }
    let file = stored(&server, "/v1/public/files/a").await.unwrap();
    assert_eq!(file.0, b"abcdef");
}

#[tokio::test]
async fn a_length_that_another_append_has_said_meanwhile_counts() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let deadline = Instant::now() + Duration::from_secs(60);
    // The second may come before the first has its turn: then with another upload.
    'uploads: for attempt in 0.. {
        let name = format!("a{attempt}");
        let created = tus
            .request(Method::POST, "/v1/public/uploads")
            .header("upload-defer-length", "1")
            .header("upload-metadata", metadata(&[("filename", &name)]));
        let upload = path_of(&server, &created.send().await.unwrap());
        let mut silent = Connection::open(server.address());
        let fields = ["Upload-Offset: 0", "Upload-Length: 3", "Content-Length: 3"];
        silent.send(head(&server, &upload, &fields));
        let refused = loop {
            assert!(Instant::now() < deadline, "the first never has its turn");
            let other = tus.patch(&upload, 0, "abcd").header("upload-length", 4);
            let other = other.send().await.unwrap();
            match other.status().as_u16() {
                423 => {}
                204 => continue 'uploads,
                _ => break other,
            }
        };
        assert_eq!(refused.status(), 400);
        let length = tus.request(Method::HEAD, &upload).send().await.unwrap();
        assert_eq!(number(&length, "upload-length"), 3);
        return;
    }
}

#[tokio::test]
async fn a_slow_append_holds_no_instance_and_goes_on() {
    let server = Setup::default()
        .args(&["--max-instances", "1", "--queue-timeout", "20s"])
        .start();
    let tus = Tus::new(&server, Some(user("alice")));
    let bearer = format!("Authorization: Bearer {}", user("alice"));
    let mut slow = Vec::new();
    for name in ["a", "b", "c"] {
        let upload = tus.create("user", name, 6).await;
        let mut connection = Connection::open(server.address());
        let fields = [bearer.as_str(), "Upload-Offset: 0", "Content-Length: 6"];
        connection.send(head(&server, &upload, &fields));
        connection.send("abc");
        slow.push((connection, upload, name));
    }
    // The only instance is free for others.
    let looked = tus.offset(&slow[0].1).await;
    assert_eq!(looked, Ok(0));
    for (connection, upload, name) in &mut slow {
        connection.send("def");
        let (status, headers, _) = connection.answer();
        assert_eq!(status, 204, "{name}");
        assert_eq!(headers["upload-offset"], "6");
        assert_eq!(headers["tus-resumable"], "1.0.0");
        assert!(headers.contains_key("etag"));
        assert_eq!(tus.offset(upload).await, Ok(6));
    }
}

#[tokio::test]
async fn what_came_before_the_line_broke_stays() {
    let server = Setup::public_only().start();
    let tus = Tus::new(&server, None);
    let sent = content(9, 300_000);
    let upload = tus.create("public", "a", sent.len() as u64).await;
    let mut offset = 0;
    for cut in [100_000, 200_000] {
        let mut connection = Connection::open(server.address());
        let at = format!("Upload-Offset: {offset}");
        let length = format!("Content-Length: {}", sent.len() - offset);
        connection.send(head(&server, &upload, &[&at, &length]));
        connection.send(&sent[offset..cut]);
        drop(connection);
        let mut found = 0;
        let deadline = Instant::now() + Duration::from_secs(30);
        while found <= offset {
            assert!(Instant::now() < deadline, "nothing was kept");
            found = usize::try_from(tus.offset(&upload).await.unwrap()).unwrap();
        }
        assert!(found <= cut, "{found}");
        offset = found;
    }
    // The server may still be at the end of the request before.
    let deadline = Instant::now() + Duration::from_secs(30);
    let rest = loop {
        let rest = tus.patch(&upload, offset as u64, sent[offset..].to_vec());
        let rest = rest.send().await.unwrap();
        if rest.status() != 423 || Instant::now() > deadline {
            break rest;
        }
    };
    assert_eq!(rest.status(), 204);
    assert_eq!(number(&rest, "upload-offset"), sent.len() as u64);
    let file = stored(&server, "/v1/public/files/a").await.unwrap();
    assert!(file.0 == sent);
}

/// An append of six bytes, for which the server waits, and of which three arrive.
fn half(server: &Server, upload: &str) -> Connection {
    let mut slow = Connection::open(server.address());
    let fields = [
        "Upload-Offset: 0",
        "Content-Length: 6",
        "Expect: 100-continue",
    ];
    slow.send(head(server, upload, &fields));
    assert_eq!(slow.head().0, 100);
    slow.send("abc");
    slow
}

/// Local disk, and an S3 service.
fn engines() -> [impl Fn() -> Setup; 2] {
    let service = Arc::new(S3Service::start());
    [None, Some(service)].map(|service| {
        move || match &service {
            None => Setup::public_only(),
            Some(service) => Setup::public_only().s3(service),
        }
    })
}

#[tokio::test]
async fn what_has_arrived_stays_when_the_host_stops() {
    for setup in engines() {
        let server = setup().args(&["--shutdown-timeout", "12s"]).start();
        let upload = Tus::new(&server, None).create("public", "a", 6).await;
        let mut slow = half(&server, &upload);
        server.terminate();
        assert_eq!(slow.answer().0, 503);
        drop(slow);
        let data = server.data();
        assert_eq!(server.ended().1, Some(0));
        let server = setup().data(data).start();
        let tus = Tus::new(&server, None);
        assert_eq!(tus.offset(&upload).await, Ok(3));
        assert_eq!(tus.append(&upload, 3, b"def").await, 6);
    }
}

#[tokio::test]
async fn what_has_arrived_stays_when_the_request_takes_too_long() {
    for setup in engines() {
        let server = setup().args(&["--request-timeout", "2s"]).start();
        let tus = Tus::new(&server, None);
        let upload = tus.create("public", "a", 6).await;
        assert_eq!(half(&server, &upload).answer().0, 503);
        assert_eq!(tus.offset(&upload).await, Ok(3));
        assert_eq!(tus.append(&upload, 3, b"def").await, 6);
    }
}

#[tokio::test]
async fn a_creation_whose_line_breaks_leaves_nothing() {
    let server = Setup::public_only().start();
    let mut connection = Connection::open(server.address());
    connection.send(format!(
        "POST /v1/public/uploads HTTP/1.1\r\nHost: {}\r\nTus-Resumable: 1.0.0\r\n\
         Upload-Length: 4000000\r\nUpload-Metadata: filename YQ==\r\n\
         Content-Type: application/offset+octet-stream\r\nContent-Length: 4000000\r\n\r\n",
        server.address()
    ));
    connection.send(content(1, 2_000_000));
    let blobs = || crate::support::files_below(&server.data_dir().join("blobs"));
    eventually("it has begun", || !blobs().is_empty());
    drop(connection);
    eventually("nothing is left", || blobs().is_empty());
    let file = server.request(Method::GET, "/v1/public/files/a");
    assert_eq!(file.send().await.unwrap().status(), 404);
}
