//! The index's file, opened by redb.

use std::path::Path;
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{Builder, Database};

use super::tables::{identify, make_tables};
use crate::store::local::private::private_file;

/// An index of at most this many bytes is verified at each start, before anything in it is
/// trusted: not everything that redb does with unexpected data can be caught. That takes
/// a few seconds if it is not cached; `coffer check` verifies larger ones.
const VERIFIED: u64 = 1 << 30;

/// redb's own cache. It is small, since the system's page cache is behind it.
const CACHE_BYTES: usize = 32 << 20;

/// A database, and whether it is being read.
pub(super) struct OpenDatabase {
    pub(super) database: Database,
    pub(super) in_use: Arc<()>,
}

impl OpenDatabase {
    pub(super) fn new(database: Database) -> OpenDatabase {
        OpenDatabase {
            database,
            in_use: Arc::default(),
        }
    }
}

/// Opens it; creates it if missing.
pub(super) fn open(path: &Path, verify: bool) -> Result<Database, redb::Error> {
    let file = private_file(path).map_err(redb::Error::Io)?;
    let length = file.metadata().map_err(redb::Error::Io)?.len();
    let database = builder()
        .set_check_integrity_on_open(verify && length <= VERIFIED)
        .create_with_backend(FileBackend::new(file)?)?;
    make_tables(&database)?;
    identify(&database)?;
    Ok(database)
}

pub(in crate::store::local) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}
