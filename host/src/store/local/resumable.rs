//! Resumable uploads on the local disk.
//!
//! An upload has its rows in the index and, from the first bytes on that are more than a few, a
//! file among the blobs: finished, that file is the blob, so nothing is moved or copied. What a
//! turn wrote counts once the transaction has its offset; what is behind that offset in the file
//! is cut off by the next turn. The last few bytes are in the index: a short turn costs no sync
//! but the transaction's, which those that end at the same time share.

mod turn;
mod turns;

use std::any::Any;
use std::time::SystemTime;

use coffer_port::resumable::{BeginOptions, Progress, Terms, TurnOptions, UploadId};

use super::LocalStore;
use super::committer::{Change, UploadChange};
use super::id::Id;
use super::index::{Found, Reached};
use super::intake::Few;
use super::stage::Stage;
use crate::store::{Error, Key, Resumable, Stored, Upload};
use turn::{LocalTurn, Outcome};

pub(super) use turn::SealedTurn;
pub(super) use turns::Turns;

impl LocalStore {
    fn find(&self, upload: Id) -> Result<Found, Error> {
        let found = self.index.snapshot()?.upload(upload, SystemTime::now())?;
        found.ok_or(Error::NotFound)
    }

    /// Records how far an upload is.
    async fn keep(&self, turn: SealedTurn, length: Option<u64>) -> Result<u64, Error> {
        self.change(|reply| {
            Change::Upload(UploadChange::Suspend {
                turn,
                length,
                reply,
            })
        })
        .await?
    }

    /// Makes a file of an upload, unless a part of the turn is missing.
    async fn publish(&self, turn: Box<LocalTurn>, terms: Terms) -> Result<Stored, Error> {
        let turn = match turn.seal(Few::Alone).await? {
            Outcome::Whole(turn) => turn.cleared().await?,
            Outcome::Part(turn, error) => {
                self.keep(turn, None).await?;
                return Err(Error::unavailable(error));
            }
            Outcome::Nothing(_) => return Err(Error::Unavailable("the turn has failed".into())),
        };
        self.change(|reply| Change::Upload(UploadChange::Finish { turn, terms, reply }))
            .await?
    }
}

#[async_trait::async_trait]
impl Resumable for LocalStore {
    async fn begin(&self, key: Key, options: BeginOptions) -> Result<UploadId, Error> {
        let current = self.index.snapshot()?.get(&key)?;
        options
            .target
            .check(current.as_ref().map(|version| &version.info))?;
        self.layout.check_room()?;
        let now = SystemTime::now();
        let reached = Reached {
            blob: Id::fresh(),
            offset: 0,
            length: options.length,
            expires: now.checked_add(options.lifetime).unwrap_or(now),
            finished: false,
        };
        let upload = Id::secret();
        self.change(|reply| {
            Change::Upload(UploadChange::Begin {
                upload,
                key,
                options: Box::new(options),
                reached,
                reply,
            })
        })
        .await??;
        text(upload)
    }

    async fn look(&self, id: &UploadId) -> Result<Progress, Error> {
        Ok(progress(self.find(parse(id)?)?))
    }

    async fn resume(
        &self,
        id: &UploadId,
        options: TurnOptions,
    ) -> Result<(Box<dyn Upload>, Progress), Error> {
        let upload = parse(id)?;
        let changes = self.changes()?;
        let turn = match self.turns.begin(self.layout.clone(), upload) {
            // It may have expired during that turn.
            Err(Error::Busy) => return Err(self.find(upload).err().unwrap_or(Error::Busy)),
            turn => turn?,
        };
        // Looked up during the turn, so that nobody is ahead of it.
        let snapshot = self.index.snapshot()?;
        let found = snapshot.upload(upload, SystemTime::now())?;
        let found = found.filter(|found| !found.reached.finished);
        let found = found.ok_or(Error::NotFound)?;
        let tail = snapshot.tail(upload)?;
        let kept = found.reached.offset.saturating_sub(tail.len() as u64);
        let gone = turn.gone();
        let stage = Stage::resume(
            self.layout.clone(),
            found.reached.blob,
            kept,
            (turn, changes),
        );
        let turn = LocalTurn::new(upload, &found, tail, options, stage, gone);
        Ok((Box::new(turn), progress(found)))
    }

    async fn suspend(&self, turn: Box<dyn Upload>, length: Option<u64>) -> Result<u64, Error> {
        match downcast(turn)?.seal(Few::Behind).await? {
            Outcome::Whole(turn) | Outcome::Part(turn, _) => self.keep(turn, length).await,
            Outcome::Nothing(offset) => Ok(offset),
        }
    }

    async fn finish(&self, turn: Box<dyn Upload>, terms: Terms) -> Result<Stored, Error> {
        let finished = self.publish(downcast(turn)?, terms).await;
        finished.map_err(|error| match error {
            // Once there is room again, the upload can be finished.
            Error::NoSpace => Error::unavailable(Error::NoSpace),
            error => error,
        })
    }

    async fn discard(&self, id: &UploadId) -> Result<(), Error> {
        let upload = parse(id)?;
        self.change(|reply| Change::Upload(UploadChange::Discard { upload, reply }))
            .await?
    }
}

fn parse(id: &UploadId) -> Result<Id, Error> {
    Id::parse(id.as_str()).ok_or(Error::NotFound)
}

fn text(upload: Id) -> Result<UploadId, Error> {
    UploadId::new(upload.to_string()).ok_or_else(|| Error::Unavailable("an id is invalid".into()))
}

fn progress(Found { begun, reached }: Found) -> Progress {
    Progress {
        offset: reached.offset,
        length: reached.length,
        note: begun.note,
        expires: reached.expires,
        finished: reached.finished,
    }
}

fn downcast(turn: Box<dyn Upload>) -> Result<Box<LocalTurn>, Error> {
    let turn: Box<dyn Any + Send> = turn;
    let turn = turn.downcast::<LocalTurn>();
    turn.map_err(|_| Error::Unavailable("the turn belongs to another store".into()))
}
