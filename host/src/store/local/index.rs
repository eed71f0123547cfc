//! The index: key → version, in one transactional file. A version is there for
//! readers exactly as long as its row is. Small versions have their bytes here too:
//! they are durable with their row, and cost no file of their own.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use redb::backends::FileBackend;
use redb::{
    Builder, Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition,
    WriteTransaction,
};

use super::failure::is_full;
use super::id::Id;
use super::layout::private_file;
use crate::store::{Error, Info, Key};

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

/// The rows as a reader sees them.
pub(super) type Rows = ReadOnlyTable<&'static [u8], Row>;

/// All of it as a reader sees it: as it was at one moment.
pub(super) struct Snapshot {
    pub(super) rows: Rows,
    pub(super) contents: ReadOnlyTable<u128, &'static [u8]>,
}

/// All of it as the one writer sees it.
pub(super) struct Draft<'txn> {
    rows: redb::Table<'txn, &'static [u8], Row>,
    contents: redb::Table<'txn, u128, &'static [u8]>,
}

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
    /// What readers see: put there by whoever opened the database and by the one
    /// writer, before it says that a change has taken place. None where that failed.
    latest: ArcSwapOption<Snapshot>,
    /// None once it is closed or cannot be opened again.
    database: RwLock<Option<Database>>,
}

impl Index {
    /// Opens the index, repairing it after a crash; makes it where it is missing.
    pub(super) fn open(path: PathBuf) -> Result<Index, redb::Error> {
        let database = open(&path)?;
        let latest = ArcSwapOption::from_pointee(snapshot(&database).ok());
        Ok(Index {
            path,
            latest,
            database: RwLock::new(Some(database)),
        })
    }

    /// All of it as it is at this moment, whatever is committed afterwards.
    pub(super) fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        if let Some(latest) = self.latest.load_full() {
            return Ok(latest);
        }
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or_else(closed)?;
        Ok(Arc::new(snapshot(database)?))
    }

    /// Every id that a row names, in ascending order.
    pub(super) fn ids(&self) -> Result<Vec<Id>, Error> {
        let snapshot = self.snapshot()?;
        let mut ids = Vec::new();
        for row in snapshot
            .rows
            .range::<&[u8]>(..)
            .map_err(redb::Error::from)?
        {
            let (_, row) = row.map_err(redb::Error::from)?;
            ids.push(Id::from_u128(row.value().0));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// One transaction, durable when this returns. Where `change` has changed
    /// nothing it says so by None, and nothing is committed.
    pub(super) fn update<T>(
        &self,
        change: impl FnOnce(&mut Draft<'_>) -> Result<Option<T>, redb::Error>,
    ) -> Result<Option<T>, UpdateError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database
            .as_ref()
            .ok_or(UpdateError::Refused(redb::Error::DatabaseClosed))?;
        let refused = |error| UpdateError::Refused(error);
        let transaction = database.begin_write().map_err(|e| refused(e.into()))?;
        let changed = {
            let mut draft = Draft {
                rows: transaction
                    .open_table(FILES)
                    .map_err(|e| refused(e.into()))?,
                contents: transaction
                    .open_table(CONTENTS)
                    .map_err(|e| refused(e.into()))?,
            };
            change(&mut draft).map_err(refused)?
        };
        let number = count(&transaction).map_err(refused)?;
        match changed {
            None => {
                transaction.abort().map_err(|e| refused(e.into()))?;
            }
            Some(_) => {
                let committed = transaction.commit();
                self.latest.store(snapshot(database).ok().map(Arc::new));
                committed.map_err(|error| UpdateError::InDoubt(error.into(), number))?;
            }
        }
        Ok(changed)
    }

    /// How many changes have taken place.
    pub(super) fn changes(&self) -> Result<u64, Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or_else(closed)?;
        let transaction = database.begin_read().map_err(redb::Error::from)?;
        let changes = transaction.open_table(CHANGES).map_err(redb::Error::from)?;
        let number = changes.get(()).map_err(redb::Error::from)?;
        Ok(number.map_or(0, |number| number.value()))
    }

    /// redb refuses all service after a failed write. Where the disk was merely
    /// full, what reached it is whole and it can be opened again; after any other
    /// failure nobody knows what the disk holds, and it stays shut.
    pub(super) fn recover(&self, from: &redb::Error) -> bool {
        match from {
            redb::Error::Io(error) if is_full(error) => {}
            _ => return false,
        }
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        self.latest.store(None);
        *database = None;
        match open(&self.path) {
            Ok(opened) => {
                self.latest.store(snapshot(&opened).ok().map(Arc::new));
                *database = Some(opened);
            }
            Err(error) => tracing::error!(%error, "cannot open the index again"),
        }
        database.is_some()
    }

    /// Ends all service.
    pub(super) fn close(&self) {
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        self.latest.store(None);
        if let Some(Err(error)) = database.take().map(Database::close) {
            tracing::error!(%error, "cannot close the index");
        }
    }
}

