//! Publishing several files, all or none as far as S3 allows.
//!
//! S3 has no transactions. So every file is received, verified and checked against the
//! current version before the first is published; then new files are published before those
//! that replace something, and if one fails, the new ones are rolled back. Files that were
//! replaced before a failure stay replaced, which is logged; and a reader can see some of the
//! files a moment before the others.

use coffer_port::error::causes;
use coffer_port::object::Pin;
use coffer_port::object::batch::{Outcome, Undo};
use coffer_port::{Error, Refusal, Stored};

use crate::failure::Failure;
use crate::publish::{look_and_check, publish};
use crate::upload::Upload;

/// Publishes a batch.
pub async fn publish_all(mut batch: Vec<Upload>) -> Result<Vec<Stored>, Refusal> {
    for (index, upload) in batch.iter_mut().enumerate() {
        upload.seal().await.map_err(|failure| Refusal {
            index,
            error: failure.into(),
        })?;
    }
    if let [one] = batch.as_mut_slice() {
        let stored = publish(one).await;
        let stored = stored.map_err(|error| Refusal { index: 0, error })?;
        return Ok(vec![stored]);
    }
    for (index, upload) in batch.iter_mut().enumerate() {
        upload.seen = look_and_check(&upload.bucket, &upload.key, &upload.options)
            .await
            .map_err(|error| Refusal { index, error })?;
    }
    let mut outcomes: Vec<Outcome> = batch.iter().map(|_| Outcome::Nothing).collect();
    for replacing in [false, true] {
        for index in 0..batch.len() {
            if batch[index].seen.is_version() != replacing {
                continue;
            }
            match publish(&mut batch[index]).await {
                Ok(stored) => outcomes[index] = Outcome::Stored(stored),
                Err(error) => {
                    outcomes[index] = Outcome::failed(&error);
                    undo(&batch, &outcomes).await;
                    return Err(Refusal { index, error });
                }
            }
        }
    }
    let stored = outcomes.into_iter().filter_map(Outcome::into_stored);
    Ok(stored.collect())
}

/// Rolls back: removes new files, unless others have replaced them since.
async fn undo(batch: &[Upload], outcomes: &[Outcome]) {
    for (upload, outcome) in batch.iter().zip(outcomes) {
        let key = &upload.key;
        match outcome.undo(upload.seen.is_version()) {
            Undo::Nothing => {}
            Undo::Replaced => {
                eprintln!("not rolled back: {key} stays replaced although its batch failed");
            }
            Undo::PerhapsReplaced => {
                eprintln!("not rolled back: {key} may be replaced although its batch failed");
            }
            Undo::Remove => {
                if let Err(failure) = take_back(upload).await {
                    let error = Error::from(failure);
                    eprintln!(
                        "cannot roll back: {key} may stay stored although its batch failed: {}",
                        causes(&error)
                    );
                }
            }
        }
    }
}

async fn take_back(upload: &Upload) -> Result<(), Failure> {
    match upload.bucket.look(&upload.key).await? {
        Some(object) if object.version == upload.metadata.version => {
            let pin = Pin::Version(object.info.etag);
            match upload.bucket.delete(&upload.key, &pin).await {
                // Removed by an attempt whose answer was lost, or replaced by others.
                Err(Failure::Unconfirmed(_)) => Ok(()),
                outcome => outcome,
            }
        }
        // Not stored, or replaced or removed by others meanwhile.
        _ => Ok(()),
    }
}
