//! Whether one pattern matches everything that another one does, whatever the token.

use super::{Pattern, Segment, is_like};

/// What comparing patterns may still cost, in pairs of segments.
#[derive(Debug)]
pub(in crate::policy) struct Effort(usize);

impl Effort {
    pub(in crate::policy) fn new(pairs: usize) -> Self {
        Self(pairs)
    }

    /// Whether nothing more is compared.
    pub(in crate::policy) fn is_used_up(&self) -> bool {
        self.0 == 0
    }

    fn spend(&mut self, pairs: usize) -> bool {
        let left = self.0.checked_sub(pairs);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

impl Pattern<'_> {
    /// Whether every name that fits `other` fits this pattern too, for the same token. `false`
    /// also where that is not certain, or would take too much effort.
    ///
    /// Works back from the ends: for each pair of positions, whether the rest of this pattern
    /// includes the rest of the other.
    pub(in crate::policy) fn includes(self, other: Pattern<'_>, effort: &mut Effort) -> bool {
        if effort.is_used_up() {
            return false;
        }
        let (mut ours, mut theirs) = (self.segments(), other.segments());
        // Most patterns differ soon, and begin with the same text until then.
        loop {
            let mut after = (ours.clone(), theirs.clone());
            let (Some(Segment::Literal(our)), Some(Segment::Literal(their))) =
                (after.0.next(), after.1.next())
            else {
                break;
            };
            if !effort.spend(1) || our != their {
                return false;
            }
            (ours, theirs) = after;
        }
        let ours: Vec<Segment<'_>> = ours.collect();
        let theirs: Vec<Segment<'_>> = theirs.collect();
        if !effort.spend((ours.len() + 1) * (theirs.len() + 1)) {
            return false;
        }
        // At the end of the other: only what may stand for nothing.
        let may_be_none = ours.iter().rev().take_while(|ours| **ours == Segment::Many);
        let first = ours.len() - may_be_none.count();
        let mut after: Vec<bool> = (0..=ours.len()).map(|at| at >= first).collect();
        for their in theirs.iter().rev() {
            let mut here = vec![false; ours.len() + 1];
            for (at, our) in ours.iter().enumerate().rev() {
                let skipped = *our == Segment::Many && here[at + 1];
                here[at] = skipped
                    || match (our, their) {
                        (Segment::Many, _) => after[at],
                        // None of theirs, and any one of theirs before the same again.
                        (Segment::One, Segment::Many) => after[at] && here[at + 1],
                        (_, Segment::Many) => false,
                        (our, their) => our.includes(*their) && after[at + 1],
                    };
            }
            after = here;
        }
        after[0]
    }
}

impl Segment<'_> {
    /// Whether this segment fits whatever fits the other; neither is `**`.
    fn includes(self, other: Segment<'_>) -> bool {
        match (self, other) {
            (Self::One, _) => true,
            // A `*` of theirs is covered by one of ours, which no other character fits.
            (Self::Glob(glob), Segment::Literal(text) | Segment::Glob(text)) => is_like(text, glob),
            _ => self == other,
        }
    }
}

#[cfg(test)]
mod tests;
