//! The only writer of the index. Changes that wait at the same time share a transaction,
//! and so the cost of syncing it (group commit).

use std::fs::File;
use std::iter;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{oneshot, watch};

use super::failure::failed;
use super::id::Id;
use super::index::{Compacted, Draft, Index, UpdateError};
use super::layout::Layout;
use super::sweep;
use super::upload::Sealed;
use crate::store::{Conditions, Error, Guard, Info, Key, Refusal, Stored, check_remove};

/// The most changes that share a transaction.
const GROUP: usize = 256;

/// How long there must be no change before the store is tidied up.
const IDLE: Duration = Duration::from_secs(5);

/// How often it is tidied up again while nothing changes.
const TIDY: Duration = Duration::from_hours(1);

/// A change of the index, and where to send its outcome.
pub(super) enum Change {
    Publish {
        batch: Vec<Sealed>,
        reply: oneshot::Sender<Result<Vec<Stored>, Refusal>>,
    },
    Remove {
        key: Key,
        may_remove: Guard,
        conditions: Conditions,
        reply: oneshot::Sender<Result<(), Error>>,
    },
}

/// The outcome of a change inside the transaction.
enum Verdict {
    Published(Vec<Stored>),
    Refused(Refusal),
    Removed,
    NotRemoved(Error),
}

pub(super) struct Committer {
    pub(super) layout: Arc<Layout>,
    pub(super) index: Arc<Index>,
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
        let reaper = thread::spawn(move || waste.iter().for_each(|id| layout.unlink(id)));
        let mut latest = UNIX_EPOCH;
        let (mut idle, mut next) = (IDLE, None);
        loop {
            let first = match next.take().map_or_else(|| changes.recv_timeout(idle), Ok) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    next = self.tidy(changes);
                    idle = if self.index.release() { IDLE } else { TIDY };
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let group = iter::once(first).chain(changes.try_iter()).take(GROUP);
            self.commit(group.collect(), &freed, &mut latest);
            idle = IDLE;
        }
        drop(freed);
        let reaped = reaper.join().is_ok();
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
        let mut replaced = Vec::new();
        let outcome = self.index.update(|draft| {
            let mut changed = None;
            for change in &group {
                let verdict = decide(draft, change, latest, &mut replaced, &mut changed)?;
                verdicts.push(verdict);
            }
            Ok(changed)
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
                    self.note(number, &group, &verdicts, replaced.len());
                }
                for (change, verdict) in group.into_iter().zip(verdicts) {
                    change.answer(verdict);
                }
                // Readers that hold a replaced file open keep its bytes.
                for id in replaced {
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
            (Change::Publish { batch, .. }, Verdict::Published(_)) => Some(batch),
            _ => None,
        });
        let files = published
            .flatten()
            .filter(|sealed| sealed.stage.is_on_disk());
        let (files, replaced) = (files.count() as u64, replaced as u64);
        self.layout.progress().committed(number, files, replaced);
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

fn decide(
    draft: &mut Draft<'_>,
    change: &Change,
    latest: &mut SystemTime,
    replaced: &mut Vec<Id>,
    changed: &mut Option<()>,
) -> Result<Verdict, redb::Error> {
    match change {
        Change::Publish { batch, .. } => {
            let mut currents = Vec::with_capacity(batch.len());
            for (index, sealed) in batch.iter().enumerate() {
                let current = draft.get(&sealed.key)?;
                if let Err(error) = sealed.options.check(current.as_ref()) {
                    return Ok(Verdict::Refused(Refusal { index, error }));
                }
                currents.push(current);
            }
            let mut stored = Vec::with_capacity(batch.len());
            for (sealed, current) in batch.iter().zip(currents) {
                // The clock may be set back, but versions never get an earlier time.
                let before = current.map_or(UNIX_EPOCH, |info| info.modified);
                *latest = SystemTime::now().max(*latest).max(before);
                let info = sealed.info(*latest);
                let content = sealed.content.as_ref();
                let (was_there, waste) = draft.insert(sealed.stage.id(), &info, content)?;
                stored.push(Stored {
                    info,
                    replaced: was_there,
                });
                replaced.extend(waste);
                *changed = Some(());
            }
            Ok(Verdict::Published(stored))
        }
        Change::Remove {
            key,
            may_remove,
            conditions,
            ..
        } => {
            let current = draft.get(key)?;
            if let Err(error) = check_remove(current.as_ref(), may_remove, conditions) {
                return Ok(Verdict::NotRemoved(error));
            }
            replaced.extend(draft.remove(key)?);
            *changed = Some(());
            Ok(Verdict::Removed)
        }
    }
}

impl Sealed {
    fn info(&self, modified: SystemTime) -> Info {
        Info {
            key: self.key.clone(),
            size: self.size,
            etag: self.stage.id().etag(),
            modified,
            content_type: self.options.content_type.clone(),
            uploader: self.options.uploader.clone(),
            metadata: self.options.metadata.clone(),
        }
    }
}

impl Change {
    /// The caller may have gone away meanwhile; the change stands.
    fn answer(self, verdict: Verdict) {
        match (self, verdict) {
            (Change::Publish { batch, reply }, Verdict::Published(stored)) => {
                for sealed in batch {
                    sealed.stage.publish();
                }
                let _ = reply.send(Ok(stored));
            }
            (Change::Publish { batch, reply }, Verdict::Refused(refusal)) => {
                drop(batch);
                let _ = reply.send(Err(refusal));
            }
            (Change::Remove { reply, .. }, Verdict::Removed) => {
                let _ = reply.send(Ok(()));
            }
            (Change::Remove { reply, .. }, Verdict::NotRemoved(error)) => {
                let _ = reply.send(Err(error));
            }
            (change, _) => change.fail(false, true),
        }
    }

    /// The transaction failed; the log has the cause.
    fn fail(self, full: bool, in_doubt: bool) {
        let error = if full {
            Error::NoSpace
        } else {
            Error::Unavailable("the index could not be updated".into())
        };
        match self {
            Change::Publish { batch, reply } => {
                if in_doubt {
                    batch.into_iter().for_each(|sealed| sealed.stage.leave());
                }
                let _ = reply.send(Err(Refusal { index: 0, error }));
            }
            Change::Remove { reply, .. } => {
                let _ = reply.send(Err(error));
            }
        }
    }
}
