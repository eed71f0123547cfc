//! Changing what is stored beside a file's bytes: S3 does so by copying an object onto itself.

use std::sync::Arc;
use std::time::Duration;

use coffer_port::object::{ObjectMetadata, Pin};
use uuid::Uuid;

use super::copy::Transfer;
use super::failure::S3Failure;
use super::shared::Shared;
use crate::store::{Amendment, Conditions, Error, Guard, Info, Key, check_remove};

/// How often the decision is taken anew because another writer was faster.
const ROUNDS: u32 = 16;
/// The backoff after the first collision with another writer; it grows by as much with each
/// round.
const PAUSE: Duration = Duration::from_millis(10);

impl Shared {
    /// Changes the description of one file.
    pub(super) async fn amend(
        self: &Arc<Self>,
        key: &Key,
        may_replace: &Guard,
        conditions: &Conditions,
        amendment: &Amendment,
    ) -> Result<Info, Error> {
        let _turn = self.turn(key).await;
        for round in 1..=ROUNDS {
            let found = self.bucket.look_closely(key).await?;
            let current = found.as_ref().map(|found| &found.object.info);
            check_remove(current, may_replace, conditions)?;
            let described = found.ok_or(Error::NotFound)?;
            let mut info = described.object.info.clone();
            amendment.clone().apply(&mut info);
            let metadata = ObjectMetadata {
                content_type: info.content_type.clone(),
                uploader: info.uploader.clone(),
                version: Some(Uuid::new_v4().to_string()),
                metadata: info.metadata.clone(),
            };
            let transfer = match Transfer::begin(self, &described, key, metadata, None).await {
                Err(Error::NotFound | Error::PreconditionFailed) => continue,
                begun => begun?,
            };
            // The service may evaluate that of the source before others replace it.
            let pin = match transfer.evaluated().version.is_evaluated() {
                true => Pin::Version(info.etag.clone()),
                false => Pin::None,
            };
            match transfer.send(pin).await {
                Ok(written) => {
                    return Ok(Info {
                        etag: written.etag,
                        modified: written.modified,
                        ..info
                    });
                }
                Err(S3Failure::Precondition | S3Failure::NotFound) => {}
                Err(S3Failure::Conflict) => tokio::time::sleep(PAUSE * round).await,
                Err(S3Failure::Unconfirmed(_) | S3Failure::NoSuchUpload) => {
                    let found = self.bucket.look(key).await?;
                    let own =
                        found.filter(|object| object.version.as_deref() == transfer.version());
                    if let Some(own) = own {
                        return Ok(own.info);
                    }
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(Error::unavailable("too many others write this key"))
    }
}
