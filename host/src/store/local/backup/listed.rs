//! Which blobs an index refers to, and which files they are the bytes of.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::blobs::Blob;
use super::digests::Digests;
use super::error::BackupError;
use super::faulty::Faulty;
use crate::store::local::claim::check_format;
use crate::store::local::damage::Damage;
use crate::store::local::failure::failed;
use crate::store::local::id::Id;
use crate::store::local::index::{Index, Lineage, SMALL};
use crate::store::local::layout::{Layout, blob_name};

/// An index that passes its checksums, and what it refers to.
pub(super) struct Listed {
    index: Index,
    pub(super) lineage: Lineage,
    /// How many files there are.
    pub(super) files: u64,
    /// In order, and each once.
    pub(super) blobs: Vec<Blob>,
}

impl Listed {
    /// Opens an index that nobody changes.
    pub(super) fn open(path: &Path) -> Result<Listed, BackupError> {
        let dir = path.parent().unwrap_or(path);
        let unreadable = BackupError::unreadable(dir);
        let (index, is_whole) = Index::look(path).map_err(|error| unreadable(failed(error)))?;
        if !is_whole {
            return Err(BackupError::Index(path.to_path_buf()));
        }
        let lineage = index.lineage().map_err(&unreadable)?;
        let (mut files, mut blobs, mut fault) = (0, Vec::new(), None);
        let snapshot = index.snapshot().map_err(&unreadable)?;
        let listed = snapshot.each(|_, id, size| {
            files += 1;
            let in_index = match size {
                ..=SMALL => snapshot.content_length(id),
                _ => Ok(None),
            };
            match in_index {
                Ok(None) => blobs.push(Blob { id, size }),
                Ok(Some(_)) => {}
                Err(error) => fault = Some(error),
            }
        });
        listed.map_err(&unreadable)?;
        if let Some(error) = fault {
            return Err(unreadable(error));
        }
        blobs.sort_unstable();
        blobs.dedup();
        Ok(Listed {
            index,
            lineage,
            files,
            blobs,
        })
    }

    /// The index that was published in a backup, if one was.
    ///
    /// # Errors
    /// [`BackupError::Broken`] if there is anything but a whole one: what is missing or damaged
    /// was not always so, and what it refers to must stay. [`BackupError::Unreadable`] if the
    /// system refuses to read it.
    pub(super) fn published(layout: &Layout) -> Result<Option<Listed>, BackupError> {
        let (dir, path) = (layout.dir(), layout.index());
        match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => match check_format(dir)? {
                None => Ok(None),
                Some(_) => Err(BackupError::broken(dir)("its index is missing")),
            },
            Err(error) => Err(BackupError::unreadable(dir)(error.into())),
            Ok(about) if about.len() == 0 => Err(BackupError::broken(dir)("its index is empty")),
            Ok(_) => match Listed::open(&path) {
                Err(error) if !error.is_refusal() => Err(BackupError::broken(dir)(error)),
                listed => listed.map(Some),
            },
        }
    }

    /// The ids of all blobs, in order.
    pub(super) fn ids(&self) -> Vec<Id> {
        self.blobs.iter().map(|blob| blob.id).collect()
    }

    /// Whether it refers to this blob.
    pub(super) fn has(&self, id: Id) -> bool {
        self.blobs.binary_search_by_key(&id, |blob| blob.id).is_ok()
    }

    /// Names the files whose bytes are damaged or cannot be read.
    pub(super) fn name(&self, damaged: Vec<(Id, Damage)>, blobs: &Path) -> Faulty {
        let damaged: HashMap<Id, Damage> = damaged.into_iter().collect();
        let line = |what: &str, id: Id, damage: &Damage| {
            let path = blobs.join(blob_name(id));
            format!("{what} ({path}): {damage}", path = path.display())
        };
        let mut files = Faulty::default();
        let named = self.index.snapshot().and_then(|snapshot| {
            snapshot.each(|key, id, _| {
                if let Some(damage) = damaged.get(&id) {
                    let name = String::from_utf8_lossy(key);
                    files.add(damage, || line(&format!("the file {name:?}"), id, damage));
                }
            })
        });
        if named.is_err() {
            // Without names, the paths say enough.
            files = Faulty::default();
            for (id, damage) in &damaged {
                files.add(damage, || line("a file", *id, damage));
            }
        }
        files.complete()
    }
}

/// Refuses digests that say that an index was published where none is.
pub(super) fn check_unpublished(dir: &Path, digests: &Digests) -> Result<(), BackupError> {
    match digests.identity().map_err(BackupError::unreadable(dir))? {
        None => Ok(()),
        Some(_) => Err(BackupError::broken(dir)("its index is missing")),
    }
}
