//! A file being uploaded.

use bytes::Bytes;
use coffer_port::resumable::{TurnDigest, TurnHash};

use super::intake::{Few, Intake};
use super::stage::Stage;
use crate::store::{CreateOptions, Error, Key, Upload};

pub(super) struct LocalUpload {
    key: Key,
    options: CreateOptions,
    intake: Intake,
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
        let hash = TurnHash::expecting(options.sha256.map(TurnDigest::Sha256));
        LocalUpload {
            intake: Intake::new(stage, Bytes::new(), hash, options.max_size),
            key,
            options,
        }
    }

    /// Ends the file: writes the rest, verifies the digest, makes it durable.
    pub(super) async fn seal(self: Box<Self>) -> Result<Sealed, Error> {
        let settled = self.intake.settle(Few::Alone).await?;
        Ok(Sealed {
            key: self.key,
            options: self.options,
            size: settled.length,
            stage: settled.stage,
            content: settled.content,
        })
    }
}

#[async_trait::async_trait]
impl Upload for LocalUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let written = self.intake.write(bytes).await;
        if written.is_err() {
            self.intake.abandon();
        }
        written
    }

    async fn complete(&mut self) -> Result<(), Error> {
        self.intake.complete().await
    }
}
