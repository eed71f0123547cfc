//! The only writer of the index. Changes that wait at the same time share a transaction,
//! and so the cost of syncing it (group commit).

mod change;
mod decide;

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use super::failure::failed;
use super::id::Id;
use super::index::{Compacted, Index, UpdateError};
use super::layout::Layout;
use super::resumable::Turns;
use super::sweep;
use crate::store::Error;
use change::Verdict;
use decide::Decisions;

pub(super) use change::{Change, UploadChange};

/// The most changes that share a transaction.
const GROUP: usize = 256;

/// How many rows are enough for a transaction: changes of many files must not add up, or
/// those behind them would wait for long.
const ROWS: usize = 1_000;

/// How long there must be no change before the store is tidied up.
const IDLE: Duration = Duration::from_secs(5);

/// How often it is tidied up again while nothing changes.
const TIDY: Duration = Duration::from_hours(1);

/// How often resumable uploads that have expired are removed.
const EXPIRY: Duration = Duration::from_secs(30);

/// How soon the rest of them are, if they are many.
const EXPIRY_OF_MANY: Duration = Duration::from_millis(100);

pub(super) struct Committer {
    pub(super) layout: Arc<Layout>,
    pub(super) index: Arc<Index>,
    pub(super) turns: Arc<Turns>,
    /// The lock on the directory.
    pub(super) lock: File,
    /// Closed when everything has ended.
    pub(super) over: watch::Sender<()>,
}

impl Committer {
    /// Runs until nothing is left that could request a change, neither the store nor an
    /// upload; then leaves the directory clean.
    pub(super) fn run(self, changes: &Receiver<Change>) {
        let (freed, waste) = mpsc::channel();
        let layout = self.layout.clone();
        let reaper = thread::spawn(move || waste.iter().for_each(|id| layout.release(id)));
        let mut latest = UNIX_EPOCH;
        let mut next = None;
        let (mut expire_at, mut tidy_at) = (Instant::now(), Instant::now() + IDLE);
        loop {
            if Instant::now() >= expire_at {
                let soon = self.has_expired();
                if soon {
                    let expire = Change::Upload(UploadChange::Expire);
                    self.commit(vec![expire], &freed, &mut latest);
                }
                expire_at = Instant::now() + if soon { EXPIRY_OF_MANY } else { EXPIRY };
            }
            let wait = tidy_at.min(expire_at);
            let wait = wait.saturating_duration_since(Instant::now());
            match next.take().map_or_else(|| changes.recv_timeout(wait), Ok) {
                Ok(first) => {
                    self.commit(gather(first, changes), &freed, &mut latest);
                    tidy_at = Instant::now() + IDLE;
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= tidy_at => {
                    next = self.tidy(changes);
                    let pause = if self.index.release() { IDLE } else { TIDY };
                    tidy_at = Instant::now() + pause;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        drop(freed);
        let reaped = reaper.join().is_ok();
        self.layout.release_all();
        if self.index.is_damaged() {
            self.layout.leave_litter();
        }
        if reaped && let Err(error) = self.layout.mark_clean() {
            tracing::warn!(%error, "cannot mark the shutdown as clean, the next start will scan for orphaned blobs");
        }
        self.index.close();
        drop(self.lock);
        drop(self.over);
    }

    /// Whether there are resumable uploads to be removed.
    fn has_expired(&self) -> bool {
        let snapshot = self.index.snapshot();
        let found = snapshot.and_then(|snapshot| snapshot.has_expired(SystemTime::now()));
        found.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot look for expired uploads");
            false
        })
    }

    /// Does maintenance that can wait until the store is idle. Returns a change that arrived
    /// meanwhile.
    fn tidy(&self, changes: &Receiver<Change>) -> Option<Change> {
        sweep::clear(&self.layout, SystemTime::now());
        let mut next = None;
        let compacted = self.index.compact_aside(|| match changes.try_recv() {
            Ok(change) => {
                next = Some(change);
                false
            }
            Err(error) => error == TryRecvError::Empty,
        });
        match compacted {
            Ok(Compacted::Done(before, after)) => {
                tracing::info!(before, after, "compacted the index");
            }
            Ok(Compacted::Unneeded | Compacted::GivenUp) => {}
            Err(error) => tracing::warn!(%error, "cannot compact the index"),
        }
        self.layout.set_index_free(self.index.free());
        next
    }

    fn commit(&self, group: Vec<Change>, freed: &Sender<Id>, latest: &mut SystemTime) {
        let mut verdicts = Vec::with_capacity(group.len());
        let (mut waste, mut ended) = (Vec::new(), Vec::new());
        let outcome = self.index.update(|draft| {
            let mut decisions = Decisions::new(draft, latest);
            for change in &group {
                verdicts.push(decisions.decide(change)?);
            }
            waste = decisions.freed;
            ended = decisions.ended;
            Ok(decisions.changed.then_some(()))
        });
        let outcome = match outcome {
            Ok(number) => Ok(number),
            Err(UpdateError::Refused(error)) => {
                self.index.recover(&error);
                Err((error, false))
            }
            Err(UpdateError::InDoubt(error, number)) => self.resolve(error, number),
        };
        match outcome {
            Ok(number) => {
                if let Some(number) = number {
                    self.note(number, &group, &verdicts, waste.len() + ended.len());
                }
                // If an upload has a turn, that removes the bytes.
                let ended = ended.into_iter();
                let ended = ended.filter(|(upload, blob)| !self.turns.end(*upload, *blob));
                waste.extend(ended.map(|(_, blob)| blob));
                for (change, verdict) in group.into_iter().zip(verdicts) {
                    change.answer(verdict);
                }
                // Readers that hold a replaced file open keep its bytes.
                for id in waste {
                    if freed.send(id).is_err() {
                        self.layout.leave_litter();
                    }
                }
            }
            Err((error, in_doubt)) => {
                tracing::error!(%error, "cannot commit to the index");
                if in_doubt {
                    self.layout.leave_litter();
                }
                let full = matches!(failed(error), Error::NoSpace);
                for change in group {
                    change.fail(full, in_doubt);
                }
            }
        }
    }

    /// Records that these changes were committed, before anyone is told.
    fn note(&self, number: u64, group: &[Change], verdicts: &[Verdict], replaced: usize) {
        let published = group.iter().zip(verdicts).filter_map(|pair| match pair {
            (Change::Publish { batch, .. }, Verdict::Published(Ok(_))) => Some(batch),
            _ => None,
        });
        let files = published
            .flatten()
            .filter(|sealed| sealed.stage.is_on_disk());
        let (files, replaced) = (files.count() as u64, replaced as u64);
        self.layout
            .change_count()
            .committed(number, files, replaced);
        self.layout.set_index_free(self.index.free());
    }

    /// Reads the index back to find out whether the commit of this number, which failed,
    /// took effect. If not, returns the failure, and whether that is uncertain.
    fn resolve(&self, error: redb::Error, number: u64) -> Result<Option<u64>, (redb::Error, bool)> {
        if !self.index.recover(&error) {
            return Err((error, true));
        }
        match self.index.changes() {
            Ok(latest) if latest == number => Ok(Some(number)),
            Ok(_) => Err((error, false)),
            Err(_) => Err((error, true)),
        }
    }
}

/// The changes that are waiting, as far as they may share a transaction.
fn gather(first: Change, changes: &Receiver<Change>) -> Vec<Change> {
    let mut rows = first.rows();
    let mut group = vec![first];
    while group.len() < GROUP && rows < ROWS {
        let Ok(change) = changes.try_recv() else {
            break;
        };
        rows = rows.saturating_add(change.rows());
        group.push(change);
    }
    group
}
