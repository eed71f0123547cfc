//! A directory that is being filled: blobs first, then the index that refers to them.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::blobs::{self, Blob};
use super::error::BackupError;
use crate::store::local::claim::{check_format, try_lock};
use crate::store::local::failure::failed;
use crate::store::local::format;
use crate::store::local::id::Id;
use crate::store::local::index::{Index, Lineage, SMALL};
use crate::store::local::layout::{BACKUP, Layout};
use crate::store::local::open_error::OpenError;
use crate::store::local::private::{make_dir, private_file, sync_dir};

/// What file systems put at their top by themselves.
const NOT_OURS: &str = "lost+found";

/// A directory that is being filled, locked.
pub(super) struct Target {
    pub(super) layout: Layout,
    _lock: File,
}

/// What a marker says to those who find it.
fn says(marker: &str) -> &'static str {
    match marker {
        BACKUP => "A backup, written by `coffer backup`. `coffer restore --from` restores it.\n",
        _ => "`coffer restore` has not finished here: repeat it.\n",
    }
}

impl Target {
    /// Creates or continues what the marker says, in an empty directory or one with that marker.
    pub(super) fn take(dir: &Path, marker: &str) -> Result<Target, BackupError> {
        let write_failed = BackupError::write(dir);
        make_dir(dir).map_err(|source| OpenError::CannotCreate {
            path: dir.to_path_buf(),
            source,
        })?;
        if !dir.join(marker).exists() {
            if !is_empty(dir).map_err(&write_failed)? {
                let wanted = match marker {
                    BACKUP => "a backup",
                    _ => "a restore that was interrupted",
                };
                let dir = dir.to_path_buf();
                return Err(BackupError::NotEmpty { dir, wanted });
            }
            // First of all, so that nothing takes the rest for a data directory.
            write(dir, marker, says(marker).as_bytes())?;
        }
        let lock = private_file(&dir.join("lock")).map_err(&write_failed)?;
        try_lock(&lock, dir)?;
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

    /// Which directory the index is from that is there, if there is one.
    pub(super) fn lineage(&self) -> Result<Option<Lineage>, BackupError> {
        let path = self.layout.index();
        if !path.exists() {
            return Ok(None);
        }
        let unreadable = BackupError::unreadable(self.layout.dir());
        let index = Index::glance(&path).map_err(|error| unreadable(failed(error)))?;
        index.lineage().map(Some).map_err(unreadable)
    }

    /// The draft takes effect: until now nothing has changed for a reader. Blobs and other files
    /// must be durable.
    pub(super) fn publish(&self) -> Result<(), BackupError> {
        let (dir, draft) = (self.layout.dir(), self.draft());
        let write = BackupError::write(&draft);
        File::open(&draft)
            .and_then(|file| file.sync_all())
            .map_err(&write)?;
        format::write(dir).map_err(BackupError::write(dir))?;
        fs::rename(&draft, self.layout.index()).map_err(&write)?;
        sync_dir(dir).map_err(BackupError::write(dir))
    }

    /// Removes blobs that are not among these, which are in order. Returns how many.
    pub(super) fn prune(&self, known: &[Id]) -> Result<u64, BackupError> {
        blobs::prune(&self.layout, known).map_err(BackupError::write(self.layout.blobs()))
    }

    /// Copies a small file that is beside the index, or removes it if there is none.
    pub(super) fn bring(&self, from: &Path, name: &str) -> Result<(), BackupError> {
        let dir = self.layout.dir();
        let read = match fs::read(from.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return match fs::remove_file(dir.join(name)) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        Err(BackupError::write(&dir.join(name))(error))
                    }
                    _ => Ok(()),
                };
            }
            read => {
                read.map_err(|error| BackupError::unreadable(&from.join(name))(error.into()))?
            }
        };
        write(dir, name, &read)
    }

    /// It is complete, and may be served.
    pub(super) fn release(&self, marker: &str) -> Result<(), BackupError> {
        let path = self.layout.dir().join(marker);
        let removed = fs::remove_file(&path).and_then(|()| sync_dir(self.layout.dir()));
        removed.map_err(BackupError::write(&path))
    }
}

/// Whether a directory has nothing of anybody's.
fn is_empty(dir: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(dir)? {
        if entry?.file_name() != NOT_OURS {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A small file, whole or not at all.
fn write(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
    let path = dir.join(name);
    let draft = path.with_extension("part");
    let written = (|| {
        let mut file = private_file(&draft)?;
        file.set_len(0)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        sync_dir(dir)
    })();
    written.map_err(BackupError::write(&path))
}

/// Opens an index that was copied, and lists the blobs that it refers to, in order and each once.
pub(super) fn blobs_of(path: &Path) -> Result<(Index, u64, Vec<Blob>), BackupError> {
    let dir = path.parent().unwrap_or(path);
    let unreadable = BackupError::unreadable(dir);
    let (index, is_whole) = Index::look(path).map_err(|error| unreadable(failed(error)))?;
    if !is_whole {
        return Err(BackupError::Index(path.to_path_buf()));
    }
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
    Ok((index, files, blobs))
}
