//! A transactional file beside what it is about: only this user may read it, and damage to it is
//! an error.

use std::fs::File;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};

use super::index::{Health, Overlay, builder};
use super::private::private_file;

/// The file, opened.
pub struct PrivateDatabase {
    database: Database,
    health: Health,
}

impl PrivateDatabase {
    /// To be written; created if missing.
    ///
    /// # Errors
    /// [`redb::Error::DatabaseAlreadyOpen`] if another process has it, and others.
    pub fn open(path: &Path) -> Result<PrivateDatabase, redb::Error> {
        let file = private_file(path).map_err(redb::Error::Io)?;
        PrivateDatabase::with(|| Ok(builder().create_with_backend(FileBackend::new(file)?)?))
    }

    /// To be read, without changing the file. It is there and passes its checksums.
    pub(super) fn look(path: &Path) -> Result<PrivateDatabase, redb::Error> {
        let file = File::open(path).map_err(redb::Error::Io)?;
        if file.metadata().map_err(redb::Error::Io)?.len() == 0 {
            // It would be a new one.
            return Err(redb::Error::Corrupted("the file is empty".into()));
        }
        let file = Overlay::new(file).map_err(redb::Error::Io)?;
        PrivateDatabase::with(|| {
            let mut database = builder().create_with_backend(file)?;
            match database.check_integrity()? {
                true => Ok(database),
                false => Err(redb::Error::Corrupted("checksum mismatch".into())),
            }
        })
    }

    fn with(
        open: impl FnOnce() -> Result<Database, redb::Error>,
    ) -> Result<PrivateDatabase, redb::Error> {
        let health = Health::default();
        let database = health.attempt(open)?;
        Ok(PrivateDatabase { database, health })
    }

    /// Reads what is committed.
    ///
    /// # Errors
    /// Those of `work` and of the file.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        self.health.attempt(|| work(&self.database.begin_read()?))
    }

    /// One transaction, durable when this returns.
    ///
    /// # Errors
    /// Those of `work` and of the file: nothing has changed.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        self.health.attempt(|| {
            let transaction = self.database.begin_write()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }
}
