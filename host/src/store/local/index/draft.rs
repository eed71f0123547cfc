//! The index as its only writer sees it.
//!
//! A row is a reference to the bytes of a version, and a copy is a second row with the same
//! id: it costs no bytes. They are removed with their last reference.

mod uploads;

use bytes::Bytes;
use redb::{ReadableTable, WriteTransaction};

use super::size::{REFERENCE, metadata_bytes, row_bytes};
use super::tables::{
    CONTENTS, FILES, METADATA, Pairs, REFERENCES, Row, RowRef, Version, to_nanos, version,
};
use crate::store::local::id::Id;
use crate::store::{Info, Key};

/// The whole index as its only writer sees it.
pub(in crate::store::local) struct Draft<'txn> {
    rows: redb::Table<'txn, &'static [u8], Row>,
    metadata: redb::Table<'txn, &'static [u8], Pairs>,
    contents: redb::Table<'txn, u128, &'static [u8]>,
    references: redb::Table<'txn, u128, u64>,
    uploads: Option<uploads::Tables<'txn>>,
    transaction: &'txn WriteTransaction,
    /// The bytes of all tables.
    pub(super) bytes: u64,
}

impl<'txn> Draft<'txn> {
    pub(super) fn open(
        transaction: &'txn WriteTransaction,
        bytes: u64,
    ) -> Result<Draft<'txn>, redb::Error> {
        Ok(Draft {
            rows: transaction.open_table(FILES)?,
            metadata: transaction.open_table(METADATA)?,
            contents: transaction.open_table(CONTENTS)?,
            references: transaction.open_table(REFERENCES)?,
            uploads: None,
            transaction,
            bytes,
        })
    }

    /// What is stored under a key.
    pub(in crate::store::local) fn get(&self, key: &Key) -> Result<Option<Version>, redb::Error> {
        version(&self.rows, &self.metadata, key)
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
        self.replace(id, info)
    }

    /// Stores another reference to bytes that are stored, replacing any earlier version.
    /// Returns the same as [`Draft::insert`].
    pub(in crate::store::local) fn copy(
        &mut self,
        id: Id,
        info: &Info,
    ) -> Result<(bool, Option<Id>), redb::Error> {
        self.retain(id)?;
        self.replace(id, info)
    }

    /// Stores the reference that is under `from` under another key instead, replacing any
    /// earlier version there. Returns the same as [`Draft::insert`].
    pub(in crate::store::local) fn rename(
        &mut self,
        from: &Key,
        id: Id,
        info: &Info,
    ) -> Result<(bool, Option<Id>), redb::Error> {
        self.erase(from)?;
        self.replace(id, info)
    }

    /// Describes a version anew.
    pub(in crate::store::local) fn amend(
        &mut self,
        id: Id,
        info: &Info,
    ) -> Result<(), redb::Error> {
        self.write(id, info)?;
        Ok(())
    }

    /// Removes a version; returns its id if it has a file to remove.
    pub(in crate::store::local) fn remove(&mut self, key: &Key) -> Result<Option<Id>, redb::Error> {
        match self.erase(key)? {
            Some(id) => self.release(id),
            None => Ok(None),
        }
    }

    /// Writes a row, and releases what the one before it referred to.
    fn replace(&mut self, id: Id, info: &Info) -> Result<(bool, Option<Id>), redb::Error> {
        match self.write(id, info)? {
            Some(before) => Ok((true, self.release(before)?)),
            None => Ok((false, None)),
        }
    }

    /// Writes a row; returns what the one before it referred to.
    fn write(&mut self, id: Id, info: &Info) -> Result<Option<Id>, redb::Error> {
        let row: RowRef<'_> = (
            id.as_u128(),
            info.size,
            to_nanos(info.modified),
            &info.content_type,
            info.uploader.as_deref(),
        );
        let key = info.key.as_str().as_bytes();
        let pairs: Vec<_> = info.metadata.iter().collect();
        let mut added = row_bytes(key, &row);
        let before = self.rows.insert(key, row)?;
        let before = before.map(|row| gone(key, &row.value()));
        let outdated = if pairs.is_empty() {
            self.metadata.remove(key)?
        } else {
            added = added.saturating_add(metadata_bytes(key, &pairs));
            self.metadata.insert(key, &pairs)?
        };
        let outdated = outdated.map_or(0, |pairs| metadata_bytes(key, &pairs.value()));
        let removed = before.map_or(0, |(_, row)| row).saturating_add(outdated);
        self.bytes = self.bytes.saturating_add(added).saturating_sub(removed);
        Ok(before.map(|(id, _)| id))
    }

    /// Removes a row; returns what it referred to.
    fn erase(&mut self, key: &Key) -> Result<Option<Id>, redb::Error> {
        let key = key.as_str().as_bytes();
        let before = self.rows.remove(key)?;
        let Some((id, row)) = before.map(|row| gone(key, &row.value())) else {
            return Ok(None);
        };
        let pairs = self.metadata.remove(key)?;
        let pairs = pairs.map_or(0, |pairs| metadata_bytes(key, &pairs.value()));
        self.bytes = self.bytes.saturating_sub(row.saturating_add(pairs));
        Ok(Some(id))
    }

    /// Counts one more reference.
    fn retain(&mut self, id: Id) -> Result<(), redb::Error> {
        let count = self.references(id)?;
        if count.is_none() {
            self.bytes = self.bytes.saturating_add(REFERENCE);
        }
        let count = count.unwrap_or(1).saturating_add(1);
        self.references.insert(id.as_u128(), count)?;
        Ok(())
    }

    /// Counts one reference less. Returns the id if it was the last one and there is a file to
    /// remove.
    fn release(&mut self, id: Id) -> Result<Option<Id>, redb::Error> {
        match self.references(id)? {
            Some(count) if count > 2 => {
                self.references.insert(id.as_u128(), count - 1)?;
                return Ok(None);
            }
            Some(_) => {
                self.references.remove(id.as_u128())?;
                self.bytes = self.bytes.saturating_sub(REFERENCE);
                return Ok(None);
            }
            None => {}
        }
        let content = self.contents.remove(id.as_u128())?;
        let content = content.map(|content| content.value().len() as u64);
        self.bytes = self.bytes.saturating_sub(content.unwrap_or_default());
        Ok(content.is_none().then_some(id))
    }

    /// How many rows share these bytes, if more than one does.
    fn references(&self, id: Id) -> Result<Option<u64>, redb::Error> {
        let count = self.references.get(id.as_u128())?;
        Ok(count.map(|count| count.value()))
    }
}

fn gone(key: &[u8], row: &RowRef<'_>) -> (Id, u64) {
    (Id::from_u128(row.0), row_bytes(key, row))
}

#[cfg(test)]
mod tests;
