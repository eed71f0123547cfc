//! A backup is of one moment, while files are replaced, moved and deleted.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};
use rustix::process::{Pid, Signal, kill_process};

use super::*;
use crate::support::eventually;

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// A number as the content of a file, in the index or beside it.
fn numbered(number: u64) -> Vec<u8> {
    let text = format!("{number:010}\n");
    text.repeat(if number.is_multiple_of(3) { 10 } else { 3_000 })
        .into_bytes()
}

/// Replaces `one` and then `other` by the next number, moves a file to and fro, and stores and
/// deletes another, until it is told to stop.
async fn change(server: Arc<Server>, stop: Arc<AtomicBool>) {
    let post = |path: &str, body: Value| server.post(path).json(&body).send();
    for number in 1.. {
        for name in ["one", "other"] {
            put(&server, name, numbered(number)).await;
        }
        let (from, to) = [("here", "there"), ("there", "here")][(number % 2) as usize];
        let body = serde_json::json!({ "from": from, "to": to });
        let moved = post("/v1/public/move", body).await.unwrap();
        assert!(moved.status().is_success(), "{moved:?}");
        put(&server, "gone", numbered(number)).await;
        delete(&server, "gone").await;
        if stop.load(Ordering::SeqCst) {
            return;
        }
    }
}

