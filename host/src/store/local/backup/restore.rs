//! Restores a backup.

use std::fs::File;
use std::io;
use std::path::Path;

use super::blobs::Blob;
use super::digests::Digests;
use super::error::BackupError;
use super::target::{Target, blobs_of};
use super::transfer::{Step, transfer};
use super::{DIGESTS, Saved, check_apart, look, named, saved};
use crate::store::Error;
use crate::store::local::id::Id;
use crate::store::local::layout::{BACKUP, RESTORING};
use crate::store::local::open_error::OpenError;

/// Restores a backup into an empty directory, verifies every byte, and goes on where it was
/// interrupted.
///
/// # Errors
/// See [`BackupError`]; the directory is not served before it is complete.
pub fn restore(from: &Path, to: &Path, beside: &[&str]) -> Result<Saved, BackupError> {
    let (claim, _) = look(from)?;
    if !from.join(BACKUP).exists() {
        let source = io::Error::other("it is not a backup: the file `backup` is missing");
        let path = from.to_path_buf();
        return Err(OpenError::NotAStore { path, source }.into());
    }
    check_apart(to, from)?;
    let path = from.join(DIGESTS);
    let digests = Digests::look(&path).map_err(BackupError::digests(&path))?;
    let target = Target::take(to, RESTORING)?;
    let draft = target.draft();
    let mut index = File::open(claim.layout.index()).map_err(|error| BackupError::Unreadable {
        dir: from.to_path_buf(),
        source: error.into(),
    })?;
    io::copy(&mut index, &mut target.new_draft()?).map_err(BackupError::write(&draft))?;
    let (index, files, blobs) = blobs_of(&draft)?;
    let step = |blob: Blob| {
        let digest = digests.get(blob.id).map_err(BackupError::digests(&path))?;
        let digest = digest.ok_or_else(|| BackupError::Digests {
            path: path.clone(),
            source: Error::unavailable(format!("that of {} is missing", blob.id)),
        })?;
        Ok(match blob.is_there(&target.layout, digest) {
            true => Step::Keep,
            false => Step::Copy(Some(digest)),
        })
    };
    let blobs_dir = claim.layout.blobs();
    let copied = transfer(&blobs, blobs_dir, &target.layout, step, |_| Ok(()));
    let copied = copied.map_err(|error| named(error, &index))?;
    for name in beside {
        target.bring(from, name)?;
    }
    target.publish()?;
    let known: Vec<Id> = blobs.iter().map(|blob| blob.id).collect();
    let removed = target.prune(&known)?;
    target.release(RESTORING)?;
    Ok(saved(files, copied, removed))
}
