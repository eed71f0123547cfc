//! Decides changes of resumable uploads.

use std::time::SystemTime;

use coffer_port::resumable::{BeginOptions, Terms};

use super::{Decisions, info, info_of};
use crate::store::local::committer::change::{UploadChange, UploadVerdict};
use crate::store::local::id::Id;
use crate::store::local::index::Reached;
use crate::store::local::resumable::SealedTurn;
use crate::store::{Error, Key, Stored};

/// The most uploads that one change removes because they have expired.
const EXPIRED: usize = 500;

impl Decisions<'_, '_> {
    pub(super) fn decide_upload(
        &mut self,
        change: &UploadChange,
    ) -> Result<UploadVerdict, redb::Error> {
        Ok(match change {
            UploadChange::Begin {
                upload,
                key,
                options,
                reached,
                ..
            } => UploadVerdict::Begun(self.begin(*upload, key, options, reached)?),
            UploadChange::Suspend { turn, length, .. } => {
                UploadVerdict::Suspended(self.suspend(turn, *length)?)
            }
            UploadChange::Finish { turn, terms, .. } => {
                UploadVerdict::Finished(self.finish(turn, terms)?)
            }
            UploadChange::Discard { upload, .. } => {
                UploadVerdict::Discarded(self.discard(*upload)?)
            }
            UploadChange::Expire => {
                self.expire()?;
                UploadVerdict::Expired
            }
        })
    }

    fn begin(
        &mut self,
        upload: Id,
        key: &Key,
        options: &BeginOptions,
        reached: &Reached,
    ) -> Result<Result<(), Error>, redb::Error> {
        if let Some(most) = options.most
            && self.draft.unfinished(&options.owner, SystemTime::now())? >= most
        {
            return Ok(Err(Error::TooMany));
        }
        self.draft.begin_upload(upload, key, options, reached)?;
        self.changed = true;
        Ok(Ok(()))
    }

    /// An upload that is neither discarded nor expired.
    fn alive(&mut self, upload: Id) -> Result<Option<Reached>, redb::Error> {
        let now = SystemTime::now();
        let reached = self.draft.reached(upload)?;
        Ok(reached.filter(|reached| now < reached.expires))
    }

    fn suspend(
        &mut self,
        turn: &SealedTurn,
        length: Option<u64>,
    ) -> Result<Result<u64, Error>, redb::Error> {
        let Some(before) = self.alive(turn.upload)? else {
            return Ok(Err(Error::NotFound));
        };
        let length = length.or(before.length);
        if length.is_some_and(|length| length < turn.offset) {
            return Ok(Err(Error::TooLarge));
        }
        let reached = Reached {
            offset: turn.offset,
            length,
            ..before
        };
        self.draft
            .advance(turn.upload, &reached, turn.tail.as_ref())?;
        self.changed = true;
        Ok(Ok(turn.offset))
    }

    fn finish(
        &mut self,
        turn: &SealedTurn,
        terms: &Terms,
    ) -> Result<Result<Stored, Error>, redb::Error> {
        let reached = self.alive(turn.upload)?;
        let begun = self.draft.begun(turn.upload)?;
        let (Some(reached), Some(begun)) = (reached, begun) else {
            return Ok(Err(Error::NotFound));
        };
        let options = terms.clone().apply(begun.target);
        let current = self.draft.get(&begun.key)?;
        if let Err(error) = options.check(info_of(current.as_ref())) {
            self.forget(turn.upload, &reached)?;
            return Ok(Err(error));
        }
        let modified = self.now(info_of(current.as_ref()));
        let info = info(&begun.key, turn.offset, reached.blob, &options, modified);
        let content = turn.tail.as_ref();
        let inserted = self.draft.insert(reached.blob, &info, content)?;
        let reached = Reached {
            offset: turn.offset,
            length: Some(turn.offset),
            finished: true,
            ..reached
        };
        self.draft.finish_upload(turn.upload, &reached)?;
        Ok(Ok(self.stored(info, inserted)))
    }

    fn discard(&mut self, upload: Id) -> Result<Result<(), Error>, redb::Error> {
        let Some(reached) = self.alive(upload)? else {
            return Ok(Err(Error::NotFound));
        };
        self.forget(upload, &reached)?;
        Ok(Ok(()))
    }

    fn expire(&mut self) -> Result<(), redb::Error> {
        for upload in self.draft.expired(SystemTime::now(), EXPIRED)? {
            if let Some(reached) = self.draft.reached(upload)? {
                self.forget(upload, &reached)?;
            }
        }
        Ok(())
    }

    /// Removes an upload and its bytes, unless they have become a file.
    fn forget(&mut self, upload: Id, reached: &Reached) -> Result<(), redb::Error> {
        self.draft.forget_upload(upload, reached)?;
        if !reached.finished {
            self.ended.push((upload, reached.blob));
        }
        self.changed = true;
        Ok(())
    }
}
