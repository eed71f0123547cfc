//! The lock on a data directory, and whether its index is the one that belongs to it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use super::backup::{DIGESTS, is_marked};
use super::change_count::{ChangeCount, Seen};
use super::format::{self, FORMAT};
use super::layout::{BACKUP, INDEX, Layout, MARKER, RESTORING};
use super::open_error::OpenError;
use super::private::{make_dir, private_file};

/// A directory that is locked but whose index has not been opened yet.
pub(super) struct Claim {
    pub(super) layout: Layout,
    /// Releases the directory when dropped.
    pub(super) lock: File,
    /// Whether nothing has been stored yet, so that there is no index either.
    pub(super) fresh: bool,
    /// Whether it has an older format, to be upgraded.
    pub(super) older: bool,
    /// Whether there are no orphaned blobs.
    pub(super) clean: bool,
    /// How far the index had come; none if an older version did not record it.
    pub(super) seen: Option<Seen>,
    /// Whether it is a backup.
    pub(super) is_backup: bool,
}

impl Claim {
    /// Locks an existing data directory, or a backup, to inspect it: nothing in it changes.
    pub(super) fn look(dir: &Path) -> Result<Claim, OpenError> {
        let not_a_store = |source| OpenError::NotAStore {
            path: dir.to_path_buf(),
            source,
        };
        let lock = File::open(dir.join("lock")).map_err(not_a_store)?;
        // A shared one: several may read it at once, and on NFS an exclusive one needs a file that
        // is open for writing.
        locked(lock.try_lock_shared(), dir)?;
        let is_backup = check_marked(dir, BACKUP)?;
        check_not_unmarked(dir, is_backup)?;
        check_restored(dir)?;
        let found = check_format(dir)?;
        // The first one records the format once its index is there.
        if is_backup && found.is_none() && !has_index(dir)? {
            let path = dir.to_path_buf();
            return Err(OpenError::NoBackup { path });
        }
        let blobs = dir.join("blobs");
        let blobs_dir = File::open(&blobs).map_err(not_a_store)?;
        Ok(Claim {
            layout: Layout::new(dir, blobs, blobs_dir),
            lock,
            fresh: found.is_none(),
            older: false,
            clean: false,
            seen: read_seen(dir)?,
            is_backup,
        })
    }

    /// Locks a directory for this process; creates what is missing in it.
    pub(super) fn take(dir: &Path) -> Result<Claim, OpenError> {
        let path = || dir.to_path_buf();
        let not_writable = |source| OpenError::NotWritable {
            path: path(),
            source,
        };
        make_dir(dir).map_err(|source| OpenError::CannotCreate {
            path: path(),
            source,
        })?;
        let lock = private_file(&dir.join("lock")).map_err(not_writable)?;
        try_lock(&lock, dir)?;
        if check_marked(dir, BACKUP)? {
            let path = dir.to_path_buf();
            return Err(OpenError::Backup { path });
        }
        check_not_unmarked(dir, false)?;
        check_restored(dir)?;
        let found = check_format(dir)?;
        let seen = read_seen(dir)?;
        let (layout, clean) = Layout::fill(dir).map_err(not_writable)?;
        let fresh = found.is_none();
        Ok(Claim {
            layout,
            lock,
            fresh,
            older: found.is_some_and(|found| found < FORMAT),
            clean: clean || fresh,
            seen,
            is_backup: false,
        })
    }

    /// Whether the index may be opened: an empty one would be recreated, and would list none
    /// of the existing files.
    pub(super) fn check_index(&self) -> Result<(), OpenError> {
        let index = self.layout.index();
        let damaged = |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Damaged {
            path: self.layout.dir().to_path_buf(),
            source,
        };
        let length = match fs::metadata(&index) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.fresh => {
                return Err(damaged("its index is missing".into()));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            about => about.map_err(|error| damaged(error.into()))?.len(),
        };
        if length > 0 {
            return Ok(());
        }
        if self.is_backup {
            return Err(damaged("its index is empty".into()));
        }
        let blobs = self.layout.count_blobs();
        let blobs = blobs.map_err(|error| damaged(error.into()))?;
        let what = match self.seen {
            _ if blobs > 0 => format!(
                "there are {blobs} files in {}",
                self.layout.blobs().display()
            ),
            Some(seen) if seen.changes > 0 => format!("{} changes are recorded", seen.changes),
            // Written by a version that did not record it.
            None if !self.fresh => "the data directory has been used before".to_owned(),
            _ => return Ok(()),
        };
        Err(OpenError::IndexEmpty { index, what })
    }

    /// Whether an index with this number of changes is the newest.
    pub(super) fn check_changes(&self, found: u64) -> Result<(), OpenError> {
        match self.seen {
            Some(Seen { changes, .. }) if found < changes => Err(OpenError::IndexOlder {
                index: self.layout.index(),
                found,
                seen: changes,
                marker: self.layout.marker(),
            }),
            _ => Ok(()),
        }
    }
}

/// Locks a directory for this process alone.
pub(super) fn try_lock(lock: &File, dir: &Path) -> Result<(), OpenError> {
    locked(lock.try_lock(), dir)
}

fn locked(outcome: Result<(), TryLockError>, dir: &Path) -> Result<(), OpenError> {
    let path = dir.to_path_buf();
    outcome.map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::InUse { path },
        TryLockError::Error(source) => OpenError::NotLocked { path, source },
    })
}

fn check_restored(dir: &Path) -> Result<(), OpenError> {
    match check_marked(dir, RESTORING)? {
        true => Err(OpenError::Restoring {
            path: dir.to_path_buf(),
        }),
        false => Ok(()),
    }
}

/// Refuses a backup that has lost its marker: it would be changed, or trusted without its digests.
fn check_not_unmarked(dir: &Path, is_backup: bool) -> Result<(), OpenError> {
    let digests = dir.join(DIGESTS);
    if is_backup || !digests.try_exists().map_err(damaged(dir))? {
        return Ok(());
    }
    Err(OpenError::Damaged {
        path: dir.to_path_buf(),
        source: format!(
            "it has the digests of a backup, but its marker is missing, the file `{BACKUP}`: use \
             another backup, or, to use it as a data directory, remove {}",
            digests.display()
        )
        .into(),
    })
}

fn check_marked(dir: &Path, marker: &str) -> Result<bool, OpenError> {
    is_marked(dir, marker).map_err(damaged(dir))
}

fn has_index(dir: &Path) -> Result<bool, OpenError> {
    dir.join(INDEX).try_exists().map_err(damaged(dir))
}

fn damaged(dir: &Path) -> impl Fn(io::Error) -> OpenError + use<'_> {
    |source| OpenError::Damaged {
        path: dir.to_path_buf(),
        source: source.into(),
    }
}

pub(super) fn check_format(dir: &Path) -> Result<Option<u32>, OpenError> {
    match format::read(dir) {
        Ok(Some(found)) if found > FORMAT => Err(OpenError::Newer {
            path: dir.to_path_buf(),
            found,
        }),
        Ok(found) => Ok(found),
        Err(source) => Err(damaged(dir)(source)),
    }
}

fn read_seen(dir: &Path) -> Result<Option<Seen>, OpenError> {
    let path = dir.join(MARKER);
    ChangeCount::read(&path).map_err(|error| OpenError::Damaged {
        path: dir.to_path_buf(),
        source: format!(
            "{}: {error} (remove it if the index is known to be the newest)",
            path.display()
        )
        .into(),
    })
}
