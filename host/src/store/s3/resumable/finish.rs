//! Making a file of an upload.
//!
//! Before that, the state says that it is being published. A host that goes on from there looks
//! first whether the file is there already, by the name of its version: then the upload has become
//! a file, and its last answer was lost.

use coffer_port::object::Seen;
use coffer_port::resumable::{Progress, Terms};

use super::format::Finished;
use super::id::Id;
use super::objects::Held;
use super::sealed::{Outcome, Sealed};
use super::state::{Kept, State, revision};
use super::turn::{Turn, already_failed};
use crate::store::s3::bucket::Object;
use crate::store::s3::failure::S3Failure;
use crate::store::s3::multipart::Multipart;
use crate::store::s3::sealed::{Content, Sealed as File};
use crate::store::s3::shared::Shared;
use crate::store::{CreateOptions, Error, Stored};

impl Turn {
    /// Ends the turn, and makes all that was received a file.
    pub(super) async fn finish(mut self: Box<Self>, terms: Terms) -> Result<Stored, Error> {
        if let Err(error) = self.fetch_tail().await {
            self.give_back().await;
            return Err(passing(error));
        }
        let sealed = match self.seal(true).await {
            Ok(_) if self.is_forgotten => return Err(self.forgotten().await),
            Ok(Outcome::Whole(sealed)) => sealed,
            Ok(Outcome::Part(sealed)) => {
                self.keep(&sealed, None).await?;
                return Err(self.why_incomplete());
            }
            Ok(Outcome::Nothing) => {
                self.end_without(None).await?;
                return Err(self.why_incomplete());
            }
            Err(error) => {
                self.give_back().await;
                return Err(error);
            }
        };
        if !self.begun.publishing
            && let Err(error) = self.lease.update(|state| state.publishing = true).await
        {
            return match self.lost(&error, Some(&sealed)).await {
                true => Err(error),
                false => self.kept(&sealed, error).await,
            };
        }
        let options = terms.apply(self.begun.target.options());
        match self.publish(&sealed, options).await {
            Ok(stored) => {
                self.record(&stored).await;
                Ok(stored)
            }
            Err(error @ (Error::Unavailable(_) | Error::NoSpace | Error::Misconfigured(_))) => {
                self.kept(&sealed, error).await
            }
            Err(error) => {
                self.give_up(Some(&sealed)).await?;
                Err(error)
            }
        }
    }

    /// Why not all bytes are there.
    fn why_incomplete(&mut self) -> Error {
        self.failure.take().map_or_else(already_failed, passing)
    }

    /// Remembers that the upload has become this file, and nothing else of it.
    async fn record(&self, stored: &Stored) {
        let finished = finished(&self.begun, stored.info.size);
        match self.lease.finish(&finished).await {
            Ok(()) | Err(Error::NotFound) => self.store.clear(self.id, &self.begun).await,
            // The next look finds out.
            Err(error) => tracing::warn!(?error, "cannot record that an upload is finished"),
        }
    }

    /// Ends an upload whose multipart upload the service has forgotten; returns the error to report.
    pub(super) async fn forgotten(&self) -> Error {
        if self.begun.publishing {
            // It may be a file by now, which the next look finds out.
            return match self.end_without(None).await {
                Ok(()) => Error::Unavailable("the service has forgotten the upload".into()),
                Err(error) => error,
            };
        }
        // On the condition that the state is this turn's: the turn may be lost without knowing it,
        // and the upload may be finished.
        if let Err(error) = self.lease.update(|_| {}).await {
            self.lost(&error, None).await;
            return error;
        }
        let given_up = self.give_up(None).await;
        given_up.err().unwrap_or(Error::NotFound)
    }

    /// Removes an upload that may not or cannot become a file, and the multipart upload of `sealed`.
    ///
    /// # Errors
    /// The turn is lost: the upload is that of others, or gone.
    pub(super) async fn give_up(&self, sealed: Option<&Sealed>) -> Result<(), Error> {
        if let Err(lost) = self.lease.check() {
            self.lost(&lost, sealed).await;
            return Err(lost);
        }
        self.lease.stop().await;
        self.store.forget_state(self.id).await;
        self.store.clear(self.id, &self.begun).await;
        if let Some(id) = sealed.and_then(|sealed| sealed.upload.as_ref()) {
            self.store.abort_upload(&self.begun.target.key, id).await;
        }
        Ok(())
    }

