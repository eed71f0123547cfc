//! Files and folders that only this user may access, and how they are synced.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Opens a file for reading and writing that only this user may read; creates it if
/// missing.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

pub(super) fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Writes a small file that replaces the one before, whole or not at all; it is durable when this
/// returns. Until then it has `draft` as its extension.
pub(super) fn replace(path: &Path, draft: &str, bytes: &[u8]) -> io::Result<File> {
    let draft = path.with_extension(draft);
    let replaced = (|| {
        let mut file = private_file(&draft)?;
        file.set_len(0)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        if let Some(folder) = path.parent() {
            sync_dir(folder)?;
        }
        Ok(file)
    })();
    if replaced.is_err() {
        // Else nothing tells it from a file of somebody else.
        let _ = fs::remove_file(&draft);
    }
    replaced
}
