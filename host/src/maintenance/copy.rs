//! `coffer copy`: from one store to another, over what every engine promises.
//!
//! A file is copied whole or not at all, under the condition that the target still has what it had.
//! Repeating goes on where the last run ended: a [`ledger`] beside the stores records which version
//! became which. Without it files are compared by their bytes.

mod ends;
mod failure;
mod file;
mod ledger;
mod walk;

use std::io;
use std::pin::pin;
use std::sync::Arc;

use futures_util::StreamExt;
use tokio::signal::unix::{SignalKind, signal};

use super::error::MaintenanceError;
use crate::process::log::{self, Format};
use crate::settings::Copy;
use crate::store::{BlobStore, Key};
use failure::FileError;
use file::{Copier, Done};
use ledger::Ledger;

/// After how many files that failed the rest is not tried. Damage to files of the source does not
/// count: it says nothing about others.
const MOST_FAILED: u64 = 100;

/// What became of the files.
#[derive(Debug, Default)]
pub struct CopyOutcome {
    /// How many were copied.
    pub copied: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many were there already.
    pub unchanged: u64,
    /// How many were removed from the source while it was read.
    pub gone: u64,
    /// How many failed, each with a line.
    pub failed: u64,
    /// How many of those are damaged at the source.
    pub damaged: u64,
    /// Why the rest was not tried.
    pub stopped: Option<MaintenanceError>,
}

/// Copies all files; reports each that fails in one line.
///
/// # Errors
/// See [`MaintenanceError`]: why nothing was copied. What ends a copy later is in the outcome.
pub fn copy(asked: &Copy, say: impl FnMut(String)) -> Result<CopyOutcome, MaintenanceError> {
    let (from, to) = asked.checked()?;
    let _log = log::start("warn", Format::Text, None)?;
    let runtime = tokio::runtime::Runtime::new().map_err(MaintenanceError::NoRuntime)?;
    runtime.block_on(async {
        let (source, known_by) = ends::source(from).await?;
        let target = ends::target(to).await?;
        let ledger = Ledger::open(asked.state.as_deref(), [known_by, target.describe().place])?;
        let copier = Copier {
            source: Arc::clone(&source),
            target: Arc::clone(&target),
            ledger,
            replace: asked.replace,
            read_back: !asked.no_read_back,
        };
        let outcome = run(&copier, asked.parallel as usize, say).await;
        source.close().await;
        // Waits for the cleanup of what was not copied to the end.
        target.close().await;
        outcome
    })
}

async fn run(
    copier: &Copier,
    parallel: usize,
    mut say: impl FnMut(String),
) -> Result<CopyOutcome, MaintenanceError> {
    let mut outcome = CopyOutcome::default();
    let mut stop = pin!(stop().map_err(MaintenanceError::NoSignals)?);
    let pairs = walk::pairs(&copier.source, &copier.target);
    let files = pairs.map(|pair| async move {
        let (listed, there) = pair?;
        let key = listed.key.clone();
        Ok((key, copier.copy(listed, there).await))
    });
    let mut files = pin!(files.buffer_unordered(parallel));
    while outcome.stopped.is_none() {
        tokio::select! {
            () = &mut stop => outcome.stopped = Some(MaintenanceError::Interrupted),
            next = files.next() => match next {
                None => break,
                Some(Ok((key, done))) => count(&mut outcome, &key, done, &mut say),
                Some(Err(error)) => outcome.stopped = Some(error),
            },
        }
    }
    copier.ledger.flush()?;
    Ok(outcome)
}

fn count(
    outcome: &mut CopyOutcome,
    key: &Key,
    done: Result<Done, FileError>,
    say: &mut impl FnMut(String),
) {
    match done {
        Ok(Done::Copied { bytes }) => {
            outcome.copied += 1;
            outcome.bytes += bytes;
        }
        Ok(Done::Unchanged) => outcome.unchanged += 1,
        Ok(Done::Gone) => outcome.gone += 1,
        Err(error) => {
            outcome.failed += 1;
            outcome.damaged += u64::from(error.is_damage());
            say(format!("{:?}: {error}", key.as_str()));
            if error.is_fatal() {
                outcome.stopped = Some(MaintenanceError::Unusable(error.to_string()));
            } else if outcome.failed - outcome.damaged >= MOST_FAILED {
                outcome.stopped = Some(MaintenanceError::TooManyFailed);
            }
        }
    }
}

/// Resolves when somebody ends the program.
fn stop() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// The stores as their users see them.
type Store = Arc<dyn BlobStore>;
