//! An object that is sent in parts, which nobody sees before they are put together.
//! Dropped before, they are cleared away.

use std::rc::Rc;

use rusty_s3::actions::{
    AbortMultipartUpload, CompleteMultipartUpload, CompleteMultipartUploadResponse,
    CreateMultipartUpload, UploadPart,
};

use coffer_port::Key;
use coffer_port::object::{Metadata, Pin, quoted};

use crate::bucket::{Bucket, condition, described};
use crate::failure::Failure;

/// The most parts that S3 takes.
const MOST: usize = 10_000;

/// The parts so far.
pub struct Parts {
    bucket: Rc<Bucket>,
    object: String,
    id: String,
    etags: Vec<String>,
    ended: bool,
}

impl Parts {
    /// Begins.
    pub fn start(bucket: &Rc<Bucket>, key: &Key, metadata: &Metadata) -> Result<Parts, Failure> {
        let object = bucket.object(key.as_str());
        let (address, credentials) = (&bucket.0.address, Some(&bucket.0.credentials));
        let action = CreateMultipartUpload::new(address, credentials, &object);
        let answer = Bucket::send(action, described(metadata), &[])?.text()?;
        let started = CreateMultipartUpload::parse_response(&answer).map_err(unreadable)?;
        Ok(Parts {
            bucket: bucket.clone(),
            id: started.upload_id().to_owned(),
            object,
            etags: Vec::new(),
            ended: false,
        })
    }

    /// Sends the next part. All but the last have 5 MiB or more.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.etags.len() == MOST {
            return Err(Failure::TooLarge);
        }
        let number = u16::try_from(self.etags.len() + 1).map_err(|_| Failure::TooLarge)?;
        let (address, credentials) = (&self.bucket.0.address, Some(&self.bucket.0.credentials));
        let action = UploadPart::new(address, credentials, &self.object, number, &self.id);
        let answer = Bucket::send(action, vec![], bytes)?;
        let etag = answer.header("etag");
        let etag = etag.ok_or_else(|| Failure::Broken("a part without an ETag".to_owned()))?;
        self.etags.push(etag.to_owned());
        Ok(())
    }

    /// Puts them together, and returns the new version's entity tag. Can be tried again
    /// on another condition.
    pub fn complete(&mut self, pin: &Pin) -> Result<String, Failure> {
        let (address, credentials) = (&self.bucket.0.address, Some(&self.bucket.0.credentials));
        let etags = || self.etags.iter().map(String::as_str);
        let (object, id) = (&self.object, &self.id);
        let action = || CompleteMultipartUpload::new(address, credentials, object, id, etags());
        let body = action().body();
        let answer = Bucket::send(action(), condition(pin), body.as_bytes())?;
        let (status, text) = (answer.status, answer.text()?);
        // The service may say 200 before it knows.
        match CompleteMultipartUploadResponse::parse(&text) {
            Ok(completed) => {
                self.ended = true;
                Ok(quoted(completed.etag()))
            }
            Err(_) => Err(Failure::of(status, &text)),
        }
    }

    /// They are no more, whether put together or gone.
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
        if let Err(failure) = Bucket::send(action, vec![], &[])
            && failure != Failure::NoSuchUpload
        {
            eprintln!("parts of an upload that ended early stay in the bucket: {failure}");
        }
    }
}

fn unreadable(error: instant_xml::Error) -> Failure {
    Failure::Broken(format!("an unreadable answer: {error}"))
}
