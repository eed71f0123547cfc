//! Why a backup or a restore failed, worded for operators.

use std::io;
use std::path::{Path, PathBuf};

use coffer_port::error::is_full;

use crate::store::Error;
use crate::store::local::damage::Damage;
use crate::store::local::open_error::OpenError;

/// Why a backup or a restore failed. An earlier backup is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It has something else in it.
    #[error("{dir} is not empty and not {wanted}: use an empty directory", dir = dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
        /// What it could also be.
        wanted: &'static str,
    },
    /// One of the directories is in the other.
    #[error(
        "{dir} and {other} are one inside the other: a backup needs a place of its own",
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
    #[error("cannot read the index in {dir}: {source}", dir = dir.display())]
    Unreadable {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: Error,
    },
    /// The bytes of a file are not whole.
    #[error("{} cannot be copied, {path}: {damage}", file(name.as_deref()), path = path.display())]
    Blob {
        /// Where its bytes are.
        path: PathBuf,
        /// What is wrong.
        damage: Damage,
        /// One of the names that it has.
        name: Option<String>,
    },
    /// Nothing can be written.
    #[error("cannot write {path}: {}", told(source), path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The digests in the backup cannot be read or written.
    #[error("the digests {path}: {}", told_of(source), path = path.display())]
    Digests {
        /// Their file.
        path: PathBuf,
        /// Why.
        source: Error,
    },
}

impl BackupError {
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

fn file(name: Option<&str>) -> String {
    name.map_or_else(|| "a file".to_owned(), |name| format!("the file {name:?}"))
}

/// A full disk is the fault that operators meet most.
const FULL: &str = "no space left: make room and repeat the command, which goes on where it was";

fn told(error: &io::Error) -> String {
    match is_full(error) {
        true => FULL.to_owned(),
        false => error.to_string(),
    }
}

fn told_of(error: &Error) -> String {
    match error {
        Error::NoSpace => FULL.to_owned(),
        error => coffer_port::error::causes(error),
    }
}
