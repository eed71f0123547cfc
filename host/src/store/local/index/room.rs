//! How much of the index's file is in use, and how the rest is returned to the disk.
//!
//! redb keeps free pages for what is stored next, and hardly ever shrinks its file. If most
//! of it is free, a start compacts the file in place, before anything reads it; later on, and
//! only while nothing waits to be written, the content is copied to a new file, which then
//! replaces it. Readers keep the old one until they are done.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use redb::{Database, ReadOnlyTable, ReadableTable, TableDefinition, WriteTransaction};

use super::Index;
use super::database::{OpenDatabase, open};
use super::snapshot::Snapshot;
use super::tables::{
    CHANGES, CONTENTS, FILES, IDENTITY, METADATA, REFERENCES, SIZES, read_changes,
};
use super::uploads::{EXPIRIES, OWNERS, REACHED, TAILS, UPLOADS};

/// The least free space that is worth compacting, in bytes.
const WORTH: u64 = 8 << 20;

/// How many rows are copied between two checks for waiting writes.
const STEP: usize = 64;

/// The outcome of an attempt to compact the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::local) enum Compacted {
    /// There is little to gain.
    Unneeded,
    /// It is smaller now: its size on disk before and after, in bytes.
    Done(u64, u64),
    /// A write was waiting.
    GivenUp,
}

/// The most space that pages in use can need for this many bytes: each page is at least a
/// third full, and the file is never empty.
pub(super) fn in_use(bytes: u64) -> u64 {
    bytes.saturating_mul(3).saturating_add(1 << 20)
}

/// A file's size on disk; parts of it may never have been written.
pub(super) fn on_disk(path: &Path) -> io::Result<u64> {
    let about = fs::metadata(path)?;
    Ok(about.len().min(about.blocks().saturating_mul(512)))
}

impl Index {
    /// How many bytes of the file are free for what is stored next, at least.
    pub(in crate::store::local) fn free(&self) -> u64 {
        let in_use = in_use(self.bytes.load(Ordering::Relaxed));
        on_disk(&self.path).map_or(0, |all| all.saturating_sub(in_use))
    }

    /// How many bytes a copy of it has on the disk, at most.
    pub(in crate::store::local) fn most_used(&self) -> io::Result<u64> {
        let in_use = in_use(self.bytes.load(Ordering::Relaxed));
        on_disk(&self.path).map(|all| all.min(in_use))
    }

    /// Whether most of the file is free, and the last attempt to compact it is outdated.
    fn is_wasteful(&self) -> io::Result<bool> {
        let (all, bytes) = (on_disk(&self.path)?, self.bytes.load(Ordering::Relaxed));
        let free = all.saturating_sub(in_use(bytes));
        let last = self.tried.lock().map_or(None, |tried| *tried);
        let is_new = last.is_none_or(|(all_then, bytes_then)| {
            all > all_then.saturating_add(WORTH) || bytes < bytes_then / 2
        });
        Ok(is_new && free >= WORTH && free >= all / 2)
    }

    fn has_tried(&self) -> io::Result<u64> {
        let (all, bytes) = (on_disk(&self.path)?, self.bytes.load(Ordering::Relaxed));
        if let Ok(mut tried) = self.tried.lock() {
            *tried = Some((all, bytes));
        }
        Ok(all)
    }

    /// Compacts the file in place, which needs no free disk space. Nothing may use the index
    /// meanwhile.
    pub(in crate::store::local) fn compact_in_place(&self) -> Result<Compacted, redb::Error> {
        if !self.is_wasteful().map_err(redb::Error::Io)? {
            return Ok(Compacted::Unneeded);
        }
        let before = on_disk(&self.path).map_err(redb::Error::Io)?;
        self.latest.store(None);
        let mut opened = self.write();
        if let Some(opened) = opened.as_mut() {
            self.health.attempt(|| Ok(opened.database.compact()?))?;
            self.show(opened);
        }
        drop(opened);
        let after = self.has_tried().map_err(redb::Error::Io)?;
        Ok(Compacted::Done(before, after))
    }

