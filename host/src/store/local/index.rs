//! The index: key → version, in one transactional file. A version is there for
//! readers exactly as long as its row is. Small versions have their bytes here too:
//! they are durable with their row, and cost no file of their own.

mod draft;
mod health;
mod overlay;
mod room;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use redb::backends::FileBackend;
use redb::{
    Builder, Database, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    TableDefinition, WriteTransaction,
};

use super::failure::failed;
use super::id::Id;
use super::layout::private_file;
use super::list::{self, Page};
use crate::store::{Error, Info, Key, ListOptions};
use coffer_port::error::is_full;

pub(super) use draft::Draft;
use health::Health;
use overlay::Overlay;
pub(super) use room::Compacted;

/// Id, size, nanoseconds since the epoch, content type, uploader.
type Row = (u128, u64, u64, &'static str, Option<&'static str>);

/// A row as it is read.
pub(super) type RowRef<'a> = (u128, u64, u64, &'a str, Option<&'a str>);

/// Keys as bytes, so that a bound need not be UTF-8.
const FILES: TableDefinition<&[u8], Row> = TableDefinition::new("files");

/// The bytes of small versions, by id.
const CONTENTS: TableDefinition<u128, &[u8]> = TableDefinition::new("contents");

/// The largest version whose bytes may lie in the index, in bytes. Those of a form may
/// have to wait in memory for all the others of theirs.
pub(super) const SMALL: u64 = 8 << 10;

/// How many changes there have been, so that a commit in doubt can be looked up.
const CHANGES: TableDefinition<(), u64> = TableDefinition::new("changes");

/// The number of a change, and how many bytes rows and contents had after it. Where it is
/// not the latest change's, an older version of this program has written since.
const SIZES: TableDefinition<(), (u64, u64)> = TableDefinition::new("sizes");

/// The rows as a reader sees them.
pub(super) type Rows = ReadOnlyTable<&'static [u8], Row>;

/// All of it as a reader sees it: as it was at one moment.
pub(super) struct Snapshot {
    pub(super) rows: Rows,
    pub(super) contents: ReadOnlyTable<u128, &'static [u8]>,
    health: Arc<Health>,
    /// Keeps the database open.
    _in_use: Arc<()>,
}

/// A database, and who reads it.
struct Opened {
    database: Database,
    in_use: Arc<()>,
}

/// An index up to so many bytes is read through at each start, before anything in it is
/// trusted: not all that redb does with what it does not expect can be caught. That takes
/// some seconds where it comes from the disk; `coffer check` verifies larger ones.
const VERIFIED: u64 = 1 << 30;

/// redb's own cache. The system's page cache stands behind it, so it is kept small.
const CACHE_BYTES: usize = 32 << 20;

/// One version of a file.
pub(super) struct Version {
    pub(super) id: Id,
    pub(super) info: Info,
}

/// Why an update came to nothing, or perhaps did not.
pub(super) enum UpdateError {
    /// It certainly came to nothing.
    Refused(redb::Error),
    /// The commit failed on the way. It took place if this is [`Index::changes`].
    InDoubt(redb::Error, u64),
}

pub(super) struct Index {
    path: PathBuf,
    health: Arc<Health>,
    /// What readers see: put there by whoever opened the database and by the one
    /// writer, before it says that a change has taken place. None where that failed.
    latest: ArcSwapOption<Snapshot>,
    /// None once it is closed or cannot be opened again.
    database: RwLock<Option<Opened>>,
    /// Those whose file has been replaced, while they are read.
    retired: Mutex<Vec<Opened>>,
    /// How many bytes rows and contents have.
    bytes: AtomicU64,
    /// What the file took of the disk, and those bytes, after the last attempt to make
    /// it shorter.
    tried: Mutex<Option<(u64, u64)>>,
}

impl Index {
    /// Opens the index, repairing it after a crash; makes it where it is missing.
    pub(super) fn open(path: PathBuf) -> Result<Index, redb::Error> {
        let health = Arc::new(Health::default());
        let (opened, bytes) = health.attempt(|| {
            let opened = Opened::new(open(&path, true)?);
            let bytes = read_bytes(&snapshot(&opened, &health)?, &opened.database)?;
            Ok((opened, bytes))
        })?;
        Ok(Index::new(path, health, opened, bytes))
    }

