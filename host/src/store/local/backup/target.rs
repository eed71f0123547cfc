//! A directory that is being filled: blobs first, then the index that refers to them.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::beside::Brought;
use super::blobs;
use super::error::BackupError;
use super::marker::{is_marked, says};
use crate::store::local::claim::{check_format, try_lock};
use crate::store::local::format;
use crate::store::local::id::Id;
use crate::store::local::layout::{BACKUP, Layout};
use crate::store::local::open_error::OpenError;
use crate::store::local::private::{make_dir, private_file, replace, sync_dir};

/// What file systems put at their top by themselves.
const NOT_OURS: &str = "lost+found";
/// The file that is locked.
const LOCK: &str = "lock";
/// The extension of a small file that is not whole yet.
const DRAFT: &str = "part";

/// A directory that is being filled, locked.
pub(super) struct Target {
    pub(super) layout: Layout,
    _lock: File,
}

impl Target {
    /// Creates or continues what the marker says, in an empty directory or one with that marker.
    pub(super) fn take(dir: &Path, marker: &str) -> Result<Target, BackupError> {
        let write_failed = BackupError::write(dir);
        make_dir(dir).map_err(|source| OpenError::CannotCreate {
            path: dir.to_path_buf(),
            source,
        })?;
        // Before anything is created in a directory of somebody else.
        check_ours(dir, marker)?;
        let lock = private_file(&dir.join(LOCK)).map_err(&write_failed)?;
        try_lock(&lock, dir)?;
        // Another process may have had it meanwhile.
        if !check_ours(dir, marker)? {
            // First of all, so that nothing takes the rest for a data directory.
            put(dir, marker, says(marker).as_bytes())?;
        }
        check_format(dir)?;
        let (layout, _) = Layout::fill(dir).map_err(&write_failed)?;
        Ok(Target {
            layout,
            _lock: lock,
        })
    }

    /// Where the next index is written.
    pub(super) fn draft(&self) -> PathBuf {
        self.layout.index().with_extension("new")
    }

    /// The same, empty.
    pub(super) fn new_draft(&self) -> Result<File, BackupError> {
        let path = self.draft();
        let file = private_file(&path).map_err(BackupError::write(&path))?;
        file.set_len(0).map_err(BackupError::write(&path))?;
        Ok(file)
    }

    /// The draft takes effect: until now nothing has changed for a reader. The content of blobs
    /// and other files must be durable.
    pub(super) fn publish(&self) -> Result<(), BackupError> {
        let (dir, draft) = (self.layout.dir(), self.draft());
        for folder in 0..=u8::MAX {
            let path = self.layout.folder(folder);
            let synced = self.layout.sync_folder(folder);
            synced.map_err(BackupError::write(&path))?;
        }
        let write = BackupError::write(&draft);
        File::open(&draft)
            .and_then(|file| file.sync_all())
            .map_err(&write)?;
        // The first time it comes last: with a format, a missing index is a lost one. Later it
        // comes before an index that may need it.
        let has_format = check_format(dir)?.is_some();
        if has_format {
            format::write(dir).map_err(BackupError::write(dir))?;
        }
        fs::rename(&draft, self.layout.index()).map_err(&write)?;
        sync_dir(dir).map_err(BackupError::write(dir))?;
        if !has_format {
            format::write(dir).map_err(BackupError::write(dir))?;
        }
        Ok(())
    }

    /// Removes blobs that are not among these, which are in order. Returns how many.
    pub(super) fn prune(&self, known: &[Id]) -> Result<u64, BackupError> {
        blobs::prune(&self.layout, known).map_err(BackupError::write(self.layout.blobs()))
    }

    /// Writes small files beside the index.
    pub(super) fn put_all(&self, files: &[Brought]) -> Result<(), BackupError> {
        let dir = self.layout.dir();
        files
            .iter()
            .try_for_each(|file| put(dir, file.name, &file.bytes))
    }

    /// Removes small files beside the index, if they are there.
    pub(super) fn remove_all<'a>(
        &self,
        mut names: impl Iterator<Item = &'a str>,
    ) -> Result<(), BackupError> {
        names.try_for_each(|name| {
            let path = self.layout.dir().join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    Err(BackupError::write(&path)(error))
                }
                _ => Ok(()),
            }
        })
    }

    /// It is complete, and may be served.
    pub(super) fn release(&self, marker: &str) -> Result<(), BackupError> {
        let path = self.layout.dir().join(marker);
        let removed = fs::remove_file(&path).and_then(|()| sync_dir(self.layout.dir()));
        removed.map_err(BackupError::write(&path))
    }
}

/// Whether a directory has this marker.
///
/// # Errors
/// [`BackupError::NotEmpty`] if it has something else.
fn check_ours(dir: &Path, marker: &str) -> Result<bool, BackupError> {
    let not_empty = || {
        let wanted = match marker {
            BACKUP => "a backup",
            _ => "an interrupted restore",
        };
        let dir = dir.to_path_buf();
        BackupError::NotEmpty { dir, wanted }
    };
    match is_marked(dir, marker) {
        Ok(true) => return Ok(true),
        Ok(false) => {}
        Err(error) if error.kind() == ErrorKind::InvalidData => return Err(not_empty()),
        Err(error) => return Err(BackupError::write(dir)(error)),
    }
    match is_empty(dir, marker).map_err(BackupError::write(dir))? {
        true => Ok(false),
        false => Err(not_empty()),
    }
}

/// Whether a directory has nothing of anybody's. What comes before the marker does not count: it
/// is left of a command that was killed then.
fn is_empty(dir: &Path, marker: &str) -> io::Result<bool> {
    let draft = format!("{marker}.{DRAFT}");
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if name != NOT_OURS && name != LOCK && name != draft.as_str() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes a small file, whole or not at all.
fn put(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
    let path = dir.join(name);
    replace(&path, DRAFT, bytes).map_err(BackupError::write(&path))?;
    Ok(())
}
