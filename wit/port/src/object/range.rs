//! `Range` and `Content-Range` as services understand them (RFC 9110, 14).

use crate::{Extent, Span};

/// Beyond all objects, and within what every service reads as a number.
const HUGE: u64 = 1 << 50;

/// A `Range` field, or none for the whole object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range(Option<String>);

impl Range {
    /// Every byte.
    pub const WHOLE: Range = Range(None);

    /// For a span, if there can be a field that services understand.
    #[must_use]
    pub fn of(span: Span) -> Option<Range> {
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

    /// From one offset up to another, which is not included and greater.
    #[must_use]
    pub fn between(first: u64, end: u64) -> Range {
        Range(Some(format!("bytes={first}-{}", end.saturating_sub(1))))
    }

    /// For at least one byte of a known object.
    #[must_use]
    pub fn for_extent(extent: Extent) -> Range {
        match extent.partial {
            true => Range::between(extent.offset, extent.offset.saturating_add(extent.length)),
            false => Range::WHOLE,
        }
    }

    /// The field's value.
    #[must_use]
    pub fn into_field(self) -> Option<String> {
        self.0
    }
}

/// Offset and whole size out of `bytes 0-4/10`, in an answer of this length. None for
/// anything else: some services say nonsense about the last bytes of an empty object.
#[must_use]
pub fn placed(content_range: &str, length: u64) -> Option<(u64, u64)> {
    let (range, size) = content_range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let size = size.parse().ok()?;
    (last.checked_sub(first)?.checked_add(1)? == length && last < size).then_some((first, size))
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
            let field = Range::of(span).map(Range::into_field);
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
