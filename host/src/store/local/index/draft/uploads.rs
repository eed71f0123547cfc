//! Resumable uploads, as the only writer sees them.

use std::time::SystemTime;

use bytes::Bytes;
use coffer_port::resumable::BeginOptions;
use redb::{ReadableTable, Table, WriteTransaction};

use super::Draft;
use crate::store::Key;
use crate::store::local::id::Id;
use crate::store::local::index::tables::to_nanos;
use crate::store::local::index::uploads::{
    Begun, BegunRow, EXPIRIES, OWNERS, REACHED, Reached, ReachedRow, TAILS, UPLOADS, begun_bytes,
    begun_row,
};

/// Opened by the first change of an upload: most transactions have none.
pub(super) struct Tables<'txn> {
    begun: Table<'txn, u128, BegunRow>,
    reached: Table<'txn, u128, ReachedRow>,
    tails: Table<'txn, u128, &'static [u8]>,
    owners: Table<'txn, (&'static str, u128), u64>,
    expiries: Table<'txn, (u64, u128), ()>,
}

impl<'txn> Tables<'txn> {
    fn open(transaction: &'txn WriteTransaction) -> Result<Tables<'txn>, redb::Error> {
        Ok(Tables {
            begun: transaction.open_table(UPLOADS)?,
            reached: transaction.open_table(REACHED)?,
            tails: transaction.open_table(TAILS)?,
            owners: transaction.open_table(OWNERS)?,
            expiries: transaction.open_table(EXPIRIES)?,
        })
    }
}

impl<'txn> Draft<'txn> {
    fn uploads(&mut self) -> Result<&mut Tables<'txn>, redb::Error> {
        match &mut self.uploads {
            Some(tables) => Ok(tables),
            empty => Ok(empty.insert(Tables::open(self.transaction)?)),
        }
    }

    /// How many unfinished uploads an owner has that have not expired.
    pub(in crate::store::local) fn unfinished(
        &mut self,
        owner: &str,
        now: SystemTime,
    ) -> Result<u32, redb::Error> {
        let mut count: u32 = 0;
        for row in self
            .uploads()?
            .owners
            .range((owner, 0_u128)..=(owner, u128::MAX))?
        {
            let alive = row?.1.value() > to_nanos(now);
            count = count.saturating_add(alive.into());
        }
        Ok(count)
    }

    /// Stores a new upload.
    pub(in crate::store::local) fn begin_upload(
        &mut self,
        id: Id,
        key: &Key,
        options: &BeginOptions,
        reached: &Reached,
    ) -> Result<(), redb::Error> {
        let tables = self.uploads()?;
        let row = begun_row(key, options);
        let (number, expires) = (id.as_u128(), to_nanos(reached.expires));
        tables.begun.insert(number, &row)?;
        tables.reached.insert(number, reached.row())?;
        tables
            .owners
            .insert((options.owner.as_str(), number), expires)?;
        tables.expiries.insert((expires, number), ())?;
        self.bytes = self.bytes.saturating_add(begun_bytes(&row));
        Ok(())
    }

    /// How far an upload is.
    pub(in crate::store::local) fn reached(
        &mut self,
        id: Id,
    ) -> Result<Option<Reached>, redb::Error> {
        let row = self.uploads()?.reached.get(id.as_u128())?;
        Ok(row.map(|row| Reached::of(row.value())))
    }

    /// What an upload began with.
    pub(in crate::store::local) fn begun(&mut self, id: Id) -> Result<Option<Begun>, redb::Error> {
        let row = self.uploads()?.begun.get(id.as_u128())?;
        row.map(|row| Begun::of(&row.value())).transpose()
    }

    /// An upload is further now. Its last bytes are these, if its file does not have them.
    pub(in crate::store::local) fn advance(
        &mut self,
        id: Id,
        reached: &Reached,
        tail: Option<&Bytes>,
    ) -> Result<(), redb::Error> {
        let tables = self.uploads()?;
        tables.reached.insert(id.as_u128(), reached.row())?;
        let tail = tail.filter(|tail| !tail.is_empty());
        let before = match tail {
            Some(tail) => tables.tails.insert(id.as_u128(), tail.as_ref())?,
            None => tables.tails.remove(id.as_u128())?,
        };
        let before = before.map_or(0, |tail| tail.value().len() as u64);
        let now = tail.map_or(0, |tail| tail.len() as u64);
        self.bytes = self.bytes.saturating_add(now).saturating_sub(before);
        Ok(())
    }

    /// An upload is finished, and counts no longer for its owner.
    pub(in crate::store::local) fn finish_upload(
        &mut self,
        id: Id,
        reached: &Reached,
    ) -> Result<(), redb::Error> {
        self.advance(id, reached, None)?;
        let tables = self.uploads()?;
        if let Some(row) = tables.begun.get(id.as_u128())? {
            let (.., owner, _) = row.value();
            tables.owners.remove((owner, id.as_u128()))?;
        }
        Ok(())
    }

    /// Removes all rows of an upload.
    pub(in crate::store::local) fn forget_upload(
        &mut self,
        id: Id,
        reached: &Reached,
    ) -> Result<(), redb::Error> {
        self.finish_upload(id, reached)?;
        let tables = self.uploads()?;
        let number = id.as_u128();
        tables.reached.remove(number)?;
        tables
            .expiries
            .remove((to_nanos(reached.expires), number))?;
        let begun = tables.begun.remove(number)?;
        let bytes = begun.map_or(0, |row| begun_bytes(&row.value()));
        self.bytes = self.bytes.saturating_sub(bytes);
        Ok(())
    }

    /// Uploads that have expired, at most so many.
    pub(in crate::store::local) fn expired(
        &mut self,
        now: SystemTime,
        most: usize,
    ) -> Result<Vec<Id>, redb::Error> {
        let mut expired = Vec::new();
        for row in self.uploads()?.expiries.iter()?.take(most) {
            let (expires, id) = row?.0.value();
            if expires > to_nanos(now) {
                break;
            }
            expired.push(Id::from_u128(id));
        }
        Ok(expired)
    }
}
