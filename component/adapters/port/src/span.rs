//! From the span that is asked for to the bytes of a file of a known size.

use crate::{Error, Span};

/// Bytes of a file that has them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where they start.
    pub offset: u64,
    /// How many there are.
    pub length: u64,
    /// Whether a span other than `all` chose them; false for an empty file.
    pub partial: bool,
}

/// The bytes that a span means in a file of `size` bytes (RFC 9110, 14.1.2).
///
/// # Errors
/// [`Error::SpanOutside`].
pub fn within(span: &Span, size: u64) -> Result<Extent, Error> {
    let (offset, end) = match *span {
        Span::All => (0, size),
        Span::From(first) if first < size => (first, size),
        Span::Between((first, last)) if first < size => (first, last.saturating_add(1).min(size)),
        Span::Last(count) if count > 0 => (size.saturating_sub(count), size),
        _ => return Err(Error::SpanOutside(size)),
    };
    Ok(Extent {
        offset,
        length: end.saturating_sub(offset),
        partial: size > 0 && !matches!(span, Span::All),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_cut_to_the_file_or_lies_outside() {
        let table = [
            (Span::All, 10, Some((0, 10))),
            (Span::All, 0, Some((0, 0))),
            (Span::From(9), 10, Some((9, 1))),
            (Span::From(10), 10, None),
            (Span::From(0), 0, None),
            (Span::Between((2, 4)), 10, Some((2, 3))),
            (Span::Between((2, u64::MAX)), 10, Some((2, 8))),
            (Span::Between((10, 11)), 10, None),
            (Span::Last(1), 10, Some((9, 1))),
            (Span::Last(u64::MAX), 10, Some((0, 10))),
            (Span::Last(0), 10, None),
            (Span::Last(5), 0, Some((0, 0))),
        ];
        for (span, size, expected) in table {
            let found = within(&span, size).map(|extent| (extent.offset, extent.length));
            match (found, expected) {
                (Ok(found), Some(expected)) => assert_eq!(found, expected, "{span:?} of {size}"),
                (Err(Error::SpanOutside(told)), None) => assert_eq!(told, size),
                (found, _) => panic!("{span:?} of {size}: {found:?}"),
            }
        }
    }
}