/// All of it as it is at this moment.
fn snapshot(database: &Database) -> Result<Snapshot, redb::Error> {
    let transaction = database.begin_read()?;
    Ok(Snapshot {
        rows: transaction.open_table(FILES)?,
        contents: transaction.open_table(CONTENTS)?,
    })
}

impl Snapshot {
    /// Looks a key up. Short, and from memory as a rule: done where it is called.
    pub(super) fn get(&self, key: &Key) -> Result<Option<Version>, Error> {
        Ok(version(&self.rows, key)?)
    }

    /// The bytes of a version, where they lie here.
    pub(super) fn content(&self, version: &Version) -> Result<Option<Bytes>, Error> {
        if version.info.size > SMALL {
            return Ok(None);
        }
        let found = self.contents.get(version.id.as_u128());
        let found = found.map_err(redb::Error::from)?;
        Ok(found.map(|bytes| Bytes::copy_from_slice(bytes.value())))
    }
}

impl Draft<'_> {
    /// What is stored under a key.
    pub(super) fn get(&self, key: &Key) -> Result<Option<Info>, redb::Error> {
        Ok(version(&self.rows, key)?.map(|version| version.info))
    }

    /// Puts a version in place of what was there, with its bytes if they are to lie
    /// here. Returns whether anything was there, and what has a file that is now waste.
    pub(super) fn insert(
        &mut self,
        id: Id,
        info: &Info,
        content: Option<&Bytes>,
    ) -> Result<(bool, Option<Id>), redb::Error> {
        if let Some(content) = content {
            self.contents.insert(id.as_u128(), content.as_ref())?;
        }
        let row: RowRef<'_> = (
            id.as_u128(),
            info.size,
            to_nanos(info.modified),
            &info.content_type,
            info.uploader.as_deref(),
        );
        let before = self.rows.insert(info.key.as_str().as_bytes(), row)?;
        let before = before.map(|row| Id::from_u128(row.value().0));
        Ok((before.is_some(), self.waste(before)?))
    }

    /// Takes a version out; returns it where it has a file that is now waste.
    pub(super) fn remove(&mut self, key: &Key) -> Result<Option<Id>, redb::Error> {
        let before = self.rows.remove(key.as_str().as_bytes())?;
        let before = before.map(|row| Id::from_u128(row.value().0));
        self.waste(before)
    }

    fn waste(&mut self, before: Option<Id>) -> Result<Option<Id>, redb::Error> {
        let Some(id) = before else { return Ok(None) };
        let was_here = self.contents.remove(id.as_u128())?.is_some();
        Ok((!was_here).then_some(id))
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

fn open(path: &std::path::Path) -> Result<Database, redb::Error> {
    let file = private_file(path).map_err(redb::Error::Io)?;
    let file = FileBackend::new(file)?;
    let database = Builder::new()
        .set_cache_size(CACHE_BYTES)
        .create_with_backend(file)?;
    // A table must be there before it can be read.
    let transaction = database.begin_write()?;
    transaction.open_table(FILES)?;
    transaction.open_table(CONTENTS)?;
    transaction.open_table(CHANGES)?;
    transaction.commit()?;
    Ok(database)
}

/// Counts a transaction; its number is the count with it.
fn count(transaction: &WriteTransaction) -> Result<u64, redb::Error> {
    let mut changes = transaction.open_table(CHANGES)?;
    let before = changes.get(())?.map_or(0, |number| number.value());
    let number = before.wrapping_add(1);
    changes.insert((), number)?;
    Ok(number)
}

fn closed() -> Error {
    Error::Unavailable(Box::new(redb::Error::DatabaseClosed))
}
