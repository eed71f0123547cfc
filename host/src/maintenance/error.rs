//! Why `coffer backup`, `restore` or `copy` failed, worded for operators.

use std::io;
use std::path::PathBuf;

use coffer_port::error::is_full;

use crate::process::log::FilterError;
use crate::settings::SettingsError;
use crate::store::local::{BackupError, OpenError, worded};
use crate::store::s3::SetupError;
use crate::store::{Error, causes};

/// Why a backup, a restore or a copy failed.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// A data directory, or a backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A data directory.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A process that has the data directory does not answer.
    #[error(
        "the data directory {dir} is in use by a process that cannot make a backup ({source}): \
         only `coffer serve` of this version can, once it has started",
        dir = dir.display()
    )]
    InUse {
        /// The data directory.
        dir: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// The host says why.
    #[error("the host cannot make a backup: {0}")]
    Refused(String),
    /// The host serves one backup at a time.
    #[error(
        "another backup of this data directory is being made: wait for it, or end the `coffer \
         backup` that makes it"
    )]
    Busy,
    /// Its digests would be those of whatever is in it by now.
    #[error(
        "{dir} is a backup itself: copy the directory with its files, or back up the data \
         directory that it is of",
        dir = .0.display()
    )]
    OfBackup(PathBuf),
    /// The host has another protocol.
    #[error("the running host is another version of coffer: run `coffer backup` of that version")]
    OtherVersion,
    /// The host is gone.
    #[error(
        "the host stopped during the backup: the previous backup is unchanged; run the command again"
    )]
    HostEnded,
    /// The index could not be written.
    #[error("cannot write the index of the backup: {}", worded(.0))]
    Draft(io::Error),
    /// The index could not be read or written.
    #[error("cannot write the index of the backup: {}", causes(.0))]
    Index(Error),
    /// The places of a copy.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A bucket.
    #[error(transparent)]
    S3(#[from] SetupError),
    /// The log.
    #[error(transparent)]
    Log(#[from] FilterError),
    /// A host uses the directory to copy from.
    #[error(
        "the data directory {dir} is in use: stop the host, or make a backup with `coffer backup` \
         and copy from that",
        dir = dir.display()
    )]
    SourceInUse {
        /// The data directory.
        dir: PathBuf,
    },
    /// The source's files cannot be listed.
    #[error("cannot list the files of --from: {}", causes(.0))]
    SourceList(Error),
    /// The target's files cannot be listed.
    #[error("cannot list the files of --to: {}", causes(.0))]
    TargetList(Error),
    /// What was copied cannot be recorded.
    #[error("the record of what was copied (--state), {file}: {}", told(source), file = file.display())]
    State {
        /// Its file.
        file: PathBuf,
        /// What happened.
        source: redb::Error,
    },
    /// Another process records there.
    #[error("another copy between these stores is running: {file} is in use", file = .0.display())]
    StateInUse(PathBuf),
    /// A store does not accept files, or is full.
    #[error("stopped: {0}; run the command again to resume")]
    Unusable(String),
    /// Most likely all would fail.
    #[error("stopped after too many failures; run the command again to resume")]
    TooManyFailed,
    /// A signal.
    #[error("interrupted; run the command again to resume")]
    Interrupted,
    /// Each of them has a line.
    #[error("{0} files were not copied")]
    Failed(u64),
    /// No threads could be started.
    #[error("the async runtime cannot be started: {0}")]
    NoRuntime(io::Error),
    /// The system refuses them.
    #[error("cannot install signal handlers: {0}")]
    NoSignals(io::Error),
}

fn told(error: &redb::Error) -> String {
    match error {
        redb::Error::Io(error) if is_full(error) => worded(error),
        error => format!("{error}: remove this file; files will then be compared again"),
    }
}
