//! `coffer backup` and `coffer restore`.

use std::path::Path;

use super::error::KeepError;
use super::socket::Host;
use crate::secrets::link_secret;
use crate::store::local::{Backup, BackupError, OpenError, Saved, Stopped, restore as restore_dir};

/// Files beside the index that belong to the files: without its secret, presigned URLs end.
const BESIDE: &[&str] = &[link_secret::FILE];

/// Makes or renews the backup of a data directory, also while a host serves from it.
///
/// # Errors
/// See [`KeepError`]: the backup that was there before is as it was.
pub fn backup(data_dir: &Path, to: &Path, verify: bool) -> Result<Saved, KeepError> {
    let backup = Backup::begin(data_dir, to)?;
    // Either holds back what else could change the blobs.
    let (host, _lock) = match Stopped::open(data_dir) {
        Ok(stopped) => {
            stopped.export(backup.draft()?).map_err(KeepError::Index)?;
            (None, Some(stopped))
        }
        Err(OpenError::InUse { .. }) => {
            let mut host = Host::ask(data_dir)?;
            host.export(&mut backup.draft()?)?;
            (Some(host), None)
        }
        Err(error) => return Err(error.into()),
    };
    match (backup.finish(BESIDE, verify), &host) {
        // What the host held back is removed when it ends.
        (Err(BackupError::Blob { .. }), Some(host)) if !host.is_there() => {
            Err(KeepError::HostEnded)
        }
        (saved, _) => Ok(saved?),
    }
}

/// Restores a backup into an empty or missing directory.
///
/// # Errors
/// See [`KeepError`]: the directory is not served before it is complete.
pub fn restore(from: &Path, data_dir: &Path) -> Result<Saved, KeepError> {
    Ok(restore_dir(from, data_dir, BESIDE)?)
}
