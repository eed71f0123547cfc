//! Copies blobs from one data directory to another, and digests them on the way.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, fadvise};
use sha2::{Digest as _, Sha256};

use super::digests::Digest;
use super::error::BackupError;
use crate::store::local::damage::Damage;
use crate::store::local::id::Id;
use crate::store::local::layout::{Layout, blob_name};
use crate::store::local::private::private_file;

/// How many bytes are in memory for each file that is being copied.
const CHUNK: usize = 256 << 10;

/// Why a blob was not copied.
pub(super) enum Fault {
    /// It is not what it was.
    Damage(Damage),
    /// Others would fail too.
    Failed(BackupError),
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Fault {
        Fault::Damage(damage)
    }
}

impl From<BackupError> for Fault {
    fn from(error: BackupError) -> Fault {
        Fault::Failed(error)
    }
}

/// Bytes of a version, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Blob {
    pub(super) id: Id,
    pub(super) size: u64,
}

impl Blob {
    /// Copies it. It appears under its name when all of it is durable.
    ///
    /// # Errors
    /// [`Fault::Damage`] if it is not whole, or not what was `expected`;
    /// [`BackupError::Write`].
    pub(super) fn copy(
        self,
        from: &Path,
        to: &Layout,
        expected: Option<Digest>,
    ) -> Result<Digest, Fault> {
        let blob = to.blob(self.id);
        let draft = draft(&blob);
        let copied = self.write(from, &draft, expected).and_then(|digest| {
            fs::rename(&draft, &blob).map_err(BackupError::write(&blob))?;
            Ok(digest)
        });
        if copied.is_err() {
            // It may take the room that somebody needs to act.
            let _ = fs::remove_file(&draft);
        }
        copied
    }

    fn write(self, from: &Path, draft: &Path, expected: Option<Digest>) -> Result<Digest, Fault> {
        let failed = BackupError::write(draft);
        let mut to = private_file(draft).map_err(&failed)?;
        to.set_len(0).map_err(&failed)?;
        let digest = self.digest(from, expected, |bytes| {
            Ok(to.write_all(bytes).map_err(&failed)?)
        })?;
        to.sync_all().map_err(&failed)?;
        // The page cache is for those who read files. It is a hint.
        let _ = fadvise(&to, 0, None, Advice::DontNeed);
        Ok(digest)
    }

    /// Whether the bytes that are there are whole and have this digest.
    pub(super) fn is_there(self, layout: &Layout, digest: Digest) -> bool {
        let dir = layout.blobs();
        self.digest(dir, Some(digest), |_| Ok(())).is_ok()
    }

    /// The digest of the bytes that are there, if they are as many as there should be.
    pub(super) fn digest_there(self, layout: &Layout) -> Option<Digest> {
        self.digest(layout.blobs(), None, |_| Ok(())).ok()
    }

    /// Whether there are as many bytes as there should be.
    pub(super) fn has_length(self, layout: &Layout) -> bool {
        fs::metadata(layout.blob(self.id)).is_ok_and(|about| about.len() == self.size)
    }

    /// Reads all of it.
    fn digest(
        self,
        dir: &Path,
        expected: Option<Digest>,
        mut each: impl FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<Digest, Fault> {
        let unreadable = |error: io::Error| match error.kind() {
            ErrorKind::NotFound => Fault::Damage(Damage::Missing),
            _ => Fault::Damage(Damage::Unreadable(error.to_string())),
        };
        let mut file = File::open(dir.join(blob_name(self.id))).map_err(unreadable)?;
        let _ = fadvise(&file, 0, None, Advice::Sequential);
        let mut hash = Sha256::new();
        let length = pour(&mut file, unreadable, |bytes| {
            hash.update(bytes);
            each(bytes)
        })?;
        if length != self.size {
            let (found, size) = (length, self.size);
            return Err(Damage::Length { found, size }.into());
        }
        let digest = hash.finalize().into();
        match expected {
            Some(expected) if expected != digest => Err(Damage::Digest.into()),
            _ => Ok(digest),
        }
    }
}

/// Calls `each` with all bytes, piece by piece. Returns how many.
pub(super) fn pour<E>(
    from: &mut impl Read,
    unreadable: impl Fn(io::Error) -> E,
    mut each: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    let mut buffer = vec![0; CHUNK];
    let mut length = 0_u64;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => return Ok(length),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        let bytes = buffer.get(..read).unwrap_or_default();
        length = length.saturating_add(bytes.len() as u64);
        each(bytes)?;
    }
}

/// What a blob is called until it is durable. It is not an id, so nothing takes it for a blob.
fn draft(blob: &Path) -> PathBuf {
    blob.with_extension("part")
}

/// Removes every blob that is not among these, which are in order, and what an interruption
/// left of others. Returns how many blobs.
pub(super) fn prune(layout: &Layout, known: &[Id]) -> io::Result<u64> {
    let mut removed = 0;
    for folder in 0..=u8::MAX {
        for entry in fs::read_dir(layout.folder(folder))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            match name.and_then(Id::parse) {
                Some(id) if known.binary_search(&id).is_err() => {
                    fs::remove_file(&path)?;
                    removed += 1;
                }
                None if path.extension().is_some_and(|end| end == "part") => {
                    fs::remove_file(&path)?;
                }
                _ => {}
            }
        }
    }
    Ok(removed)
}
