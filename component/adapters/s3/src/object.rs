//! The service's description of one object.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coffer_adapter::platform::now;
use coffer_port::object::{ObjectMetadata, quoted, range};
use coffer_port::{Info, Key};

use crate::exchange::Answer;
use crate::failure::Failure;

/// An object without its bytes.
pub struct Object {
    pub info: Info,
    /// As in [`ObjectMetadata::version`].
    pub version: Option<String>,
}

/// Which of an object's bytes a response contains.
pub struct Placed {
    pub offset: u64,
    pub length: u64,
    pub size: u64,
    pub partial: bool,
}

impl Object {
    /// What a decision needs to know about it.
    pub fn described(&self) -> (&Info, Option<&str>) {
        (&self.info, self.version.as_deref())
    }

    /// From the response to a HEAD or GET.
    pub fn of(key: &Key, answer: &Answer) -> Result<(Object, Placed), Failure> {
        let lacking = |what: &str| Failure::Broken(format!("a response without {what}"));
        let length = answer.header("content-length").and_then(|l| l.parse().ok());
        let length = length.ok_or_else(|| lacking("a length"))?;
        let placed = match answer.header("content-range") {
            None => Placed {
                offset: 0,
                length,
                size: length,
                partial: false,
            },
            Some(field) => {
                let placed = range::placed(field, length);
                let (offset, size) = placed.ok_or(Failure::RangeOutside)?;
                Placed {
                    offset,
                    length,
                    size,
                    partial: true,
                }
            }
        };
        let ObjectMetadata {
            content_type,
            uploader,
            version,
            metadata,
        } = ObjectMetadata::read(answer.header("content-type"), |name| answer.header(name));
        let info = Info {
            key: key.clone(),
            size: placed.size,
            etag: quoted(answer.header("etag").ok_or_else(|| lacking("an ETag"))?),
            modified: date(answer.header("last-modified")),
            content_type,
            uploader,
            metadata,
        };
        Ok((Object { info, version }, placed))
    }
}

/// The time of an HTTP date (RFC 9110, 5.6.7); 1970 if it is malformed.
pub fn date(text: Option<&str>) -> SystemTime {
    let time = text.and_then(|text| httpdate::parse_http_date(text).ok());
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    seconds(since.unwrap_or_default())
}

/// When an object was stored: as the service has recorded it, or else its clock when it
/// responded, or else ours.
pub fn clock(answer: &Answer) -> SystemTime {
    match answer.header("last-modified").or(answer.header("date")) {
        Some(text) => date(Some(text)),
        None => seconds(now().duration_since(UNIX_EPOCH).unwrap_or_default()),
    }
}

/// The time of a timestamp in a list (RFC 3339), in whole seconds.
pub fn timestamp(text: Option<&str>) -> SystemTime {
    let time = text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let since = time.map(jiff::Timestamp::as_second).unwrap_or_default();
    seconds(Duration::from_secs(u64::try_from(since).unwrap_or(0)))
}

fn seconds(since: Duration) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_count_in_whole_seconds() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(date(Some("Thu, 01 Jan 1970 00:00:07 GMT")), at(7));
        assert_eq!(date(Some("yesterday")), at(0));
        assert_eq!(timestamp(Some("1970-01-01T00:00:07.900Z")), at(7));
        assert_eq!(timestamp(Some("yesterday")), at(0));
    }
}
