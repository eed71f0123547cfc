//! The index as readers see it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use redb::{
    ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata,
};

use super::database::OpenDatabase;
use super::health::Health;
use super::list::{self, Page};
use super::tables::{CONTENTS, FILES, METADATA, Pairs, REFERENCES, Rows, Version, version};
use super::uploads::Opened;
use crate::store::local::failure::failed;
use crate::store::local::id::Id;
use crate::store::{Error, Key, ListOptions};

/// Max size of a version whose bytes are stored in the index, in bytes. Those of a form may
/// have to wait in memory for the form's other files.
pub(in crate::store::local) const SMALL: u64 = 8 << 10;

/// The whole index as a reader sees it, as of one moment.
pub(in crate::store::local) struct Snapshot {
    pub(super) rows: Rows,
    pub(super) metadata: ReadOnlyTable<&'static [u8], Pairs>,
    pub(super) contents: ReadOnlyTable<u128, &'static [u8]>,
    pub(super) references: ReadOnlyTable<u128, u64>,
    /// For the tables of uploads, which few need.
    pub(super) transaction: ReadTransaction,
    pub(super) uploads: OnceLock<Opened>,
    pub(super) health: Arc<Health>,
    /// Keeps the database open.
    _in_use: Arc<()>,
}

impl Snapshot {
    /// A snapshot as of now.
    pub(super) fn of(opened: &OpenDatabase, health: &Arc<Health>) -> Result<Self, redb::Error> {
        let transaction = opened.database.begin_read()?;
        Ok(Self {
            rows: transaction.open_table(FILES)?,
            metadata: transaction.open_table(METADATA)?,
            contents: transaction.open_table(CONTENTS)?,
            references: transaction.open_table(REFERENCES)?,
            transaction,
            uploads: OnceLock::new(),
            health: Arc::clone(health),
            _in_use: Arc::clone(&opened.in_use),
        })
    }

    /// Looks up a key. Fast and usually from memory, so it runs on the caller's thread.
    pub(in crate::store::local) fn get(&self, key: &Key) -> Result<Option<Version>, Error> {
        self.health
            .attempt(|| version(&self.rows, &self.metadata, key))
            .map_err(failed)
    }

    /// The bytes of a version, if they are in the index.
    pub(in crate::store::local) fn content(
        &self,
        version: &Version,
    ) -> Result<Option<Bytes>, Error> {
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
    pub(in crate::store::local) fn page(&self, options: &ListOptions) -> Result<Page, Error> {
        self.health
            .attempt(|| list::page(&self.rows, options))
            .map_err(failed)
    }

    /// Calls `each` with every row's key and id and the version's size in bytes.
    pub(in crate::store::local) fn each(
        &self,
        mut each: impl FnMut(&[u8], Id, u64),
    ) -> Result<(), Error> {
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

    /// How many rows share the bytes of a version, for those that more than one does.
    pub(in crate::store::local) fn references(&self) -> Result<HashMap<Id, u64>, Error> {
        self.health
            .attempt(|| {
                let mut counts = HashMap::new();
                for count in self.references.iter()? {
                    let (id, count) = count?;
                    counts.insert(Id::from_u128(id.value()), count.value());
                }
                Ok(counts)
            })
            .map_err(failed)
    }

    /// How many versions have their bytes in the index.
    pub(in crate::store::local) fn contents_count(&self) -> Result<u64, Error> {
        self.health
            .attempt(|| Ok(self.contents.len()?))
            .map_err(failed)
    }

    /// How many bytes the index holds for a version, if any.
    pub(in crate::store::local) fn content_length(&self, id: Id) -> Result<Option<u64>, Error> {
        self.health
            .attempt(|| {
                let found = self.contents.get(id.as_u128())?;
                Ok(found.map(|bytes| bytes.value().len() as u64))
            })
            .map_err(failed)
    }
}
