//! The digests of what is in a backup: what makes sure that it comes back as it was, and what
//! says, after an interruption, which blobs are there.

use std::path::Path;

use redb::{ReadableTable, TableDefinition};

use super::beside::Brought;
use crate::store::Error;
use crate::store::local::failure::failed;
use crate::store::local::id::Id;
use crate::store::local::private_database::PrivateDatabase;

/// SHA-256.
pub(in crate::store::local) type Digest = [u8; 32];

/// By the id of the blob.
const DIGESTS: TableDefinition<u128, &Digest> = TableDefinition::new("digests");
/// The names of files beside the index, each with what it may have.
const BESIDE: TableDefinition<(&str, &Digest), ()> = TableDefinition::new("beside");
/// The identity of the data directory whose index was published.
const IDENTITY: TableDefinition<(), u128> = TableDefinition::new("identity");

/// Its own transactional file, since blobs are copied before the index that refers to them is
/// there.
pub(in crate::store::local) struct Digests(PrivateDatabase);

impl Digests {
    /// To be written; created if missing.
    pub(super) fn open(path: &Path) -> Result<Digests, Error> {
        Digests::with(PrivateDatabase::open(path))
    }

    /// To be read, without changing the file. They are there and pass their checksums.
    pub(super) fn look(path: &Path) -> Result<Digests, Error> {
        Digests::with(PrivateDatabase::look(path))
    }

    fn with(opened: Result<PrivateDatabase, redb::Error>) -> Result<Digests, Error> {
        let database = opened.map_err(failed)?;
        let tables = database.write(|transaction| {
            transaction.open_table(DIGESTS)?;
            transaction.open_table(BESIDE)?;
            transaction.open_table(IDENTITY)?;
            Ok(())
        });
        tables.map_err(failed)?;
        Ok(Digests(database))
    }

    /// That of a blob, if it is in the backup.
    pub(in crate::store::local) fn get(&self, id: Id) -> Result<Option<Digest>, Error> {
        let found = self.0.read(|transaction| {
            let digest = transaction.open_table(DIGESTS)?.get(id.as_u128())?;
            Ok(digest.map(|digest| *digest.value()))
        });
        found.map_err(failed)
    }

    /// Which data directory's index was published; none before, and in backups of earlier
    /// versions.
    pub(super) fn identity(&self) -> Result<Option<u128>, Error> {
        let found = self.0.read(|transaction| {
            let identity = transaction.open_table(IDENTITY)?.get(())?;
            Ok(identity.map(|identity| identity.value()))
        });
        found.map_err(failed)
    }

    /// What the files beside the index may have, by name.
    pub(super) fn beside(&self) -> Result<Vec<(String, Digest)>, Error> {
        let found = self.0.read(|transaction| {
            let mut all = Vec::new();
            for row in transaction.open_table(BESIDE)?.iter()? {
                let (key, _) = row?;
                let (name, digest) = key.value();
                all.push((name.to_owned(), *digest));
            }
            Ok(all)
        });
        found.map_err(failed)
    }

    /// Records blobs that are durable.
    pub(super) fn record(&self, blobs: &[(Id, Digest)]) -> Result<(), Error> {
        let recorded = self.0.write(|transaction| {
            let mut digests = transaction.open_table(DIGESTS)?;
            for (id, digest) in blobs {
                digests.insert(id.as_u128(), digest)?;
            }
            Ok(())
        });
        recorded.map_err(failed)
    }

    /// Records what files beside the index are about to have. Until [`Digests::settle`] they may
    /// also have what they had: where earlier versions recorded nothing, what is `there` now.
    pub(super) fn announce(
        &self,
        files: &[Brought],
        there: impl Fn(&str) -> Option<Digest>,
    ) -> Result<(), Error> {
        let announced = self.0.write(|transaction| {
            let mut beside = transaction.open_table(BESIDE)?;
            for file in files {
                let all = (file.name, &[0; 32])..=(file.name, &[u8::MAX; 32]);
                let is_recorded = beside.range(all)?.next().transpose()?.is_some();
                if !is_recorded && let Some(digest) = there(file.name) {
                    beside.insert((file.name, &digest), ())?;
                }
                beside.insert((file.name, &file.digest), ())?;
            }
            Ok(())
        });
        announced.map_err(failed)
    }

