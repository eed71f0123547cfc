//! Secrets that are created once and stored in a file that only its owner can read.

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A secret that cannot be read or stored.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}", path = path.display())]
pub struct SecretFileError {
    path: PathBuf,
    source: io::Error,
}

/// The bytes stored at `path`. If missing, `make` creates them, readable by this user only. If
/// two processes do so at the same time, both get the same bytes.
///
/// # Errors
/// [`SecretFileError`].
pub fn keep(path: &Path, make: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, SecretFileError> {
    let failed = |source| SecretFileError {
        path: path.to_owned(),
        source,
    };
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read.map_err(failed),
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut private = DirBuilder::new();
    private.recursive(true).mode(0o700);
    private.create(folder).map_err(failed)?;
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(&make()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    match file.persist_noclobber(path) {
        Err(lost) if lost.error.kind() != io::ErrorKind::AlreadyExists => Err(failed(lost.error)),
        _ => {
            std::fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(failed)?;
            std::fs::read(path).map_err(failed)
        }
    }
}

/// Warns if other users can access a directory that belongs to this program. Its mode is left
/// unchanged, since it may have been shared on purpose.
pub fn warn_of_others(directory: &Path) {
    let mode = directory
        .metadata()
        .map(|about| about.permissions().mode() & 0o777);
    if let Ok(mode) = mode
        && mode & 0o077 != 0
    {
        let directory = directory.display();
        tracing::warn!(
            "the data directory {directory} is accessible to other users (mode {mode:o}): protect \
             its files and secrets with `chmod 700 {directory}`"
        );
    }
}
