//! What the service says of one object.

use std::time::{Duration, UNIX_EPOCH};

use coffer_port::Info;
use coffer_port::platform::{Datetime, now};

use crate::exchange::Answer;
use crate::failure::Failure;
use crate::metadata::Metadata;

/// An object, described.
pub struct Object {
    pub info: Info,
    /// As in [`Metadata::version`].
    pub version: Option<String>,
}

/// Which of an object's bytes an answer holds.
pub struct Placed {
    pub offset: u64,
    pub length: u64,
    pub size: u64,
    pub partial: bool,
}

impl Object {
    /// From the answer to a HEAD or GET.
    pub fn of(key: &str, answer: &Answer) -> Result<(Object, Placed), Failure> {
        let lacking = |what: &str| Failure::Broken(format!("an answer without {what}"));
        let length = answer.header("content-length").and_then(|l| l.parse().ok());
        let length = length.ok_or_else(|| lacking("a length"))?;
        let placed = match answer.header("content-range") {
            None => Placed {
                offset: 0,
                length,
                size: length,
                partial: false,
            },
            // Some services say nonsense about the last bytes of an empty object.
            Some(range) => placed(range, length).ok_or(Failure::RangeOutside)?,
        };
        let Metadata {
            content_type,
            uploader,
            version,
        } = Metadata::of_fields(|name| answer.header(name));
        let info = Info {
            key: key.to_owned(),
            size: placed.size,
            etag: quoted(answer.header("etag").ok_or_else(|| lacking("an ETag"))?),
            modified: date(answer.header("last-modified")),
            content_type,
            uploader,
        };
        Ok((Object { info, version }, placed))
    }
}

/// An entity tag with its quotes, which some services leave out in places.
pub fn quoted(etag: &str) -> String {
    match etag.starts_with('"') {
        true => etag.to_owned(),
        false => format!("\"{etag}\""),
    }
}

/// Of an HTTP date (RFC 9110, 5.6.7); 1970 where it is none.
pub fn date(text: Option<&str>) -> Datetime {
    let time = text.and_then(|text| httpdate::parse_http_date(text).ok());
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    seconds(since.unwrap_or_default())
}

/// The service's clock when it answered, or else ours.
pub fn clock(answer: &Answer) -> Datetime {
    match answer.header("date") {
        Some(text) => date(Some(text)),
        None => Datetime {
            nanoseconds: 0,
            ..now()
        },
    }
}

/// Of a time as lists have it (RFC 3339), in whole seconds.
pub fn timestamp(text: Option<&str>) -> Datetime {
    let time = text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let since = time.map(jiff::Timestamp::as_second).unwrap_or_default();
    seconds(Duration::from_secs(u64::try_from(since).unwrap_or(0)))
}

fn seconds(since: Duration) -> Datetime {
    Datetime {
        seconds: since.as_secs(),
        nanoseconds: 0,
    }
}

/// Out of `bytes 0-4/10` (RFC 9110, 14.4).
fn placed(content_range: &str, length: u64) -> Option<Placed> {
    let (range, size) = content_range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let size = size.parse().ok()?;
    let fits = last.checked_sub(first)?.checked_add(1)? == length && last < size;
    fits.then_some(Placed {
        offset: first,
        length,
        size,
        partial: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_must_fit_the_length() {
        let found = placed("bytes 2-4/10", 3).map(|p| (p.offset, p.size));
        assert_eq!(found, Some((2, 10)));
        for (field, length) in [
            ("bytes 2-4/10", 4),
            ("bytes 2-4/4", 3),
            ("bytes 4-2/10", 3),
            ("bytes 2-4/*", 3),
            ("bytes */10", 0),
            ("", 0),
        ] {
            assert!(placed(field, length).is_none(), "{field}");
        }
    }

    #[test]
    fn times_count_in_whole_seconds() {
        assert_eq!(date(Some("Thu, 01 Jan 1970 00:00:07 GMT")).seconds, 7);
        assert_eq!(timestamp(Some("1970-01-01T00:00:07.900Z")).seconds, 7);
        assert_eq!(timestamp(Some("yesterday")).seconds, 0);
    }
}
