//! Reading one object.

use aws_sdk_s3::primitives::{ByteStream, DateTime};

use super::{Bucket, Metadata, Object};
use crate::store::s3::failure::Failure;
use crate::store::{Conditions, Error, Etags, Info, Key, Span};

/// Bytes of an object, as they begin to come.
pub(in crate::store::s3) struct Bytes {
    pub(in crate::store::s3) object: Object,
    pub(in crate::store::s3) offset: u64,
    pub(in crate::store::s3) length: u64,
    pub(in crate::store::s3) partial: bool,
    pub(in crate::store::s3) stream: ByteStream,
}

/// A `Range` field (RFC 9110, 14.2), or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::s3) struct Range(Option<String>);

/// Beyond all objects, and within what every service reads as a number.
const HUGE: u64 = 1 << 50;

impl Range {
    pub(in crate::store::s3) const WHOLE: Range = Range(None);

    /// From one offset up to another, which is not included and greater.
    pub(in crate::store::s3) fn between(first: u64, end: u64) -> Range {
        Range(Some(format!("bytes={first}-{}", end.saturating_sub(1))))
    }

    /// The field for a span, if there can be one that services understand.
    pub(in crate::store::s3) fn of(span: Span) -> Option<Range> {
        let field = match span {
            Span::All => return Some(Range::WHOLE),
            Span::From(first) | Span::Between(first, _) if first >= HUGE => return None,
            Span::Last(0) => return None,
            Span::From(first) => format!("bytes={first}-"),
            Span::Between(first, last) if last >= HUGE => format!("bytes={first}-"),
            Span::Between(first, last) => format!("bytes={first}-{last}"),
            Span::Last(count) => format!("bytes=-{}", count.min(HUGE)),
        };
        Some(Range(Some(field)))
    }
}

impl Bucket {
    /// One HEAD.
    pub(in crate::store::s3) async fn head(&self, key: &Key) -> Result<Object, Failure> {
        let head = self
            .client
            .head_object()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .send()
            .await?;
        let object = Object::new(
            key,
            length(head.content_length())?,
            head.e_tag().ok_or_else(no_etag)?,
            head.last_modified(),
            Metadata::of_object(head.content_type(), head.metadata()),
        );
        Ok(Object {
            version_id: head.version_id,
            ..object
        })
    }

    /// [`Bucket::head`], where none is no failure.
    pub(in crate::store::s3) async fn look(&self, key: &Key) -> Result<Option<Object>, Error> {
        match self.head(key).await {
            Ok(object) => Ok(Some(object)),
            Err(Failure::NotFound) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// One GET. Of the conditions it passes on what the service can evaluate, which
    /// saves bytes; whether they hold is for the caller to see.
    pub(in crate::store::s3) async fn get(
        &self,
        key: &Key,
        range: Range,
        conditions: &Conditions,
    ) -> Result<Bytes, Failure> {
        let date = |time| Some(DateTime::from(time?));
        let got = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .set_range(range.0)
            .set_if_match(single(conditions.if_match.as_ref()))
            .set_if_none_match(single(conditions.if_none_match.as_ref()))
            .set_if_unmodified_since(match conditions.if_match {
                None => date(conditions.if_unmodified_since),
                Some(_) => None,
            })
            .set_if_modified_since(match conditions.if_none_match {
                None => date(conditions.if_modified_since),
                Some(_) => None,
            })
            .send()
            .await?;
        let length = length(got.content_length())?;
        let (offset, size) = match got.content_range() {
            None => (0, length),
            // Some services say nonsense about the last bytes of an empty object.
            Some(range) => placed(range, length).ok_or(Failure::RangeOutside)?,
        };
        Ok(Bytes {
            object: Object::new(
                key,
                size,
                got.e_tag().ok_or_else(no_etag)?,
                got.last_modified(),
                Metadata::of_object(got.content_type(), got.metadata()),
            ),
            offset,
            length,
            partial: got.content_range().is_some(),
            stream: got.body,
        })
    }

    /// [`Bucket::get`] for the version that is described here, and no other.
    pub(in crate::store::s3) async fn get_version(
        &self,
        info: &Info,
        range: Range,
    ) -> Result<Bytes, Failure> {
        let this = Conditions {
            if_match: Some(Etags::These(vec![info.etag.clone()])),
            ..Conditions::default()
        };
        self.get(&info.key, range, &this).await
    }
}

/// The one tag that is named, which is what S3 understands.
fn single(etags: Option<&Etags>) -> Option<String> {
    match etags {
        Some(Etags::These(tags)) => match tags.as_slice() {
            [tag] if is_tag(tag) => Some(tag.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a header field can carry it (RFC 9110, 8.8.3).
pub(super) fn is_tag(tag: &str) -> bool {
    let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    inner.is_some_and(|inner| inner.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'~')))
}

/// Offset and whole size out of `bytes 0-4/10` (RFC 9110, 14.4).
fn placed(content_range: &str, length: u64) -> Option<(u64, u64)> {
    let (range, size) = content_range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let size = size.parse().ok()?;
    (last.checked_sub(first)?.checked_add(1)? == length && last < size).then_some((first, size))
}

fn length(length: Option<i64>) -> Result<u64, Error> {
    length
        .and_then(|length| u64::try_from(length).ok())
        .ok_or_else(|| Error::Unavailable("an answer without a length".into()))
}

fn no_etag() -> Error {
    Error::Unavailable("an answer without an ETag".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_says_what_the_span_means_in_numbers_that_services_read() {
        let table = [
            (Span::All, Some(None)),
            (Span::From(0), Some(Some("bytes=0-"))),
            (Span::From(u64::MAX), None),
            (Span::Between(2, 4), Some(Some("bytes=2-4"))),
            (Span::Between(2, u64::MAX), Some(Some("bytes=2-"))),
            (Span::Between(HUGE, u64::MAX), None),
            (Span::Last(0), None),
            (Span::Last(5), Some(Some("bytes=-5"))),
            (Span::Last(u64::MAX), Some(Some("bytes=-1125899906842624"))),
        ];
        for (span, expected) in table {
            let field = Range::of(span).map(|range| range.0);
            assert_eq!(field.as_ref().map(Option::as_deref), expected, "{span:?}");
        }
    }

    #[test]
    fn a_content_range_must_fit_the_length() {
        assert_eq!(placed("bytes 2-4/10", 3), Some((2, 10)));
        for (field, length) in [
            ("bytes 2-4/10", 4),
            ("bytes 2-4/4", 3),
            ("bytes 4-2/10", 3),
            ("bytes 2-4/*", 3),
            ("bytes */10", 0),
            ("items 2-4/10", 3),
            ("", 0),
        ] {
            assert_eq!(placed(field, length), None, "{field}");
        }
    }
}
