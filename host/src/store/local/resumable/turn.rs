//! A turn: bytes on their way to an upload.

use bytes::Bytes;
use coffer_port::resumable::{TurnHash, TurnOptions};
use tokio::task::spawn_blocking;

use super::turns::Gone;
use crate::store::local::id::Id;
use crate::store::local::index::Found;
use crate::store::local::intake::{Few, Intake, Settled};
use crate::store::local::stage::Stage;
use crate::store::{Error, Upload};

pub(in crate::store::local) struct LocalTurn {
    upload: Id,
    /// How many bytes were durable before.
    before: u64,
    intake: Intake,
    gone: Gone,
    /// Whether an error was reported.
    has_failed: bool,
}

/// A turn whose bytes are durable, or become so together with the upload's row.
pub(in crate::store::local) struct SealedTurn {
    pub(in crate::store::local) upload: Id,
    /// How many bytes the upload has now.
    pub(in crate::store::local) offset: u64,
    pub(in crate::store::local) stage: Stage,
    /// Those of its bytes that are not in the file.
    pub(in crate::store::local) tail: Option<Bytes>,
}

impl LocalTurn {
    /// Appends to the tail, which the file does not have.
    pub(super) fn new(
        upload: Id,
        found: &Found,
        tail: Bytes,
        options: TurnOptions,
        stage: Stage,
        gone: Gone,
    ) -> LocalTurn {
        let before = found.reached.offset;
        let most = found.begun.target.max_size;
        let most = found.reached.length.unwrap_or(most).min(most);
        let most = most.saturating_sub(before).min(options.max_size);
        let hash = TurnHash::expecting(options.digest);
        LocalTurn {
            upload,
            before,
            intake: Intake::new(stage, tail, hash, most),
            gone,
            has_failed: false,
        }
    }

    /// Ends the turn.
    ///
    /// # Errors
    /// Nothing of the turn is kept.
    pub(super) async fn seal(mut self: Box<Self>, few: Few) -> Result<Outcome, Error> {
        let upload = self.upload;
        let failed_before = self.intake.is_broken();
        if let Err(error) = self.intake.flush(few).await {
            return match self.intake.rescue().await {
                Some(settled) => Ok(Outcome::Part(SealedTurn::of(upload, settled), error)),
                None if failed_before => Ok(Outcome::Nothing(self.before)),
                None => Err(error),
            };
        }
        let turn = SealedTurn::of(upload, self.intake.settle(few).await?);
        Ok(match self.has_failed {
            true => Outcome::Part(turn, already_failed()),
            false => Outcome::Whole(turn),
        })
    }
}

/// What a turn received.
pub(super) enum Outcome {
    /// All of it can be kept.
    Whole(SealedTurn),
    /// Receiving failed; what came before that can be kept.
    Part(SealedTurn, Error),
    /// Receiving failed at once: the offset is the one before.
    Nothing(u64),
}

impl SealedTurn {
    fn of(upload: Id, settled: Settled) -> SealedTurn {
        let Settled {
            stage,
            length,
            content,
        } = settled;
        SealedTurn {
            upload,
            offset: stage.kept().saturating_add(length),
            stage,
            tail: content,
        }
    }

    /// The same, without a file if all of its bytes belong into the index: a crash may have left
    /// one.
    pub(super) async fn cleared(mut self) -> Result<SealedTurn, Error> {
        if self.tail.is_none() {
            return Ok(self);
        }
        let cleared = spawn_blocking(move || {
            self.stage.clear()?;
            Ok::<_, Error>(self)
        });
        cleared.await.map_err(Error::unavailable)?
    }
}

#[async_trait::async_trait]
impl Upload for LocalTurn {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        if self.has_failed {
            return Err(already_failed());
        }
        let written = match self.gone.get() {
            Some(_) => Err(Error::NotFound),
            None => self.intake.write(bytes).await,
        };
        self.has_failed = written.is_err();
        written
    }

    async fn complete(&mut self) -> Result<(), Error> {
        let completed = self.intake.complete().await;
        self.has_failed |= completed.is_err();
        completed
    }
}

fn already_failed() -> Error {
    Error::Unavailable("this turn has already failed".into())
}
