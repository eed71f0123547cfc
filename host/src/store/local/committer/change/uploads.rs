//! Changes of resumable uploads, and the answers to those who requested them.

use coffer_port::resumable::{BeginOptions, Terms};
use tokio::sync::oneshot;

use super::failure;
use crate::store::local::id::Id;
use crate::store::local::index::Reached;
use crate::store::local::resumable::SealedTurn;
use crate::store::{Error, Key, Stored};

/// A change of a resumable upload, and where to send its outcome.
pub(in crate::store::local) enum UploadChange {
    Begin {
        upload: Id,
        key: Key,
        options: Box<BeginOptions>,
        reached: Reached,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    Suspend {
        turn: SealedTurn,
        length: Option<u64>,
        reply: oneshot::Sender<Result<u64, Error>>,
    },
    Finish {
        turn: SealedTurn,
        terms: Terms,
        reply: oneshot::Sender<Result<Stored, Error>>,
    },
    Discard {
        upload: Id,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Removes those that have expired. Nobody waits for it.
    Expire,
}

/// The outcome of such a change inside the transaction.
pub(in crate::store::local::committer) enum UploadVerdict {
    Begun(Result<(), Error>),
    Suspended(Result<u64, Error>),
    Finished(Result<Stored, Error>),
    Discarded(Result<(), Error>),
    Expired,
}

impl UploadChange {
    /// The caller may have gone away meanwhile; the change stands. A turn has ended before its
    /// caller is told.
    pub(super) fn answer(self, verdict: UploadVerdict) {
        match (self, verdict) {
            (UploadChange::Begin { reply, .. }, UploadVerdict::Begun(outcome))
            | (UploadChange::Discard { reply, .. }, UploadVerdict::Discarded(outcome)) => {
                let _ = reply.send(outcome);
            }
            (UploadChange::Suspend { turn, reply, .. }, UploadVerdict::Suspended(outcome)) => {
                end(turn, &outcome);
                let _ = reply.send(outcome);
            }
            (UploadChange::Finish { turn, reply, .. }, UploadVerdict::Finished(outcome)) => {
                end(turn, &outcome);
                let _ = reply.send(outcome);
            }
            (UploadChange::Expire, UploadVerdict::Expired) => {}
            (change, _) => change.fail(false, true),
        }
    }

    /// The transaction failed; the log has the cause.
    pub(super) fn fail(self, full: bool, in_doubt: bool) {
        let error = failure(full);
        match self {
            UploadChange::Begin { reply, .. } | UploadChange::Discard { reply, .. } => {
                let _ = reply.send(Err(error));
            }
            UploadChange::Suspend { turn, reply, .. } => {
                leave(turn, in_doubt);
                let _ = reply.send(Err(error));
            }
            UploadChange::Finish { turn, reply, .. } => {
                leave(turn, in_doubt);
                let _ = reply.send(Err(error));
            }
            UploadChange::Expire => {}
        }
    }
}

fn end<T>(turn: SealedTurn, outcome: &Result<T, Error>) {
    match outcome {
        Ok(_) => turn.stage.publish(),
        Err(_) => drop(turn),
    }
}

fn leave(turn: SealedTurn, in_doubt: bool) {
    match in_doubt {
        true => turn.stage.leave(),
        false => drop(turn),
    }
}