fn number_of(files: &Files, name: &str) -> u64 {
    let (_, bytes) = &files[&(0, name.to_owned())];
    let number = std::str::from_utf8(&bytes[..10]).unwrap().parse().unwrap();
    assert!(*bytes == numbered(number), "{name} is whole");
    number
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_shows_one_moment_while_files_change() {
    let server = Arc::new(open_to_all().start());
    for name in ["one", "other"] {
        put(&server, name, numbered(0)).await;
    }
    put(&server, "there", content(1, 50_000)).await;
    // What makes a backup take a while.
    for number in 0..100 {
        put(
            &server,
            &format!("lasting{number}"),
            content(number, 20_000),
        )
        .await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let changing = tokio::spawn(change(Arc::clone(&server), Arc::clone(&stop)));
    let folder = TempDir::new().unwrap();
    let mut last = 0;
    for round in 0..6 {
        let (data, to) = (
            server.data_dir(),
            folder.path().join(format!("{}", round % 2)),
        );
        let made = tokio::task::spawn_blocking(move || {
            backup(&data, &to).done();
            to
        });
        let to = made.await.unwrap();
        let other = open_to_all().data(restored(&to)).start();
        let found = files(&other).await;
        let (one, two) = (number_of(&found, "one"), number_of(&found, "other"));
        assert!(one == two || one == two + 1, "{one} and {two}");
        assert!(one >= last, "{one} after {last}");
        last = one;
        let moved = ["here", "there"].map(|name| found.get(&(0, name.to_owned())));
        let ([Some((_, bytes)), None] | [None, Some((_, bytes))]) = moved else {
            panic!("moved, and never in both or neither place");
        };
        assert!(*bytes == content(1, 50_000));
        for number in 0..100 {
            let (_, bytes) = &found[&(0, format!("lasting{number}"))];
            assert!(*bytes == content(number, 20_000));
        }
    }
    stop.store(true, Ordering::SeqCst);
    changing.await.unwrap();
    assert!(last > 0, "files changed");
    let large = files(&server).await;
    let large = large.values().filter(|(_, bytes)| bytes.len() > 8 << 10);
    let large = large.count();
    eventually("nothing is held back", || {
        blobs(&server.data_dir()).len() == large
    });
}

/// A backup that has the index of a moment and has not copied all blobs, stopped.
fn stopped_amid(data: &Path, to: &Path) -> Child {
    let child = command(&backup_args(data, to), &[]).spawn().unwrap();
    eventually("the first blobs are copied", || {
        to.join("blobs").is_dir() && !blobs(to).is_empty()
    });
    send(&child, Signal::STOP);
    let copied = blobs(to).len();
    assert!(copied < 900, "it has not ended: {copied}");
    child
}

async fn server_with_many_blobs() -> Server {
    let server = open_to_all().start();
    let all = (0..1_000).map(|number| {
        let bytes = content(number, 9_000);
        let put = server.put(&format!("/v1/public/files/f{number:03}"), bytes);
        async { assert_eq!(put.send().await.unwrap().status(), 201) }
    });
    stream::iter(all)
        .buffer_unordered(16)
        .collect::<Vec<()>>()
        .await;
    server
}

#[tokio::test]
async fn what_is_deleted_during_a_backup_is_in_it_and_gone_from_the_disk_afterwards() {
    let server = server_with_many_blobs().await;
    let before = files(&server).await;
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    let child = stopped_amid(&server.data_dir(), &to);
    let all =
        serde_json::json!({ "names": (0..1_000).map(|n| format!("f{n:03}")).collect::<Vec<_>>() });
    let deleted = json_of(server.post("/v1/public/delete").json(&all)).await;
    assert_eq!(deleted["done"], 1_000, "{deleted}");
    put(&server, "after", content(1, 9_000)).await;
    assert_eq!(blobs(&server.data_dir()).len(), 1_001, "held back");
    send(&child, Signal::CONT);
    let line = ended(child).done();
    assert!(line.contains("1000 files"), "{line}");
    eventually("they are removed", || blobs(&server.data_dir()).len() == 1);
    let other = open_to_all().data(restored(&to)).start();
    assert!(files(&other).await == before);
    let line = backup(&server.data_dir(), &to).done();
    assert!(line.contains("1 files; blobs: 1 copied"), "{line}");
}

#[tokio::test]
async fn a_backup_that_is_killed_holds_nothing_back() {
    let server = server_with_many_blobs().await;
    let folder = TempDir::new().unwrap();
    let to = folder.path().join("backup");
    let mut child = stopped_amid(&server.data_dir(), &to);
    delete(&server, "f000").await;
    assert_eq!(blobs(&server.data_dir()).len(), 1_000, "held back");
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("it is removed", || blobs(&server.data_dir()).len() == 999);
}

#[tokio::test]
async fn a_second_backup_at_the_same_time_is_refused_and_does_not_wait_for_the_first() {
    let server = server_with_many_blobs().await;
    let folder = TempDir::new().unwrap();
    let (data, other) = (server.data_dir(), folder.path().join("other"));
    let child = stopped_amid(&data, &folder.path().join("backup"));
    let line = backup(&data, &other).refused();
    assert!(
        line.contains("another backup of this data directory is being made"),
        "{line}"
    );
    send(&child, Signal::CONT);
    ended(child).done();
    let line = backup(&data, &other).done();
    assert!(line.contains("1000 files; blobs: 1000 copied"), "{line}");
}

#[tokio::test]
async fn a_host_that_ends_amid_a_backup_loses_nothing_and_says_so() {
    for crashes in [false, true] {
        let server = server_with_many_blobs().await;
        let data_dir = server.data_dir();
        let folder = TempDir::new().unwrap();
        let to = folder.path().join("backup");
        let child = stopped_amid(&data_dir, &to);
        for number in 0..1_000 {
            if number % 2 == 0 {
                delete(&server, &format!("f{number:03}")).await;
            }
        }
        let expected = files(&server).await;
        let held = server.data();
        if crashes {
            server.crash();
        } else {
            assert_eq!(server.stop(), Some(0));
            assert_eq!(blobs(&data_dir).len(), 500, "a shutdown leaves nothing");
        }
        // A start after a crash moves aside what nothing refers to.
        let _serving = open_to_all().data(held).start();
        assert_eq!(blobs(&data_dir).len(), 500);
        send(&child, Signal::CONT);
        let line = ended(child).refused();
        assert!(
            line.contains("the host stopped during the backup"),
            "{line}"
        );
        let line = restore(&to, &folder.path().join("data")).refused();
        assert!(line.contains("no complete backup"), "{line}");
        let line = backup(&data_dir, &to).done();
        assert!(line.contains("500 files"), "{line}");
        let other = open_to_all().data(restored(&to)).start();
        assert!(files(&other).await == expected);
    }
}
