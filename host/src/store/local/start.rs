//! Opens a data directory: to serve from it, which begins with what a crash may have left, or to
//! read it.

use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::SystemTime;

use tokio::sync::watch;

use super::claim::Claim;
use super::committer::Committer;
use super::index::{Compacted, Index};
use super::resumable::Turns;
use super::{LocalStore, Looked, OpenError, backup, format, sweep};

impl LocalStore {
    /// Opens a data directory, which is created if missing. Blocks; after a crash, for as
    /// long as it takes to read every file's name.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(dir: &Path) -> Result<LocalStore, OpenError> {
        let damaged = |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Damaged {
            path: dir.to_path_buf(),
            source,
        };
        let claim = Claim::take(dir)?;
        claim.check_index()?;
        let index = Index::open(claim.layout.index());
        let index = index.map_err(|e| damaged(format!("its index: {e}").into()))?;
        let changes = index.changes().map_err(|e| damaged(e.into()))?;
        claim.check_changes(changes)?;
        let Claim {
            layout,
            lock,
            fresh,
            older,
            clean,
            seen,
            ..
        } = claim;
        let loose = seen.unwrap_or_default().loose;
        if !clean {
            let found = sweep::look(&layout, &index).map_err(|e| damaged(e.into()))?;
            let orphans = found.orphans.len() as u64;
            if found.is_mostly_orphaned(loose) {
                return Err(OpenError::MostlyOrphaned {
                    blobs: layout.blobs().to_path_buf(),
                    orphans,
                    all: orphans.saturating_add(found.known),
                });
            }
            let moved = sweep::move_aside(&layout, &found.orphans);
            let moved = moved.map_err(|e| damaged(e.into()))?;
            let folder = layout.orphaned();
            tracing::info!(orphans, moved, folder = %folder.display(), "scanned for orphaned blobs");
        }
        sweep::clear(&layout, SystemTime::now());
        let begun = layout.begin(changes);
        begun.map_err(|source| OpenError::NotWritable {
            path: dir.to_path_buf(),
            source,
        })?;
        if fresh || older {
            format::write(dir).map_err(|e| damaged(e.into()))?;
        }
        match index.compact_in_place().map_err(|e| damaged(e.into()))? {
            Compacted::Done(before, after) => {
                tracing::info!(before, after, "compacted the index");
            }
            Compacted::Unneeded | Compacted::GivenUp => {}
        }
        layout.set_index_free(index.free());
        let (layout, index) = (Arc::new(layout), Arc::new(index));
        index.serve();
        let (changes, received) = mpsc::channel();
        let (over_sender, over) = watch::channel(());
        let turns = Arc::<Turns>::default();
        let committer = Committer {
            layout: layout.clone(),
            index: index.clone(),
            turns: turns.clone(),
            lock,
            over: over_sender,
        };
        thread::Builder::new()
            .name("coffer-index".into())
            .spawn(move || committer.run(&received))
            .map_err(|e| damaged(e.into()))?;
        Ok(LocalStore {
            layout,
            index,
            changes: Mutex::new(Some(changes)),
            over,
            turns,
            spares: Arc::default(),
            damaged: Arc::default(),
            looked: None,
        })
    }

    /// Opens a data directory that no process uses, or a backup, to read it: nothing in it
    /// changes. Blocks, for as long as it takes to read the index.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn look(dir: &Path) -> Result<LocalStore, OpenError> {
        let (claim, index) = backup::look(dir)?;
        let digests = backup::digests(&claim).map_err(|error| OpenError::Damaged {
            path: dir.to_path_buf(),
            source: error.into(),
        })?;
        let (_, over) = watch::channel(());
        Ok(LocalStore {
            layout: Arc::new(claim.layout),
            index: Arc::new(index),
            changes: Mutex::default(),
            over,
            turns: Arc::default(),
            spares: Arc::default(),
            damaged: Arc::default(),
            looked: Some(Looked {
                _lock: claim.lock,
                digests,
            }),
        })
    }
}
