//! An upload as the component holds it.

use bytes::Bytes;

use super::outgoing;
use super::turns::Turn;
use crate::bindings::coffer::storage::blobs as wit;
use crate::store::{self, Key};

/// A file that is being uploaded, on behalf of the component.
pub struct Upload {
    pub(super) staged: Box<dyn store::Upload>,
    /// Dropped after `staged`: a turn in it lasts until that of the store has ended.
    pub(super) kind: Kind,
    pub(super) fed: Fed,
    pub(super) failed: Option<wit::Error>,
}

/// What it becomes.
pub(super) enum Kind {
    /// The file under this key.
    File(Key),
    /// More of a resumable upload, of this length in all, if that is known.
    Turn { length: Option<u64>, turn: Turn },
}

/// How an upload gets its bytes; one way excludes the other.
#[derive(PartialEq, Eq)]
pub(super) enum Fed {
    NotYet,
    ByBody,
    ByWrites,
    /// Complete: nothing more may follow.
    Wholly,
}

impl Kind {
    /// Whether this has to end before it receives more.
    pub(super) fn gives_way(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::Turn { turn, .. } => turn.gives_way(),
        }
    }

    /// What its client is told if the request ends before its body.
    pub(super) fn cut_short(&self) -> wit::Error {
        match self {
            // It continues at once, perhaps on another host.
            Self::Turn { turn, .. } if !turn.is_overtaken() => wit::Error::Unavailable,
            Self::Turn { .. } | Self::File(_) => wit::Error::TimedOut,
        }
    }

    /// Waits for the client; `None` if this gives way.
    pub(super) async fn wait<T>(&self, client: impl Future<Output = T>) -> Option<T> {
        match self {
            Self::File(_) => Some(client.await),
            Self::Turn { turn, .. } => turn.wait(client).await,
        }
    }
}

impl Upload {
    pub(super) fn new(kind: Kind, staged: Box<dyn store::Upload>) -> Self {
        Self {
            staged,
            kind,
            fed: Fed::NotYet,
            failed: None,
        }
    }

    pub(super) async fn append(&mut self, bytes: Bytes) -> Result<(), wit::Error> {
        match self.staged.write(bytes).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.fail(outgoing::refusal(error))),
        }
    }

    /// The request ends before the body.
    pub(super) fn cut_short(&mut self) -> wit::Error {
        let error = self.kind.cut_short();
        self.fail(error)
    }

    pub(super) fn fail(&mut self, error: wit::Error) -> wit::Error {
        self.failed = Some(error.clone());
        error
    }
}