    /// Copies the content to a new file, which replaces the old one. Called by the only
    /// writer. `is_wanted` says whether to continue.
    pub(in crate::store::local) fn compact_aside(
        &self,
        is_wanted: impl FnMut() -> bool,
    ) -> Result<Compacted, redb::Error> {
        if !self.is_wasteful().map_err(redb::Error::Io)? {
            return Ok(Compacted::Unneeded);
        }
        let before = on_disk(&self.path).map_err(redb::Error::Io)?;
        let draft = self.path.with_extension("new");
        let copied = self.health.attempt(|| self.copy(&draft, is_wanted));
        let Ok(Some(copy)) = copied else {
            // If the disk is full, the next start compacts in place.
            let _ = fs::remove_file(&draft);
            self.has_tried().map_err(redb::Error::Io)?;
            return copied.map(|_| Compacted::GivenUp);
        };
        fs::rename(&draft, &self.path).map_err(redb::Error::Io)?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        if let Err(error) = fs::File::open(folder).and_then(|folder| folder.sync_all()) {
            // It is unknown which of the two the disk holds, so neither is written to.
            self.close();
            return Err(redb::Error::Io(error));
        }
        let opened = OpenDatabase::new(copy);
        self.show(&opened);
        if let Some(old) = self.write().replace(opened) {
            self.retire(old);
        }
        let after = self.has_tried().map_err(redb::Error::Io)?;
        Ok(Compacted::Done(before, after))
    }

    /// None if it was no longer wanted.
    fn copy(
        &self,
        draft: &Path,
        is_wanted: impl FnMut() -> bool,
    ) -> Result<Option<Database>, redb::Error> {
        match fs::remove_file(draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(redb::Error::Io(error));
            }
            _ => {}
        }
        let from = self.read();
        let from = from.as_ref().ok_or(redb::Error::DatabaseClosed)?;
        let changes = read_changes(&from.database)?;
        let snapshot = Snapshot::of(from, &self.health)?;
        let database = open(draft, false)?;
        let transaction = database.begin_write()?;
        let mut copy = Copy {
            to: &transaction,
            count: 0,
            is_wanted,
        };
        let is_whole = copy.table(FILES, &snapshot.rows)?
            && copy.table(METADATA, &snapshot.metadata)?
            && copy.table(CONTENTS, &snapshot.contents)?
            && copy.table(REFERENCES, &snapshot.references)?
            && copy.table(UPLOADS, &snapshot.transaction.open_table(UPLOADS)?)?
            && copy.table(REACHED, &snapshot.transaction.open_table(REACHED)?)?
            && copy.table(TAILS, &snapshot.transaction.open_table(TAILS)?)?
            && copy.table(OWNERS, &snapshot.transaction.open_table(OWNERS)?)?
            && copy.table(EXPIRIES, &snapshot.transaction.open_table(EXPIRIES)?)?;
        if !is_whole {
            return Ok(None);
        }
        {
            transaction.open_table(CHANGES)?.insert((), changes)?;
            if let Some(identity) = snapshot.identity()? {
                transaction.open_table(IDENTITY)?.insert((), identity)?;
            }
            let sizes = (changes, self.bytes.load(Ordering::Relaxed));
            transaction.open_table(SIZES)?.insert((), sizes)?;
        }
        transaction.commit()?;
        Ok(Some(database))
    }

    /// Keeps a database whose file has been replaced for as long as it is read.
    fn retire(&self, old: OpenDatabase) {
        if let Ok(mut retired) = self.retired.lock() {
            retired.push(old);
        }
        self.release();
    }

    /// Closes databases that are no longer read. Returns whether any are left.
    pub(in crate::store::local) fn release(&self) -> bool {
        let Ok(mut retired) = self.retired.lock() else {
            return false;
        };
        let all = std::mem::take(&mut *retired);
        let (used, unused): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|old| Arc::strong_count(&old.in_use) > 1);
        *retired = used;
        for old in unused {
            // Its file is gone, so a failed write loses nothing.
            let _ = self.health.attempt(|| Ok(old.database.close()?));
        }
        !retired.is_empty()
    }
}

/// A copy that is being made.
pub(super) struct Copy<'txn, F> {
    to: &'txn WriteTransaction,
    /// How many rows were copied.
    count: usize,
    is_wanted: F,
}

impl<'txn> Copy<'txn, fn() -> bool> {
    /// One that nothing interrupts.
    pub(super) fn all(to: &'txn WriteTransaction) -> Self {
        Copy {
            to,
            count: 0,
            is_wanted: || true,
        }
    }
}

impl<F: FnMut() -> bool> Copy<'_, F> {
    /// Copies a whole table. Returns false if it was no longer wanted.
    pub(super) fn table<K: redb::Key + 'static, V: redb::Value + 'static>(
        &mut self,
        name: TableDefinition<'_, K, V>,
        from: &ReadOnlyTable<K, V>,
    ) -> Result<bool, redb::Error> {
        let mut to = self.to.open_table(name)?;
        for row in from.iter()? {
            if self.count.is_multiple_of(STEP) && !(self.is_wanted)() {
                return Ok(false);
            }
            let (key, value) = row?;
            to.insert(key.value(), value.value())?;
            self.count += 1;
        }
        Ok(true)
    }
}
