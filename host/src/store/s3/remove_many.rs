//! Removing many files: in one request where whose they are does not matter.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use coffer_port::object::{Pin, xml};
use futures_util::{FutureExt, StreamExt, stream};

use super::bucket::Failed;
use super::diagnosis::Diagnosis;
use super::failure::S3Failure;
use super::shared::Shared;
use crate::store::{Conditions, Error, Guard, Key};

/// How many files are removed at the same time, where each takes a request of its own.
const AT_ONCE: usize = 32;

/// How a request for many went.
enum Batch {
    /// All are removed but these.
    Answered(Vec<Failed>),
    /// They have to be removed one by one. Whether the service may never do it in one request.
    Singly(bool),
    /// None is removed.
    Failed(S3Failure),
}

impl Shared {
    /// Removes each of these files; one that does not exist counts as removed.
    pub(super) async fn remove_many(
        &self,
        keys: &[Key],
        may_remove: &Guard,
    ) -> Vec<Result<(), Error>> {
        match may_remove {
            Guard::Any => self.remove_any(keys).await,
            Guard::Uploader(_) | Guard::None => self.remove_guarded(keys, may_remove).await,
        }
    }

    async fn remove_any(&self, keys: &[Key]) -> Vec<Result<(), Error>> {
        let mut outcomes: Vec<Option<Result<(), Error>>> = keys.iter().map(|_| None).collect();
        let places = keys.iter().enumerate();
        let places: HashMap<&str, usize> =
            places.map(|(place, key)| (key.as_str(), place)).collect();
        let carried = |key: &&Key| xml::carries(&self.bucket.prefix.object(key.as_str()));
        let batch: Vec<&Key> = keys.iter().filter(carried).collect();
        let mut unsupported = false;
        match self.remove_batch(&batch).await {
            Batch::Answered(failed) => {
                for key in &batch {
                    outcomes[places[key.as_str()]] = Some(Ok(()));
                }
                for Failed { name, error } in failed {
                    let Some(place) = places.get(name.as_str()) else {
                        // Which one is meant cannot be told, so it may be any.
                        outcomes.fill_with(|| None);
                        break;
                    };
                    if error.is_some() {
                        self.health.note_refusal();
                    }
                    outcomes[*place] = error.map(Err);
                }
            }
            Batch::Singly(never) => unsupported = never,
            Batch::Failed(failure) => {
                for key in &batch {
                    outcomes[places[key.as_str()]] = Some(Err(failure.repeated()));
                }
            }
        }
        let left: Vec<usize> = (0..keys.len())
            .filter(|place| outcomes[*place].is_none())
            .collect();
        let removing: Vec<_> = left
            .iter()
            .map(|place| self.remove_alone(&keys[*place]).boxed())
            .collect();
        let removed: Vec<_> = stream::iter(removing).buffered(AT_ONCE).collect().await;
        if unsupported && removed.iter().all(Result::is_ok) {
            self.one_by_one.store(true, Ordering::Relaxed);
            tracing::info!(
                "the S3 service does not remove many objects in one request: they are removed one \
                 by one"
            );
        }
        for (place, outcome) in left.into_iter().zip(removed) {
            outcomes[place] = Some(outcome);
        }
        let missing = || Err(Error::unavailable("not removed"));
        let outcomes = outcomes.into_iter();
        outcomes
            .map(|outcome| outcome.unwrap_or_else(missing))
            .collect()
    }

    async fn remove_batch(&self, keys: &[&Key]) -> Batch {
        if keys.len() < 2 || self.one_by_one.load(Ordering::Relaxed) {
            return Batch::Singly(false);
        }
        let _turns = self.turns(keys).await;
        match self.bucket.delete_many(keys).await {
            Ok(failed) => Batch::Answered(failed),
            Err(S3Failure::NotImplemented(_)) => Batch::Singly(true),
            // The checksum, for one, which some services want in another form.
            Err(failure) if failure.diagnosis().is_some_and(Diagnosis::is_refused) => {
                Batch::Singly(true)
            }
            Err(S3Failure::Unconfirmed(_)) => Batch::Singly(false),
            Err(failure) => Batch::Failed(failure),
        }
    }

    /// Removes one file, if it exists.
    async fn remove_alone(&self, key: &Key) -> Result<(), Error> {
        let _turn = self.turn(key).await;
        match self.bucket.delete(key, &Pin::None).await {
            // The second where an earlier attempt, whose answer was lost, has removed it.
            Err(S3Failure::NotFound | S3Failure::Unconfirmed(_)) => Ok(()),
            outcome => Ok(outcome?),
        }
    }

    async fn remove_guarded(&self, keys: &[Key], may_remove: &Guard) -> Vec<Result<(), Error>> {
        let unconditional = Conditions::default();
        let removing: Vec<_> = keys
            .iter()
            .map(|key| self.remove(key, may_remove, &unconditional).boxed())
            .collect();
        let removed = stream::iter(removing).buffered(AT_ONCE);
        let removed = removed.map(|outcome| match outcome {
            Err(Error::NotFound) => Ok(()),
            outcome => outcome,
        });
        removed.collect().await
    }
}
