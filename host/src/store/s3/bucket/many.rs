//! Removing many objects in one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_s3::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use coffer_port::object::Meaning;

use super::Bucket;
use crate::store::s3::client::patient;
use crate::store::s3::diagnosis::Diagnosis;
use crate::store::s3::failure::S3Failure;
use crate::store::{Error, Key};

/// An object that one request for many has not removed.
#[derive(Debug)]
pub(in crate::store::s3) struct Failed {
    /// Its name, below the store's prefix.
    pub(in crate::store::s3) name: String,
    /// Why; none if trying again by itself may help.
    pub(in crate::store::s3) error: Option<Error>,
}

impl Bucket {
    /// One DeleteObjects: those that were not removed. An object that does not exist counts as
    /// removed. XML must carry the names.
    pub(in crate::store::s3) async fn delete_many(
        &self,
        keys: &[&Key],
    ) -> Result<Vec<Failed>, S3Failure> {
        let objects = keys.iter().map(|key| {
            let object = self.prefix.object(key.as_str());
            ObjectIdentifier::builder().key(object).build()
        });
        let objects: Result<Vec<_>, _> = objects.collect();
        let objects = objects.map_err(Error::unavailable)?;
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true);
        let ended = Ended::default();
        let answer = self
            .client
            .delete_objects()
            .bucket(&self.name)
            .delete(delete.build().map_err(Error::unavailable)?)
            .customize()
            .config_override(patient())
            .interceptor(ended.clone())
            .send()
            .await?;
        if !ended.0.load(Ordering::Relaxed) {
            return Err(S3Failure::unconfirmed("a list of errors breaks off"));
        }
        let failed = answer.errors().iter().filter_map(|error| {
            let name = error.key().unwrap_or_default();
            let stripped = self.prefix.strip(name.as_bytes());
            let stripped = stripped.and_then(|name| std::str::from_utf8(name).ok());
            let name = stripped.unwrap_or_default().to_owned();
            let message = error.message().unwrap_or_default();
            let error = explain(error.code().unwrap_or_default(), message);
            error.map(|error| Failed { name, error })
        });
        Ok(failed.collect())
    }
}

/// Whether the answer is a whole document: the SDK accepts one that breaks off, and errors that
/// are missing would be files that count as removed.
#[derive(Debug, Clone, Default)]
struct Ended(Arc<AtomicBool>);

impl Intercept for Ended {
    fn name(&self) -> &'static str {
        "ended"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        self.0.store(is_whole(body), Ordering::Relaxed);
        Ok(())
    }
}

fn is_whole(document: &[u8]) -> bool {
    let document = String::from_utf8_lossy(document);
    let last = document
        .rfind('<')
        .map(|start| document[start..].trim_end());
    let closes = |tag: &str| tag.starts_with("</") || tag.ends_with("/>");
    last.is_some_and(|tag| closes(tag) && tag.contains("DeleteResult") && tag.ends_with('>'))
}

/// What the error for one object means; none where the object is gone.
fn explain(code: &str, message: &str) -> Option<Option<Error>> {
    let diagnosis = || Box::new(Diagnosis::of_one(code, message, "s3:DeleteObject"));
    // The status that goes with a code that says nothing else.
    match Meaning::of(400, Some(code), Some(message)) {
        Meaning::NotFound => None,
        Meaning::UnsupportedKey => Some(Some(Error::UnsupportedKey(diagnosis()))),
        Meaning::NoSpace => Some(Some(Error::NoSpace)),
        Meaning::Permanent if !code.is_empty() => Some(Some(Error::Misconfigured(diagnosis()))),
        _ => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_breaks_off_is_not_whole() {
        for (document, expected) in [
            (
                "<?xml version=\"1.0\"?><DeleteResult></DeleteResult>\n",
                true,
            ),
            ("<DeleteResult xmlns=\"x\"/>", true),
            (
                "<a:DeleteResult xmlns:a=\"x\"><a:Error/></a:DeleteResult>",
                true,
            ),
            ("<DeleteResult>", false),
            ("<DeleteResult><Error>", false),
            ("<DeleteResult><Error></Error>", false),
            ("<DeleteResult></DeleteResult", false),
            ("", false),
        ] {
            assert_eq!(is_whole(document.as_bytes()), expected, "{document}");
        }
    }
}
