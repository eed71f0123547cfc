//! Restores a backup.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::beside::{self, Beside};
use super::blobs::{Blob, pour};
use super::digests::Digests;
use super::error::BackupError;
use super::listed::Listed;
use super::target::Target;
use super::transfer::{Step, transfer};
use super::{DIGESTS, Saved, check_apart, look, saved};
use crate::store::local::damage::Damage;
use crate::store::local::layout::RESTORING;
use crate::store::local::open_error::OpenError;

/// Restores a backup into an empty directory, verifies every byte, and goes on where it was
/// interrupted.
///
/// # Errors
/// See [`BackupError`]; the directory is not served before it is complete.
pub fn restore(from: &Path, to: &Path, beside: &[Beside]) -> Result<Saved, BackupError> {
    let (claim, _) = look(from)?;
    if !claim.is_backup {
        let source = io::Error::other("it is not a backup: the file `backup` is missing");
        let path = from.to_path_buf();
        return Err(OpenError::NotAStore { path, source }.into());
    }
    check_apart(to, from)?;
    let path = from.join(DIGESTS);
    let failed = BackupError::digests(&path);
    let digests = Digests::look(&path).map_err(&failed)?;
    let brought = beside::read_all(from, beside)?;
    beside::verify(from, &brought, &digests)?;
    let target = Target::take(to, RESTORING)?;
    copy_index(&claim.layout.index(), &target)?;
    let new = Listed::open(&target.draft())?;
    // What is there of another backup takes room.
    let removed = target.prune(&new.ids())?;
    let step = |blob: Blob| {
        let Some(digest) = digests.get(blob.id).map_err(&failed)? else {
            return Ok(Step::Refuse(Damage::NoDigest));
        };
        Ok(match blob.is_there(&target.layout, digest) {
            true => Step::Keep,
            false => Step::Copy(Some(digest)),
        })
    };
    let blobs_dir = claim.layout.blobs();
    let mut copied = transfer(&new.blobs, blobs_dir, &target.layout, step, |_| Ok(()))?;
    if !copied.damaged.is_empty() {
        return Err(BackupError::DamagedBackup {
            files: new.name(std::mem::take(&mut copied.damaged), blobs_dir),
            dir: from.to_path_buf(),
        });
    }
    target.put_all(&brought)?;
    // An interrupted restore of another backup may have left one that this backup does not have.
    let is_brought = |name| brought.iter().any(|file| file.name == name);
    let others = beside.iter().map(|file| file.name);
    target.remove_all(others.filter(|name| !is_brought(*name)))?;
    target.publish()?;
    target.release(RESTORING)?;
    Ok(saved(new.files, &copied, removed))
}

fn copy_index(from: &Path, target: &Target) -> Result<(), BackupError> {
    let dir = from.parent().unwrap_or(from);
    let unreadable = BackupError::unreadable(dir);
    let unreadable = |error: io::Error| unreadable(error.into());
    let write = BackupError::write(&target.draft());
    let mut to = target.new_draft()?;
    let mut index = File::open(from).map_err(unreadable)?;
    pour(&mut index, unreadable, |bytes| {
        to.write_all(bytes).map_err(&write)
    })?;
    Ok(())
}