    fn new(path: PathBuf, health: Arc<Health>, opened: Opened, bytes: u64) -> Index {
        let latest = snapshot(&opened, &health).ok();
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

    /// Opens an index for looking at it, without a change to its file, and verifies its
    /// checksums. Returns whether they are right.
    pub(super) fn look(path: &Path) -> Result<(Index, bool), redb::Error> {
        let health = Arc::new(Health::default());
        let (opened, is_whole) = health.attempt(|| {
            let file = File::open(path).and_then(Overlay::new);
            let file = file.map_err(redb::Error::Io)?;
            let mut database = builder().create_with_backend(file)?;
            let is_whole = database.check_integrity()?;
            make_tables(&database)?;
            Ok((Opened::new(database), is_whole))
        })?;
        Ok((Index::new(path.to_path_buf(), health, opened, 0), is_whole))
    }

    /// All of it as it is at this moment, whatever is committed afterwards.
    pub(super) fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        if let Some(latest) = self.latest.load_full() {
            return Ok(latest);
        }
        let opened = self.read();
        let opened = opened.as_ref().ok_or_else(closed)?;
        let taken = self.health.attempt(|| snapshot(opened, &self.health));
        taken.map(Arc::new).map_err(failed)
    }

    /// One transaction, durable when this returns its number. Where `change` has changed
    /// nothing it says so by None, and nothing is committed.
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

    /// How many changes have taken place.
    pub(super) fn changes(&self) -> Result<u64, Error> {
        let opened = self.read();
        let opened = opened.as_ref().ok_or_else(closed)?;
        self.health
            .attempt(|| read_changes(&opened.database))
            .map_err(failed)
    }

    /// redb refuses all service after a failed write. Where the disk was merely
    /// full, what reached it is whole and it can be opened again; after any other
    /// failure nobody knows what the disk holds, and it stays shut.
    pub(super) fn recover(&self, from: &redb::Error) -> bool {
        match from {
            redb::Error::Io(error) if is_full(error) => {}
            _ => return false,
        }
        let mut database = self.write();
        self.latest.store(None);
        let reopened = self.health.attempt(|| {
            *database = None;
            let opened = Opened::new(open(&self.path, false)?);
            let bytes = read_bytes(&snapshot(&opened, &self.health)?, &opened.database)?;
            Ok((opened, bytes))
        });
        match reopened {
            Ok((opened, bytes)) => {
                self.bytes.store(bytes, Ordering::Relaxed);
                self.show(&opened);
                *database = Some(opened);
            }
            Err(error) => tracing::error!(%error, "cannot open the index again"),
        }
        database.is_some()
    }

    /// From now on, damage is said in the log.
    pub(super) fn serve(&self) {
        self.health.serve();
    }

    /// Whether it can be trusted no more.
    pub(super) fn is_damaged(&self) -> bool {
        self.health.is_damaged()
    }

    /// Ends all service.
    pub(super) fn close(&self) {
        self.latest.store(None);
        self.release();
        let opened = self.write().take();
        let close = || opened.map_or(Ok(()), |opened| Ok(opened.database.close()?));
        if let Err(error) = self.health.attempt(close) {
            tracing::error!(%error, "cannot close the index");
        }
    }

    /// Has readers see what is committed.
    fn show(&self, opened: &Opened) {
        let latest = snapshot(opened, &self.health).ok();
        self.latest.store(latest.map(Arc::new));
    }

    fn read(&self) -> RwLockReadGuard<'_, Option<Opened>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Opened>> {
        self.database
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opened {
    fn new(database: Database) -> Opened {
        Opened {
            database,
            in_use: Arc::default(),
        }
    }
}

/// All of it as it is at this moment.
fn snapshot(opened: &Opened, health: &Arc<Health>) -> Result<Snapshot, redb::Error> {
    let transaction = opened.database.begin_read()?;
    Ok(Snapshot {
        rows: transaction.open_table(FILES)?,
        contents: transaction.open_table(CONTENTS)?,
        health: Arc::clone(health),
        _in_use: Arc::clone(&opened.in_use),
    })
}

impl Snapshot {
    /// Looks a key up. Short, and from memory as a rule: done where it is called.
    pub(super) fn get(&self, key: &Key) -> Result<Option<Version>, Error> {
        self.health
            .attempt(|| version(&self.rows, key))
            .map_err(failed)
    }

