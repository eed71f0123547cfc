//! Bytes on their way to a stage: one chunk is gathered while the previous one is written, so
//! that at most two chunks are in memory.

use std::mem;
use std::time::Instant;

use bytes::Bytes;
use coffer_port::resumable::TurnHash;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};

use super::gather::Gather;
use super::index::SMALL;
use super::stage::Stage;
use crate::store::{Error, Size};

/// How many bytes are gathered for one write.
const CHUNK: usize = 256 << 10;
/// How many are gathered if they arrive slowly: slow clients can be many.
const SLOW_CHUNK: usize = 32 << 10;
/// Below this rate an upload is slow, in bytes per second.
const SLOW: u64 = 1 << 20;

pub(super) struct Intake {
    size: Size,
    gather: Gather,
    since: Instant,
    state: State,
}

enum State {
    Idle(Work),
    Writing(JoinHandle<(Work, Result<(), Error>)>),
    /// A write failed; the bytes before it are there.
    Broken(Work),
    Gone,
}

/// What is handed to a thread that may block, and handed back.
struct Work {
    stage: Stage,
    hash: TurnHash,
    /// Bytes before the first piece that only the index has.
    before: Bytes,
    /// How many those were at first.
    earlier: u64,
}

/// Bytes that are durable, or become so together with a row in the index.
pub(super) struct Settled {
    pub(super) stage: Stage,
    /// How many there are besides those that the stage had kept.
    pub(super) length: u64,
    /// These bytes, if they are few and belong into the index.
    pub(super) content: Option<Bytes>,
}

/// Where a few bytes belong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Few {
    /// Into the index, if there are no others.
    Alone,
    /// Into the index, also if others are in the file.
    Behind,
}

impl Intake {
    /// For so many bytes at most, which come after `before`.
    pub(super) fn new(stage: Stage, before: Bytes, hash: TurnHash, max: u64) -> Intake {
        Intake {
            size: Size::up_to(max),
            gather: Gather::default(),
            since: Instant::now(),
            state: State::Idle(Work {
                stage,
                hash,
                earlier: before.len() as u64,
                before,
            }),
        }
    }

