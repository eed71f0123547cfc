//! Resumable uploads: a multipart upload, the bytes behind its last part as an object of their own
//! or in the state, and the state, one object that every turn replaces.
//!
//! - **Exact offsets.** Bytes count once the state says so. It is replaced on the condition that it
//!   is the one that was read, so that of several hosts one goes on ([`lease`]).
//! - **Parts of one size.** All parts but the last have 8 MiB, however the bytes come: 10,000 of
//!   them are as much as a PUT can store, and there are services that want no other.
//! - **Nothing is left.** A finished or discarded upload takes its objects along, and a sweep
//!   removes what has expired.

mod finish;
mod format;
mod id;
mod lease;
mod numbers;
mod objects;
mod remove;
mod replace;
mod sealed;
mod state;
mod suspend;
mod sweep;
mod turn;
mod turns;

use std::any::Any;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use coffer_port::object::Pin;
use coffer_port::resumable::{BeginOptions, Progress, Terms, TurnOptions, UploadId};

use super::S3Store;
use super::list;
use super::shared::Shared;
use crate::store::{Error, Key, ListOptions, Resumable, Stored, Upload};
use format::Known;
use id::Id;
use objects::{Found, Held, STATES, UNFINISHED};
use state::State;
use turn::{S3Turn, Turn};

pub(super) use lease::LEASE;
#[cfg(test)]
pub(super) use sweep::sweep;
pub(super) use sweep::{in_use, run};
pub(super) use turns::Turns;

/// The most names of one list.
const PAGE: usize = 1000;

impl Shared {
    /// # Errors
    /// [`Error::NotFound`] for an upload that is discarded or has expired.
    async fn find_unexpired(&self, id: Id, now: SystemTime) -> Result<Found, Error> {
        let found = self.find(id).await?.ok_or(Error::NotFound)?;
        let expires = match &found.known {
            Known::Unfinished(state) => state.expires,
            Known::Finished(finished) => finished.progress.expires,
        };
        match expires > now {
            true => Ok(found),
            false => Err(Error::NotFound),
        }
    }

    /// # Errors
    /// [`Error::TooMany`] if the owner has as many unfinished uploads already.
    async fn check_count(&self, owner: &str, most: u32, now: SystemTime) -> Result<(), Error> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut after = format!("{UNFINISHED}{}", id::unexpired(owner, now));
        let mut count = 0;
        while count < most {
            let options = ListOptions {
                prefix: format!("{UNFINISHED}{}", id::of_owner(owner)),
                delimiter: None,
                after: Some(after),
                limit: PAGE.min(most - count),
            };
            let page = list::page(&self.bucket, &options).await?;
            count += page.entries.len();
            match page.entries.last() {
                Some(last) if page.more => after = last.name().to_owned(),
                _ if count < most => return Ok(()),
                _ => break,
            }
        }
        Err(Error::TooMany)
    }
}

#[async_trait::async_trait]
impl Resumable for S3Store {
    async fn begin(&self, key: Key, options: BeginOptions) -> Result<UploadId, Error> {
        let shared = &self.shared;
        if !options.target.is_free() {
            shared.bucket.look_and_check(&key, &options.target).await?;
        }
        let now = SystemTime::now();
        if let Some(most) = options.most {
            shared.check_count(&options.owner, most, now).await?;
        }
        let expires = now.checked_add(options.lifetime).unwrap_or(now);
        let id = Id::fresh(&options.owner, expires);
        let state = State::begin(key, options, expires);
        let (mark, path) = (objects::key(UNFINISHED, id)?, objects::key(STATES, id)?);
        shared.write_small(&mark, Bytes::new(), &Pin::None).await?;
        let bytes = format::write(&state).into();
        if let Err(failure) = shared.write_small(&path, bytes, &Pin::None).await {
            // It may be there, if only the answer was lost.
            shared.forget_state(id).await;
            shared.drop_object(&mark).await;
            return Err(failure.into());
        }
        let text = id.to_upload_id();
        text.ok_or_else(|| Error::Unavailable("an id is invalid".into()))
    }

    async fn look(&self, id: &UploadId) -> Result<Progress, Error> {
        let now = SystemTime::now();
        let id = parse(id, now)?;
        let found = self.shared.find_unexpired(id, now).await?;
        match found.known {
            Known::Finished(finished) => Ok(finished.progress),
            Known::Unfinished(state) if state.publishing && !state.is_leased(now) => {
                let held = Held::new(*state, found.etag);
                self.shared.settle(id, &held).await
            }
            Known::Unfinished(state) => Ok(state.progress()),
        }
    }

    async fn resume(
        &self,
        id: &UploadId,
        options: TurnOptions,
    ) -> Result<(Box<dyn Upload>, Progress), Error> {
        let (shared, now) = (&self.shared, SystemTime::now());
        let id = parse(id, now)?;
        let guard = shared.turns.begin(id).await?;
        let found = shared.find_unexpired(id, now).await?;
        let Known::Unfinished(state) = found.known else {
            return Err(Error::NotFound);
        };
        if state.is_leased(now) {
            return Err(Error::Busy);
        }
        let progress = state.progress();
        let held = Held::new(*state, found.etag);
        let turn = S3Turn::take(shared, id, guard, held, options).await?;
        Ok((Box::new(turn), progress))
    }

    async fn suspend(&self, turn: Box<dyn Upload>, length: Option<u64>) -> Result<u64, Error> {
        self.to_the_end(turn, move |turn| turn.suspend(length))
            .await
    }

    async fn finish(&self, turn: Box<dyn Upload>, terms: Terms) -> Result<Stored, Error> {
        self.to_the_end(turn, move |turn| turn.finish(terms)).await
    }

    async fn discard(&self, id: &UploadId) -> Result<(), Error> {
        let (shared, now) = (&self.shared, SystemTime::now());
        let id = parse(id, now)?;
        let found = shared.find_unexpired(id, now).await?;
        shared.discard_state(id).await?;
        if let Known::Unfinished(state) = found.known {
            shared.clear(id, &state).await;
            shared.abort_of(&state).await;
        }
        Ok(())
    }
}

impl S3Store {
    /// Ends a turn, also if the caller is gone, so that nothing stays half done.
    async fn to_the_end<T, F>(
        &self,
        turn: Box<dyn Upload>,
        end: impl FnOnce(Box<Turn>) -> F,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let turn: Box<dyn Any + Send> = turn;
        let turn = turn.downcast::<S3Turn>();
        let turn = turn.map_err(|_| Error::Unavailable("the turn belongs to another store".into()));
        // In a box, since its state is large.
        let ending = Box::pin(end(turn?.into_turn()?));
        let ended = self.shared.tasks.spawn(ending).await;
        ended.unwrap_or_else(|error| Err(Error::unavailable(error)))
    }
}

/// # Errors
/// [`Error::NotFound`] for one that is not an id, or says that it has expired.
fn parse(id: &UploadId, now: SystemTime) -> Result<Id, Error> {
    let id = Id::parse(id.as_str()).ok_or(Error::NotFound)?;
    match id.is_over_for(Duration::ZERO, now) {
        true => Err(Error::NotFound),
        false => Ok(id),
    }
}
