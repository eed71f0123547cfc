//! Parts of a large file that are fetched ahead of its reader, at the same time.
//!
//! Each is a ranged GET that reads into memory, under a [`Grant`] of its size. The memory is
//! returned as the reader leaves the part, or if the reader turns out to be too slow: it then
//! continues with a single response, which holds hardly any.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use coffer_port::object::Range;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::pace::{PATIENCE, Pace};
use crate::store::s3::budget::{Grant, PART};
use crate::store::s3::failure::S3Failure;
use crate::store::s3::shared::Shared;
use crate::store::{Error, Info};

/// Max parts ahead of the one that is being read.
const PARTS: usize = 3;

/// The parts ahead of a reader, in order.
#[derive(Default)]
pub(super) struct Ahead(VecDeque<Part>);

impl Ahead {
    /// Starts more parts between these offsets, while there is memory.
    pub(super) fn fill(
        &mut self,
        store: &Arc<Shared>,
        info: &Info,
        (from, end): (u64, u64),
        pace: &Arc<Pace>,
    ) {
        let mut start = self.0.back().map_or(from, |part| part.end);
        while self.0.len() < PARTS && start < end {
            let Some(grant) = store.budget.spare() else {
                return;
            };
            let until = end.min(start + PART as u64);
            let part = Part::start(store.clone(), info.clone(), (start, until), pace, grant);
            self.0.push_back(part);
            start = until;
        }
    }

    pub(super) fn pop(&mut self) -> Option<Part> {
        self.0.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Why a part has no more bytes before its end.
pub(super) enum Ended {
    /// The reader was too slow.
    GivenUp,
    /// The request failed.
    Failed(Error),
}

/// A part that is being fetched. Dropping it cancels the request.
pub(super) struct Part {
    /// Offset of its end in the file.
    pub(super) end: u64,
    queue: Arc<Queue>,
    task: JoinHandle<()>,
}

impl Drop for Part {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Part {
    fn start(
        store: Arc<Shared>,
        info: Info,
        (start, end): (u64, u64),
        pace: &Arc<Pace>,
        grant: Grant,
    ) -> Part {
        let queue = Arc::new(Queue::new(grant));
        let (filled, pace) = (queue.clone(), pace.clone());
        let task = tokio::spawn(async move {
            let fetched = fetch(&store, &info, (start, end), &filled).await;
            filled.end(fetched.err().map(Ended::Failed));
            loop {
                tokio::time::sleep(PATIENCE / 4).await;
                if pace.is_too_slow() {
                    return filled.give_up();
                }
            }
        });
        Part { end, queue, task }
    }

    /// The next bytes; none after the last or a reason.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, Ended>> {
        self.queue.next().await
    }
}

async fn fetch(
    store: &Shared,
    info: &Info,
    (start, end): (u64, u64),
    queue: &Queue,
) -> Result<(), Error> {
    let mut got = store
        .bucket
        .get_version(info, Range::between(start, end))
        .await?;
    if !got.is_of(info, start, end) {
        return Err(S3Failure::Precondition.into());
    }
    let mut left = got.length;
    while left > 0 {
        let bytes = match got.stream.next().await {
            Some(bytes) => bytes.map_err(Error::unavailable)?,
            None => return Err(Error::Unavailable("the response ended early".into())),
        };
        left = left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| Error::Unavailable("received more bytes than announced".into()))?;
        if !bytes.is_empty() {
            queue.push(bytes);
        }
    }
    Ok(())
}

/// Bytes between the task that fetches them and the reader.
struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    pieces: VecDeque<Bytes>,
    /// Whether no more pieces will come.
    complete: bool,
    /// Why, if it is not because all have come.
    ended: Option<Ended>,
    /// For the pieces.
    grant: Option<Grant>,
}

impl Queue {
    fn new(grant: Grant) -> Queue {
        Queue {
            state: Mutex::new(State {
                pieces: VecDeque::new(),
                complete: false,
                ended: None,
                grant: Some(grant),
            }),
            changed: Notify::new(),
        }
    }

    fn push(&self, bytes: Bytes) {
        self.with(|state| state.pieces.push_back(bytes));
    }

    fn end(&self, ended: Option<Ended>) {
        self.with(|state| (state.complete, state.ended) = (true, ended));
    }

    fn give_up(&self) {
        self.with(|state| {
            state.pieces = VecDeque::new();
            state.grant = None;
            (state.complete, state.ended) = (true, Some(Ended::GivenUp));
        });
    }

    async fn next(&self) -> Option<Result<Bytes, Ended>> {
        loop {
            {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(bytes) = state.pieces.pop_front() {
                    return Some(Ok(bytes));
                }
                if state.ended.is_some() || state.complete {
                    return state.ended.take().map(Err);
                }
            }
            self.changed.notified().await;
        }
    }

    fn with(&self, act: impl FnOnce(&mut State)) {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
    }
}
