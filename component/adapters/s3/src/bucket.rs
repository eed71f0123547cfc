//! Each request that is made of the service, but those about parts.

use std::time::Duration;

use coffer_port::Span;
use coffer_port::platform::Datetime;
use rusty_s3::actions::{DeleteObject, GetObject, HeadObject, PutObject, S3Action};

use crate::exchange::{Answer, Request};
use crate::failure::Failure;
use crate::metadata::Metadata;
use crate::object::{Object, clock, quoted};
use crate::settings::Settings;

/// How long a signature is good.
const LIFETIME: Duration = Duration::from_secs(900);
/// Beyond all objects, and within what every service reads as a number.
const HUGE: u64 = 1 << 50;

/// The bucket.
pub struct Bucket(pub Settings);

/// Which version a write may replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// Whatever is there.
    None,
    /// Nothing: there must be no object.
    Absent,
    /// The version with this entity tag.
    Version(String),
}

/// A version that has just come to be.
pub struct Written {
    pub etag: String,
    /// By the service's clock when it had answered: S3 tells the time that it has noted
    /// only to readers.
    pub modified: Datetime,
}

impl Pin {
    /// As header fields.
    pub fn to_fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Pin::None => vec![],
            Pin::Absent => vec![("if-none-match", "*".to_owned())],
            Pin::Version(tag) => vec![("if-match", tag.clone())],
        }
    }
}

impl Bucket {
    /// The object that keeps what is stored under a key, or the beginning of one.
    pub fn object(&self, key: &str) -> String {
        format!("{}{key}", self.0.prefix)
    }

    /// Signs and sends.
    pub fn send<'a, A: S3Action<'a>>(
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
        request.send()
    }

    /// One HEAD.
    pub fn head(&self, key: &str) -> Result<Object, Failure> {
        let object = self.object(key);
        let action = HeadObject::new(&self.0.address, Some(&self.0.credentials), &object);
        let answer = Self::send(action, vec![], &[])?;
        Ok(Object::of(key, &answer)?.0)
    }

    /// [`Bucket::head`], where none is no failure.
    pub fn look(&self, key: &str) -> Result<Option<Object>, Failure> {
        match self.head(key) {
            Ok(object) => Ok(Some(object)),
            Err(Failure::NotFound) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// One GET.
    pub fn get(&self, key: &str, range: Option<String>, pin: &Pin) -> Result<Answer, Failure> {
        let object = self.object(key);
        let action = GetObject::new(&self.0.address, Some(&self.0.credentials), &object);
        let mut headers = pin.to_fields();
        headers.extend(range.map(|range| ("range", range)));
        Self::send(action, headers, &[])
    }

    /// One PUT.
    pub fn put(
        &self,
        key: &str,
        metadata: &Metadata,
        bytes: &[u8],
        pin: &Pin,
    ) -> Result<Written, Failure> {
        let object = self.object(key);
        let action = PutObject::new(&self.0.address, Some(&self.0.credentials), &object);
        let mut headers = metadata.to_fields();
        headers.extend(pin.to_fields());
        let answer = Self::send(action, headers, bytes)?;
        let etag = answer.header("etag");
        let etag = etag.ok_or_else(|| Failure::Broken("an object without an ETag".to_owned()))?;
        Ok(Written {
            etag: quoted(etag),
            modified: clock(&answer),
        })
    }

    /// One DELETE, or two where the service takes no condition there.
    pub fn delete(&self, key: &str, pin: &Pin) -> Result<(), Failure> {
        let object = self.object(key);
        let send = |pin: &Pin| {
            let action = DeleteObject::new(&self.0.address, Some(&self.0.credentials), &object);
            Self::send(action, pin.to_fields(), &[])
        };
        match send(pin) {
            Err(Failure::NotImplemented) if *pin != Pin::None => send(&Pin::None)?,
            answer => answer?,
        };
        Ok(())
    }
}

/// `Range` (RFC 9110, 14.2) for a span: none for all bytes, an error where there is no
/// such field that services understand.
pub fn range(span: &Span) -> Result<Option<String>, ()> {
    Ok(Some(match *span {
        Span::All => return Ok(None),
        Span::From(first) | Span::Between((first, _)) if first >= HUGE => return Err(()),
        Span::Last(0) => return Err(()),
        Span::From(first) => format!("bytes={first}-"),
        Span::Between((first, last)) if last >= HUGE => format!("bytes={first}-"),
        Span::Between((first, last)) => format!("bytes={first}-{last}"),
        Span::Last(count) => format!("bytes=-{}", count.min(HUGE)),
    }))
}
