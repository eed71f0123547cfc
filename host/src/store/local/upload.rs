//! A file being uploaded: one chunk is gathered while the previous one is written, so that
//! at most two chunks are in memory.

use std::mem;
use std::time::Instant;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};

use super::gather::Gather;
use super::index::SMALL;
use super::stage::Stage;
use crate::store::{CreateOptions, Digest, Error, Key, Size, Upload};

/// How many bytes are gathered for one write.
const CHUNK: usize = 256 << 10;
/// How many are gathered if they arrive slowly: slow clients can be many.
const SLOW_CHUNK: usize = 32 << 10;
/// Below this rate an upload is slow, in bytes per second.
const SLOW: u64 = 1 << 20;

pub(super) struct LocalUpload {
    key: Key,
    options: CreateOptions,
    size: Size,
    gather: Gather,
    since: Instant,
    state: State,
}

enum State {
    Idle(Work),
    Writing(JoinHandle<Result<Work, Error>>),
    Failed,
}

/// What is handed to a thread that may block, and handed back.
struct Work {
    stage: Stage,
    digest: Digest,
}

/// A file that is complete except for its row in the index. Its bytes are already durable,
/// or become so together with the row.
pub(super) struct Sealed {
    pub(super) key: Key,
    pub(super) options: CreateOptions,
    pub(super) size: u64,
    pub(super) stage: Stage,
    /// The bytes of a small file, to be kept in the index.
    pub(super) content: Option<Bytes>,
}

impl LocalUpload {
    pub(super) fn new(key: Key, options: CreateOptions, stage: Stage) -> LocalUpload {
        let digest = Digest::expecting(options.sha256);
        LocalUpload {
            key,
            size: Size::up_to(options.max_size),
            options,
            gather: Gather::default(),
            since: Instant::now(),
            state: State::Idle(Work { stage, digest }),
        }
    }

    /// Ends the file: writes the rest, verifies the digest, makes it durable.
    pub(super) async fn seal(mut self: Box<Self>) -> Result<Sealed, Error> {
        let mut work = self.idle().await?;
        let pieces = self.gather.take();
        let size = self.size.get();
        let is_small = size <= SMALL && !work.stage.is_on_disk();
        let (stage, content) = if is_small {
            work.digest(&pieces);
            (work.verified()?.with_room()?, Some(joined(pieces)))
        } else {
            let stage = spawn_blocking(move || {
                work.write(&pieces)?;
                let mut stage = work.verified()?;
                stage.sync()?;
                Ok::<_, Error>(stage)
            });
            (stage.await.map_err(Error::unavailable)??, None)
        };
        Ok(Sealed {
            key: self.key.clone(),
            options: self.options.clone(),
            size,
            stage,
            content,
        })
    }

    /// Whether its bytes arrive slowly on average.
    fn is_slow(&self) -> bool {
        let seconds = self.since.elapsed().as_secs();
        seconds > 0 && self.size.get() / seconds < SLOW
    }

    /// Starts to write what was gathered, once the previous write has ended.
    async fn write_out(&mut self, rest: bool) -> Result<(), Error> {
        let mut work = self.idle().await?;
        let pieces = self.gather.take();
        self.state = State::Writing(spawn_blocking(move || {
            work.write(&pieces)?;
            if rest {
                work.stage.rest();
            }
            Ok(work)
        }));
        Ok(())
    }

    /// Takes the work once the current write has ended, and leaves `Failed` in its place. May
    /// be cancelled while it waits.
    async fn idle(&mut self) -> Result<Work, Error> {
        if let State::Writing(task) = &mut self.state {
            let outcome = task.await;
            self.state = State::Failed;
            self.state = State::Idle(outcome.map_err(Error::unavailable)??);
        }
        match mem::replace(&mut self.state, State::Failed) {
            State::Idle(work) => Ok(work),
            State::Writing(_) | State::Failed => {
                Err(Error::Unavailable("this upload has already failed".into()))
            }
        }
    }
}

#[async_trait::async_trait]
impl Upload for LocalUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        if let Err(error) = self.size.add(bytes.len()) {
            discard(mem::replace(&mut self.state, State::Failed));
            return Err(error);
        }
        self.gather.push(bytes);
        let gathered = self.gather.len();
        if gathered >= CHUNK || (gathered >= SLOW_CHUNK && self.is_slow()) {
            self.write_out(false).await?;
        }
        Ok(())
    }

    async fn complete(&mut self) -> Result<(), Error> {
        if self.size.get() <= SMALL {
            return Ok(());
        }
        self.write_out(true).await
    }
}

impl Work {
    fn write(&mut self, pieces: &[Bytes]) -> Result<(), Error> {
        if pieces.is_empty() {
            return Ok(());
        }
        self.stage.write(pieces)?;
        self.digest(pieces);
        Ok(())
    }

    fn digest(&mut self, pieces: &[Bytes]) {
        pieces.iter().for_each(|piece| self.digest.update(piece));
    }

    /// Whether these are the bytes that were announced.
    fn verified(self) -> Result<Stage, Error> {
        self.digest.verify()?;
        Ok(self.stage)
    }
}

impl Drop for LocalUpload {
    fn drop(&mut self) {
        discard(mem::replace(&mut self.state, State::Failed));
    }
}

/// A small file's pieces as one.
fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    match pieces.len() {
        1 => pieces.remove(0),
        _ => pieces.concat().into(),
    }
}

/// Removes the file on a thread that may block: freeing a large one takes a while. A task
/// that is writing does it itself once nothing waits for it.
fn discard(state: State) {
    if let State::Idle(work) = state
        && work.stage.is_on_disk()
        && let Ok(runtime) = Handle::try_current()
    {
        runtime.spawn_blocking(move || drop(work));
    }
}
