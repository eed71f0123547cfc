//! Publishing several files, all or none as far as S3 allows.
//!
//! S3 has no transactions. So every file is received, verified and checked against the
//! current version before the first is published; then new files are published before those
//! that replace something, and if one fails, the new ones are rolled back. Files that were
//! replaced before a failure stay replaced, which is logged; and a reader can see some of the
//! files a moment before the others.

use std::sync::atomic::{AtomicBool, Ordering};

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
        let mut stored: Vec<Option<Stored>> = batch.iter().map(|_| None).collect();
        for replacing in [false, true] {
            let some = batch.iter().enumerate();
            let some = some.filter(|(_, sealed)| sealed.seen.is_version() == replacing);
            let refused = self.publish_some(some, &mut stored).await;
            if let Err(refusal) = refused {
                self.undo(&batch, &stored).await;
                return Err(refusal);
            }
        }
        Ok(stored.into_iter().flatten().collect())
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
        stored: &mut [Option<Stored>],
    ) -> Result<(), Refusal> {
        let failed = AtomicBool::new(false);
        let publishing: Vec<_> = some
            .map(|(index, sealed)| self.publish_unless(&failed, index, sealed).boxed())
            .collect();
        let mut outcomes = stream::iter(publishing).buffer_unordered(AT_ONCE);
        let mut refused = Ok(());
        while let Some((index, outcome)) = outcomes.next().await {
            match outcome {
                Some(Ok(done)) => stored[index] = Some(done),
                Some(Err(error)) if refused.is_ok() => refused = Err(Refusal { index, error }),
                Some(Err(_)) | None => {}
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
    async fn undo(&self, batch: &[Sealed], stored: &[Option<Stored>]) {
        for (sealed, stored) in batch.iter().zip(stored) {
            let Some(stored) = stored else { continue };
            let key = stored.info.key.as_str();
            if stored.replaced {
                tracing::error!(
                    key,
                    "not rolled back: the file stays replaced although its batch failed"
                );
            } else if let Err(error) = self.take_back(sealed, stored).await {
                tracing::error!(key, %error, "cannot roll back: the file stays stored although its batch failed");
            }
        }
    }

    async fn take_back(&self, sealed: &Sealed, stored: &Stored) -> Result<(), Error> {
        let own = |version: Option<&String>| version == sealed.metadata.version.as_ref();
        match self.bucket.look(&sealed.key).await? {
            Some(object) if own(object.version.as_ref()) => {
                let if_match = self.conditional.delete;
                let pin = match if_match.is_evaluated() {
                    true => if_match.form(Pin::Version(stored.info.etag.clone())),
                    false => Pin::None,
                };
                match self.bucket.delete(&sealed.key, &pin).await {
                    // Removed by an attempt whose answer was lost, or replaced by others.
                    Err(S3Failure::Unconfirmed(_)) => Ok(()),
                    outcome => Ok(outcome?),
                }
            }
            // Replaced or removed by others meanwhile.
            _ => Ok(()),
        }
    }
}
