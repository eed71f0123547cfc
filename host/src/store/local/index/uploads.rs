//! Resumable uploads in the index.
//!
//! What an upload began with is written once, how far it is with every turn. Its bytes are in a
//! file, but for the last few: a short turn needs no sync besides the transaction's.

use std::time::SystemTime;

use bytes::Bytes;
use coffer_port::resumable::BeginOptions;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition, TableError};

use super::snapshot::Snapshot;
use super::tables::{from_nanos, owned, to_nanos};
use crate::store::local::failure::failed;
use crate::store::local::id::Id;
use crate::store::{Conditions, CreateOptions, Error, Guard, Key};

/// Key, content type, uploader, metadata, max size, owner, note.
pub(super) type BegunRow = (
    &'static str,
    &'static str,
    Option<&'static str>,
    Vec<(&'static str, &'static str)>,
    u64,
    &'static str,
    &'static [u8],
);

/// A row as it is read.
pub(super) type BegunRef<'a> = (
    &'a str,
    &'a str,
    Option<&'a str>,
    Vec<(&'a str, &'a str)>,
    u64,
    &'a str,
    &'a [u8],
);

/// Id of the bytes, offset, length, nanoseconds since the epoch at which it expires, whether it
/// is finished.
pub(super) type ReachedRow = (u128, u64, Option<u64>, u64, bool);

/// What uploads began with, by id.
pub(super) const UPLOADS: TableDefinition<u128, BegunRow> = TableDefinition::new("uploads");

/// How far each of them is, by id.
pub(super) const REACHED: TableDefinition<u128, ReachedRow> =
    TableDefinition::new("uploads-reached");

/// The last bytes of those that have any here, by id; the ones before them are in its file.
pub(super) const TAILS: TableDefinition<u128, &[u8]> = TableDefinition::new("uploads-tails");

/// When the unfinished ones of an owner expire.
pub(super) const OWNERS: TableDefinition<(&str, u128), u64> =
    TableDefinition::new("uploads-owners");

/// All of them, in the order in which they expire.
pub(super) const EXPIRIES: TableDefinition<(u64, u128), ()> =
    TableDefinition::new("uploads-expiries");

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::local) struct Reached {
    /// The name of its bytes, and of the file that it becomes.
    pub(in crate::store::local) blob: Id,
    /// How many bytes are durable.
    pub(in crate::store::local) offset: u64,
    /// How many there will be, if that is known.
    pub(in crate::store::local) length: Option<u64>,
    pub(in crate::store::local) expires: SystemTime,
    pub(in crate::store::local) finished: bool,
}

impl Reached {
    pub(super) fn row(&self) -> ReachedRow {
        let expires = to_nanos(self.expires);
        (
            self.blob.as_u128(),
            self.offset,
            self.length,
            expires,
            self.finished,
        )
    }

    pub(super) fn of((blob, offset, length, expires, finished): ReachedRow) -> Reached {
        Reached {
            blob: Id::from_u128(blob),
            offset,
            length,
            expires: from_nanos(expires),
            finished,
        }
    }
}

/// What an upload began with.
pub(in crate::store::local) struct Begun {
    pub(in crate::store::local) key: Key,
    /// Without guards and conditions, which are given anew at its end.
    pub(in crate::store::local) target: CreateOptions,
    pub(in crate::store::local) note: Vec<u8>,
}

impl Begun {
    pub(super) fn of(row: &BegunRef<'_>) -> Result<Begun, redb::Error> {
        let (key, content_type, uploader, metadata, max_size, _, note) = row;
        // Nothing else is ever stored.
        let key = Key::new(*key).map_err(|error| redb::Error::Corrupted(error.to_string()))?;
        let target = CreateOptions {
            content_type: (*content_type).to_owned(),
            uploader: uploader.map(str::to_owned),
            metadata: owned(metadata)?,
            may_create: false,
            may_replace: Guard::None,
            conditions: Conditions::default(),
            max_size: *max_size,
            announced: None,
            sha256: None,
        };
        let note = note.to_vec();
        Ok(Begun { key, target, note })
    }
}

pub(super) fn begun_row<'a>(key: &'a Key, options: &'a BeginOptions) -> BegunRef<'a> {
    let target = &options.target;
    (
        key.as_str(),
        &target.content_type,
        target.uploader.as_deref(),
        target.metadata.iter().collect(),
        target.max_size,
        &options.owner,
        &options.note,
    )
}

