//! What only this engine guarantees: its directory, its files, its behaviour after crashes.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::TryStreamExt;
use tempfile::TempDir;

use super::*;
use crate::store::contract::{contract, copying, freely, key, resumable_contract};

mod damage; // corruption found at a start, while serving, by a check
mod disk; // what is on the disk, and who can read it
mod killed; // a process that is killed amid changes
mod lost; // an index that lacks existing files
mod room; // space that is reclaimed
mod shared; // bytes that several files share
mod shared_damage; // damage to those, and to their count
mod staged; // unfinished uploads: their bytes on disk, in the index and after crashes
mod start; // from one start to the next: locks, formats, crashes

use crate::store::{Metadata, Span};

/// More than is kept in the index.
const LARGE: [u8; 10_000] = [7; 10_000];

async fn make() -> (Arc<dyn BlobStore>, TempDir) {
    let dir = TempDir::new().expect("a directory");
    let store = LocalStore::open(dir.path()).expect("a store");
    (Arc::new(store), dir)
}

contract!(crate::store::local::tests::make);
resumable_contract!(crate::store::local::tests::make);

async fn receive(store: &LocalStore, name: &str, content: &[u8]) -> Box<dyn Upload> {
    let mut upload = store.create(key(name), freely()).await.expect("an upload");
    upload
        .write(Bytes::copy_from_slice(content))
        .await
        .expect("written");
    upload
}

async fn put(store: &LocalStore, name: &str, content: &[u8]) {
    let upload = receive(store, name, content).await;
    store.finish(vec![upload]).await.expect("stored");
}

async fn read(store: &LocalStore, name: &str) -> Result<Vec<u8>, Error> {
    let options = OpenOptions {
        span: Span::All,
        if_range: None,
        may_read: Guard::Any,
        conditions: Conditions::default(),
    };
    let body = store.open(&key(name), options).await?.body.here();
    let chunks: Vec<Bytes> = body.try_collect().await?;
    Ok(chunks.concat())
}

async fn describe(store: &LocalStore, name: &str) -> Info {
    let (key, unconditional) = (key(name), Conditions::default());
    let described = store.stat(&key, &Guard::Any, &unconditional).await;
    described.expect("a file")
}

async fn etag(store: &LocalStore, name: &str) -> String {
    describe(store, name).await.etag
}

async fn copy(store: &LocalStore, copy: Copy) -> Result<Stored, CopyError> {
    store.copy(vec![copy]).await.remove(0)
}

/// Every file below the blob folders.
fn blobs(dir: &TempDir) -> Vec<PathBuf> {
    let folders = fs::read_dir(dir.path().join("blobs")).expect("folders");
    folders
        .flat_map(|folder| fs::read_dir(folder.expect("a folder").path()).expect("files"))
        .map(|file| file.expect("a file").path())
        .collect()
}

/// Every file that was moved aside.
fn aside(dir: &TempDir) -> Vec<PathBuf> {
    let days = fs::read_dir(dir.path().join("orphaned")).expect("folders");
    days.flat_map(|day| fs::read_dir(day.expect("a folder").path()).expect("files"))
        .map(|file| file.expect("a file").path())
        .collect()
}

/// Puts a file with this relative path into the blob folders.
fn plant(dir: &TempDir, path: &str) -> PathBuf {
    let path = dir.path().join("blobs").join(path);
    fs::write(&path, "left by a crash").expect("planted");
    path
}

const ORPHAN: &str = "0a/0a112233445566778899aabbccddeeff";
