//! A multipart upload that cleans up after itself.
//!
//! A separate task talks to the service: it starts the upload, keeps up to [`IN_FLIGHT`]
//! parts in flight and completes the upload when asked to. In any other case (its owner is
//! dropped, a part fails), it waits for the parts in flight, since one that arrives after the
//! abort would stay, and aborts, unless the upload is released to its owner or was there before.

mod sender;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use coffer_port::object::{ObjectMetadata, Pin};
use sender::{Origin, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::bucket::{Part, PartsId, Range, Source};
use super::budget::Grant;
use super::failure::S3Failure;
use super::shared::Shared;
use crate::store::{Error, Key};

/// Max parts of one upload in flight: together with the one being filled, 32 MiB.
const IN_FLIGHT: u32 = 3;

/// A multipart upload, from its owner's side.
pub(super) struct Multipart {
    inbox: mpsc::UnboundedSender<Message>,
    slots: Arc<Semaphore>,
    failure: Arc<Mutex<Option<Error>>>,
    release: oneshot::Sender<oneshot::Sender<Released>>,
    was_there: bool,
}

/// An upload that its owner takes over, with what the service has received.
pub(super) struct Released {
    pub(super) id: PartsId,
    /// Ascending by number; those that failed are missing.
    pub(super) parts: Vec<Part>,
}

enum Message {
    Part(Filled),
    Complete {
        pin: Pin,
        reply: oneshot::Sender<Result<Option<String>, S3Failure>>,
    },
}

/// A part, with the resources that it holds until the service has received it.
struct Filled {
    content: Content,
    _slot: OwnedSemaphorePermit,
}

/// Where a part's bytes are.
enum Content {
    Here(Bytes, Option<Grant>),
    /// At the service, in another object.
    There(Arc<Source>, Range),
}

impl Multipart {
    /// Starts one without waiting for the service. More entries of user metadata, if any, are
    /// kept with the file.
    pub(super) fn start(
        store: &Arc<Shared>,
        key: Key,
        metadata: ObjectMetadata,
        more: HashMap<String, String>,
    ) -> Multipart {
        Multipart::run(store, key, 0, Vec::new(), Origin::New { metadata, more })
    }

    /// Goes on with one that has these parts; the next gets the number behind `last`. Unless it is
    /// completed, it stays as it is. If the service does not know it, its calls return
    /// [`Error::NotFound`].
    pub(super) fn go_on(
        store: &Arc<Shared>,
        key: Key,
        id: PartsId,
        parts: Vec<Part>,
        last: i32,
    ) -> Multipart {
        Multipart::run(store, key, last, parts, Origin::Known(id))
    }

    fn run(
        store: &Arc<Shared>,
        key: Key,
        last: i32,
        parts: Vec<Part>,
        origin: Origin,
    ) -> Multipart {
        let (inbox, messages) = mpsc::unbounded_channel();
        let (release, released) = oneshot::channel();
        let failure = Arc::new(Mutex::new(None));
        let sender = Sender::new(store.clone(), key, parts, last);
        let was_there = matches!(origin, Origin::Known(_));
        store
            .tasks
            .spawn(sender.run(origin, messages, failure.clone(), released));
        Multipart {
            inbox,
            slots: Arc::new(Semaphore::new(IN_FLIGHT as usize)),
            failure,
            release,
            was_there,
        }
    }

    /// Whether it goes on with an upload that was there before.
    pub(super) fn was_there(&self) -> bool {
        self.was_there
    }

    /// Queues a part; waits while [`IN_FLIGHT`] others are in flight.
    pub(super) async fn send(&self, bytes: Bytes, grant: Option<Grant>) -> Result<(), Error> {
        self.queue(Content::Here(bytes, grant)).await
    }

    /// Queues a part that is copied; waits as [`Multipart::send`].
    pub(super) async fn copy(&self, source: &Arc<Source>, range: Range) -> Result<(), Error> {
        self.queue(Content::There(source.clone(), range)).await
    }

    async fn queue(&self, content: Content) -> Result<(), Error> {
        let slot = self.slots.clone().acquire_owned().await;
        let filled = Filled {
            content,
            _slot: slot.map_err(|_| self.failure())?,
        };
        let sent = self.inbox.send(Message::Part(filled));
        sent.map_err(|_| self.failure())
    }

    /// Waits until the service has received all parts.
    pub(super) async fn drained(&self) -> Result<(), Error> {
        let all = self.slots.acquire_many(IN_FLIGHT).await;
        if all.is_err() || self.inbox.is_closed() {
            return Err(self.failure());
        }
        Ok(())
    }

    /// Completes the upload, and returns the version's entity tag if the service tells it. May be called again with
    /// another pin if this one failed.
    pub(super) async fn complete(&self, pin: Pin) -> Result<Option<String>, S3Failure> {
        let (reply, answer) = oneshot::channel();
        let _ = self.inbox.send(Message::Complete { pin, reply });
        answer.await.unwrap_or_else(|_| Err(self.failure().into()))
    }

    /// Ends sending: waits for the parts in flight and leaves the upload to the caller. None if it
    /// was never started. Also returns why starting it or sending a part
    /// failed, unless a call has already returned that.
    pub(super) async fn release(self) -> (Option<Released>, Option<Error>) {
        let (reply, released) = oneshot::channel();
        let _ = self.release.send(reply);
        drop(self.inbox);
        let released = released.await.ok();
        (released, noted(&self.failure).take())
    }

    fn failure(&self) -> Error {
        let failure = noted(&self.failure).take();
        failure.unwrap_or_else(|| Error::Unavailable("this upload has already failed".into()))
    }
}

fn noted(failure: &Mutex<Option<Error>>) -> MutexGuard<'_, Option<Error>> {
    failure.lock().unwrap_or_else(PoisonError::into_inner)
}
