//! The data directory: what lies where, and the right to use it.
//!
//! ```text
//! lock          held by the one process that uses the directory
//! format        the layout's number; written once all else is there
//! clean         there only after an orderly stop that left no orphans
//! changes       how far the index has come: an older one is not accepted in its place
//! index.redb    key → description of the version; the bytes of small ones
//! blobs/ab/…    bytes of the others, in files named by the version's id
//! orphaned/…    blobs that the index does not know, by the day they were found
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::id::Id;
use super::progress::{Progress, Seen};

/// The number of the layout described above.
const FORMAT: u32 = 2;

const INDEX: &str = "index.redb";
const MARKER: &str = "changes";

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
    /// There is none that this program has made.
    #[error("{path} is not a data directory: {source}", path = path.display())]
    NotAStore {
        /// The directory.
        path: PathBuf,
        /// What is missing.
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
    /// The index knows nothing although there is something.
    #[error(
        "the index {path} is empty, but {what}: put it back from a backup (to start anew, move \
         the data directory away)",
        path = index.display()
    )]
    IndexEmpty {
        /// The index's file.
        index: PathBuf,
        /// What says that it was not always empty.
        what: String,
    },
    /// The index has seen fewer changes than there were.
    #[error(
        "the index {path} is older than the data directory (it has seen {found} of {seen} \
         changes): put the newest one back (to go on with this one, remove {marker}: blobs \
         that it does not know are then moved to the folder orphaned)",
        path = index.display(),
        marker = marker.display()
    )]
    IndexOlder {
        /// The index's file.
        index: PathBuf,
        /// How many changes it has seen.
        found: u64,
        /// How many there were.
        seen: u64,
        /// Where that number is written.
        marker: PathBuf,
    },
    /// A crash does not leave as much that the index does not know.
    #[error(
        "{orphans} of the {all} files in {path} are not in the index: put the index back that \
         knows them, or move them away (`coffer check --data-dir` names them)",
        path = blobs.display()
    )]
    MostlyOrphaned {
        /// The folder of blobs.
        blobs: PathBuf,
        /// How many have no row.
        orphans: u64,
        /// How many there are.
        all: u64,
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
    /// How many bytes of the index's file are free at least.
    index_free: AtomicU64,
    progress: Progress,
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
    /// How far the index had come; none where no version has written that down.
    pub(super) seen: Option<Seen>,
}

impl Claim {
    /// Whether the index may be opened: an empty one would be made anew, and would know
    /// nothing of what is there.
    pub(super) fn check_index(&self) -> Result<(), OpenError> {
        let index = self.layout.index();
        let damaged = |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Damaged {
            path: self.layout.dir.clone(),
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
        let blobs = self.layout.count_blobs();
        let blobs = blobs.map_err(|error| damaged(error.into()))?;
        let what = match self.seen {
            _ if blobs > 0 => format!("there are {blobs} files in {}", self.layout.blobs.display()),
            Some(seen) if seen.changes > 0 => format!("there have been {} changes", seen.changes),
            // A version that did not write that down.
            None if !self.fresh => "the data directory has been in use".to_owned(),
            _ => return Ok(()),
        };
        Err(OpenError::IndexEmpty { index, what })
    }

    /// Whether an index that has seen so many changes is the newest.
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

impl Layout {
    /// Takes a directory that is a store's, for looking at it: nothing in it changes.
    pub(super) fn look(dir: &Path) -> Result<Claim, OpenError> {
        let not_a_store = |source| OpenError::NotAStore {
            path: dir.to_path_buf(),
            source,
        };
        let lock = File::open(dir.join("lock")).map_err(not_a_store)?;
        try_lock(&lock, dir)?;
        let found = check_format(dir)?;
        let blobs = dir.join("blobs");
        let blobs_dir = File::open(&blobs).map_err(not_a_store)?;
        Ok(Claim {
            layout: Layout::new(dir, blobs, blobs_dir),
            lock,
            fresh: found.is_none(),
            older: false,
            clean: false,
            seen: read_seen(dir)?,
        })
    }

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
        try_lock(&lock, dir)?;
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
        Ok((Layout::new(dir, blobs, blobs_dir), clean))
    }

    fn new(dir: &Path, blobs: PathBuf, blobs_dir: File) -> Layout {
        Layout {
            dir: dir.to_path_buf(),
            blobs,
            blobs_dir,
            littered: AtomicBool::new(false),
            index_free: AtomicU64::new(0),
            progress: Progress::default(),
        }
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
        self.progress.sync()?;
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
            _ => self.progress.removed(),
        }
    }

    /// Some file may lack its entry in the index: the next start must sweep.
    pub(super) fn leave_litter(&self) {
        self.littered.store(true, Ordering::SeqCst);
    }

    /// The index has seen so many changes, and is the right one.
    pub(super) fn begin(&self, changes: u64) -> io::Result<()> {
        self.progress.begin(&self.marker(), changes)
    }

    /// How far the index has come.
    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// So many bytes of the index's file are free at least.
    pub(super) fn set_index_free(&self, bytes: u64) {
        self.index_free.store(bytes, Ordering::Relaxed);
    }

    /// How many bytes the index can grow by, in its own file and on the disk. None where
    /// the file system counts no blocks and cannot tell.
    pub(super) fn room(&self) -> io::Result<Option<u64>> {
        let disk = rustix::fs::fstatvfs(&self.blobs_dir)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let free = free.saturating_add(self.index_free.load(Ordering::Relaxed));
        Ok((disk.f_blocks > 0).then_some(free))
    }

    /// All of it.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where it is written how far the index has come.
    fn marker(&self) -> PathBuf {
        self.dir.join(MARKER)
    }

    /// The index's file.
    pub(super) fn index(&self) -> PathBuf {
        self.dir.join(INDEX)
    }

    /// The folder of all blobs.
    pub(super) fn blobs(&self) -> &Path {
        &self.blobs
    }

    /// Where blobs go that the index does not know.
    pub(super) fn orphaned(&self) -> PathBuf {
        self.dir.join("orphaned")
    }

    /// What lies in a folder of blobs. What is not called like one of ours was put there by
    /// somebody else.
    pub(super) fn ids(&self, folder: u8) -> io::Result<Vec<Id>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(self.folder(folder))? {
            ids.extend(entry?.file_name().to_str().and_then(Id::parse));
        }
        Ok(ids)
    }

    /// How many blobs there are.
    pub(super) fn count_blobs(&self) -> io::Result<usize> {
        let folders = (0..=u8::MAX).map(|folder| self.ids(folder));
        folders.map(|ids| Ok(ids?.len())).sum()
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

pub(super) fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn try_lock(lock: &File, dir: &Path) -> Result<(), OpenError> {
    let path = dir.to_path_buf();
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::InUse { path },
        TryLockError::Error(source) => OpenError::NotWritable { path, source },
    })
}

fn check_format(dir: &Path) -> Result<Option<u32>, OpenError> {
    match read_format(&dir.join("format")) {
        Ok(Some(found)) if found > FORMAT => Err(OpenError::Newer {
            path: dir.to_path_buf(),
            found,
        }),
        Ok(found) => Ok(found),
        Err(source) => Err(OpenError::Damaged {
            path: dir.to_path_buf(),
            source: source.into(),
        }),
    }
}

fn read_seen(dir: &Path) -> Result<Option<Seen>, OpenError> {
    let path = dir.join(MARKER);
    Progress::read(&path).map_err(|error| OpenError::Damaged {
        path: dir.to_path_buf(),
        source: format!(
            "{}: {error} (remove it if the index is known to be the newest)",
            path.display()
        )
        .into(),
    })
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
