//! Making one file visible: [`Publish`] decides, the requests are made here.
//!
//! If the service does not evaluate every condition, the writers within this host take turns.

use coffer_port::object::publish::{Means, Step};
use coffer_port::object::{Pin, Publish};

use super::bucket::{Object, Written};
use super::failure::S3Failure;
use super::multipart::Multipart;
use super::sealed::{Content, Sealed};
use super::shared::Shared;
use crate::store::{Error, Key, Stored};

impl Shared {
    /// Publishes one file.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the service has forgotten an upload that was there before.
    pub(super) async fn publish(&self, sealed: &Sealed) -> Result<Stored, Error> {
        let (evaluated, whole) = match sealed.content {
            Content::Whole { .. } => (self.conditional.put, true),
            Content::Parts(_) => (self.conditional.complete, false),
        };
        let means = Means {
            absent: evaluated.absent,
            version: evaluated.version.is_evaluated(),
            folders: self.conditional.folders,
            whole,
        };
        let _turn = self.turn(&sealed.key).await;
        let version = sealed.metadata.version.as_deref();
        let mut publish = Publish::new(&sealed.options, version, &sealed.seen, means);
        let mut is_forgotten = false;
        loop {
            match publish.step()? {
                Step::Wait(time) => tokio::time::sleep(time).await,
                Step::Look => {
                    let names_absence = evaluated.absent && sealed.options.check(None).is_ok();
                    let found = match names_absence && !is_forgotten {
                        true => self.bucket.glance(&sealed.key).await?,
                        false => self.bucket.look(&sealed.key).await?,
                    };
                    let described = found.as_ref().map(Object::described);
                    let own = match publish.looked(described) {
                        Err(_) if is_forgotten => return Err(Error::NotFound),
                        own => own?,
                    };
                    if own && let Some(object) = found {
                        return Ok(sealed.stored(object.into(), publish.replaces()));
                    }
                }
                Step::Send(pin) => match self.send(sealed, evaluated.version.form(pin)).await {
                    Ok(written) => return Ok(sealed.stored(written, publish.replaces())),
                    Err(S3Failure::Unconfirmed(_)) => publish.unconfirmed(),
                    Err(S3Failure::Precondition | S3Failure::NotFound) => publish.overtaken(),
                    Err(S3Failure::Conflict) => publish.collided(),
                    Err(S3Failure::NoSuchUpload) => {
                        is_forgotten = sealed.content.was_there();
                        publish.forgotten();
                    }
                    Err(failure) => return Err(failure.into()),
                },
            }
        }
    }

    async fn send(&self, sealed: &Sealed, pin: Pin) -> Result<Written, S3Failure> {
        match &sealed.content {
            Content::Whole { bytes, .. } => {
                let bytes = bytes.clone();
                self.bucket
                    .put(&sealed.key, &sealed.metadata, bytes, &pin)
                    .await
            }
            Content::Parts(multipart) => {
                let version = sealed.metadata.version.as_deref();
                self.complete(multipart, &sealed.key, version, pin).await
            }
        }
    }

    /// Completes an upload in parts, of a version of this name.
    pub(super) async fn complete(
        &self,
        multipart: &Multipart,
        key: &Key,
        version: Option<&str>,
        pin: Pin,
    ) -> Result<Written, S3Failure> {
        let etag = multipart.complete(pin).await?;
        // Only readers are told the recorded time: on many services it is when the upload began.
        match (self.bucket.head(key).await, etag) {
            (Ok(object), _) if object.version.as_deref() == version => Ok(object.into()),
            (_, Some(etag)) => Ok(Written {
                etag,
                modified: std::time::SystemTime::now(),
            }),
            (_, None) => Err(S3Failure::unconfirmed("completed without an ETag")),
        }
    }
}

impl From<Object> for Written {
    fn from(object: Object) -> Written {
        Written {
            etag: object.info.etag,
            modified: object.info.modified,
        }
    }
}
