//! A pattern as its author wrote it.

use std::fmt;

use super::{Pattern, Segment};

impl fmt::Display for Pattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut segments: Vec<Segment<'_>> = self.segments().collect();
        // How `**` at the end is encoded, for one segment at least.
        if let [.., Segment::One, last @ Segment::Many] = segments[..] {
            segments.truncate(segments.len() - 2);
            segments.push(last);
        }
        for (at, segment) in segments.iter().enumerate() {
            if at > 0 {
                f.write_str("/")?;
            }
            segment.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) | Self::Glob(text) => f.write_str(&String::from_utf8_lossy(text)),
            Self::User => f.write_str("{user}"),
            Self::Claim(pointer) => write!(f, "{{claim:{pointer}}}"),
            Self::One => f.write_str("*"),
            Self::Many => f.write_str("**"),
        }
    }
}
