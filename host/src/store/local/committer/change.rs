//! Changes of the index, and the answers to those who requested them.

mod uploads;

use tokio::sync::oneshot;

use crate::store::local::upload::Sealed;
use crate::store::{
    Amendment, Conditions, Copy, CopyError, Error, Guard, Info, Key, Refusal, Stored,
};

pub(in crate::store::local) use uploads::UploadChange;
pub(super) use uploads::UploadVerdict;

/// A change of the index, and where to send its outcome.
pub(in crate::store::local) enum Change {
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
    RemoveMany {
        keys: Vec<Key>,
        may_remove: Guard,
        reply: oneshot::Sender<Vec<Result<(), Error>>>,
    },
    Copy {
        copies: Vec<Copy>,
        reply: oneshot::Sender<Vec<Result<Stored, CopyError>>>,
    },
    Amend {
        key: Key,
        may_replace: Guard,
        conditions: Conditions,
        amendment: Amendment,
        reply: oneshot::Sender<Result<Info, Error>>,
    },
    Upload(UploadChange),
}

/// The outcome of a change inside the transaction.
pub(super) enum Verdict {
    Published(Result<Vec<Stored>, Refusal>),
    Removed(Result<(), Error>),
    RemovedMany(Vec<Result<(), Error>>),
    Copied(Vec<Result<Stored, CopyError>>),
    Amended(Result<Info, Error>),
    Upload(UploadVerdict),
}

impl Change {
    /// How many rows it changes at most.
    pub(super) fn rows(&self) -> usize {
        match self {
            Change::Publish { batch, .. } => batch.len(),
            Change::RemoveMany { keys, .. } => keys.len(),
            Change::Copy { copies, .. } => copies.len(),
            Change::Remove { .. } | Change::Amend { .. } | Change::Upload(_) => 1,
        }
    }

    /// The caller may have gone away meanwhile; the change stands.
    pub(super) fn answer(self, verdict: Verdict) {
        match (self, verdict) {
            (Change::Publish { batch, reply }, Verdict::Published(outcome)) => {
                if outcome.is_ok() {
                    batch.into_iter().for_each(|sealed| sealed.stage.publish());
                } else {
                    drop(batch);
                }
                let _ = reply.send(outcome);
            }
            (Change::Remove { reply, .. }, Verdict::Removed(outcome)) => {
                let _ = reply.send(outcome);
            }
            (Change::RemoveMany { reply, .. }, Verdict::RemovedMany(outcomes)) => {
                let _ = reply.send(outcomes);
            }
            (Change::Copy { reply, .. }, Verdict::Copied(outcomes)) => {
                let _ = reply.send(outcomes);
            }
            (Change::Amend { reply, .. }, Verdict::Amended(outcome)) => {
                let _ = reply.send(outcome);
            }
            (Change::Upload(change), Verdict::Upload(verdict)) => change.answer(verdict),
            (change, _) => change.fail(false, true),
        }
    }

    /// The transaction failed; the log has the cause.
    pub(super) fn fail(self, full: bool, in_doubt: bool) {
        let error = || failure(full);
        match self {
            Change::Publish { batch, reply } => {
                if in_doubt {
                    batch.into_iter().for_each(|sealed| sealed.stage.leave());
                }
                let _ = reply.send(Err(Refusal {
                    index: 0,
                    error: error(),
                }));
            }
            Change::Remove { reply, .. } => {
                let _ = reply.send(Err(error()));
            }
            Change::RemoveMany { keys, reply, .. } => {
                let _ = reply.send(keys.iter().map(|_| Err(error())).collect());
            }
            Change::Copy { copies, reply } => {
                let failed = copies.iter().map(|_| Err(CopyError::Target(error())));
                let _ = reply.send(failed.collect());
            }
            Change::Amend { reply, .. } => {
                let _ = reply.send(Err(error()));
            }
            Change::Upload(change) => change.fail(full, in_doubt),
        }
    }
}

fn failure(full: bool) -> Error {
    match full {
        true => Error::NoSpace,
        false => Error::Unavailable("the index could not be updated".into()),
    }
}
