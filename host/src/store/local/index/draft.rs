//! The index as its only writer sees it.

use bytes::Bytes;
use redb::{ReadableTable, WriteTransaction};

use super::tables::{CONTENTS, FILES, Row, RowRef, to_nanos, version};
use crate::store::local::id::Id;
use crate::store::{Info, Key};

/// The size of a row besides its texts, in bytes: its numbers, and redb's overhead.
const ROW: u64 = 64;

/// The whole index as its only writer sees it.
pub(in crate::store::local) struct Draft<'txn> {
    rows: redb::Table<'txn, &'static [u8], Row>,
    contents: redb::Table<'txn, u128, &'static [u8]>,
    /// The bytes of all rows and contents.
    pub(super) bytes: u64,
}

impl<'txn> Draft<'txn> {
    pub(super) fn open(
        transaction: &'txn WriteTransaction,
        bytes: u64,
    ) -> Result<Draft<'txn>, redb::Error> {
        Ok(Draft {
            rows: transaction.open_table(FILES)?,
            contents: transaction.open_table(CONTENTS)?,
            bytes,
        })
    }

    /// What is stored under a key.
    pub(in crate::store::local) fn get(&self, key: &Key) -> Result<Option<Info>, redb::Error> {
        Ok(version(&self.rows, key)?.map(|version| version.info))
    }

    /// Stores a version, replacing any earlier one, with its bytes if they belong here.
    /// Returns whether there was an earlier one, and its id if it has a file to remove.
    pub(in crate::store::local) fn insert(
        &mut self,
        id: Id,
        info: &Info,
        content: Option<&Bytes>,
    ) -> Result<(bool, Option<Id>), redb::Error> {
        if let Some(content) = content {
            self.contents.insert(id.as_u128(), content.as_ref())?;
            self.bytes = self.bytes.saturating_add(content.len() as u64);
        }
        let row: RowRef<'_> = (
            id.as_u128(),
            info.size,
            to_nanos(info.modified),
            &info.content_type,
            info.uploader.as_deref(),
        );
        let key = info.key.as_str().as_bytes();
        self.bytes = self.bytes.saturating_add(row_bytes(key, &row));
        let before = self.rows.insert(key, row)?;
        let before = before.map(|row| gone(key, &row.value()));
        let was_there = before.is_some();
        Ok((was_there, self.waste(before)?))
    }

    /// Removes a version; returns its id if it has a file to remove.
    pub(in crate::store::local) fn remove(&mut self, key: &Key) -> Result<Option<Id>, redb::Error> {
        let key = key.as_str().as_bytes();
        let before = self.rows.remove(key)?;
        let before = before.map(|row| gone(key, &row.value()));
        self.waste(before)
    }

    fn waste(&mut self, before: Option<(Id, u64)>) -> Result<Option<Id>, redb::Error> {
        let Some((id, row)) = before else {
            return Ok(None);
        };
        self.bytes = self.bytes.saturating_sub(row);
        let content = self.contents.remove(id.as_u128())?;
        let content = content.map(|content| content.value().len() as u64);
        self.bytes = self.bytes.saturating_sub(content.unwrap_or_default());
        Ok(content.is_none().then_some(id))
    }
}

/// The bytes of all rows and contents, counted.
pub(super) fn bytes(
    rows: &impl ReadableTable<&'static [u8], Row>,
    contents: &impl ReadableTable<u128, &'static [u8]>,
) -> Result<u64, redb::Error> {
    let mut bytes: u64 = 0;
    for row in rows.iter()? {
        let (key, row) = row?;
        bytes = bytes.saturating_add(row_bytes(key.value(), &row.value()));
    }
    for content in contents.iter()? {
        bytes = bytes.saturating_add(content?.1.value().len() as u64);
    }
    Ok(bytes)
}

fn gone(key: &[u8], row: &RowRef<'_>) -> (Id, u64) {
    (Id::from_u128(row.0), row_bytes(key, row))
}

fn row_bytes(key: &[u8], (_, _, _, content_type, uploader): &RowRef<'_>) -> u64 {
    let texts = key.len() + content_type.len() + uploader.map_or(0, str::len);
    ROW.saturating_add(texts as u64)
}
