//! The index as of one moment: the rows of its base, with the changes since.

use std::collections::BTreeMap;

use coffer_port::{Error, Key};

use crate::base::{Base, ReadAt};
use crate::disk::{self, Descriptor};
use crate::generation::Generation;
use crate::row::{Change, Row};

/// The index as of one moment.
pub struct Snapshot {
    pub(crate) number: u64,
    /// The numbers of all generations that existed.
    pub(crate) present: Vec<u64>,
    pub(crate) generation: Generation,
    pub(crate) base: Option<Base<Descriptor>>,
}

impl ReadAt for Descriptor {
    fn read_at(&self, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
        Ok(disk::read(self, offset, length)?)
    }
}

impl Snapshot {
    /// What is stored under a key.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn find(&self, key: &Key) -> Result<Option<Row>, Error> {
        let first = self.first_from(key.as_str().as_bytes())?;
        Ok(first.filter(|row| row.key == *key))
    }

    /// The first row whose key is not before these bytes.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn first_from(&self, from: &[u8]) -> Result<Option<Row>, Error> {
        let mut from = from.to_vec();
        loop {
            let changed = self.generation.changes.range(from.clone()..).next();
            let row = match &self.base {
                Some(base) => base.first_from(&from)?,
                None => None,
            };
            let Some((key, change)) = changed else {
                return Ok(row);
            };
            if let Some(row) = row
                && row.key.as_str().as_bytes() < key.as_slice()
            {
                return Ok(Some(row));
            }
            match change {
                Change::Stored(row) => return Ok(Some(row.clone())),
                Change::Removed(_) => {
                    from.clone_from(key);
                    from.push(0);
                }
            }
        }
    }
}

/// The rows of a base with changes applied, in order.
pub fn merged(
    base: Option<&Base<Descriptor>>,
    changes: BTreeMap<Vec<u8>, Change>,
) -> impl Iterator<Item = Result<Row, Error>> {
    let mut rows = base.into_iter().flat_map(Base::rows).peekable();
    let mut changes = changes.into_iter().peekable();
    std::iter::from_fn(move || {
        loop {
            let take_row = match (rows.peek(), changes.peek()) {
                (Some(Ok(row)), Some((key, _))) => {
                    if row.key.as_str().as_bytes() == key.as_slice() {
                        rows.next();
                        continue;
                    }
                    row.key.as_str().as_bytes() < key.as_slice()
                }
                (row, _) => row.is_some(),
            };
            if take_row {
                return rows.next();
            }
            match changes.next()?.1 {
                Change::Stored(row) => return Some(Ok(row)),
                Change::Removed(_) => {}
            }
        }
    })
}
