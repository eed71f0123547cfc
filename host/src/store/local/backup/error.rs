//! Why a backup or a restore failed, worded for operators.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use coffer_port::error::{causes, is_full};

use super::beside::Refused;
use super::faulty::Faulty;
use crate::store::Error;
use crate::store::local::open_error::OpenError;

/// Why a backup or a restore failed. An earlier backup is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It has something else in it.
    #[error("{dir} is neither empty nor {wanted}: use an empty directory", dir = dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
        /// What it could also be.
        wanted: &'static str,
    },
    /// One of the directories is in the other.
    #[error(
        "one of {dir} and {other} contains the other: use a separate directory for the backup",
        dir = dir.display(), other = other.display()
    )]
    Overlap {
        /// One.
        dir: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// The backup there is of other files.
    #[error(
        "{dir} is the backup of another data directory: use a directory of its own for each",
        dir = dir.display()
    )]
    OtherStore {
        /// The backup.
        dir: PathBuf,
    },
    /// The backup there has later changes.
    #[error(
        "{dir} is the backup of a later state ({kept} changes, the data directory has {found}): \
         restore it, or use another directory for this backup",
        dir = dir.display()
    )]
    Older {
        /// The backup.
        dir: PathBuf,
        /// How many changes it has.
        kept: u64,
        /// How many the data directory has.
        found: u64,
    },
    /// The index does not pass its own checksums.
    #[error("the index {path} is damaged: checksum mismatch", path = .0.display())]
    Index(PathBuf),
    /// The index cannot be read.
    #[error("cannot read the index in {dir}: {}", worded_store(source), dir = dir.display())]
    Unreadable {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: Error,
    },
    /// What is in a backup cannot be trusted.
    #[error(
        "the backup {dir} is damaged, and stays as it is: {source}. Use another directory for a \
         new backup",
        dir = dir.display()
    )]
    Broken {
        /// The backup.
        dir: PathBuf,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The bytes of some files in a data directory are not whole, or cannot be read.
    #[error(
        "{}, so the previous backup is unchanged: {}, then run the command again",
        files.count_in(&dir.display()),
        files.way_out()
    )]
    Damaged {
        /// The data directory.
        dir: PathBuf,
        /// Which.
        files: Faulty,
    },
    /// The bytes of some files in a backup are not whole, or cannot be read.
    #[error(
        "{}, so it is not restored: `coffer check --data-dir {dir}` lists all damage, and `coffer \
         copy --from {dir} --to DIR` copies all undamaged files to a new data directory (not the one \
         of this restore)",
        files.count_in(&format_args!("the backup {}", dir.display())),
        dir = dir.display()
    )]
    DamagedBackup {
        /// The backup.
        dir: PathBuf,
        /// Which.
        files: Faulty,
    },
    /// A file beside the index is not what it has to be.
    #[error("{0}: restore this file, or remove it to continue without it")]
    Beside(Refused),
    /// Nothing can be written.
    #[error("cannot write {path}: {}", worded(source), path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The digests in the backup cannot be read or written.
    #[error("the digests {path}: {}", worded_store(source), path = path.display())]
    Digests {
        /// Their file.
        path: PathBuf,
        /// Why.
        source: Error,
    },
}

impl BackupError {
    /// A line for each file that is damaged or cannot be read, and one for those beyond the most
    /// that are named.
    pub fn damaged_files(&self) -> &[String] {
        match self {
            BackupError::Damaged { files, .. } | BackupError::DamagedBackup { files, .. } => {
                files.lines()
            }
            _ => &[],
        }
    }

    /// Whether the system refused to read an index, which says nothing about what is in it.
    pub(super) fn is_refusal(&self) -> bool {
        let BackupError::Unreadable { source, .. } = self else {
            return false;
        };
        let Error::Unavailable(cause) = source else {
            return false;
        };
        let error = cause.downcast_ref::<io::Error>();
        error.is_some_and(|error| error.raw_os_error().is_some())
    }

    pub(super) fn broken<E>(dir: &Path) -> impl Fn(E) -> BackupError + use<E>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let dir = dir.to_path_buf();
        move |source| BackupError::Broken {
            dir: dir.clone(),
            source: source.into(),
        }
    }

    pub(super) fn beside(path: &Path, what: impl Display) -> BackupError {
        BackupError::Beside(format!("{}: {what}", path.display()).into())
    }

    pub(super) fn write(path: &Path) -> impl Fn(io::Error) -> BackupError + use<> {
        let path = path.to_path_buf();
        move |source| BackupError::Write {
            path: path.clone(),
            source,
        }
    }

    pub(super) fn unreadable(dir: &Path) -> impl Fn(Error) -> BackupError + use<> {
        let dir = dir.to_path_buf();
        move |source| BackupError::Unreadable {
            dir: dir.clone(),
            source,
        }
    }

    pub(super) fn digests(path: &Path) -> impl Fn(Error) -> BackupError + use<> {
        let path = path.to_path_buf();
        move |source| BackupError::Digests {
            path: path.clone(),
            source,
        }
    }
}

/// A full disk is the fault that operators meet most.
const FULL: &str = "no space left: make room and repeat the command, which goes on where it was";

/// A failure to write, worded for operators.
pub fn worded(error: &io::Error) -> String {
    match is_full(error) {
        true => FULL.to_owned(),
        false => error.to_string(),
    }
}

fn worded_store(error: &Error) -> String {
    match error {
        Error::NoSpace => FULL.to_owned(),
        // That it is unavailable says less.
        Error::Unavailable(cause) => causes(cause.as_ref()),
        error => causes(error),
    }
}
