//! Making one file visible, on the conditions that hold at that moment.
//!
//! The service evaluates what it can: `If-None-Match: *` for a file that must be new,
//! `If-Match` for the version that the guards and conditions were checked against.
//! Where another writer came between, it is looked and decided anew. A service that
//! evaluates neither gets no condition; then only the writers within this host take
//! turns.
//!
//! A new file that nothing guards costs one request. One that replaces another costs a
//! second, because the service has to say that there is one; and one that may be
//! refused costs a look, because the refusal is not to wait for the file's bytes, unless
//! these are few.

use std::time::Duration;

use super::bucket::{Object, Pin, Written};
use super::failure::Failure;
use super::sealed::{Content, Sealed};
use super::seen::{Seen, is_free};
use super::shared::Shared;
use crate::store::{CreateOptions, Error, Stored};

/// So often it is decided anew because another writer was faster.
const ROUNDS: u32 = 16;
/// What is waited after the first of them; after each, as much more.
const PAUSE: Duration = Duration::from_millis(10);

/// How it is tried.
enum Attempt {
    /// On this condition, which means this for whether something is replaced.
    Pinned(Pin, bool),
    /// After another look.
    Look,
}

impl Attempt {
    /// By what was seen, or what is usual.
    fn first(sealed: &Sealed) -> Attempt {
        match &sealed.seen {
            Seen::NotLooked | Seen::Nothing => Attempt::Pinned(Pin::Absent, false),
            Seen::Version(_) if is_free(&sealed.options) => Attempt::Pinned(Pin::None, true),
            Seen::Version(tag) => Attempt::Pinned(Pin::Version(tag.clone()), true),
        }
    }

    /// After the condition did not hold.
    fn after(self, options: &CreateOptions) -> Attempt {
        match self {
            Attempt::Pinned(Pin::Absent, _) if is_free(options) => Attempt::Pinned(Pin::None, true),
            _ => Attempt::Look,
        }
    }
}

impl Shared {
    /// Publishes one file.
    pub(super) async fn publish(&self, sealed: &Sealed) -> Result<Stored, Error> {
        let evaluated = match sealed.content {
            Content::Whole { .. } => self.conditional.put,
            Content::Parts(_) => self.conditional.complete,
        };
        let _turn = match evaluated {
            true => None,
            false => Some(self.locks.lock(sealed.key.as_str()).await),
        };
        // The look at a large file was long ago, and its bytes are not sent again.
        let mut attempt = match sealed.content {
            Content::Whole { .. } if evaluated => Attempt::first(sealed),
            _ => Attempt::Look,
        };
        for round in 1..=ROUNDS {
            let (pin, replaced) = match &attempt {
                Attempt::Pinned(pin, replaced) => (pin.clone(), *replaced),
                Attempt::Look => match self.bucket.look(&sealed.key).await? {
                    // An attempt whose answer was lost.
                    Some(object) if object.version == sealed.metadata.version => {
                        return Ok(sealed.stored(written(&object), sealed.seen.is_version()));
                    }
                    current => {
                        let info = current.as_ref().map(|found| &found.info);
                        sealed.options.check(info)?;
                        (pin_for(sealed, current.as_ref()), current.is_some())
                    }
                },
            };
            let pin = if evaluated { pin } else { Pin::None };
            match self.send(sealed, pin).await {
                Ok(written) => return Ok(sealed.stored(written, replaced)),
                Err(Failure::Precondition | Failure::NotFound) => {
                    attempt = attempt.after(&sealed.options);
                }
                Err(Failure::Conflict) => {
                    attempt = Attempt::Look;
                    tokio::time::sleep(PAUSE * round).await;
                }
                // It may have been this very upload that was completed.
                Err(Failure::NoSuchUpload) => return self.own(sealed).await,
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(Error::Unavailable("too many others write this key".into()))
    }

    async fn send(&self, sealed: &Sealed, pin: Pin) -> Result<Written, Failure> {
        match &sealed.content {
            Content::Whole { bytes, .. } => {
                let bytes = bytes.clone();
                self.bucket
                    .put(&sealed.key, &sealed.metadata, bytes, &pin)
                    .await
            }
            Content::Parts(multipart) => {
                let etag = multipart.complete(pin).await?;
                // Only readers are told the time: for many services it is the one at
                // which the upload began.
                match self.bucket.head(&sealed.key).await {
                    Ok(object) if object.version == sealed.metadata.version => Ok(written(&object)),
                    Ok(_) | Err(_) => Ok(Written {
                        etag,
                        modified: std::time::SystemTime::now(),
                    }),
                }
            }
        }
    }

    async fn own(&self, sealed: &Sealed) -> Result<Stored, Error> {
        match self.bucket.look(&sealed.key).await? {
            Some(object) if object.version == sealed.metadata.version => {
                Ok(sealed.stored(written(&object), sealed.seen.is_version()))
            }
            _ => Err(Error::Unavailable(
                "the service has forgotten the upload".into(),
            )),
        }
    }
}

/// The version that a look has found, unless it does not matter.
fn pin_for(sealed: &Sealed, current: Option<&Object>) -> Pin {
    match current {
        None => Pin::Absent,
        Some(_) if is_free(&sealed.options) => Pin::None,
        Some(found) => Pin::Version(found.info.etag.clone()),
    }
}

fn written(object: &Object) -> Written {
    Written {
        etag: object.info.etag.clone(),
        modified: object.info.modified,
    }
}
