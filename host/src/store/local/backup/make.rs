//! Makes a backup, or renews it.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::beside::{self, Beside};
use super::blobs::Blob;
use super::digests::Digests;
use super::error::BackupError;
use super::listed::{Listed, check_unpublished};
use super::target::Target;
use super::transfer::{Step, transfer};
use super::{DIGESTS, Saved, check_apart, saved};
use crate::store::local::index::Lineage;
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
    /// `verify`, what the backup has is read again; damage there is repaired. Of `beside`, those
    /// that the data directory has are copied too.
    ///
    /// # Errors
    /// See [`BackupError`]; the previous backup is unchanged.
    pub fn finish(self, beside: &[Beside], verify: bool) -> Result<Saved, BackupError> {
        let target = &self.target;
        let dir = target.layout.dir();
        let brought = beside::read_all(&self.data_dir, beside)?;
        let new = Listed::open(&target.draft())?;
        let published = Listed::published(&target.layout)?;
        if let Some(kept) = &published {
            check_lineage(dir, kept.lineage, new.lineage)?;
        }
        let path = dir.join(DIGESTS);
        let failed = BackupError::digests(&path);
        let digests = open_digests(target, &path, published.is_some())?;
        if published.is_none() {
            check_unpublished(dir, &digests)?;
        }
        let known = new.ids();
        // Room for what comes: what runs left that did not finish, and nothing that was published.
        let mut kept = known.clone();
        kept.extend(published.iter().flat_map(Listed::ids));
        kept.sort_unstable();
        let mut removed = target.prune(&kept)?;
        let was_published = |blob: Blob| published.as_ref().is_some_and(|kept| kept.has(blob.id));
        let step = |blob: Blob| {
            Ok(match digests.get(blob.id).map_err(&failed)? {
                Some(digest) if verify && blob.is_there(&target.layout, digest) => Step::Keep,
                Some(_) if !verify && blob.has_length(&target.layout) => Step::Keep,
                // Its digest is lost: what is there is not replaced by anything else.
                None if was_published(blob) => Step::Copy(blob.digest_there(&target.layout)),
                known => Step::Copy(known),
            })
        };
        let blobs_dir = self.data_dir.join("blobs");
        let mut copied = transfer(&new.blobs, &blobs_dir, &target.layout, step, |blobs| {
            digests.record(blobs).map_err(&failed)
        })?;
        if !copied.damaged.is_empty() {
            return Err(BackupError::Damaged {
                files: new.name(std::mem::take(&mut copied.damaged), &blobs_dir),
                dir: self.data_dir,
            });
        }
        let there = |name: &str| beside::digest_there(dir, name);
        digests.announce(&brought, there).map_err(&failed)?;
        target.put_all(&brought)?;
        target.publish()?;
        removed += target.prune(&known)?;
        let settled = digests.settle(new.lineage.identity, &brought, &known, |name| {
            beside::is_there(dir, name)
        });
        settled.map_err(&failed)?;
        Ok(saved(new.files, &copied, removed))
    }
}

/// Opens the digests to write them. What is there passes its checksums, before anything in it is
/// repaired; once an index was published there are some.
fn open_digests(target: &Target, path: &Path, published: bool) -> Result<Digests, BackupError> {
    let (failed, dir) = (BackupError::digests(path), target.layout.dir());
    if let Err(error) = Digests::look(path) {
        let blobs = target.layout.count_blobs();
        if published || blobs.map_err(BackupError::broken(dir))? > 0 {
            return Err(BackupError::broken(dir)(failed(error)));
        }
        // There are none yet, or a full disk had no room for their file.
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(BackupError::write(path)(error));
            }
            _ => {}
        }
    }
    Digests::open(path).map_err(failed)
}

/// Refuses to replace a backup by one of other files, or of an earlier state.
fn check_lineage(dir: &Path, kept: Lineage, new: Lineage) -> Result<(), BackupError> {
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
