//! Why a data directory cannot be used, worded for operators.

use std::io;
use std::path::PathBuf;

use super::format::FORMAT;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It does not exist and cannot be created, or is not a directory.
    #[error("cannot create the data directory {path}: {source}", path = path.display())]
    CannotCreate {
        /// The data directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was not created by this program.
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
    #[error(
        "the data directory {path} is in use by another process: a host, or a command that reads \
         or writes all of it, such as `coffer backup`",
        path = path.display()
    )]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// Its file system refuses locks.
    #[error("the data directory {path} cannot be locked: {source}", path = path.display())]
    NotLocked {
        /// The data directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is a backup.
    #[error(
        "{path} is a backup, which is not served: restore it with `coffer restore --from {path}`",
        path = path.display()
    )]
    Backup {
        /// The backup.
        path: PathBuf,
    },
    /// The first backup there has not finished.
    #[error(
        "{path} holds no complete backup yet: repeat `coffer backup --to {path}`",
        path = path.display()
    )]
    NoBackup {
        /// The directory.
        path: PathBuf,
    },
    /// A backup is being restored there.
    #[error(
        "the restore into {path} was interrupted: run `coffer restore` again, or remove the directory",
        path = path.display()
    )]
    Restoring {
        /// The data directory.
        path: PathBuf,
    },
    /// A newer version of this program made it.
    #[error("the data directory {path} has format {found}, this version supports up to {FORMAT}", path = path.display())]
    Newer {
        /// The data directory.
        path: PathBuf,
        /// The format's number there.
        found: u32,
    },
    /// The index is empty although something was stored.
    #[error(
        "the index {path} is empty, but {what}: restore it from a backup (to start over, move \
         the data directory away)",
        path = index.display()
    )]
    IndexEmpty {
        /// The index's file.
        index: PathBuf,
        /// What shows that it was not always empty.
        what: String,
    },
    /// The index has seen fewer changes than there were.
    #[error(
        "the index {path} is older than the data directory (it has seen {found} of {seen} \
         changes): restore the newest one (to continue with this one, remove {marker}: blobs \
         that are not in it are then moved to the folder orphaned)",
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
        /// The file that records that number.
        marker: PathBuf,
    },
    /// More files are not in the index than a crash explains.
    #[error(
        "{orphans} of the {all} files in {path} are not in the index: restore the index that \
         has them, or move them away (`coffer check --data-dir` lists them)",
        path = blobs.display()
    )]
    MostlyOrphaned {
        /// The folder of blobs.
        blobs: PathBuf,
        /// How many have no row in the index.
        orphans: u64,
        /// How many there are.
        all: u64,
    },
    /// Something in it is missing or corrupted.
    #[error("the data directory {path} is damaged: {source}", path = path.display())]
    Damaged {
        /// The data directory.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
