//! The index: key → version, in one transactional file. A version exists for readers
//! exactly as long as its row does. Small versions have their bytes here too: they become
//! durable with their row, and need no file of their own. Copies share the bytes of their
//! source, wherever those are, and are counted here.

mod database;
mod draft;
mod export;
mod health;
mod list;
mod overlay;
mod room;
mod size;
mod snapshot;
mod tables;
mod uploads;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arc_swap::ArcSwapOption;
use redb::{Database, ReadableDatabase};

use super::failure::failed;
use coffer_port::error::is_full;

use crate::store::Error;
use database::{OpenDatabase, open};
use tables::{SIZES, count, make_tables, read_changes};

pub(super) use database::builder;
pub(super) use draft::Draft;
pub(super) use export::Lineage;
pub(super) use health::Health;
pub(super) use overlay::Overlay;
pub(super) use room::Compacted;
pub(super) use snapshot::{SMALL, Snapshot};
pub(super) use tables::Version;
pub(super) use uploads::{Found, Reached};

/// Why an update failed, certainly or perhaps.
pub(super) enum UpdateError {
    /// It certainly did not take effect.
    Refused(redb::Error),
    /// The commit failed partway. It took effect if this number is [`Index::changes`].
    InDoubt(redb::Error, u64),
}

pub(super) struct Index {
    path: PathBuf,
    health: Arc<Health>,
    /// What readers see: set when the database is opened, and by the only writer before it
    /// reports a change as done. None if that failed.
    latest: ArcSwapOption<Snapshot>,
    /// None once it is closed or cannot be reopened.
    database: RwLock<Option<OpenDatabase>>,
    /// Databases whose file has been replaced, as long as they are read.
    retired: Mutex<Vec<OpenDatabase>>,
    /// The bytes of all tables.
    bytes: AtomicU64,
    /// The file's size on disk, and those bytes, after the last attempt to compact it.
    tried: Mutex<Option<(u64, u64)>>,
}

impl Index {
    /// Opens the index, repairing it after a crash; creates it if missing.
    pub(super) fn open(path: PathBuf) -> Result<Index, redb::Error> {
        let health = Arc::new(Health::default());
        let (opened, bytes) = health.attempt(|| {
            let opened = OpenDatabase::new(open(&path, true)?);
            let bytes = read_bytes(&Snapshot::of(&opened, &health)?, &opened.database)?;
            Ok((opened, bytes))
        })?;
        Ok(Index::new(path, health, opened, bytes))
    }

    fn new(path: PathBuf, health: Arc<Health>, opened: OpenDatabase, bytes: u64) -> Index {
        let latest = Snapshot::of(&opened, &health).ok();
        Index {
            path,
            health,
            latest: ArcSwapOption::from_pointee(latest),
            database: RwLock::new(Some(opened)),
            retired: Mutex::default(),
            bytes: AtomicU64::new(bytes),
            tried: Mutex::default(),
        }
    }

    /// Opens an index read-only, without changing its file, and verifies its checksums.
    /// Returns whether they match.
    pub(super) fn look(path: &Path) -> Result<(Index, bool), redb::Error> {
        let health = Arc::new(Health::default());
        let (opened, is_whole) = health.attempt(|| {
            let file = File::open(path).and_then(Overlay::new);
            let file = file.map_err(redb::Error::Io)?;
            let mut database = builder().create_with_backend(file)?;
            let is_whole = database.check_integrity()?;
            make_tables(&database)?;
            Ok((OpenDatabase::new(database), is_whole))
        })?;
        Ok((Index::new(path.to_path_buf(), health, opened, 0), is_whole))
    }

