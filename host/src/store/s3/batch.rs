//! Publishing several files, all or none as far as S3 allows.
//!
//! S3 has no transactions. So every file is received, verified and checked against the
//! current version before the first is published; then new files are published before those
//! that replace something, and if one fails, the new ones are rolled back. Files that were
//! replaced before a failure stay replaced, which is logged; and a reader can see some of the
//! files a moment before the others.

use std::sync::atomic::{AtomicBool, Ordering};

use coffer_port::object::batch::{Outcome, Undo};
use coffer_port::object::{Pin, Seen};
use futures_util::{FutureExt, StreamExt, stream};

use super::failure::S3Failure;
use super::sealed::Sealed;
use super::shared::Shared;
use crate::store::{Error, Refusal, Stored};

/// Concurrent requests of one batch.
const AT_ONCE: usize = 8;

impl Shared {
    pub(super) async fn publish_all(&self, mut batch: Vec<Sealed>) -> Result<Vec<Stored>, Refusal> {
        if let [one] = batch.as_slice() {
            let stored = self.publish(one).await;
            return stored
                .map(|stored| vec![stored])
                .map_err(|error| Refusal { index: 0, error });
        }
        self.check_all(&mut batch).await?;
        let mut outcomes: Vec<Outcome> = batch.iter().map(|_| Outcome::Nothing).collect();
        for replacing in [false, true] {
            let some = batch.iter().enumerate();
            let some = some.filter(|(_, sealed)| sealed.seen.is_version() == replacing);
            let refused = self.publish_some(some, &mut outcomes).await;
            if let Err(refusal) = refused {
                self.undo(&batch, &outcomes).await;
                return Err(refusal);
            }
        }
        let stored = outcomes.into_iter().filter_map(Outcome::into_stored);
        Ok(stored.collect())
    }

    /// Refuses, before anything has changed, what would be refused now.
    async fn check_all(&self, batch: &mut [Sealed]) -> Result<(), Refusal> {
        let looks: Vec<_> = batch
            .iter()
            .map(|sealed| {
                self.bucket
                    .look_and_check(&sealed.key, &sealed.options)
                    .boxed()
            })
            .collect();
        let found: Vec<Result<Seen, Error>> = stream::iter(looks).buffered(AT_ONCE).collect().await;
        for (index, (sealed, found)) in batch.iter_mut().zip(found).enumerate() {
            sealed.seen = found.map_err(|error| Refusal { index, error })?;
        }
        Ok(())
    }

    /// Returns the first refusal, once no request is in flight.
    async fn publish_some<'a>(
        &self,
        some: impl Iterator<Item = (usize, &'a Sealed)>,
        outcomes: &mut [Outcome],
    ) -> Result<(), Refusal> {
        let failed = AtomicBool::new(false);
        let publishing: Vec<_> = some
            .map(|(index, sealed)| self.publish_unless(&failed, index, sealed).boxed())
            .collect();
        let mut published = stream::iter(publishing).buffer_unordered(AT_ONCE);
        let mut refused = Ok(());
        while let Some((index, published)) = published.next().await {
            let error = match published {
                Some(Ok(stored)) => {
                    outcomes[index] = Outcome::Stored(stored);
                    continue;
                }
                Some(Err(error)) => error,
                None => continue,
            };
            outcomes[index] = Outcome::failed(&error);
            if refused.is_ok() {
                refused = Err(Refusal { index, error });
            }
        }
        refused
    }

    async fn publish_unless(
        &self,
        failed: &AtomicBool,
        index: usize,
        sealed: &Sealed,
    ) -> (usize, Option<Result<Stored, Error>>) {
        if failed.load(Ordering::Relaxed) {
            return (index, None);
        }
        let outcome = self.publish(sealed).await;
        failed.fetch_or(outcome.is_err(), Ordering::Relaxed);
        (index, Some(outcome))
    }

    /// Rolls back: removes new files, unless others have replaced them since.
    async fn undo(&self, batch: &[Sealed], outcomes: &[Outcome]) {
        for (sealed, outcome) in batch.iter().zip(outcomes) {
            let key = sealed.key.as_str();
            match outcome.undo(sealed.seen.is_version()) {
                Undo::Nothing => {}
                Undo::Replaced => tracing::error!(
                    key,
                    "not rolled back: the file stays replaced although its batch failed"
                ),
                Undo::PerhapsReplaced => tracing::error!(
                    key,
                    "not rolled back: the file may be replaced although its batch failed"
                ),
                Undo::Remove => {
                    if let Err(error) = self.take_back(sealed).await {
                        tracing::error!(key, %error, "cannot roll back: the file may stay stored although its batch failed");
                    }
                }
            }
        }
    }

    async fn take_back(&self, sealed: &Sealed) -> Result<(), Error> {
        let own = |version: Option<&String>| version == sealed.metadata.version.as_ref();
        match self.bucket.look(&sealed.key).await? {
            Some(object) if own(object.version.as_ref()) => {
                let if_match = self.conditional.delete;
                let pin = match if_match.is_evaluated() {
                    true => if_match.form(Pin::Version(object.info.etag)),
                    false => Pin::None,
                };
                match self.bucket.delete(&sealed.key, &pin).await {
                    // Removed by an attempt whose answer was lost, or replaced by others.
                    Err(S3Failure::Unconfirmed(_)) => Ok(()),
                    outcome => Ok(outcome?),
                }
            }
            // Not stored, or replaced or removed by others meanwhile.
            _ => Ok(()),
        }
    }
}