/// An upload as a turn finds it.
pub(in crate::store::local) struct Found {
    pub(in crate::store::local) begun: Begun,
    pub(in crate::store::local) reached: Reached,
}

/// The tables that say what an upload is, opened by the first who asks: opening one takes longer
/// than a look into it.
pub(super) struct Opened {
    begun: ReadOnlyTable<u128, BegunRow>,
    reached: ReadOnlyTable<u128, ReachedRow>,
}

impl Snapshot {
    fn uploads(&self) -> Result<&Opened, redb::Error> {
        if let Some(opened) = self.uploads.get() {
            return Ok(opened);
        }
        let opened = Opened {
            begun: self.transaction.open_table(UPLOADS)?,
            reached: self.transaction.open_table(REACHED)?,
        };
        Ok(self.uploads.get_or_init(|| opened))
    }

    /// An upload that has not expired.
    pub(in crate::store::local) fn upload(
        &self,
        id: Id,
        now: SystemTime,
    ) -> Result<Option<Found>, Error> {
        self.health
            .attempt(|| {
                let uploads = self.uploads()?;
                let reached = uploads.reached.get(id.as_u128())?;
                let reached = reached.map(|row| Reached::of(row.value()));
                let Some(reached) = reached.filter(|reached| now < reached.expires) else {
                    return Ok(None);
                };
                let begun = uploads.begun.get(id.as_u128())?;
                let begun = begun.map(|row| Begun::of(&row.value())).transpose()?;
                Ok(begun.map(|begun| Found { begun, reached }))
            })
            .map_err(failed)
    }

    /// Those of its last bytes that are here.
    pub(in crate::store::local) fn tail(&self, id: Id) -> Result<Bytes, Error> {
        self.health
            .attempt(|| {
                let tail = self.transaction.open_table(TAILS)?.get(id.as_u128())?;
                Ok(tail.map_or_else(Bytes::new, |tail| Bytes::copy_from_slice(tail.value())))
            })
            .map_err(failed)
    }

    /// Calls `each` with the id of every unfinished upload's bytes, and how many of them its file
    /// has.
    pub(in crate::store::local) fn each_upload(
        &self,
        mut each: impl FnMut(Id, u64),
    ) -> Result<(), Error> {
        self.health
            .attempt(|| {
                let tails = self.transaction.open_table(TAILS)?;
                for row in self.uploads()?.reached.iter()? {
                    let (id, row) = row?;
                    let reached = Reached::of(row.value());
                    if !reached.finished {
                        let tail = tails.get(id.value())?;
                        let tail = tail.map_or(0, |tail| tail.value().len() as u64);
                        each(reached.blob, reached.offset.saturating_sub(tail));
                    }
                }
                Ok(())
            })
            .map_err(failed)
    }

    /// Whether any upload has expired.
    pub(in crate::store::local) fn has_expired(&self, now: SystemTime) -> Result<bool, Error> {
        self.health
            .attempt(|| {
                let expiries = self.transaction.open_table(EXPIRIES)?;
                let first = expiries.first()?;
                Ok(first.is_some_and(|(key, _)| key.value().0 <= to_nanos(now)))
            })
            .map_err(failed)
    }
}

/// The bytes of all tables of uploads, counted.
pub(super) fn count(transaction: &ReadTransaction) -> Result<u64, redb::Error> {
    let mut bytes: u64 = 0;
    for row in transaction.open_table(UPLOADS)?.iter()? {
        bytes = bytes.saturating_add(begun_bytes(&row?.1.value()));
    }
    for tail in transaction.open_table(TAILS)?.iter()? {
        bytes = bytes.saturating_add(tail?.1.value().len() as u64);
    }
    Ok(bytes)
}

/// The size of an upload's rows in all tables, in bytes, besides its tail.
pub(super) fn begun_bytes(
    (key, content_type, uploader, metadata, _, owner, note): &BegunRef<'_>,
) -> u64 {
    /// Numbers, and redb's overhead in four tables.
    const ROWS: usize = 256;
    let texts = key.len() + content_type.len() + uploader.map_or(0, str::len) + 2 * owner.len();
    let pairs = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len() + 4);
    (ROWS + texts + pairs.sum::<usize>() + note.len()) as u64
}

/// Creates the tables.
pub(super) fn make_tables(transaction: &redb::WriteTransaction) -> Result<(), TableError> {
    transaction.open_table(UPLOADS)?;
    transaction.open_table(REACHED)?;
    transaction.open_table(TAILS)?;
    transaction.open_table(OWNERS)?;
    transaction.open_table(EXPIRIES)?;
    Ok(())
}
