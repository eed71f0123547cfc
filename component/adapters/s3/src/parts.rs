//! A multipart upload, which is invisible until it is completed. Dropped before, it is
//! aborted.

use std::rc::Rc;

use rusty_s3::actions::{
    AbortMultipartUpload, CompleteMultipartUpload, CompleteMultipartUploadResponse,
    CreateMultipartUpload, UploadPart,
};

use coffer_port::Key;
use coffer_port::object::{ObjectMetadata, Pin, Range, quoted, xml};

use crate::bucket::{Bucket, condition, described};
use crate::copy::{Copied, Source};
use crate::failure::Failure;
use crate::run::{run, several};

/// Max parts of a multipart upload in S3.
pub const MOST: usize = 10_000;

/// The parts so far.
pub struct Parts {
    bucket: Rc<Bucket>,
    object: String,
    id: String,
    etags: Vec<String>,
    ended: bool,
}

impl Parts {
    /// Starts a multipart upload.
    pub async fn start(
        bucket: &Rc<Bucket>,
        key: &Key,
        metadata: &ObjectMetadata,
    ) -> Result<Parts, Failure> {
        let object = bucket.object(key.as_str());
        let (address, credentials) = (&bucket.0.address, Some(&bucket.0.credentials));
        let action = CreateMultipartUpload::new(address, credentials, &object);
        let answer = Bucket::send(action, described(metadata), &[])
            .await?
            .text()?;
        // It repeats the name.
        let answer = xml::Lenient::document(&answer);
        let started = CreateMultipartUpload::parse_response(&answer).map_err(unreadable)?;
        Ok(Parts {
            bucket: bucket.clone(),
            id: started.upload_id().to_owned(),
            object,
            etags: Vec::new(),
            ended: false,
        })
    }

    /// Sends the next part. All but the last must have at least 5 MiB.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.etags.len() == MOST {
            return Err(Failure::TooLarge);
        }
        let number = u16::try_from(self.etags.len() + 1).map_err(|_| Failure::TooLarge)?;
        let (address, credentials) = (&self.bucket.0.address, Some(&self.bucket.0.credentials));
        let action = UploadPart::new(address, credentials, &self.object, number, &self.id);
        let answer = Bucket::send(action, vec![], bytes).await?;
        let etag = answer.header("etag");
        let etag = etag.ok_or_else(|| Failure::Broken("a part without an ETag".to_owned()))?;
        self.etags.push(etag.to_owned());
        Ok(())
    }

    /// Has the service copy these ranges of an object as the parts, several at once.
    pub async fn copy(&mut self, source: &Source<'_>, ranges: Vec<Range>) -> Result<(), Failure> {
        if ranges.len() > MOST {
            return Err(Failure::TooLarge);
        }
        let (address, credentials) = (&self.bucket.0.address, Some(&self.bucket.0.credentials));
        let (bucket, object, id) = (&self.bucket, &self.object, &self.id);
        let parts = (1..).zip(ranges).map(|(number, range)| async move {
            let action = UploadPart::new(address, credentials, object, number, id);
            let mut headers = source.fields(bucket);
            headers.extend(
                range
                    .into_field()
                    .map(|range| ("x-amz-copy-source-range", range)),
            );
            let answer = Bucket::send(action, headers, &[]).await?;
            Copied::read(answer.status, &answer.text()?).map(|copied| copied.etag)
        });
        let etags: Result<_, Failure> = several(parts).await.into_iter().collect();
        self.etags = etags?;
        Ok(())
    }

    /// Completes the upload, and returns the new version's entity tag if the service tells it.
    /// Can be retried with another condition.
    pub async fn complete(&mut self, pin: &Pin) -> Result<Option<String>, Failure> {
        let (address, credentials) = (&self.bucket.0.address, Some(&self.bucket.0.credentials));
        let etags = || self.etags.iter().map(String::as_str);
        let (object, id) = (&self.object, &self.id);
        let action = || CompleteMultipartUpload::new(address, credentials, object, id, etags());
        let body = action().body();
        let answer = Bucket::send(action(), condition(pin), body.as_bytes()).await?;
        let (status, text) = (answer.status, answer.text());
        let text = text.map_err(|failure| Failure::Unconfirmed(failure.to_string()))?;
        // The service may respond 200 before it knows the outcome.
        match CompleteMultipartUploadResponse::parse(&text) {
            Ok(completed) => {
                self.ended = true;
                let etag = completed.etag().trim_matches('"');
                Ok((!etag.is_empty()).then(|| quoted(etag)))
            }
            Err(_) => Err(Failure::of(status, &text)),
        }
    }

    /// The upload no longer exists, whether completed or gone: there is nothing to abort.
    pub fn end(&mut self) {
        self.ended = true;
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let (address, credentials) = (&self.bucket.0.address, Some(&self.bucket.0.credentials));
        let action = AbortMultipartUpload::new(address, credentials, &self.object, &self.id);
        if let Err(failure) = run(Bucket::send(action, vec![], &[]))
            && !matches!(
                failure,
                Failure::NoSuchUpload | Failure::NotFound | Failure::Unconfirmed(_)
            )
        {
            eprintln!("cannot abort a multipart upload, its parts stay in the bucket: {failure}");
        }
    }
}

fn unreadable(error: instant_xml::Error) -> Failure {
    Failure::Broken(format!("a malformed response: {error}"))
}
