//! Backups: a copy of the directory as of one moment, and back.
//!
//! A backup has the layout of a data directory, so that it can be checked and read as one. Blobs
//! never change under their id, so each is copied once; then the index of that moment replaces the
//! one before. That is the only moment at which anything changes for who reads the backup.
//! Resumable uploads are left out.

mod beside;
mod blobs;
mod digests;
mod error;
mod faulty;
mod listed;
mod make;
mod marker;
mod moment;
mod restore;
mod target;
mod transfer;

use std::fs;
use std::path::{Path, PathBuf};

use super::claim::Claim;
use super::index::Index;
use super::open_error::OpenError;
use crate::store::causes;
use transfer::Copied;

pub use beside::Beside;
pub(super) use beside::damaged as damaged_beside;
pub(super) use digests::Digests;
pub use error::{BackupError, worded};
pub use make::Backup;
pub(super) use marker::is_marked;
pub use moment::{Live, Stopped};
pub use restore::restore;

/// The file of a backup with its digests.
pub(super) const DIGESTS: &str = "digests.redb";

/// What was saved or restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// How many files there are.
    pub files: u64,
    /// How many blobs were copied; small files have none.
    pub copied: u64,
    /// The bytes of those.
    pub bytes: u64,
    /// How many were there already.
    pub unchanged: u64,
    /// How many were removed, because nothing refers to them anymore.
    pub removed: u64,
}

/// Locks a data directory or a backup, and opens its index, which passes its checksums.
pub(super) fn look(dir: &Path) -> Result<(Claim, Index), OpenError> {
    let damaged = |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Damaged {
        path: dir.to_path_buf(),
        source,
    };
    let claim = Claim::look(dir)?;
    claim.check_index()?;
    let path = claim.layout.index();
    let (index, is_whole) =
        Index::look(&path).map_err(|error| damaged(format!("its index: {error}").into()))?;
    if !is_whole {
        return Err(damaged("its index: checksum mismatch".into()));
    }
    let changes = index.changes();
    let changes = changes.map_err(|error| damaged(causes(&error).into()))?;
    claim.check_changes(changes)?;
    Ok((claim, index))
}

/// The digests in this directory, if it is a backup.
pub(super) fn digests(claim: &Claim) -> Result<Option<Digests>, BackupError> {
    if !claim.is_backup {
        return Ok(None);
    }
    let path = claim.layout.dir().join(DIGESTS);
    let digests = Digests::look(&path);
    digests.map(Some).map_err(BackupError::digests(&path))
}

fn saved(files: u64, copied: &Copied, removed: u64) -> Saved {
    Saved {
        files,
        copied: copied.blobs,
        bytes: copied.bytes,
        unchanged: copied.kept,
        removed,
    }
}

/// Refuses directories of which one is in the other.
fn check_apart(one: &Path, other: &Path) -> Result<(), BackupError> {
    let (dir, other) = (resolved(one), resolved(other));
    match dir.starts_with(&other) || other.starts_with(&dir) {
        true => Err(BackupError::Overlap { dir, other }),
        false => Ok(()),
    }
}

/// A path without symbolic links, of which the end may be missing.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(whole) = path.canonicalize() {
        return whole;
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => resolved(parent),
        _ => fs::canonicalize(".").unwrap_or_default(),
    };
    match path.file_name() {
        Some(name) => parent.join(name),
        None => parent,
    }
}
