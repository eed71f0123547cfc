//! `coffer backup` and `coffer restore`.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::error::MaintenanceError;
use super::socket::Host;
use crate::secrets::link_secret;
use crate::store::local::{
    Backup, BackupError, Beside, OpenError, Saved, Stopped, restore as restore_dir,
};

/// Files beside the index that belong to the files: without its secret, presigned URLs end.
const BESIDE: &[Beside] = &[Beside {
    name: link_secret::FILE,
    check: |bytes, file| {
        link_secret::of_kept(bytes, file)?;
        Ok(())
    },
}];

/// For how long another process may have the directory: a host that starts, or a backup that has
/// just ended.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// Where the index of the moment comes from. Either holds back what else could change the blobs.
enum Source {
    Stopped(Stopped),
    Host(Host),
}

/// Makes or renews the backup of a data directory, also while a host serves from it.
///
/// # Errors
/// See [`MaintenanceError`]: the backup that was there before is as it was.
pub fn backup(data_dir: &Path, to: &Path, verify: bool) -> Result<Saved, MaintenanceError> {
    let backup = Backup::begin(data_dir, to)?;
    let mut source = find_source(data_dir)?;
    match &mut source {
        Source::Stopped(stopped) => stopped
            .export(backup.draft()?)
            .map_err(MaintenanceError::Index)?,
        Source::Host(host) => host.export(&mut backup.draft()?)?,
    }
    match (backup.finish(BESIDE, verify), &source) {
        // What the host held back is removed when it ends.
        (Err(BackupError::Damaged { .. }), Source::Host(host)) if !host.is_there() => {
            Err(MaintenanceError::HostEnded)
        }
        (saved, _) => Ok(saved?),
    }
}

/// Locks the directory, or asks the host that has it.
fn find_source(data_dir: &Path) -> Result<Source, MaintenanceError> {
    if let Some(stopped) = stopped(data_dir)? {
        return Ok(stopped);
    }
    // A host that restarts needs the lock: it is asked first, for as long as there may be one.
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Host::ask(data_dir) {
            Err(MaintenanceError::InUse { .. } | MaintenanceError::Busy)
                if Instant::now() < deadline =>
            {
                thread::sleep(PAUSE);
            }
            Err(error @ MaintenanceError::InUse { .. }) => return stopped(data_dir)?.ok_or(error),
            asked => return asked.map(Source::Host),
        }
    }
}

/// Locks the directory, unless another process has it.
fn stopped(data_dir: &Path) -> Result<Option<Source>, MaintenanceError> {
    match Stopped::open(data_dir) {
        Ok(stopped) => Ok(Some(Source::Stopped(stopped))),
        Err(OpenError::InUse { .. }) => Ok(None),
        Err(OpenError::Backup { path }) => Err(MaintenanceError::OfBackup(path)),
        Err(error) => Err(error.into()),
    }
}

/// Restores a backup into an empty or missing directory.
///
/// # Errors
/// See [`MaintenanceError`]: the directory is not served before it is complete.
pub fn restore(from: &Path, data_dir: &Path) -> Result<Saved, MaintenanceError> {
    Ok(restore_dir(from, data_dir, BESIDE)?)
}

/// Which of the files beside the index a directory does not have.
pub fn lacking(data_dir: &Path) -> impl Iterator<Item = &'static str> {
    let names = BESIDE.iter().map(|file| file.name);
    names.filter(|name| !data_dir.join(name).exists())
}
