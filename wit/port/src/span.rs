//! From the span that is asked for to the bytes of a file of a known size.

use crate::Error;

/// Which bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Every byte.
    All,
    /// From this offset to the end.
    From(u64),
    /// First and last offset, both included, the first not after the last; a last
    /// one past the end means the end.
    Between(u64, u64),
    /// This many bytes at the end; all where the file has fewer.
    Last(u64),
}

/// Bytes of a file that has them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where they start.
    pub offset: u64,
    /// How many there are.
    pub length: u64,
    /// Whether a span other than [`Span::All`] chose them, even if they are all
    /// that there are; false for an empty file, of which there is no part.
    pub partial: bool,
}

impl Span {
    /// The bytes that this span means in a file of `size` bytes
    /// (RFC 9110, 14.1.2). Every byte of an empty file is none, and so are its
    /// last so many; no offset lies inside it.
    ///
    /// # Errors
    /// [`Error::SpanOutside`] where the span begins past the last byte, holds none
    /// (`Last(0)`), or ends before it begins.
    pub fn within(self, size: u64) -> Result<Extent, Error> {
        let (offset, end) = match self {
            Span::All => (0, size),
            Span::From(first) if first < size => (first, size),
            Span::Between(first, last) if first < size && first <= last => {
                (first, last.saturating_add(1).min(size))
            }
            Span::Last(count) if count > 0 => (size.saturating_sub(count), size),
            _ => return Err(Error::SpanOutside(size)),
        };
        Ok(Extent {
            offset,
            length: end.saturating_sub(offset),
            partial: self != Span::All && size > 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_cut_to_the_file_or_lies_outside() {
        let table = [
            (Span::All, 10, Some((0, 10))),
            (Span::All, 0, Some((0, 0))),
            (Span::From(0), 10, Some((0, 10))),
            (Span::From(9), 10, Some((9, 1))),
            (Span::From(10), 10, None),
            (Span::From(u64::MAX), 10, None),
            (Span::From(0), 0, None),
            (Span::Between(0, 0), 10, Some((0, 1))),
            (Span::Between(2, 4), 10, Some((2, 3))),
            (Span::Between(2, 10), 10, Some((2, 8))),
            (Span::Between(2, u64::MAX), 10, Some((2, 8))),
            (Span::Between(10, 11), 10, None),
            (Span::Between(3, 2), 10, None),
            (Span::Between(0, 0), 0, None),
            (Span::Last(1), 10, Some((9, 1))),
            (Span::Last(10), 10, Some((0, 10))),
            (Span::Last(u64::MAX), 10, Some((0, 10))),
            (Span::Last(0), 10, None),
            (Span::Last(5), 0, Some((0, 0))),
            (Span::Last(0), 0, None),
        ];
        for (span, size, expected) in table {
            match (span.within(size), expected) {
                (Ok(extent), Some((offset, length))) => {
                    let partial = size > 0 && span != Span::All;
                    let expected = Extent {
                        offset,
                        length,
                        partial,
                    };
                    assert_eq!(extent, expected, "{span:?} of {size}");
                }
                (Err(Error::SpanOutside(told)), None) => assert_eq!(told, size),
                (other, _) => panic!("{span:?} of {size}: {other:?}"),
            }
        }
    }
}