    /// An index was published, of this data directory, with these files beside it and these
    /// blobs, which are in order: forgets all others, except files of before that are still there.
    pub(super) fn settle(
        &self,
        identity: Option<u128>,
        files: &[Brought],
        known: &[Id],
        is_there: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let settled = self.0.write(|transaction| {
            let mut digests = transaction.open_table(DIGESTS)?;
            digests.retain(|id, _| known.binary_search(&Id::from_u128(id)).is_ok())?;
            let mut beside = transaction.open_table(BESIDE)?;
            beside.retain(|(name, digest), ()| {
                match files.iter().find(|file| file.name == name) {
                    Some(file) => file.digest == *digest,
                    None => is_there(name),
                }
            })?;
            if let Some(identity) = identity {
                transaction.open_table(IDENTITY)?.insert((), identity)?;
            }
            Ok(())
        });
        settled.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        let file = |digest| Brought {
            name: "secret",
            bytes: Vec::new(),
            digest,
        };
        // What was there before anything was recorded counts, and later nothing else.
        for (there, digest) in [([6; 32], [7; 32]), ([9; 32], [8; 32])] {
            let announced = digests.announce(&[file(digest)], |_| Some(there));
            announced.expect("announced");
        }
        let recorded = digests.beside().expect("read");
        let recorded: Vec<u8> = recorded.iter().map(|(_, digest)| digest[0]).collect();
        assert_eq!(recorded, [6, 7, 8]);
        assert_eq!(digests.identity().expect("read"), None);
        let settled = digests.settle(Some(5), &[file([8; 32])], &ids[1..], |_| true);
        settled.expect("settled");
        drop(digests);
        let before = fs::read(&path).expect("a file");
        let digests = Digests::look(&path).expect("a file");
        let found = ids.map(|id| digests.get(id).expect("read"));
        assert_eq!(found, [None, Some([2; 32]), Some([3; 32])]);
        let beside = digests.beside().expect("read");
        assert_eq!(beside, [("secret".to_owned(), [8; 32])]);
        assert_eq!(digests.identity().expect("read"), Some(5));
        // What is not brought again is known for as long as it is there.
        for is_there in [true, false] {
            let settled = digests.settle(None, &[], &ids, |_| is_there);
            settled.expect("in memory");
            let known = digests.beside().expect("read").len();
            assert_eq!(known, usize::from(is_there));
        }
        digests.record(&all).expect("in memory");
        drop(digests);
        assert!(fs::read(&path).expect("a file") == before);
    }

    #[test]
    fn a_missing_empty_or_damaged_file_is_not_a_new_one() {
        let dir = TempDir::new().expect("a directory");
        let path = dir.path().join("digests.redb");
        let is_refused = || Digests::look(&path).is_err();
        assert!(is_refused());
        assert!(!path.exists());
        fs::write(&path, "").expect("written");
        assert!(is_refused());
        assert_eq!(fs::read(&path).expect("a file"), b"");
        let digests = Digests::open(&path).expect("a file");
        let all: Vec<_> = (0..500)
            .map(|n| (Id::from_u128(n), [n as u8; 32]))
            .collect();
        digests.record(&all).expect("recorded");
        drop(digests);
        assert!(!is_refused());

        let mut bytes = fs::read(&path).expect("a file");
        let places: Vec<_> = (0..bytes.len() - 32)
            .filter(|at| bytes[*at..*at + 32] == [77; 32])
            .collect();
        assert!(!places.is_empty());
        places.into_iter().for_each(|at| bytes[at] ^= 1);
        fs::write(&path, &bytes).expect("written");
        assert!(is_refused());
        assert!(fs::read(&path).expect("a file") == bytes);
    }
}