    /// Appends bytes; waits until there is room for more.
    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let mut size = self.size;
        size.add(bytes.len())?;
        self.size = size;
        self.gather.push(bytes);
        let gathered = self.gather.len();
        if gathered >= CHUNK || (gathered >= SLOW_CHUNK && self.is_slow()) {
            self.write_out(false).await?;
        }
        Ok(())
    }

    /// No more bytes come: none need be held in memory.
    pub(super) async fn complete(&mut self) -> Result<(), Error> {
        if self.size.get() <= SMALL {
            return Ok(());
        }
        self.write_out(true).await
    }

    /// Ends it: writes the rest, verifies the digest, makes the bytes durable.
    pub(super) async fn settle(mut self, few: Few) -> Result<Settled, Error> {
        let mut work = self.idle().await?;
        let pieces = self.gather.take();
        let length = work.length(self.size);
        if work.is_small(length, few) {
            work.digest(&pieces);
            work.hash.verify()?;
            let content = joined(work.before, pieces);
            return Ok(Settled {
                stage: work.stage.with_room()?,
                length,
                content: Some(content),
            });
        }
        let stage = spawn_blocking(move || {
            work.write(&pieces)?;
            work.hash.verify()?;
            work.stage.sync()?;
            Ok::<_, Error>(work.stage)
        });
        Ok(Settled {
            stage: stage.await.map_err(Error::unavailable)??,
            length,
            content: None,
        })
    }

    /// Waits until all bytes are written that do not belong into the index.
    pub(super) async fn flush(&mut self, few: Few) -> Result<(), Error> {
        let work = self.idle().await?;
        let is_small = work.is_small(work.length(self.size), few);
        self.state = State::Idle(work);
        if !is_small {
            self.write_out(false).await?;
            self.state = State::Idle(self.idle().await?);
        }
        Ok(())
    }

    /// Ends it after a write failed: makes durable what came before, if anything did and no
    /// digest says what all of it must be.
    pub(super) async fn rescue(mut self) -> Option<Settled> {
        let (State::Idle(mut work) | State::Broken(mut work)) =
            mem::replace(&mut self.state, State::Gone)
        else {
            return None;
        };
        if work.stage.written() == 0 || !matches!(work.hash, TurnHash::None) {
            discard(State::Broken(work));
            return None;
        }
        let stage = spawn_blocking(move || {
            work.stage.trim()?;
            work.stage.sync()?;
            Ok::<_, Error>(work.stage)
        });
        let stage = stage.await.ok()?.ok()?;
        Some(Settled {
            length: stage.written(),
            stage,
            content: None,
        })
    }

    /// Whether a write has failed.
    pub(super) fn is_broken(&self) -> bool {
        matches!(self.state, State::Broken(_) | State::Gone)
    }

    /// Discards all bytes.
    pub(super) fn abandon(&mut self) {
        discard(mem::replace(&mut self.state, State::Gone));
    }

    /// Whether the bytes arrive slowly on average.
    fn is_slow(&self) -> bool {
        let seconds = self.since.elapsed().as_secs();
        seconds > 0 && self.size.get() / seconds < SLOW
    }

    /// Starts to write what was gathered, once the previous write has ended.
    async fn write_out(&mut self, rest: bool) -> Result<(), Error> {
        let mut work = self.idle().await?;
        let pieces = self.gather.take();
        self.state = State::Writing(spawn_blocking(move || {
            let written = work.write(&pieces);
            if rest {
                work.stage.rest();
            }
            (work, written)
        }));
        Ok(())
    }

    /// Takes the work once the current write has ended, and leaves `Gone` in its place. May
    /// be cancelled while it waits.
    async fn idle(&mut self) -> Result<Work, Error> {
        if let State::Writing(task) = &mut self.state {
            let outcome = task.await;
            self.state = State::Gone;
            let (work, written) = outcome.map_err(Error::unavailable)?;
            match written {
                Ok(()) => self.state = State::Idle(work),
                Err(error) => {
                    self.state = State::Broken(work);
                    return Err(error);
                }
            }
        }
        match mem::replace(&mut self.state, State::Gone) {
            State::Idle(work) => Ok(work),
            state => {
                self.state = state;
                Err(Error::Unavailable("this upload has already failed".into()))
            }
        }
    }
}

impl Work {
    /// How many bytes there are besides those that the stage had kept.
    fn length(&self, received: Size) -> u64 {
        received.get().saturating_add(self.earlier)
    }

    fn is_small(&self, length: u64, few: Few) -> bool {
        let elsewhere = match few {
            Few::Alone => self.stage.is_on_disk(),
            Few::Behind => self.stage.written() > 0,
        };
        length <= SMALL && !elsewhere
    }

    fn write(&mut self, pieces: &[Bytes]) -> Result<(), Error> {
        if pieces.is_empty() && self.before.is_empty() {
            return Ok(());
        }
        if self.before.is_empty() {
            self.stage.write(pieces)?;
        } else {
            let first = [self.before.clone()];
            self.stage.write(&[&first, pieces].concat())?;
            self.before = Bytes::new();
        }
        self.digest(pieces);
        Ok(())
    }

    fn digest(&mut self, pieces: &[Bytes]) {
        pieces.iter().for_each(|piece| self.hash.update(piece));
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// A few pieces as one.
fn joined(before: Bytes, mut pieces: Vec<Bytes>) -> Bytes {
    if !before.is_empty() {
        pieces.insert(0, before);
    }
    match pieces.len() {
        1 => pieces.remove(0),
        _ => pieces.concat().into(),
    }
}

/// Removes the file on a thread that may block: freeing a large one takes a while. A task
/// that is writing does it itself once nothing waits for it.
fn discard(state: State) {
    if let State::Idle(work) | State::Broken(work) = state
        && work.stage.is_dirty()
        && let Ok(runtime) = Handle::try_current()
    {
        runtime.spawn_blocking(move || drop(work));
    }
}
