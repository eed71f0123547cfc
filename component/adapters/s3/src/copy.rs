//! Copying an object within the bucket, in one request or in parts.

use std::rc::Rc;

use coffer_adapter::platform::now;
use coffer_port::Key;
use coffer_port::object::{ObjectMetadata, Pin, Range, quoted};
use instant_xml::FromXml;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rusty_s3::actions::PutObject;

use crate::bucket::{Bucket, Written, condition, described};
use crate::failure::Failure;
use crate::object::{Object, clock, timestamp};
use crate::parts::{self, Parts};

/// The largest object that S3 copies in one request, in bytes.
const LARGEST: u64 = 5 << 30;
/// The least size of the parts of a larger one, in bytes.
const PART: u64 = 512 << 20;
/// What stays as it is in the name of a source: what does in a path, where a plus is a space to
/// some services (RFC 3986, 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');
/// The namespace of responses, which some services leave out.
const NAMESPACE: &str = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

/// One version of an object, to be copied.
pub struct Source<'a> {
    pub key: &'a Key,
    pub etag: &'a str,
    pub size: u64,
}

/// A copy on its way, which may be sent again on another condition.
pub struct Copying<'a> {
    bucket: &'a Rc<Bucket>,
    to: &'a Key,
    metadata: ObjectMetadata,
    /// The source's parts, once they are copied.
    parts: Option<Parts>,
}

impl Source<'_> {
    /// Names it, as header fields.
    pub fn fields(&self, bucket: &Bucket) -> Vec<(&'static str, String)> {
        let object = bucket.object(self.key.as_str());
        let name = format!("{}/{object}", bucket.0.address.name());
        let name = utf8_percent_encode(&name, ENCODED).to_string();
        vec![
            ("x-amz-copy-source", name),
            ("x-amz-copy-source-if-match", self.etag.to_owned()),
        ]
    }
}

impl<'a> Copying<'a> {
    pub fn new(bucket: &'a Rc<Bucket>, to: &'a Key, metadata: ObjectMetadata) -> Self {
        Copying {
            bucket,
            to,
            metadata,
            parts: None,
        }
    }

    /// Copies the source, if it is there and the condition holds for what is under the target.
    pub async fn send(&mut self, source: &Source<'_>, pin: &Pin) -> Result<Written, Failure> {
        if source.size <= LARGEST {
            return self.send_whole(source, pin).await;
        }
        let parts = match &mut self.parts {
            Some(parts) => parts,
            none => {
                let mut parts = Parts::start(self.bucket, self.to, &self.metadata).await?;
                parts.copy(source, ranges(source.size)).await?;
                none.insert(parts)
            }
        };
        let etag = parts.complete(pin).await?;
        match (self.bucket.head(self.to).await, etag) {
            (Ok(object), _) if object.version == self.metadata.version => Ok(written(object)),
            (_, Some(etag)) => Ok(Written {
                etag,
                modified: now(),
            }),
            (_, None) => Err(Failure::Unconfirmed("completed without an ETag".to_owned())),
        }
    }

    async fn send_whole(&self, source: &Source<'_>, pin: &Pin) -> Result<Written, Failure> {
        let (address, credentials) = (&self.bucket.0.address, Some(&self.bucket.0.credentials));
        let object = self.bucket.object(self.to.as_str());
        let send = async |pin: &Pin| {
            let action = PutObject::new(address, credentials, &object);
            let mut headers = described(&self.metadata);
            headers.push(("x-amz-metadata-directive", "REPLACE".to_owned()));
            headers.extend(source.fields(self.bucket));
            headers.extend(condition(pin));
            Bucket::send(action, headers, &[]).await
        };
        let answer = match send(pin).await {
            Err(Failure::NotImplemented) if *pin != Pin::None => send(&Pin::None).await?,
            answer => answer?,
        };
        let (status, clock) = (answer.status, clock(&answer));
        let text = answer.text();
        let text = text.map_err(|failure| Failure::Unconfirmed(failure.to_string()))?;
        let copied = Copied::read(status, &text)?;
        let recorded = copied.last_modified.as_deref();
        Ok(Written {
            modified: recorded.map_or(clock, |time| timestamp(Some(time))),
            etag: copied.etag,
        })
    }

