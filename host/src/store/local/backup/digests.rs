//! The digests of the blobs in a backup: what makes sure that they come back as they were, and
//! what says, after an interruption, which of them are there.

use std::fs::File;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, TableDefinition};

use crate::store::Error;
use crate::store::local::failure::failed;
use crate::store::local::id::Id;
use crate::store::local::index::{Health, Overlay, builder};
use crate::store::local::private::private_file;

/// SHA-256.
pub(in crate::store::local) type Digest = [u8; 32];

/// By the id of the blob.
const DIGESTS: TableDefinition<u128, &Digest> = TableDefinition::new("digests");

/// Its own transactional file, since blobs are copied before the index that refers to them is
/// there.
pub(in crate::store::local) struct Digests {
    database: Database,
    health: Health,
}

impl Digests {
    /// To be written; created if missing.
    pub(super) fn open(path: &Path) -> Result<Digests, Error> {
        let file = private_file(path)?;
        Digests::with(|| Ok(builder().create_with_backend(FileBackend::new(file)?)?))
    }

    /// To be read, without changing the file.
    pub(super) fn look(path: &Path) -> Result<Digests, Error> {
        let file = Overlay::new(File::open(path)?)?;
        Digests::with(|| Ok(builder().create_with_backend(file)?))
    }

    fn with(open: impl FnOnce() -> Result<Database, redb::Error>) -> Result<Digests, Error> {
        let health = Health::default();
        let opened = health.attempt(|| {
            let database = open()?;
            let transaction = database.begin_write()?;
            transaction.open_table(DIGESTS)?;
            transaction.commit()?;
            Ok(database)
        });
        let database = opened.map_err(failed)?;
        Ok(Digests { database, health })
    }

    /// That of a blob, if it is in the backup.
    pub(in crate::store::local) fn get(&self, id: Id) -> Result<Option<Digest>, Error> {
        let found = self.health.attempt(|| {
            let digests = self.database.begin_read()?.open_table(DIGESTS)?;
            let digest = digests.get(id.as_u128())?;
            Ok(digest.map(|digest| *digest.value()))
        });
        found.map_err(failed)
    }

    /// Records blobs that are durable.
    pub(super) fn record(&self, blobs: &[(Id, Digest)]) -> Result<(), Error> {
        let recorded = self.health.attempt(|| {
            let transaction = self.database.begin_write()?;
            {
                let mut digests = transaction.open_table(DIGESTS)?;
                for (id, digest) in blobs {
                    digests.insert(id.as_u128(), digest)?;
                }
            }
            Ok(transaction.commit()?)
        });
        recorded.map_err(failed)
    }

    /// Forgets the blobs that are not among these, which are in order. Returns how many.
    pub(super) fn retain(&self, known: &[Id]) -> Result<u64, Error> {
        let retained = self.health.attempt(|| {
            let transaction = self.database.begin_write()?;
            let mut gone = 0;
            {
                let mut digests = transaction.open_table(DIGESTS)?;
                digests.retain(|id, _| {
                    let keep = known.binary_search(&Id::from_u128(id)).is_ok();
                    gone += u64::from(!keep);
                    keep
                })?;
            }
            match gone {
                0 => transaction.abort()?,
                _ => transaction.commit()?,
            }
            Ok(gone)
        });
        retained.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn digests_outlast_the_process_and_are_read_without_changes() {
        let dir = TempDir::new().expect("a directory");
        let path = dir.path().join("digests.redb");
        let ids = [1, 2, 3].map(Id::from_u128);
        let digests = Digests::open(&path).expect("a file");
        let all: Vec<_> = ids
            .iter()
            .map(|id| (*id, [id.as_u128() as u8; 32]))
            .collect();
        digests.record(&all).expect("recorded");
        assert_eq!(digests.retain(&ids[1..]).expect("retained"), 1);
        drop(digests);
        let before = std::fs::read(&path).expect("a file");
        let digests = Digests::look(&path).expect("a file");
        let found = ids.map(|id| digests.get(id).expect("read"));
        assert_eq!(found, [None, Some([2; 32]), Some([3; 32])]);
        digests.record(&all).expect("in memory");
        drop(digests);
        assert!(std::fs::read(&path).expect("a file") == before);
    }
}