    /// A snapshot of all of it, unaffected by later commits.
    pub(super) fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        if let Some(latest) = self.latest.load_full() {
            return Ok(latest);
        }
        let opened = self.read();
        let opened = opened.as_ref().ok_or_else(closed)?;
        let taken = self.health.attempt(|| Snapshot::of(opened, &self.health));
        taken.map(Arc::new).map_err(failed)
    }

    /// One transaction, durable when this returns its number. If `change` returns None, it
    /// has changed nothing, and nothing is committed.
    pub(super) fn update<T>(
        &self,
        change: impl FnOnce(&mut Draft<'_>) -> Result<Option<T>, redb::Error>,
    ) -> Result<Option<u64>, UpdateError> {
        let opened = self.read();
        let opened = opened
            .as_ref()
            .ok_or(UpdateError::Refused(redb::Error::DatabaseClosed))?;
        let mut number = None;
        let outcome = self.health.attempt(|| {
            let transaction = opened.database.begin_write()?;
            let (changed, bytes) = {
                let bytes = self.bytes.load(Ordering::Relaxed);
                let mut draft = Draft::open(&transaction, bytes)?;
                (change(&mut draft)?, draft.bytes)
            };
            if changed.is_none() {
                transaction.abort()?;
                return Ok(());
            }
            number = Some(count(&transaction, bytes)?);
            let committed = transaction.commit();
            self.show(opened);
            committed?;
            self.bytes.store(bytes, Ordering::Relaxed);
            Ok(())
        });
        match (outcome, number) {
            (Ok(()), number) => Ok(number),
            (Err(error), Some(number)) => Err(UpdateError::InDoubt(error, number)),
            (Err(error), None) => Err(UpdateError::Refused(error)),
        }
    }

    /// The bytes of all tables, as recorded and as counted.
    #[cfg(test)]
    pub(super) fn count_bytes(&self) -> Result<(u64, u64), redb::Error> {
        let recorded = self.bytes.load(Ordering::Relaxed);
        let snapshot = self.snapshot().map_err(|_| redb::Error::DatabaseClosed)?;
        Ok((recorded, size::count(&snapshot)?))
    }

    /// How many changes have been committed.
    pub(super) fn changes(&self) -> Result<u64, Error> {
        let opened = self.read();
        let opened = opened.as_ref().ok_or_else(closed)?;
        self.health
            .attempt(|| read_changes(&opened.database))
            .map_err(failed)
    }

    /// redb refuses every call after a failed write. If the disk was merely full, what
    /// reached it is consistent and the index can be reopened; after any other failure it is
    /// unknown what the disk holds, and the index stays closed.
    pub(super) fn recover(&self, from: &redb::Error) -> bool {
        match from {
            redb::Error::Io(error) if is_full(error) => {}
            _ => return false,
        }
        let mut database = self.write();
        self.latest.store(None);
        let reopened = self.health.attempt(|| {
            *database = None;
            let opened = OpenDatabase::new(open(&self.path, false)?);
            let bytes = read_bytes(&Snapshot::of(&opened, &self.health)?, &opened.database)?;
            Ok((opened, bytes))
        });
        match reopened {
            Ok((opened, bytes)) => {
                self.bytes.store(bytes, Ordering::Relaxed);
                self.show(&opened);
                *database = Some(opened);
            }
            Err(error) => tracing::error!(%error, "cannot reopen the index"),
        }
        database.is_some()
    }

    /// From now on, damage is logged.
    pub(super) fn serve(&self) {
        self.health.serve();
    }

    /// Whether it was found damaged and is no longer trusted.
    pub(super) fn is_damaged(&self) -> bool {
        self.health.is_damaged()
    }

    /// Closes the index; every later call fails.
    pub(super) fn close(&self) {
        self.latest.store(None);
        self.release();
        let opened = self.write().take();
        let close = || opened.map_or(Ok(()), |opened| Ok(opened.database.close()?));
        if let Err(error) = self.health.attempt(close) {
            tracing::error!(%error, "cannot close the index");
        }
    }

    /// Shows readers what is committed.
    fn show(&self, opened: &OpenDatabase) {
        let latest = Snapshot::of(opened, &self.health).ok();
        self.latest.store(latest.map(Arc::new));
    }

    fn read(&self) -> RwLockReadGuard<'_, Option<OpenDatabase>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<OpenDatabase>> {
        self.database
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of all tables: as recorded, or else counted.
fn read_bytes(snapshot: &Snapshot, database: &Database) -> Result<u64, redb::Error> {
    let changes = read_changes(database)?;
    let sizes = database.begin_read()?.open_table(SIZES)?;
    match sizes.get(())?.map(|sizes| sizes.value()) {
        Some((number, bytes)) if number == changes => Ok(bytes),
        _ => size::count(snapshot),
    }
}

fn closed() -> Error {
    Error::Unavailable(Box::new(redb::Error::DatabaseClosed))
}
