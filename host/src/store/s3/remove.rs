//! Removing one file: [`Remove`] decides, the requests are made here.

use coffer_port::object::Remove;

use super::failure::S3Failure;
use super::shared::Shared;
use crate::store::{Conditions, Error, Guard, Key};

impl Shared {
    /// Removes one file.
    pub(super) async fn remove(
        &self,
        key: &Key,
        may_remove: &Guard,
        conditions: &Conditions,
    ) -> Result<(), Error> {
        let _turn = self.turn(key).await;
        let if_match = self.conditional.delete;
        let mut remove = Remove::new(may_remove, conditions, if_match.is_evaluated());
        loop {
            let found = self.bucket.look(key).await?.map(|object| object.info);
            let Some(pin) = remove.pin(found)? else {
                return Ok(());
            };
            match self.bucket.delete(key, &if_match.form(pin)).await {
                Err(S3Failure::Precondition | S3Failure::NotFound | S3Failure::Conflict) => {}
                Err(S3Failure::Unconfirmed(_)) => remove.unconfirmed(),
                outcome => return Ok(outcome?),
            }
        }
    }
}
