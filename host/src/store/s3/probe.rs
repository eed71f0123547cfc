//! Finds out which conditions the service evaluates: some ignore them silently, some refuse
//! every request that has one, some want entity tags without quotes.
//!
//! A condition counts as evaluated if a request is refused where it does not hold *and* carried
//! out where it holds.

use std::collections::HashMap;

use bytes::Bytes;
use coffer_port::object::{ObjectMetadata, Pin};
use uuid::Uuid;

use super::bucket::{Bucket, Source, Written};
use super::conditional::{Conditional, Evaluated, IfMatch};
use super::failure::S3Failure;
use super::scratch::Scratch;
use crate::store::{Error, Key};

/// The tag of other content.
const OTHER: &str = "\"00000000000000000000000000000000\"";
/// Max attempts of a request that fails for a reason that may pass.
const ATTEMPTS: u32 = 3;

/// A request that can carry a condition.
#[derive(Debug, Clone, Copy)]
enum Write<'a> {
    Put,
    Complete,
    /// From this object.
    Copy(&'a Key),
    /// To this object; the condition is on the source.
    CopyTo(&'a Key),
    Delete,
}

/// What happened to a request with a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It was carried out.
    Done,
    /// The condition is said not to hold.
    Refused,
    /// Something else: the service does not know the field, for one.
    Failed,
    /// Something that may pass: it says nothing.
    Unknown,
}

/// The names of temporary objects.
struct Names {
    put: Key,
    put_new: Key,
    parts: Key,
    parts_new: Key,
    copy: Key,
    copy_new: Key,
    copy_source: Key,
    delete: Key,
    folder: Key,
    in_folder: Key,
}

/// Tries every condition on temporary objects, which are removed.
pub(super) async fn conditions(bucket: &Bucket) -> Result<Conditional, S3Failure> {
    let names = Names::new().map_err(|error| Error::Unavailable(Box::new(error)))?;
    let scratch = Scratch::new(bucket, &names.put).await?;
    let found = names.try_all(&scratch.bucket).await;
    let removed = scratch.remove(names.all()).await;
    let found = found?;
    removed?;
    Ok(found)
}

impl Names {
    fn new() -> Result<Names, crate::store::KeyError> {
        let base = format!(".coffer/probe-{}", Uuid::new_v4());
        let name = |end: &str| Key::new(format!("{base}-{end}"));
        Ok(Names {
            put: name("put")?,
            put_new: name("put-new")?,
            parts: name("parts")?,
            parts_new: name("parts-new")?,
            copy: name("copy")?,
            copy_new: name("copy-new")?,
            copy_source: name("copy-source")?,
            delete: name("delete")?,
            folder: name("folder")?,
            in_folder: name("folder/file")?,
        })
    }

    fn all(&self) -> [&Key; 10] {
        [
            &self.put,
            &self.put_new,
            &self.parts,
            &self.parts_new,
            &self.copy,
            &self.copy_new,
            &self.copy_source,
            &self.delete,
            &self.in_folder,
            &self.folder,
        ]
    }

    async fn try_all(&self, bucket: &Bucket) -> Result<Conditional, S3Failure> {
        // Before all others, so that a refusal of everything leaves nothing else behind.
        put(bucket, &self.put, "0", &Pin::None).await?;
        // To their ends, since a request that is dropped can still be carried out after all has
        // been removed.
        let (put, complete, copies, delete, folders) = tokio::join!(
            evaluated(bucket, Write::Put, &self.put, &self.put_new),
            evaluated(bucket, Write::Complete, &self.parts, &self.parts_new),
            self.copies(bucket),
            if_match(bucket, Write::Delete, &self.delete),
            self.folders(bucket),
        );
        let (put, (copy, source)) = (put?, copies?);
        Ok(Conditional {
            put,
            complete: complete?,
            copy,
            source,
            delete: delete?,
            folders: put.absent && folders?,
        })
    }

    /// The conditions of a copy, on its target and on its source.
    async fn copies(&self, bucket: &Bucket) -> Result<(Evaluated, IfMatch), S3Failure> {
        put(bucket, &self.copy_source, "3", &Pin::None).await?;
        let copy = Write::Copy(&self.copy_source);
        let target = evaluated(bucket, copy, &self.copy, &self.copy_new).await?;
        let copy = Write::CopyTo(&self.copy);
        Ok((target, if_match(bucket, copy, &self.copy_source).await?))
    }

    /// Whether a folder is taken for an object.
    async fn folders(&self, bucket: &Bucket) -> Result<bool, S3Failure> {
        put(bucket, &self.in_folder, "1", &Pin::None).await?;
        let outcome = attempt(bucket, Write::Put, &self.folder, On::Absence).await?;
        Ok(outcome == Outcome::Refused)
    }
}

/// `new` has no object yet.
async fn evaluated(
    bucket: &Bucket,
    write: Write<'_>,
    key: &Key,
    new: &Key,
) -> Result<Evaluated, S3Failure> {
    let absent = attempt(bucket, write, key, On::AbsenceOfOne).await? == Outcome::Refused
        && attempt(bucket, write, new, On::Absence).await? == Outcome::Done;
    Ok(Evaluated {
        absent,
        version: if_match(bucket, write, key).await?,
    })
}

