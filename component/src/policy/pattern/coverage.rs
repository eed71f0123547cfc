//! Which of the names that start with a prefix fit a pattern, without knowing the names.

use super::{MAX_SEGMENTS, Meaning, Pattern, Segment, split};

/// How many of the names with a prefix fit a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Coverage {
    None,
    /// Some may, and some may not.
    Some,
    All,
}

/// Positions in a pattern, as bits: those at which the rest of a name may have to fit the rest of
/// the pattern.
type Positions = u128;

// A final `**` is two segments, and the end is a position too.
const _: () = assert!(MAX_SEGMENTS + 2 <= Positions::BITS as usize);

/// Which segments may come next in the names that fit a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::policy) enum Next<'a> {
    /// No others than these; sometimes also some that cannot.
    Only(Vec<&'a str>),
    /// Too many to tell.
    Any,
}

impl<'p> Pattern<'p> {
    /// How many of the names that start with `prefix`, which may be empty, fit.
    pub(in crate::policy) fn coverage(self, prefix: &str, meaning: Meaning<'_>) -> Coverage {
        if let Some(coverage) = self.plain_coverage(prefix, meaning) {
            return coverage;
        }
        let segments: Vec<Segment<'_>> = self.segments().collect();
        if segments.iter().any(|segment| segment.is_void(meaning)) {
            return Coverage::None;
        }
        let (positions, begun) = behind(prefix, &segments, meaning);
        let mut coverage = Coverage::None;
        for (at, segment) in at(positions, &segments) {
            match &segments[at..] {
                [Segment::Many] | [Segment::One, Segment::Many] => return Coverage::All,
                _ if segment.may_begin(begun, meaning) => coverage = Coverage::Some,
                _ => {}
            }
        }
        coverage
    }

    /// The same, if no `**` stands where `prefix` ends or before. Lists ask for it hundreds of
    /// times.
    fn plain_coverage(self, prefix: &str, meaning: Meaning<'_>) -> Option<Coverage> {
        let (mut segments, mut rest) = (self.segments(), prefix);
        while let (text, Some(after)) = split(rest) {
            match segments.next() {
                Some(Segment::Many) => return None,
                Some(segment) if segment.fits(text, meaning) => rest = after,
                _ => return Some(Coverage::None),
            }
        }
        let mut next = segments.clone();
        let next = [next.next(), next.next(), next.next()];
        if matches!(next, [Some(Segment::Many), ..]) {
            return None;
        }
        if segments.any(|segment| segment.is_void(meaning)) {
            return Some(Coverage::None);
        }
        Some(match next {
            [Some(Segment::One), Some(Segment::Many), None] => Coverage::All,
            [Some(segment), ..] if segment.may_begin(rest, meaning) => Coverage::Some,
            _ => Coverage::None,
        })
    }

    /// In the names that start with `prefix` and fit, the segments that `prefix` ends in: whole,
    /// where it ends amid one.
    pub(in crate::policy) fn next<'a>(self, prefix: &str, meaning: Meaning<'a>) -> Next<'a>
    where
        'p: 'a,
    {
        let segments: Vec<Segment<'p>> = self.segments().collect();
        let (positions, begun) = behind(prefix, &segments, meaning);
        let mut only = Vec::new();
        for (_, segment) in at(positions, &segments) {
            match (segment, meaning) {
                (Segment::Literal(text), _) => only.extend(std::str::from_utf8(text)),
                (Segment::User, Meaning::Of(facts)) => only.extend(facts.user()),
                (Segment::Claim(pointer), Meaning::Of(facts)) => {
                    only.extend(facts.claim(pointer).iter().map(String::as_str));
                }
                _ => return Next::Any,
            }
        }
        only.retain(|text| is_segment(text) && text.starts_with(begun));
        Next::Only(only)
    }
}

/// The positions at which what follows the whole segments of a prefix may have to fit, and the
/// segment that has begun, which may be empty.
fn behind<'t>(
    prefix: &'t str,
    segments: &[Segment<'_>],
    meaning: Meaning<'_>,
) -> (Positions, &'t str) {
    let (folder, begun) = prefix
        .rsplit_once('/')
        .map_or((None, prefix), |(folder, begun)| (Some(folder), begun));
    let mut positions = reached(1, segments);
    for text in folder.into_iter().flat_map(|folder| folder.split('/')) {
        let mut next = 0;
        for (at, segment) in at(positions, segments) {
            if segment == Segment::Many {
                next |= 1 << at;
            } else if segment.fits(text, meaning) {
                next |= 1 << (at + 1);
            }
        }
        positions = reached(next, segments);
    }
    (positions, begun)
}

fn is_segment(text: &str) -> bool {
    !text.contains('/') && !matches!(text, "" | "." | "..")
}

/// These positions, and those behind each `**` among them, which may stand for nothing.
fn reached(mut positions: Positions, segments: &[Segment<'_>]) -> Positions {
    for (at, segment) in segments.iter().enumerate() {
        if positions & (1 << at) != 0 && *segment == Segment::Many {
            positions |= 1 << (at + 1);
        }
    }
    positions
}

fn at<'s, 'p>(
    positions: Positions,
    segments: &'s [Segment<'p>],
) -> impl Iterator<Item = (usize, Segment<'p>)> + use<'s, 'p> {
    let segments = segments.iter().copied().enumerate();
    segments.filter(move |(at, _)| positions & (1 << at) != 0)
}

impl Segment<'_> {
    /// Whether no segment of a name can fit.
    fn is_void(self, meaning: Meaning<'_>) -> bool {
        let Meaning::Of(facts) = meaning else {
            return false;
        };
        match self {
            Self::User => !facts.user().is_some_and(is_segment),
            Self::Claim(pointer) => {
                let mut values = facts.claim(pointer).iter();
                !values.any(|value| is_segment(value))
            }
            _ => false,
        }
    }

    /// Whether a segment that begins so could fit; sometimes also if none can.
    fn may_begin(self, begun: &str, meaning: Meaning<'_>) -> bool {
        match (self, meaning) {
            (Self::Literal(text), _) => text.starts_with(begun.as_bytes()),
            (Self::Glob(glob), _) => {
                let head = glob.split(|&byte| byte == b'*').next().unwrap_or_default();
                head.starts_with(begun.as_bytes()) || begun.as_bytes().starts_with(head)
            }
            (Self::User, Meaning::Of(facts)) => {
                facts.user().is_some_and(|user| user.starts_with(begun))
            }
            (Self::Claim(pointer), Meaning::Of(facts)) => {
                let mut values = facts.claim(pointer).iter();
                values.any(|value| value.starts_with(begun))
            }
            (Self::User | Self::Claim(_), Meaning::OfAny) | (Self::One | Self::Many, _) => true,
        }
    }
}
