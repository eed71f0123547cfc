//! What a crash, a second host and a graceful shutdown leave in the data directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::support::{COFFER, Connection, Server, Setup, files_below, json_of, user};

/// Names and contents.
type Files = BTreeMap<String, String>;

fn open_to_all() -> Setup {
    let anyone = "[public]\nreplace = \"anyone\"\ndelete = \"anyone\"\n";
    Setup::policy(anyone)
}

async fn store(server: &Server, name: &str, content: &str) -> StatusCode {
    let path = format!("/v1/public/files/{name}");
    let stored = server.put(&path, content.to_owned()).send().await.unwrap();
    stored.status()
}

/// All names, listed page by page.
async fn listed(server: &Server) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut path = "/v1/public/files?limit=1000".to_owned();
    loop {
        let page = json_of(server.get(&path)).await;
        for file in page["files"].as_array().unwrap() {
            names.insert(file["name"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/public/files?limit=1000&cursor={next}"),
            None => return names,
        }
    }
}

/// Every file, read to its end.
async fn contents(server: &Server) -> Files {
    let mut files = Files::new();
    for name in listed(server).await {
        let path = format!("/v1/public/files/{name}");
        let response = server.get(&path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{name} is listed");
        files.insert(name, response.text().await.unwrap());
    }
    files
}

fn blobs(server: &Server) -> Vec<PathBuf> {
    let found = files_below(&server.data_dir().join("blobs"));
    found.into_iter().map(|(path, _)| path).collect()
}

/// How many of these have a file of their own; small ones are in the index.
fn large(files: &Files) -> usize {
    let sizes = files.values().map(String::len);
    sizes.filter(|size| *size > 8 << 10).count()
}

/// Waits until something asynchronous has happened.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test]
async fn a_crash_during_uploads_leaves_the_old_versions_and_no_orphaned_blobs() {
    let server = open_to_all().start();
    let before = Files::from([
        ("replaced".to_owned(), "the old version".to_owned()),
        ("by-form".to_owned(), "acknowledged".to_owned()),
        ("folder/large".to_owned(), "x".repeat(3 << 20)),
        ("empty".to_owned(), String::new()),
    ]);
    for (name, content) in &before {
        assert_eq!(store(&server, name, content).await, 201);
    }
    assert_eq!(blobs(&server).len(), large(&before));

    let half = vec![b'y'; 4 << 20];
    let put = |name: &str| {
        let host = server.address();
        let length = half.len() * 2;
        format!(
            "PUT /v1/public/files/{name} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let form = format!(
        "POST /v1/public/files?replace=true HTTP/1.1\r\nHost: {}\r\nContent-Length: 9000000\r\n\
         Content-Type: multipart/form-data; boundary=b\r\n\r\n\
         --b\r\nContent-Disposition: form-data; name=f; filename=whole\r\n\r\n{}\r\n\
         --b\r\nContent-Disposition: form-data; name=f; filename=by-form\r\n\r\n",
        server.address(),
        "whole".repeat(2000)
    );
    let mut uploads = Vec::new();
    for head in [put("new"), put("replaced"), form] {
        let mut upload = Connection::open(server.address());
        upload.send(head);
        upload.send(&half);
        uploads.push(upload);
    }
    // The form's first file is on disk, too, before its second one begins.
    wait_until("four more files on disk", || {
        blobs(&server).len() == large(&before) + 4
    });
    assert_eq!(contents(&server).await, before);

    let server = open_to_all().data(server.crash()).start();
    assert_eq!(contents(&server).await, before);
    assert_eq!(blobs(&server).len(), large(&before));
    // Orphaned blobs are kept for some days, in case the index lacks something.
    assert_eq!(files_below(&server.data_dir().join("orphaned")).len(), 4);
    assert_eq!(store(&server, "new", "and it accepts files").await, 201);
}

/// What one writer knows of its names when the host crashes.
#[derive(Default)]
struct Writer {
    acknowledged: Files,
    /// The name of the request in progress when the host crashed, with what it may hold
    /// afterwards besides what it held before.
    unanswered: Option<(String, Option<String>)>,
}

impl Writer {
    /// Stores and deletes until a request gets no response.
    async fn write(&mut self, server: &Server, id: usize, round: usize, answered: &AtomicUsize) {
        for turn in 0.. {
            let name = format!("writer-{id}/{}", turn % 7);
            let path = format!("/v1/public/files/{name}");
            let deletes = turn % 3 == 2 && self.acknowledged.contains_key(&name);
            let content = format!("{round}.{id}.{turn} ").repeat(1 + turn * 131 % 3000);
            let request = if deletes {
                self.unanswered = Some((name.clone(), None));
                server.delete(&path)
            } else {
                self.unanswered = Some((name.clone(), Some(content.clone())));
                server.put(&path, content.clone())
            };
            let Ok(response) = request.send().await else {
                return;
            };
            let existed = self.acknowledged.contains_key(&name);
            if deletes {
                assert_eq!(response.status(), 204);
                self.acknowledged.remove(&name);
            } else {
                assert_eq!(response.status(), if existed { 200 } else { 201 });
                self.acknowledged.insert(name, content);
            }
            self.unanswered = None;
            answered.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_under_heavy_writes_keeps_every_acknowledged_one() {
    const WRITERS: usize = 8;
    let mut writers: Vec<Writer> = (0..WRITERS).map(|_| Writer::default()).collect();
    let mut server = Arc::new(open_to_all().start());
    for round in 1..=4 {
        let answered = Arc::new(AtomicUsize::new(0));
        let storm: Vec<_> = writers
            .into_iter()
            .enumerate()
            .map(|(id, mut writer)| {
                let (server, answered) = (Arc::clone(&server), Arc::clone(&answered));
                tokio::spawn(async move {
                    writer.write(&server, id, round, &answered).await;
                    writer
                })
            })
            .collect();
        let enough = 150 * round + 37;
        let watched = Arc::clone(&answered);
        tokio::task::spawn_blocking(move || {
            wait_until("enough writes", || watched.load(Ordering::SeqCst) >= enough);
        })
        .await
        .unwrap();
        server.kill();
        writers = Vec::new();
        for writer in storm {
            writers.push(writer.await.unwrap());
        }
        let crashed = Arc::into_inner(server).unwrap().crash();
        server = Arc::new(open_to_all().data(crashed).start());

        let found = contents(&server).await;
        for writer in &mut writers {
            if let Some((name, intended)) = writer.unanswered.take() {
                let held = writer.acknowledged.get(&name);
                let holds = found.get(&name);
                assert!(
                    holds == held || holds == intended.as_ref(),
                    "round {round}: {name} is neither as before nor as intended"
                );
                match holds {
                    Some(content) => writer.acknowledged.insert(name, content.clone()),
                    None => writer.acknowledged.remove(&name),
                };
            }
        }
        let known: Files = writers
            .iter()
            .flat_map(|writer| writer.acknowledged.clone())
            .collect();
        let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&known), "round {round}");
        assert!(found == known, "round {round}: a file is not as stored");
        assert_eq!(blobs(&server).len(), large(&found), "round {round}");
    }
}

/// The one line with which a host refuses to start on a data directory.
fn refusal(data_dir: &Path) -> String {
    let refused = Command::new(COFFER)
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data_dir)
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stdout.is_empty());
    let told = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

#[tokio::test]
async fn an_index_that_does_not_match_the_data_directory_is_refused_and_no_file_is_lost() {
    let server = open_to_all().start();
    let large = "x".repeat(10_000);
    for n in 0..20 {
        assert_eq!(store(&server, &format!("{n}"), &large).await, 201);
    }
    let index = server.data_dir().join("index.redb");
    let data_dir = server.data_dir();
    let data = server.crash();
    let older = std::fs::read(&index).unwrap();
    std::fs::write(&index, "").unwrap();
    for _ in 0..2 {
        let told = refusal(&data_dir);
        assert!(told.contains("is empty, but there are 20 files"), "{told}");
        assert!(told.contains("restore it from a backup"), "{told}");
    }
    std::fs::write(&index, &older).unwrap();
    let server = open_to_all().data(data).start();
    assert_eq!(contents(&server).await.len(), 20);
    assert_eq!(blobs(&server).len(), 20);

    assert_eq!(store(&server, "newer", &large).await, 201);
    let data = server.crash();
    let newer = std::fs::read(&index).unwrap();
    std::fs::write(&index, &older).unwrap();
    let told = refusal(&data_dir);
    assert!(told.contains("is older than the data directory"), "{told}");
    assert!(told.contains("restore the newest one"), "{told}");
    std::fs::write(&index, &newer).unwrap();
    let server = open_to_all().data(data).start();
    assert_eq!(contents(&server).await.len(), 21);
}

#[tokio::test]
async fn a_damaged_index_is_reported_in_one_line_at_the_start() {
    let server = open_to_all().start();
    let large = "x".repeat(10_000);
    assert_eq!(store(&server, "large", &large).await, 201);
    let data_dir = server.data_dir();
    let index = data_dir.join("index.redb");
    let data = server.data();
    assert_eq!(server.stop(), Some(0));
    let whole = std::fs::read(&index).unwrap();
    // Wherever it is damaged: in its header, in tables and free pages, or everywhere.
    for damaged in [0..64, 4096..whole.len(), 0..whole.len()] {
        let mut bytes = whole.clone();
        bytes[damaged].fill(0xff);
        std::fs::write(&index, bytes).unwrap();
        let told = refusal(&data_dir);
        assert!(told.contains("is damaged: its index: "), "{told}");
    }
    std::fs::write(&index, whole).unwrap();
    let server = open_to_all().data(data).start();
    assert_eq!(contents(&server).await["large"], large);
}

#[tokio::test]
async fn a_second_host_on_a_data_directory_is_refused() {
    let server = open_to_all().start();
    let told = refusal(&server.data_dir());
    assert!(told.starts_with("coffer: the data directory "), "{told}");
    assert!(told.contains("in use by another process"), "{told}");

    assert_eq!(store(&server, "a", "the first is still serving").await, 201);
}

#[tokio::test]
async fn a_graceful_shutdown_keeps_everything() {
    let server = Server::start();
    let alice = user("alice");
    for n in 0..20 {
        assert_eq!(store(&server, &format!("{n}"), &format!("{n}")).await, 201);
    }
    let private = "/v1/user/files/private";
    let request = server.put(private, "private").bearer_auth(&alice);
    let stored = request.send().await.unwrap();
    assert_eq!(stored.status(), 201);
    let etag = stored.headers()["etag"].clone();
    let link = server.post("/v1/user/urls/private").bearer_auth(&alice);
    let link = json_of(link).await;
    let link = link["url"].as_str().unwrap();
    let link = link.strip_prefix(&server.url).unwrap().to_owned();

    let data = server.data();
    assert_eq!(server.stop(), Some(0));

    let server = Setup::default().data(data).start();
    for n in 0..20 {
        let path = format!("/v1/public/files/{n}");
        let found = server.get(&path).send().await.unwrap();
        assert_eq!(found.text().await.unwrap(), format!("{n}"));
    }
    let found = server
        .get(private)
        .bearer_auth(&alice)
        .send()
        .await
        .unwrap();
    assert_eq!(found.headers()["etag"], etag);
    assert_eq!(found.text().await.unwrap(), "private");
    let found = server.get(&link).send().await.unwrap();
    assert_eq!(found.status(), 200, "a link outlives its host");
}
