//! The data directory: what lies where, and the right to use it.
//!
//! ```text
//! lock          held by the one process that uses the directory
//! format        the layout's number; written once all else is there
//! clean         there only after an orderly stop that left no orphans
//! index.redb    key → description of the version; the bytes of small ones
//! blobs/ab/…    bytes of the others, in files named by the version's id
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::id::Id;

/// The number of the layout described above.
const FORMAT: u32 = 2;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is not there and cannot be made, or is no directory.
    #[error("cannot create the data directory {path}: {source}", path = path.display())]
    CannotCreate {
        /// The data directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nothing can be written into it.
    #[error("cannot write into the data directory {path}: {source}", path = path.display())]
    NotWritable {
        /// The data directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process, or another store of this one, is using it.
    #[error("the data directory {path} is in use by another process", path = path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// A newer version of this program made it.
    #[error("the data directory {path} has format {found}, this version knows {FORMAT}", path = path.display())]
    Newer {
        /// The data directory.
        path: PathBuf,
        /// The format's number there.
        found: u32,
    },
    /// Something in it is missing or is not what it should be.
    #[error("the data directory {path} is damaged: {source}", path = path.display())]
    Damaged {
        /// The data directory.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A data directory that this process alone may use.
#[derive(Debug)]
pub(super) struct Layout {
    dir: PathBuf,
    blobs: PathBuf,
    /// `blobs`, for opening files relative to it.
    blobs_dir: File,
    /// Whether a file without an entry in the index may have stayed behind.
    littered: AtomicBool,
}

/// A directory that has been claimed and not been looked into.
pub(super) struct Claim {
    pub(super) layout: Layout,
    /// Frees the directory for others when dropped.
    pub(super) lock: File,
    /// Nothing has been stored yet: there is no index either.
    pub(super) fresh: bool,
    /// Its format's number is lower: there are no bytes in its index.
    pub(super) older: bool,
    /// No orphans are there.
    pub(super) clean: bool,
}

impl Layout {
    /// Takes the directory for this process; makes what is missing in it.
    pub(super) fn claim(dir: &Path) -> Result<Claim, OpenError> {
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
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::InUse { path: path() },
            TryLockError::Error(source) => not_writable(source),
        })?;
        let found = match read_format(&dir.join("format")) {
            Ok(Some(found)) if found > FORMAT => {
                return Err(OpenError::Newer {
                    path: path(),
                    found,
                });
            }
            Ok(found) => found,
            Err(source) => {
                return Err(OpenError::Damaged {
                    path: path(),
                    source: source.into(),
                });
            }
        };
        let (layout, clean) = Layout::fill(dir).map_err(not_writable)?;
        let fresh = found.is_none();
        Ok(Claim {
            layout,
            lock,
            fresh,
            older: found.is_some_and(|found| found < FORMAT),
            clean: clean || fresh,
        })
    }

    fn fill(dir: &Path) -> io::Result<(Layout, bool)> {
        let blobs = dir.join("blobs");
        make_dir(&blobs)?;
        for folder in 0..=u8::MAX {
            make_dir(&blobs.join(format!("{folder:02x}")))?;
        }
        let blobs_dir = File::open(&blobs)?;
        blobs_dir.sync_all()?;
        let clean = match fs::remove_file(dir.join("clean")) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        sync_dir(dir)?;
        let layout = Layout {
            dir: dir.to_path_buf(),
            blobs,
            blobs_dir,
            littered: AtomicBool::new(false),
        };
        Ok((layout, clean))
    }

    /// Says that all of it is there. Only then is a missing index a fault, and not
    /// a directory that has just been made.
    pub(super) fn mark_complete(&self) -> io::Result<()> {
        let draft = self.dir.join("format.new");
        let mut file = private_file(&draft)?;
        file.set_len(0)?;
        writeln!(file, "{FORMAT}")?;
        file.sync_all()?;
        fs::rename(draft, self.dir.join("format"))?;
        sync_dir(&self.dir)?;
        match self.dir.canonicalize()?.parent() {
            Some(parent) => sync_dir(parent),
            None => Ok(()),
        }
    }

    /// Says that the next start need not look for orphans, unless there are some.
    /// Nothing may be written afterwards.
    pub(super) fn mark_clean(&self) -> io::Result<()> {
        if self.littered.load(Ordering::SeqCst) {
            return Ok(());
        }
        // A removal that a power failure undoes would leave an orphan.
        for folder in 0..=u8::MAX {
            self.sync_folder(folder)?;
        }
        private_file(&self.dir.join("clean"))?.sync_all()?;
        sync_dir(&self.dir)
    }

    /// Removes a version's bytes. What cannot be removed is left to the sweep.
    pub(super) fn unlink(&self, id: Id) {
        match fs::remove_file(self.blob(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%id, %error, "cannot remove the bytes of a version");
                self.leave_litter();
            }
            _ => {}
        }
    }

    /// Some file may lack its entry in the index: the next start must sweep.
    pub(super) fn leave_litter(&self) {
        self.littered.store(true, Ordering::SeqCst);
    }

    pub(super) fn index(&self) -> PathBuf {
        self.dir.join("index.redb")
    }

    pub(super) fn folder(&self, folder: u8) -> PathBuf {
        self.blobs.join(format!("{folder:02x}"))
    }

    pub(super) fn blob(&self, id: Id) -> PathBuf {
        self.blobs.join(blob_name(id))
    }

    /// The directory that [`blob_name`] is relative to.
    pub(super) fn blobs_dir(&self) -> &File {
        &self.blobs_dir
    }

    /// Makes the entries of a folder durable.
    pub(super) fn sync_folder(&self, folder: u8) -> io::Result<()> {
        sync_dir(&self.folder(folder))
    }
}

/// A version's file, relative to `blobs`.
pub(super) fn blob_name(id: Id) -> String {
    format!("{:02x}/{id}", id.folder())
}

/// Opens a file for reading and writing that only this user may read, making it
/// where it is missing.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn read_format(path: &Path) -> io::Result<Option<u32>> {
    match fs::read_to_string(path) {
        Ok(text) => match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
