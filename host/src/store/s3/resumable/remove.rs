//! Removing an upload with all that it has at the service.

use coffer_port::object::Pin;

use super::id::Id;
use super::objects::{STATES, UNFINISHED, key, tail_key};
use super::state::{State, Tail};
use crate::store::s3::bucket::PartsId;
use crate::store::s3::failure::S3Failure;
use crate::store::s3::shared::Shared;
use crate::store::{Error, Key};

impl Shared {
    /// Removes the state, so that no turn can be suspended any more.
    ///
    /// # Errors
    /// It cannot be removed: nothing has changed.
    pub(super) async fn discard_state(&self, id: Id) -> Result<(), Error> {
        let key = key(STATES, id)?;
        let _turn = self.turn(&key).await;
        match self.bucket.delete(&key, &Pin::None).await {
            Ok(()) | Err(S3Failure::NotFound) => {}
            Err(failure) => return Err(failure.into()),
        }
        self.turns.discarded(id);
        Ok(())
    }

    /// The same; a state that cannot be removed stays for the sweep.
    pub(super) async fn forget_state(&self, id: Id) {
        if let Err(error) = self.discard_state(id).await {
            tracing::warn!(?error, "cannot remove the state of an upload for now");
        }
    }

    /// Removes what an upload has beside its state and its parts. What cannot be removed now is
    /// left to the sweep.
    pub(super) async fn clear(&self, id: Id, state: &State) {
        self.drop_tail(id, &state.received.tail).await;
        if let Ok(key) = key(UNFINISHED, id) {
            self.drop_object(&key).await;
        }
    }

    /// Removes the object of a tail, if it has one.
    pub(super) async fn drop_tail(&self, id: Id, tail: &Tail) {
        if let Tail::There { turn, .. } = tail
            && let Ok(key) = tail_key(id, turn)
        {
            self.drop_object(&key).await;
        }
    }

    /// Aborts the multipart upload of this state.
    pub(super) async fn abort_of(&self, state: &State) {
        if let Some(upload) = &state.received.upload {
            self.abort_upload(&state.target.key, upload).await;
        }
    }

    /// Aborts a multipart upload; one that cannot be aborted is left to the sweep.
    pub(super) async fn abort_upload(&self, key: &Key, id: &PartsId) {
        let object = self.bucket.prefix.object(key.as_str());
        match self.bucket.abort_parts(&object, id).await {
            Ok(()) | Err(S3Failure::NoSuchUpload | S3Failure::NotFound) => {}
            Err(failure) => {
                tracing::warn!(?failure, "cannot abort a multipart upload for now");
            }
        }
    }
}
