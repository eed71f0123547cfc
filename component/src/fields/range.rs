//! The Range field (RFC 9110, 14.2).

use http::{HeaderMap, header};
use http_range_header::{SyntacticallyCorrectRange as Range, parse_range_header};

use crate::bindings::coffer::storage::blobs::Span;

/// The bytes that a `GET` asks for; other methods ignore the field.
///
/// Several ranges, another unit and a malformed field all mean the whole file, as a
/// server may ignore the field. An offset too large for 64 bits counts as the
/// largest.
pub fn span(headers: &HeaderMap) -> Span {
    let mut fields = headers.get_all(header::RANGE).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return Span::All;
    };
    let ranges = field
        .to_str()
        .ok()
        .and_then(|text| parse_range_header(text).ok());
    match ranges
        .map(http_range_header::ParsedRanges::into_ranges)
        .as_deref()
    {
        Some([Range::FromStart(first)]) => Span::From(*first),
        Some([Range::Indexed(first, last)]) if first <= last => Span::Between((*first, *last)),
        Some([Range::FromLast(count)]) => Span::Last(*count),
        _ => Span::All,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(fields: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(header::RANGE, HeaderValue::from_static(field));
        }
        format!("{:?}", span(&headers))
    }

    #[test]
    fn a_single_byte_range_is_supported() {
        for (field, expected) in [
            ("bytes=0-0", Span::Between((0, 0))),
            ("bytes=5-", Span::From(5)),
            ("bytes=-5", Span::Last(5)),
            ("bytes=-0", Span::Last(0)),
            ("Bytes=1-2", Span::Between((1, 2))),
            ("bytes= 1-2", Span::Between((1, 2))),
            ("bytes=,1-2,", Span::Between((1, 2))),
            ("bytes=0-18446744073709551616", Span::Between((0, u64::MAX))),
            ("bytes=99999999999999999999-", Span::From(u64::MAX)),
        ] {
            assert_eq!(of(&[field]), format!("{expected:?}"), "{field}");
        }
    }

    #[test]
    fn everything_else_means_the_whole_file() {
        for field in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=2-1",
            "bytes=a-b",
            "bytes=1",
            "bytes=1-2-3",
            "bytes=+1-2",
            "bytes=0x1-2",
            "bytes=-1-2",
            "items=0-1",
            "bytes:0-1",
            "bytes=0-1,2-3",
            "bytes=0-1,x",
            "0-1",
        ] {
            assert_eq!(of(&[field]), "Span::All", "{field}");
        }
        assert_eq!(of(&[]), "Span::All");
        assert_eq!(of(&["bytes=0-1", "bytes=0-1"]), "Span::All");
    }
}
