//! The index of one moment, written to a file of its own for a backup.

use std::fs::File;

use redb::backends::FileBackend;

use super::Index;
use super::database::builder;
use super::room::Copy;
use super::snapshot::Snapshot;
use super::tables::{CHANGES, CONTENTS, FILES, IDENTITY, METADATA, REFERENCES, make_tables};
use crate::store::Error;
use crate::store::local::failure::failed;

/// Which data directory an index belongs to, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::local) struct Lineage {
    /// A random number that a restored directory has too; none before a version that made one
    /// has opened it.
    pub(in crate::store::local) identity: Option<u128>,
    /// How many changes were committed.
    pub(in crate::store::local) changes: u64,
}

impl Snapshot {
    /// Writes this index to an empty file, without resumable uploads: their bytes may still grow.
    pub(in crate::store::local) fn export(&self, to: File) -> Result<(), Error> {
        let exported = self.health.attempt(|| {
            let database = builder().create_with_backend(FileBackend::new(to)?)?;
            make_tables(&database)?;
            let transaction = database.begin_write()?;
            let mut copy = Copy::all(&transaction);
            copy.table(FILES, &self.rows)?;
            copy.table(METADATA, &self.metadata)?;
            copy.table(CONTENTS, &self.contents)?;
            copy.table(REFERENCES, &self.references)?;
            copy.table(CHANGES, &self.transaction.open_table(CHANGES)?)?;
            if let Some(identity) = self.identity()? {
                transaction.open_table(IDENTITY)?.insert((), identity)?;
            }
            transaction.commit()?;
            Ok(database.close()?)
        });
        exported.map_err(failed)
    }

    pub(super) fn identity(&self) -> Result<Option<u128>, redb::Error> {
        let identities = match self.transaction.open_table(IDENTITY) {
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            identities => identities?,
        };
        let identity = identities.get(())?;
        Ok(identity.map(|identity| identity.value()))
    }
}

impl Index {
    /// Which directory this is the index of.
    pub(in crate::store::local) fn lineage(&self) -> Result<Lineage, Error> {
        let (changes, snapshot) = (self.changes()?, self.snapshot()?);
        let identity = self.health.attempt(|| snapshot.identity());
        Ok(Lineage {
            identity: identity.map_err(failed)?,
            changes,
        })
    }
}
