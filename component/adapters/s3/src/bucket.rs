//! Every request to the service, except those for parts and copies.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use coffer_port::Key;
use coffer_port::object::publish::Means;
use coffer_port::object::{ObjectMetadata, Pin, Range, quoted, xml};
use rusty_s3::actions::{
    DeleteObject, DeleteObjects, DeleteObjectsResponse, GetObject, HeadObject, ObjectIdentifier,
    PutObject, S3Action,
};

use crate::exchange::{Answer, Request};
use crate::failure::Failure;
use crate::object::{Object, clock};
use crate::settings::Settings;

/// How long a signature is valid.
const LIFETIME: Duration = Duration::from_secs(900);

/// The bucket.
pub struct Bucket(pub Settings);

/// A version that was just stored.
pub struct Written {
    pub etag: String,
    /// As recorded, if the service says so; else its clock when it responded, since S3 tells the
    /// recorded time only to readers.
    pub modified: SystemTime,
}

/// A condition on a write, as header fields.
pub fn condition(pin: &Pin) -> Vec<(&'static str, String)> {
    match pin {
        Pin::None => vec![],
        Pin::Absent => vec![("if-none-match", "*".to_owned())],
        Pin::Version(tag) => vec![("if-match", tag.clone())],
    }
}

/// What is stored beside an object's bytes, as header fields.
pub fn described(metadata: &ObjectMetadata) -> Vec<(&'static str, String)> {
    let mut fields = metadata.fields();
    fields.push(("content-type", metadata.object_type().to_owned()));
    fields
}

impl Bucket {
    /// The name of a key's object, or the prefix of names for the prefix of keys.
    pub fn object(&self, key: &str) -> String {
        format!("{}{key}", self.0.prefix)
    }

    /// What its service can do for a write. `whole`: its bytes are at hand.
    pub fn means(&self, whole: bool) -> Means {
        Means {
            absent: self.0.conditional,
            version: self.0.conditional,
            folders: false,
            whole,
        }
    }

    /// Signs and sends a request.
    pub async fn send<'a, A: S3Action<'a>>(
        mut action: A,
        headers: Vec<(&'static str, String)>,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        for (name, value) in &headers {
            action.headers_mut().insert(*name, value.clone());
        }
        let request = Request {
            verb: A::METHOD,
            url: action.sign(LIFETIME),
            headers,
            body,
        };
        request.send().await
    }

    /// One HEAD, and a GET to confirm that the object is missing: a 404 to HEAD has no document,
    /// so it may come from a proxy in front of the service.
    pub async fn head(&self, key: &Key) -> Result<Object, Failure> {
        let object = self.object(key.as_str());
        let action = HeadObject::new(&self.0.address, Some(&self.0.credentials), &object);
        let answer = match Self::send(action, vec![], &[]).await {
            Err(Failure::NotFound) => self.get(key, Range::WHOLE, &Pin::None).await?,
            answer => answer?,
        };
        Ok(Object::of(key, &answer)?.0)
    }

    /// [`Bucket::head`], but a missing object is not a failure.
    pub async fn look(&self, key: &Key) -> Result<Option<Object>, Failure> {
        match self.head(key).await {
            Ok(object) => Ok(Some(object)),
            Err(Failure::NotFound) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// One GET.
    pub async fn get(&self, key: &Key, range: Range, pin: &Pin) -> Result<Answer, Failure> {
        let object = self.object(key.as_str());
        let action = GetObject::new(&self.0.address, Some(&self.0.credentials), &object);
        let mut headers = condition(pin);
        headers.extend(range.into_field().map(|range| ("range", range)));
        Self::send(action, headers, &[]).await
    }

    /// One PUT.
    pub async fn put(
        &self,
        key: &Key,
        metadata: &ObjectMetadata,
        bytes: &[u8],
        pin: &Pin,
    ) -> Result<Written, Failure> {
        let object = self.object(key.as_str());
        let action = PutObject::new(&self.0.address, Some(&self.0.credentials), &object);
        let mut headers = described(metadata);
        headers.extend(condition(pin));
        let answer = Self::send(action, headers, bytes).await?;
        // Swift leaves it out if another writer was faster and that version stays.
        let etag = answer.header("etag").filter(|etag| !etag.is_empty());
        let lacking = || Failure::Unconfirmed("stored without an ETag".to_owned());
        Ok(Written {
            etag: quoted(etag.ok_or_else(lacking)?),
            modified: clock(&answer),
        })
    }

    /// One DELETE, or two if the service does not accept a condition.
    pub async fn delete(&self, key: &Key, pin: &Pin) -> Result<(), Failure> {
        let object = self.object(key.as_str());
        let send = async |pin: &Pin| {
            let action = DeleteObject::new(&self.0.address, Some(&self.0.credentials), &object);
            Self::send(action, condition(pin), &[]).await
        };
        match send(pin).await {
            Err(Failure::NotImplemented) if *pin != Pin::None => send(&Pin::None).await?,
            answer => answer?,
        };
        Ok(())
    }

    /// One DeleteObjects, and the outcomes by key that its response states. XML must carry the
    /// names.
    pub async fn delete_many(
        &self,
        keys: &[&Key],
    ) -> Result<HashMap<String, Result<(), Failure>>, Failure> {
        let objects = keys.iter().map(|key| self.object(key.as_str()));
        let objects: Vec<_> = objects.map(ObjectIdentifier::new).collect();
        let (address, credentials) = (&self.0.address, Some(&self.0.credentials));
        let action = || DeleteObjects::new(address, credentials, objects.iter());
        let (body, md5) = action().body_with_md5();
        let headers = vec![("content-md5", md5)];
        let answer = Self::send(action(), headers, body.as_bytes()).await?;
        let (status, text) = (answer.status, xml::Lenient::document(&answer.text()?));
        let Ok(answer) = DeleteObjectsResponse::parse(&text) else {
            return Err(Failure::of(status, &text));
        };
        let deleted = answer.deleted.into_iter().map(|found| (found.key, Ok(())));
        let failed = answer.errors.into_iter();
        let failed =
            failed.map(|found| (found.key, Err(Failure::of_one(&found.code, &found.message))));
        let outcomes = deleted.chain(failed).filter_map(|(name, outcome)| {
            let name = xml::restored(&name);
            Some((name.strip_prefix(&self.0.prefix)?.to_owned(), outcome))
        });
        Ok(outcomes.collect())
    }
}