    /// Keeps the bytes for another turn after an error that may pass.
    async fn kept(&self, sealed: &Sealed, error: Error) -> Result<Stored, Error> {
        match self.keep(sealed, None).await {
            Err(lost @ (Error::NotFound | Error::Busy)) => Err(lost),
            // Which of the two errors is reported does not matter.
            Ok(_) | Err(_) => Err(passing(error)),
        }
    }

    async fn publish(&self, sealed: &Sealed, options: CreateOptions) -> Result<Stored, Error> {
        let target = &self.begun.target;
        // A new file may be stored without asking, unless the options forbid to create one.
        let needs_look = self.begun.publishing || options.check(None).is_err();
        let seen = match needs_look {
            false => Seen::NotLooked,
            true => {
                let found = self.store.bucket.look(&target.key).await?;
                match found {
                    Some(object)
                        if is_of(&self.begun, &object) && object.info.size == sealed.size() =>
                    {
                        return Ok(Stored {
                            info: object.info,
                            replaced: false,
                        });
                    }
                    found => Seen::check(found.map(|object| object.info), &options)?,
                }
            }
        };
        let file = File {
            key: target.key.clone(),
            metadata: target.metadata(),
            size: sealed.size(),
            seen,
            content: self.content(sealed).await?,
            options,
        };
        self.store.publish(&file).await
    }

    /// The bytes, ready to be published: the rest is the last part, if there are others.
    async fn content(&self, sealed: &Sealed) -> Result<Content, Error> {
        let Some(id) = &sealed.upload else {
            return Ok(Content::Whole {
                bytes: sealed.rest.clone(),
                _grant: None,
            });
        };
        let (key, bucket) = (&self.begun.target.key, &self.store.bucket);
        let mut parts: Vec<_> = sealed.parts.iter().map(Kept::to_part).collect();
        let mut last = sealed.parts.last().map_or(0, |part| part.number);
        if !sealed.rest.is_empty() {
            last = last
                .saturating_add(1)
                .max(self.begun.received.next_number());
            self.lease.reserve(last).await?;
            let part = bucket.put_part(key, id, last, sealed.rest.clone()).await;
            parts.push(part.map_err(|failure| match failure {
                S3Failure::NoSuchUpload => Error::NotFound,
                failure => failure.into(),
            })?);
        }
        let multipart = Multipart::go_on(&self.store, key.clone(), id.clone(), parts, last);
        Ok(Content::Parts(multipart))
    }
}

/// An error after which the upload can still be finished, once it has passed.
fn passing(error: Error) -> Error {
    match error {
        error @ (Error::Unavailable(_) | Error::NotFound | Error::Busy) => error,
        error => Error::unavailable(error),
    }
}

/// Whether this object is the file that the upload has become.
fn is_of(state: &State, object: &Object) -> bool {
    object.version.as_deref() == Some(&state.target.version)
}

/// What is remembered of an upload that has become a file of this size.
fn finished(state: &State, size: u64) -> Finished {
    Finished {
        revision: revision(),
        progress: Progress {
            offset: size,
            length: Some(size),
            finished: true,
            ..state.progress()
        },
    }
}

impl Shared {
    /// What is known of an upload whose host may have gone while it published the file.
    pub(super) async fn settle(&self, id: Id, held: &Held) -> Result<Progress, Error> {
        let found = self.bucket.look(&held.state.target.key).await?;
        let Some(object) = found.filter(|object| is_of(&held.state, object)) else {
            return Ok(held.state.progress());
        };
        let finished = finished(&held.state, object.info.size);
        match self.replace_by_finished(id, held, &finished).await {
            Ok(()) => self.clear(id, &held.state).await,
            Err(Error::NotFound) => return Err(Error::NotFound),
            Err(error) => tracing::warn!(?error, "cannot record that an upload is finished"),
        }
        Ok(finished.progress)
    }
}