async fn if_match(bucket: &Bucket, write: Write<'_>, key: &Key) -> Result<IfMatch, S3Failure> {
    for form in [IfMatch::Quoted, IfMatch::Unquoted] {
        if attempt(bucket, write, key, On::Other(form)).await? == Outcome::Refused
            && attempt(bucket, write, key, On::This(form)).await? == Outcome::Done
        {
            return Ok(form);
        }
    }
    Ok(IfMatch::Ignored)
}

/// A condition, and whether the object exists when it is tried.
#[derive(Debug, Clone, Copy)]
enum On {
    /// `If-None-Match: *` while the object does not exist.
    Absence,
    /// The same while it exists.
    AbsenceOfOne,
    /// `If-Match` with the object's tag.
    This(IfMatch),
    /// `If-Match` with a different tag.
    Other(IfMatch),
}

/// Tries a request with a condition; again if it fails by something that may pass, since what is
/// found out holds as long as the host runs. A service that always fails does not evaluate it.
///
/// # Errors
/// A failure that the condition did not cause.
async fn attempt(
    bucket: &Bucket,
    write: Write<'_>,
    key: &Key,
    on: On,
) -> Result<Outcome, S3Failure> {
    let mut outcome = Outcome::Unknown;
    for round in 0..ATTEMPTS {
        let pin = match (on, round) {
            // There is nothing yet.
            (On::Absence, 0) => Pin::Absent,
            _ => prepared(bucket, key, on).await?,
        };
        outcome = attempt_once(bucket, write, key, pin).await?;
        if outcome != Outcome::Unknown {
            break;
        }
    }
    Ok(outcome)
}

/// Creates or removes the object as the condition needs it, and returns the condition.
async fn prepared(bucket: &Bucket, key: &Key, on: On) -> Result<Pin, S3Failure> {
    if let On::Absence = on {
        return match bucket.delete(key, &Pin::None).await {
            Ok(()) | Err(S3Failure::NotFound) => Ok(Pin::Absent),
            Err(failure) => Err(failure),
        };
    }
    let there = put(bucket, key, "1", &Pin::None).await?;
    Ok(match on {
        On::Absence | On::AbsenceOfOne => Pin::Absent,
        On::This(form) => form.form(Pin::Version(there.etag)),
        On::Other(form) => form.form(Pin::Version(OTHER.to_owned())),
    })
}

async fn attempt_once(
    bucket: &Bucket,
    write: Write<'_>,
    key: &Key,
    pin: Pin,
) -> Result<Outcome, S3Failure> {
    let done = match write {
        Write::Put => put(bucket, key, "2", &pin).await.map(drop),
        Write::Complete => return complete(bucket, key, &pin).await,
        Write::Copy(from) => copy(bucket, from, Pin::None, key, &pin).await,
        Write::CopyTo(to) => copy(bucket, key, pin, to, &Pin::None).await,
        Write::Delete => bucket.delete(key, &pin).await,
    };
    Ok(Outcome::of(&done))
}

async fn put(
    bucket: &Bucket,
    key: &Key,
    content: &'static str,
    pin: &Pin,
) -> Result<Written, S3Failure> {
    let content = Bytes::from_static(content.as_bytes());
    bucket
        .put(key, &ObjectMetadata::plain(), content, pin)
        .await
}

async fn copy(
    bucket: &Bucket,
    from: &Key,
    only: Pin,
    to: &Key,
    pin: &Pin,
) -> Result<(), S3Failure> {
    let source = Source {
        key: from.clone(),
        pin: only,
    };
    let (metadata, no_more) = (ObjectMetadata::plain(), HashMap::new());
    let copied = bucket.copy(&source, to, &metadata, no_more, pin).await;
    copied.map(drop)
}

async fn complete(bucket: &Bucket, key: &Key, pin: &Pin) -> Result<Outcome, S3Failure> {
    let id = bucket.start_parts(key, &ObjectMetadata::plain()).await?;
    let part = bucket.put_part(key, &id, 1, Bytes::from_static(b"3")).await;
    let outcome = match part {
        Ok(part) => {
            let completed = bucket.complete_parts(key, &id, vec![part], pin).await;
            Ok(Outcome::of(&completed))
        }
        Err(failure) => Err(failure),
    };
    if !matches!(outcome, Ok(Outcome::Done)) {
        let object = bucket.prefix.object(key.as_str());
        let _ = bucket.abort_parts(&object, &id).await;
    }
    outcome
}

impl Outcome {
    fn of<T>(result: &Result<T, S3Failure>) -> Outcome {
        match result {
            Ok(_) => Outcome::Done,
            Err(S3Failure::Precondition | S3Failure::Conflict) => Outcome::Refused,
            Err(S3Failure::Unconfirmed(_) | S3Failure::Other(Error::Unavailable(_))) => {
                Outcome::Unknown
            }
            Err(_) => Outcome::Failed,
        }
    }
}
