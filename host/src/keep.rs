//! Secrets that are made once and kept in a file of their owner's.

use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

/// The bytes kept at `path`; made by `make` and kept, readable by this user alone,
/// where there are none. Of two processes that do so at once, both get the same.
///
/// # Errors
/// One sentence that names the file.
pub fn secret(path: &Path, make: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        read => return read.map_err(failed),
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(&make()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    match file.persist_noclobber(path) {
        Err(lost) if lost.error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(failed(lost.error))
        }
        _ => {
            std::fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(failed)?;
            std::fs::read(path).map_err(failed)
        }
    }
}
