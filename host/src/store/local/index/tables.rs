//! The tables of the index, and how they are read and written together.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redb::{
    Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction,
};

use super::uploads;
use crate::store::local::id::Id;
use crate::store::{Info, Key, Metadata};

/// Id, size, nanoseconds since the epoch, content type, uploader.
pub(super) type Row = (u128, u64, u64, &'static str, Option<&'static str>);

/// A row as it is read.
pub(in crate::store::local) type RowRef<'a> = (u128, u64, u64, &'a str, Option<&'a str>);

/// Keys as bytes, so that a bound need not be UTF-8.
pub(super) const FILES: TableDefinition<&[u8], Row> = TableDefinition::new("files");

/// The bytes of small versions, by id.
pub(super) const CONTENTS: TableDefinition<u128, &[u8]> = TableDefinition::new("contents");

/// What clients keep beside a file, by key, for files that have any: a part of the row, whose
/// type has no place for it.
pub(super) const METADATA: TableDefinition<&[u8], Pairs> = TableDefinition::new("metadata");

/// Names and values, ascending by name.
pub(super) type Pairs = Vec<(&'static str, &'static str)>;

/// How many rows share the bytes of a version, by id; only if more than one does.
pub(super) const REFERENCES: TableDefinition<u128, u64> = TableDefinition::new("references");

/// How many changes were committed, so that a commit in doubt can be looked up.
pub(super) const CHANGES: TableDefinition<(), u64> = TableDefinition::new("changes");

/// The number of a change, and the bytes of all tables after it. If it is not the
/// latest change, an older version of this program has written since.
pub(super) const SIZES: TableDefinition<(), (u64, u64)> = TableDefinition::new("sizes");

/// A random number that says which data directory this is the index of, so that the backup of one
/// is not taken for that of another.
pub(super) const IDENTITY: TableDefinition<(), u128> = TableDefinition::new("identity");

/// The rows as a reader sees them.
pub(in crate::store::local) type Rows = ReadOnlyTable<&'static [u8], Row>;

/// One version of a file.
pub(in crate::store::local) struct Version {
    pub(in crate::store::local) id: Id,
    pub(in crate::store::local) info: Info,
}

/// What is stored under a key.
pub(super) fn version(
    rows: &impl ReadableTable<&'static [u8], Row>,
    metadata: &impl ReadableTable<&'static [u8], Pairs>,
    key: &Key,
) -> Result<Option<Version>, redb::Error> {
    let bytes = key.as_str().as_bytes();
    let Some(row) = rows.get(bytes)? else {
        return Ok(None);
    };
    let (id, size, modified, content_type, uploader) = row.value();
    let id = Id::from_u128(id);
    let metadata = metadata.get(bytes)?.map(|pairs| owned(&pairs.value()));
    let info = Info {
        key: key.clone(),
        size,
        etag: id.etag(),
        modified: from_nanos(modified),
        content_type: content_type.to_owned(),
        uploader: uploader.map(str::to_owned),
        metadata: metadata.transpose()?.unwrap_or_default(),
    };
    Ok(Some(Version { id, info }))
}

pub(super) fn owned(pairs: &[(&str, &str)]) -> Result<Metadata, redb::Error> {
    let pairs = pairs
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()));
    // Nothing else is ever stored.
    Metadata::new(pairs.collect()).map_err(|error| redb::Error::Corrupted(error.to_string()))
}

/// The time of a row.
pub(super) fn from_nanos(nanos: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanos)
}

/// Valid until the year 2554.
pub(super) fn to_nanos(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

/// Creates all tables, since a table must exist before it can be read.
pub(super) fn make_tables(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(FILES)?;
    transaction.open_table(CONTENTS)?;
    transaction.open_table(METADATA)?;
    transaction.open_table(REFERENCES)?;
    transaction.open_table(CHANGES)?;
    transaction.open_table(SIZES)?;
    uploads::make_tables(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// Gives an index that has none its identity.
pub(super) fn identify(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut identities = transaction.open_table(IDENTITY)?;
        if identities.get(())?.is_some() {
            return Ok(());
        }
        identities.insert((), Id::secret().as_u128())?;
    }
    transaction.commit()?;
    Ok(())
}

/// Counts a transaction; its number is the new count.
pub(super) fn count(transaction: &WriteTransaction, bytes: u64) -> Result<u64, redb::Error> {
    let mut changes = transaction.open_table(CHANGES)?;
    let before = changes.get(())?.map_or(0, |number| number.value());
    let number = before.wrapping_add(1);
    changes.insert((), number)?;
    transaction.open_table(SIZES)?.insert((), (number, bytes))?;
    Ok(number)
}

/// How many changes were committed.
pub(super) fn read_changes(database: &Database) -> Result<u64, redb::Error> {
    let changes = database.begin_read()?.open_table(CHANGES)?;
    let number = changes.get(())?;
    Ok(number.map_or(0, |number| number.value()))
}
