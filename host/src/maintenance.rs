//! Maintenance: backups of the local engine, and copies from one store to another.
//!
//! | module | its job |
//! |---|---|
//! | [`backup`] | `coffer backup` and `coffer restore` |
//! | [`socket`] | how a backup gets the index of one moment from a host that serves |
//! | [`copy`] | `coffer copy`: between directories and buckets |

mod backup;
mod copy;
mod error;
mod socket;

use bytesize::ByteSize;

use crate::process::output;
use crate::settings;
use crate::store::local::Saved;
use copy::CopyOutcome;

pub use error::MaintenanceError;
pub use socket::offer;

/// `coffer backup`: prints what was saved.
///
/// # Errors
/// See [`MaintenanceError`].
pub fn run_backup(asked: &settings::Backup) -> Result<(), MaintenanceError> {
    let saved =
        backup::backup(&asked.data_dir, &asked.to, asked.verify).inspect_err(say_damaged)?;
    let (what, to) = (told(&saved), asked.to.display());
    output::tell(format_args!(
        "backed up {what}, {} removed: {to}",
        saved.removed
    ));
    Ok(())
}

/// `coffer restore`: prints what was restored.
///
/// # Errors
/// See [`MaintenanceError`].
pub fn run_restore(asked: &settings::Restore) -> Result<(), MaintenanceError> {
    let saved = backup::restore(&asked.from, &asked.data_dir).inspect_err(say_damaged)?;
    let (what, to) = (told(&saved), asked.data_dir.display());
    output::tell(format_args!("restored {what}: {to}"));
    for name in backup::lacking(&asked.data_dir) {
        complain(&format!(
            "the backup has no {name}: existing presigned URLs stop working unless you pass the old \
             secret with --link-secret-file"
        ));
    }
    Ok(())
}

/// `coffer copy`: prints what was copied.
///
/// # Errors
/// See [`MaintenanceError`]: also if any file failed.
pub fn run_copy(asked: &settings::Copy) -> Result<(), MaintenanceError> {
    let CopyOutcome {
        copied,
        bytes,
        unchanged,
        gone,
        failed,
        stopped,
        ..
    } = copy::copy(asked, |line| complain(&line))?;
    let bytes = ByteSize::b(bytes);
    output::tell(format_args!(
        "copied {copied} files ({bytes}), {unchanged} unchanged, {gone} gone, {failed} failed"
    ));
    match stopped {
        Some(error) => Err(error),
        None if failed > 0 => Err(MaintenanceError::Failed(failed)),
        None => Ok(()),
    }
}

fn told(saved: &Saved) -> String {
    let Saved {
        files,
        copied,
        bytes,
        unchanged,
        ..
    } = saved;
    let bytes = ByteSize::b(*bytes);
    format!("{files} files; blobs: {copied} copied ({bytes}), {unchanged} unchanged")
}

/// Names each damaged file in one line.
fn say_damaged(error: &MaintenanceError) {
    if let MaintenanceError::Backup(error) = error {
        error.damaged_files().iter().for_each(|line| complain(line));
    }
}

/// A line on stderr.
fn complain(line: &str) {
    eprintln!("coffer: {line}");
}
