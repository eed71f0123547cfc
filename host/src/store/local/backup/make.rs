//! Makes a backup, or renews it.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::blobs::Blob;
use super::digests::Digests;
use super::error::BackupError;
use super::target::{Target, blobs_of};
use super::transfer::{Step, transfer};
use super::{DIGESTS, Saved, check_apart, named, saved};
use crate::store::local::id::Id;
use crate::store::local::index::Index;
use crate::store::local::layout::BACKUP;

/// A backup that is being made.
pub struct Backup {
    data_dir: PathBuf,
    target: Target,
}

impl Backup {
    /// Creates or continues the backup of a data directory.
    ///
    /// # Errors
    /// [`BackupError::Overlap`], [`BackupError::NotEmpty`], [`BackupError::Open`],
    /// [`BackupError::Write`].
    pub fn begin(data_dir: &Path, to: &Path) -> Result<Backup, BackupError> {
        check_apart(to, data_dir)?;
        Ok(Backup {
            data_dir: data_dir.to_path_buf(),
            target: Target::take(to, BACKUP)?,
        })
    }

    /// Where to write the index of the moment, an empty file.
    ///
    /// # Errors
    /// [`BackupError::Write`].
    pub fn draft(&self) -> Result<File, BackupError> {
        self.target.new_draft()
    }

    /// Copies what the draft refers to and the backup lacks, and makes it the backup. With
    /// `verify`, what the backup has is read again; damage there is repaired. Of `beside`, files
    /// of these names are copied too.
    ///
    /// # Errors
    /// See [`BackupError`]; the backup before is as it was.
    pub fn finish(self, beside: &[&str], verify: bool) -> Result<Saved, BackupError> {
        let target = &self.target;
        let (index, files, blobs) = blobs_of(&target.draft())?;
        self.check_lineage(&index)?;
        let path = target.layout.dir().join(DIGESTS);
        let digests = Digests::open(&path).map_err(BackupError::digests(&path))?;
        let step = |blob: Blob| {
            let known = digests.get(blob.id).map_err(BackupError::digests(&path))?;
            Ok(match known {
                Some(digest) if verify && blob.is_there(&target.layout, digest) => Step::Keep,
                Some(_) if !verify && blob.has_length(&target.layout) => Step::Keep,
                known => Step::Copy(known),
            })
        };
        let copied = transfer(
            &blobs,
            &self.data_dir.join("blobs"),
            &target.layout,
            step,
            |blobs| digests.record(blobs).map_err(BackupError::digests(&path)),
        );
        let copied = copied.map_err(|error| named(error, &index))?;
        for name in beside {
            target.bring(&self.data_dir, name)?;
        }
        target.publish()?;
        let known: Vec<Id> = blobs.iter().map(|blob| blob.id).collect();
        let removed = target.prune(&known)?;
        digests
            .retain(&known)
            .map_err(BackupError::digests(&path))?;
        Ok(saved(files, copied, removed))
    }

    /// Refuses to replace a backup by one of other files, or of an earlier state.
    fn check_lineage(&self, index: &Index) -> Result<(), BackupError> {
        let dir = self.target.layout.dir();
        let Some(kept) = self.target.lineage()? else {
            return Ok(());
        };
        let new = index.lineage().map_err(BackupError::unreadable(dir))?;
        let dir = dir.to_path_buf();
        match (kept.identity, new.identity) {
            (Some(kept), Some(new)) if kept != new => Err(BackupError::OtherStore { dir }),
            _ if new.changes < kept.changes => Err(BackupError::Older {
                dir,
                kept: kept.changes,
                found: new.changes,
            }),
            _ => Ok(()),
        }
    }
}
