//! Files on a local disk, in one directory that one process uses.
//!
//! Bytes are stored in files named by a new id, those of small files in the index (key → id
//! and description), which is an embedded transactional store. A write is staged in a
//! file and synced, or in memory if it is small; then one transaction of the index
//! publishes it, and that is the only moment at which anything changes for a reader.
//! Names never become paths.
//!
//! A copy is another key for the same id: it shares the bytes and costs none, a move is a change
//! of the key, and bytes are removed once no key has them. All rows of a batch change in one
//! transaction.
//!
//! Files that a crash leaves behind have no row in the index, and the next start moves them
//! aside. It does so only with the right index: with one that is empty, has seen fewer changes
//! than are recorded beside it ([`change_count`]), or lacks more of the files than a crash
//! explains ([`sweep`]), it refuses to start.

mod backup;
mod change_count;
mod check;
mod claim;
mod committer;
mod copy;
mod damage;
mod failure;
mod format;
mod gather;
mod id;
mod index;
mod intake;
mod layout;
mod open_error;
mod open_version;
mod pins;
mod private;
mod private_database;
mod reader;
mod resumable;
mod stage;
mod start;
mod sweep;
mod upload;
mod writeback;

#[cfg(test)]
mod tests;

use std::any::Any;
use std::fs::File;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt, stream};
use tokio::sync::{oneshot, watch};
use tokio::task::spawn_blocking;

use super::{
    Amendment, BlobStore, Conditions, Copy, CopyError, CreateOptions, Description, Error, Guard,
    Info, Key, ListOptions, Listing, OpenOptions, Opened, Refusal, Stored, Upload, check_read,
    check_remove,
};
use committer::Change;
use damage::Damaged;
use index::Index;
use layout::Layout;
use reader::Spares;
use resumable::Turns;
use stage::Stage;
use upload::{LocalUpload, Sealed};

use backup::Digests;
pub use backup::{Backup, BackupError, Beside, Live, Saved, Stopped, restore, worded};
pub use check::{Checked, check};
pub use damage::Damage;
use id::Id;
pub use open_error::OpenError;
pub use private_database::PrivateDatabase;

/// How many files of a batch are synced at the same time.
const SYNCS: usize = 8;

/// The engine for a local disk. Its operations must be called in a tokio runtime.
///
/// After a drop it releases its directory in the background; [`BlobStore::close`] waits for
/// that. To the next start, a process that ends before then has crashed, and all files are
/// scanned for orphaned blobs.
pub struct LocalStore {
    layout: Arc<Layout>,
    index: Arc<Index>,
    /// None once closed.
    changes: Mutex<Option<Sender<Change>>>,
    over: watch::Receiver<()>,
    turns: Arc<Turns>,
    spares: Arc<Spares>,
    damaged: Arc<Damaged>,
    /// A directory that is only read.
    looked: Option<Looked>,
}

/// What belongs to a directory that is only read. Otherwise its committer has the lock.
struct Looked {
    _lock: File,
    /// Of a backup.
    digests: Option<Digests>,
}

impl LocalStore {
    /// A number that this directory has in common with its backups alone, if it has one.
    pub fn identity(&self) -> Option<u128> {
        self.index.lineage().ok()?.identity
    }

    /// What a backup of it is made from while it serves.
    pub fn live(&self) -> Live {
        Live {
            layout: self.layout.clone(),
            index: self.index.clone(),
        }
    }

    fn changes(&self) -> Result<Sender<Change>, Error> {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.clone().ok_or_else(stopped)
    }

    /// Submits a change and waits for its outcome.
    async fn change<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Change) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.changes()?.send(make(reply)).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())
    }
}

#[async_trait::async_trait]
impl BlobStore for LocalStore {
    async fn open(&self, key: &Key, options: OpenOptions) -> Result<Opened, Error> {
        self.open_version(key, options).await
    }

    async fn stat(
        &self,
        key: &Key,
        may_read: &Guard,
        conditions: &Conditions,
    ) -> Result<Info, Error> {
        let version = self.index.snapshot()?.get(key)?.ok_or(Error::NotFound)?;
        check_read(&version.info, may_read, conditions)?;
        Ok(version.info)
    }

    async fn create(&self, key: Key, options: CreateOptions) -> Result<Box<dyn Upload>, Error> {
        let current = self
            .index
            .snapshot()?
            .get(&key)?
            .map(|version| version.info);
        options.check(current.as_ref())?;
        let stage = Stage::new(self.layout.clone(), self.changes()?);
        Ok(Box::new(LocalUpload::new(key, options, stage)))
    }

