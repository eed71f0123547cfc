//! Removing files, one or many.

use std::collections::HashMap;

use coffer_port::object::{Pin, Remove, xml};
use coffer_port::{Conditions, Error, Guard, Key};

use crate::bucket::Bucket;
use crate::failure::Failure;
use crate::run::several;

/// Removes a file: [`Remove`] decides, the requests are made here.
pub async fn remove(
    bucket: &Bucket,
    key: &Key,
    may_remove: &Guard,
    conditions: &Conditions,
) -> Result<(), Error> {
    let mut remove = Remove::new(may_remove, conditions, bucket.0.conditional);
    loop {
        let found = bucket.look(key).await?.map(|object| object.info);
        let Some(pin) = remove.pin(found)? else {
            return Ok(());
        };
        match bucket.delete(key, &pin).await {
            Err(Failure::Precondition | Failure::NotFound | Failure::Conflict) => {}
            Err(Failure::Unconfirmed(_)) => remove.unconfirmed(),
            outcome => return Ok(outcome?),
        }
    }
}

/// Removes each of these files.
pub async fn remove_many(
    bucket: &Bucket,
    keys: &[Key],
    may_remove: &Guard,
) -> Vec<Result<(), Error>> {
    if *may_remove == Guard::Any {
        return remove_any(bucket, keys).await;
    }
    let none = Conditions::default();
    let removals = keys.iter().map(|key| {
        let removed = remove(bucket, key, may_remove, &none);
        async move {
            match removed.await {
                Err(Error::NotFound) => Ok(()),
                removed => removed,
            }
        }
    });
    several(removals).await
}

/// Removes each of these files, whatever it is: all in one request, as far as the service can.
async fn remove_any(bucket: &Bucket, keys: &[Key]) -> Vec<Result<(), Error>> {
    let object = |key: &Key| bucket.object(key.as_str());
    let carried: Vec<&Key> = keys
        .iter()
        .filter(|key| xml::carries(&object(key)))
        .collect();
    let mut removed = match carried.is_empty() {
        true => Ok(HashMap::new()),
        false => bucket.delete_many(&carried).await,
    };
    let removals = keys.iter().map(|key| {
        let outcome = match &mut removed {
            Ok(outcomes) => outcomes.remove(key.as_str()),
            Err(Failure::NotImplemented | Failure::Unconfirmed(_)) => None,
            Err(failure) => Some(Err(failure.clone())),
        };
        async move {
            let outcome = match outcome {
                Some(outcome) => outcome,
                // By itself, which does no harm if it is removed already.
                None => bucket.delete(key, &Pin::None).await,
            };
            match outcome {
                Ok(()) | Err(Failure::NotFound) => Ok(()),
                Err(failure) => Err(failure.into()),
            }
        }
    });
    several(removals).await
}