    /// The service no longer knows the parts.
    pub fn forget(&mut self) {
        if let Some(parts) = &mut self.parts {
            parts.end();
        }
    }
}

/// What is there.
pub fn written(object: Object) -> Written {
    Written {
        etag: object.info.etag,
        modified: object.info.modified,
    }
}

/// The document about a copied object or part.
#[derive(Debug, PartialEq, Eq)]
pub struct Copied {
    pub etag: String,
    pub last_modified: Option<String>,
}

impl Copied {
    /// Out of a success, which may contain an error instead: the service responds before it has
    /// copied.
    pub fn read(status: u16, document: &str) -> Result<Copied, Failure> {
        #[derive(FromXml)]
        #[xml(rename = "CopyObjectResult")]
        struct Whole {
            #[xml(rename = "ETag")]
            etag: String,
            #[xml(rename = "LastModified")]
            last_modified: Option<String>,
        }
        #[derive(FromXml)]
        #[xml(rename = "CopyPartResult")]
        struct Part {
            #[xml(rename = "ETag")]
            etag: String,
        }
        let plain = document.replacen(NAMESPACE, "", 1);
        let whole = instant_xml::from_str::<Whole>(&plain);
        let found = whole.map(|whole| (whole.etag, whole.last_modified));
        let found =
            found.or_else(|_| instant_xml::from_str::<Part>(&plain).map(|part| (part.etag, None)));
        match found {
            Ok((etag, last_modified)) if !etag.trim_matches('"').is_empty() => Ok(Copied {
                etag: quoted(&etag),
                last_modified,
            }),
            _ => Err(Failure::of(status, document)),
        }
    }
}

/// The parts of an object that is too large for one request.
fn ranges(size: u64) -> Vec<Range> {
    let part = PART.max(size.div_ceil(parts::MOST as u64));
    let mut ranges = Vec::new();
    let mut first = 0;
    while first < size {
        let end = size.min(first.saturating_add(part));
        ranges.push(Range::between(first, end));
        first = end;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_every_byte_once() {
        let fields = |size| ranges(size).into_iter().filter_map(Range::into_field);
        assert_eq!(fields(PART).collect::<Vec<_>>(), ["bytes=0-536870911"]);
        assert_eq!(
            fields(PART + 1).collect::<Vec<_>>(),
            ["bytes=0-536870911", "bytes=536870912-536870912"]
        );
        // The largest object that there can be.
        let largest = 50 << 40;
        let count = ranges(largest).len();
        assert!(count <= parts::MOST, "{count}");
        let last = fields(largest).next_back().expect("a part");
        assert!(last.ends_with(&format!("-{}", largest - 1)), "{last}");
    }

    #[test]
    fn a_success_is_one_only_with_an_entity_tag() {
        let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        let fields = "<ETag>&quot;1-2&quot;</ETag><LastModified>2026-01-02T03:04:05.678Z\
                      </LastModified><ChecksumCRC32>AAAAAA==</ChecksumCRC32>";
        for namespace in ["", NAMESPACE] {
            let whole =
                format!("{declaration}<CopyObjectResult{namespace}>{fields}</CopyObjectResult>");
            let copied = Copied::read(200, &whole).expect("copied");
            assert_eq!(copied.etag, "\"1-2\"");
            let time = copied.last_modified.as_deref();
            assert_eq!(time, Some("2026-01-02T03:04:05.678Z"));
            let part = format!("<CopyPartResult{namespace}>{fields}</CopyPartResult>");
            assert_eq!(Copied::read(200, &part).expect("copied").etag, "\"1-2\"");
        }
        let error = |code: &str| format!("{declaration}<Error><Code>{code}</Code></Error>");
        for (document, expected) in [
            (error("PreconditionFailed"), Failure::Precondition),
            (error("NoSuchKey"), Failure::NotFound),
        ] {
            assert_eq!(Copied::read(200, &document), Err(expected));
        }
        let broken = Copied::read(200, &error("InternalError"));
        assert!(matches!(broken, Err(Failure::Broken(_))), "{broken:?}");
        for document in [
            "",
            "<CopyObjectResult><ETag>",
            "<CopyObjectResult></CopyObjectResult>",
        ] {
            let read = Copied::read(200, document);
            assert!(matches!(read, Err(Failure::Unconfirmed(_))), "{read:?}");
        }
    }
}