    /// The bytes of a version, where they lie here.
    pub(super) fn content(&self, version: &Version) -> Result<Option<Bytes>, Error> {
        if version.info.size > SMALL {
            return Ok(None);
        }
        self.health
            .attempt(|| {
                let found = self.contents.get(version.id.as_u128())?;
                Ok(found.map(|bytes| Bytes::copy_from_slice(bytes.value())))
            })
            .map_err(failed)
    }

    /// One page of the rows.
    pub(super) fn page(&self, options: &ListOptions) -> Result<Page, Error> {
        self.health
            .attempt(|| list::page(&self.rows, options))
            .map_err(failed)
    }

    /// Tells `each` of every row: its key, its id, and how many bytes the version has.
    pub(super) fn each(&self, mut each: impl FnMut(&[u8], Id, u64)) -> Result<(), Error> {
        self.health
            .attempt(|| {
                for row in self.rows.iter()? {
                    let (key, row) = row?;
                    let (id, size, ..) = row.value();
                    each(key.value(), Id::from_u128(id), size);
                }
                Ok(())
            })
            .map_err(failed)
    }

    /// How many versions have their bytes here.
    pub(super) fn contents_count(&self) -> Result<u64, Error> {
        self.health
            .attempt(|| Ok(self.contents.len()?))
            .map_err(failed)
    }

    /// How many bytes lie here for a version, if any.
    pub(super) fn content_length(&self, id: Id) -> Result<Option<u64>, Error> {
        self.health
            .attempt(|| {
                let found = self.contents.get(id.as_u128())?;
                Ok(found.map(|bytes| bytes.value().len() as u64))
            })
            .map_err(failed)
    }
}

fn version(
    rows: &impl ReadableTable<&'static [u8], Row>,
    key: &Key,
) -> Result<Option<Version>, redb::Error> {
    let row = rows.get(key.as_str().as_bytes())?;
    Ok(row.map(|row| {
        let (id, size, modified, content_type, uploader) = row.value();
        let id = Id::from_u128(id);
        let info = Info {
            key: key.clone(),
            size,
            etag: id.etag(),
            modified: from_nanos(modified),
            content_type: content_type.to_owned(),
            uploader: uploader.map(str::to_owned),
        };
        Version { id, info }
    }))
}

pub(super) fn from_nanos(nanos: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanos)
}

/// Good until the year 2554.
fn to_nanos(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

fn open(path: &Path, verify: bool) -> Result<Database, redb::Error> {
    let file = private_file(path).map_err(redb::Error::Io)?;
    let length = file.metadata().map_err(redb::Error::Io)?.len();
    let database = builder()
        .set_check_integrity_on_open(verify && length <= VERIFIED)
        .create_with_backend(FileBackend::new(file)?)?;
    make_tables(&database)?;
    Ok(database)
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// A table must be there before it can be read.
fn make_tables(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(FILES)?;
    transaction.open_table(CONTENTS)?;
    transaction.open_table(CHANGES)?;
    transaction.open_table(SIZES)?;
    transaction.commit()?;
    Ok(())
}

/// Counts a transaction; its number is the count with it.
fn count(transaction: &WriteTransaction, bytes: u64) -> Result<u64, redb::Error> {
    let mut changes = transaction.open_table(CHANGES)?;
    let before = changes.get(())?.map_or(0, |number| number.value());
    let number = before.wrapping_add(1);
    changes.insert((), number)?;
    transaction.open_table(SIZES)?.insert((), (number, bytes))?;
    Ok(number)
}

fn read_changes(database: &Database) -> Result<u64, redb::Error> {
    let changes = database.begin_read()?.open_table(CHANGES)?;
    let number = changes.get(())?;
    Ok(number.map_or(0, |number| number.value()))
}

/// How many bytes rows and contents have: as was written down, or counted.
fn read_bytes(snapshot: &Snapshot, database: &Database) -> Result<u64, redb::Error> {
    let changes = read_changes(database)?;
    let sizes = database.begin_read()?.open_table(SIZES)?;
    match sizes.get(())?.map(|sizes| sizes.value()) {
        Some((number, bytes)) if number == changes => Ok(bytes),
        _ => draft::bytes(&snapshot.rows, &snapshot.contents),
    }
}

fn closed() -> Error {
    Error::Unavailable(Box::new(redb::Error::DatabaseClosed))
}