    async fn finish(&self, uploads: Vec<Box<dyn Upload>>) -> Result<Vec<Stored>, Refusal> {
        let sealing: Vec<_> = uploads.into_iter().map(seal).collect();
        let mut sealed = stream::iter(sealing).buffered(SYNCS).enumerate();
        let mut batch = Vec::new();
        while let Some((index, outcome)) = sealed.next().await {
            batch.push(outcome.map_err(|error| Refusal { index, error })?);
        }
        self.change(|reply| Change::Publish { batch, reply })
            .await
            .unwrap_or_else(|error| Err(Refusal { index: 0, error }))
    }

    async fn remove(
        &self,
        key: &Key,
        may_remove: &Guard,
        conditions: &Conditions,
    ) -> Result<(), Error> {
        self.change(|reply| Change::Remove {
            key: key.clone(),
            may_remove: may_remove.clone(),
            conditions: conditions.clone(),
            reply,
        })
        .await?
    }

    async fn stat_many(&self, keys: &[Key], may_read: &Guard) -> Vec<Result<Info, Error>> {
        let unconditional = Conditions::default();
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            tokio::task::consume_budget().await;
            found.push(self.stat(key, may_read, &unconditional).await);
        }
        found
    }

    async fn remove_many(&self, keys: &[Key], may_remove: &Guard) -> Vec<Result<(), Error>> {
        let removed = self.change(|reply| Change::RemoveMany {
            keys: keys.to_vec(),
            may_remove: may_remove.clone(),
            reply,
        });
        match removed.await {
            Ok(removed) => removed,
            Err(_) => keys.iter().map(|_| Err(stopped())).collect(),
        }
    }

    async fn copy(&self, copies: Vec<Copy>) -> Vec<Result<Stored, CopyError>> {
        self.copy_each(copies).await
    }

    async fn amend(
        &self,
        key: &Key,
        may_replace: &Guard,
        conditions: &Conditions,
        amendment: Amendment,
    ) -> Result<Info, Error> {
        let current = self.index.snapshot()?.get(key)?.map(|version| version.info);
        check_remove(current.as_ref(), may_replace, conditions)?;
        self.layout.check_room()?;
        self.change(|reply| Change::Amend {
            key: key.clone(),
            may_replace: may_replace.clone(),
            conditions: conditions.clone(),
            amendment,
            reply,
        })
        .await?
    }

    async fn list(&self, options: ListOptions) -> Result<Listing, Error> {
        let snapshot = self.index.snapshot()?;
        let page = spawn_blocking(move || snapshot.page(&options)).await;
        Ok(page.map_err(Error::unavailable)??.listing)
    }

    fn resumable(&self) -> Result<&dyn super::Resumable, Error> {
        Ok(self)
    }

    fn digest(&self, info: &Info) -> Result<Option<[u8; 32]>, Error> {
        let looked = self.looked.as_ref();
        let digests = looked.and_then(|looked| looked.digests.as_ref());
        let (Some(digests), Some(id)) = (digests, Id::of_etag(&info.etag)) else {
            return Ok(None);
        };
        let digest = digests.get(id)?;
        let is_in_index = || self.index.snapshot()?.content_length(id);
        match digest.is_some() || is_in_index()?.is_some() {
            true => Ok(digest),
            false => Err(self.damaged.found(id, Damage::NoDigest)),
        }
    }

    fn describe(&self) -> Description {
        let dir = self.layout.dir();
        let whole = dir.canonicalize();
        Description {
            engine: "local".to_owned(),
            place: whole.as_deref().unwrap_or(dir).display().to_string(),
            data_dir: Some(dir.to_path_buf()),
            notice: None,
        }
    }

    /// Refuses new changes, waits until the uploads in progress are finished or dropped,
    /// and leaves the directory clean and unlocked.
    async fn close(&self) {
        let changes = self
            .changes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(changes);
        // The only possible result is that the sender is gone.
        let _ = self.over.clone().changed().await;
    }

    fn damaged_files(&self) -> u64 {
        self.damaged.count()
    }
}

async fn seal(upload: Box<dyn Upload>) -> Result<Sealed, Error> {
    let upload: Box<dyn Any + Send> = upload;
    let Ok(upload) = upload.downcast::<LocalUpload>() else {
        return Err(Error::Unavailable(
            "the upload belongs to another store".into(),
        ));
    };
    upload.seal().await
}

fn stopped() -> Error {
    Error::Unavailable("the store is closed".into())
}
