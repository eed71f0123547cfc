//! Patterns of names: the `match` of a path.
//!
//! A pattern is made of segments, as a name is. `*` stands for any characters within a segment,
//! a segment `**` for any number of segments, at the end for one at least. A segment `{user}` is
//! the user's id, `{claim:POINTER}` one of the values of a claim: text that is compared, and
//! never itself a pattern.

mod coverage;
mod display;
mod inclusion;
mod parse;

use memchr::memmem;

use super::facts::Facts;

pub(super) use coverage::{Coverage, Next};
pub(super) use inclusion::Effort;

/// The maximum length of a pattern, in bytes.
const MAX_BYTES: usize = 1024;
/// The maximum number of its segments.
const MAX_SEGMENTS: usize = 64;

/// The tag of [`Segment::Literal`].
const LITERAL: u8 = 0;

/// One segment of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Segment<'p> {
    /// This text.
    Literal(&'p [u8]),
    /// Text with a `*` in it.
    Glob(&'p [u8]),
    /// `{user}`
    User,
    /// `{claim:POINTER}`
    Claim(&'p str),
    /// Any one.
    One,
    /// Any number of any, also none.
    Many,
}

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning<'f> {
    /// What this token says.
    Of(&'f Facts),
    /// What some token could say: anything.
    OfAny,
}

/// A pattern in a form that is matched without being decoded first: for each segment a tag, its
/// length in two bytes, and its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern<'p>(&'p [u8]);

impl<'p> Pattern<'p> {
    /// From what [`parse`](Self::parse) made.
    pub(super) fn new(encoded: &'p [u8]) -> Self {
        Self(encoded)
    }

    /// Whether this name fits.
    pub(super) fn fits(self, name: &str, meaning: Meaning<'_>) -> bool {
        self.begins_like(name.as_bytes()) && self.matches(name, meaning)
    }

    /// The byte that all names start with which fit, if it is the same.
    pub(super) fn first_byte(self) -> Option<u8> {
        match self.segments().next()? {
            Segment::Literal(text) | Segment::Glob(text) => {
                text.first().copied().filter(|first| *first != b'*')
            }
            _ => None,
        }
    }

    /// Whether the first segment of a name is that of the pattern, if that is a literal: most
    /// names do not fit, which has to be cheap.
    fn begins_like(self, name: &[u8]) -> bool {
        let [LITERAL, low, high, rest @ ..] = self.0 else {
            return true;
        };
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        rest.first() == name.first()
            && rest
                .get(..length)
                .is_some_and(|text| name.starts_with(text))
            && matches!(name.get(length), None | Some(b'/'))
    }

    fn matches(self, name: &str, meaning: Meaning<'_>) -> bool {
        let (mut segments, mut rest) = (self.segments(), Some(name));
        // Where to continue if what follows the last `**` does not fit: it stands for one
        // segment more then. An earlier one need not be reconsidered.
        let mut retry: Option<(Segments<'p>, &str)> = None;
        loop {
            let Some(text) = rest else {
                return segments.all(|segment| segment == Segment::Many);
            };
            let (segment, after) = split(text);
            match segments.next() {
                Some(Segment::Many) => {
                    retry = Some((segments.clone(), text));
                    continue;
                }
                Some(wanted) if wanted.fits(segment, meaning) => {
                    rest = after;
                    continue;
                }
                _ => {}
            }
            let Some((again, skipped)) = retry else {
                return false;
            };
            let (_, after) = split(skipped);
            segments = again.clone();
            rest = after;
            retry = after.map(|after| (again, after));
        }
    }

    /// Whether it has a placeholder.
    pub(super) fn depends_on_token(self) -> bool {
        self.segments()
            .any(|segment| matches!(segment, Segment::User | Segment::Claim(_)))
    }

    /// The pointers of its claims, and whether it has `{user}`.
    pub(super) fn questions(self) -> (Vec<&'p str>, bool) {
        let claims = self.segments().filter_map(|segment| match segment {
            Segment::Claim(pointer) => Some(pointer),
            _ => None,
        });
        let user = self.segments().any(|segment| segment == Segment::User);
        (claims.collect(), user)
    }

    fn segments(self) -> Segments<'p> {
        Segments(self.0)
    }
}

impl Segment<'_> {
    /// Whether this segment of a name fits.
    fn fits(self, text: &str, meaning: Meaning<'_>) -> bool {
        match (self, meaning) {
            (Self::Literal(wanted), _) => wanted == text.as_bytes(),
            (Self::Glob(glob), _) => is_like(text.as_bytes(), glob),
            (Self::User | Self::Claim(_), Meaning::OfAny) | (Self::One | Self::Many, _) => true,
            (Self::User, Meaning::Of(facts)) => facts.user() == Some(text),
            (Self::Claim(pointer), Meaning::Of(facts)) => facts.has(pointer, text),
        }
    }
}

/// The segments of a pattern.
#[derive(Debug, Clone)]
struct Segments<'p>(&'p [u8]);

impl<'p> Iterator for Segments<'p> {
    type Item = Segment<'p>;

    fn next(&mut self) -> Option<Segment<'p>> {
        let ([tag, low, high], rest) = self.0.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u16::from_le_bytes([*low, *high]).into())?;
        self.0 = rest;
        Some(match *tag {
            LITERAL => Segment::Literal(text),
            1 => Segment::Glob(text),
            2 => Segment::User,
            3 => Segment::Claim(std::str::from_utf8(text).ok()?),
            4 => Segment::One,
            _ => Segment::Many,
        })
    }
}

/// The first segment, and what follows it.
fn split(name: &str) -> (&str, Option<&str>) {
    match memchr::memchr(b'/', name.as_bytes()) {
        Some(at) => (&name[..at], Some(&name[at + 1..])),
        None => (name, None),
    }
}

/// Whether a text is like a glob with one `*` at least: the first of its pieces at the
/// beginning, the last at the end, the others in their order between them.
fn is_like(text: &[u8], glob: &[u8]) -> bool {
    let mut pieces = glob.split(|&byte| byte == b'*');
    let first = pieces.next().unwrap_or_default();
    let last = pieces.next_back().unwrap_or_default();
    let between = text.strip_prefix(first);
    let Some(mut between) = between.and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    pieces.all(|piece| {
        let found = memmem::find(between, piece);
        found.is_some_and(|at| {
            between = &between[at + piece.len()..];
            true
        })
    })
}

#[cfg(test)]
mod tests;
