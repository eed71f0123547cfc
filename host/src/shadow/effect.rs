//! How two verdicts on one question compare, and how often.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::bindings::coffer::storage::decisions::Outcome;
use crate::metrics::Word;

/// What the shadow policy would change about one decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Same,
    WouldAllow,
    WouldDeny,
    /// It was not asked, or had no verdict.
    Skipped,
}

impl Effect {
    /// By the order of the outcomes, and by nothing else.
    pub(super) fn of(in_force: Outcome, shadow: Outcome) -> Self {
        match width(shadow).cmp(&width(in_force)) {
            std::cmp::Ordering::Less => Self::WouldDeny,
            std::cmp::Ordering::Equal => Self::Same,
            std::cmp::Ordering::Greater => Self::WouldAllow,
        }
    }

    pub(super) fn word(self) -> Word {
        Word(match self {
            Self::Same => "same",
            Self::WouldAllow => "would_allow",
            Self::WouldDeny => "would_deny",
            Self::Skipped => "skipped",
        })
    }
}

/// The position of an outcome, from the narrowest to the widest.
fn width(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Denied => 0,
        Outcome::OwnFiles => 1,
        Outcome::Allowed => 2,
    }
}

/// How often each effect came.
#[derive(Debug, Default)]
pub(super) struct Counts([AtomicU64; 4]);

/// The same at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Decisions that are the same.
    pub same: u64,
    /// Those that are wider under the shadow policy.
    pub would_allow: u64,
    /// Those that are narrower under it.
    pub would_deny: u64,
    /// Those that it was not asked for.
    pub skipped: u64,
}

impl Counts {
    pub(super) fn add(&self, effect: Effect) {
        let [same, would_allow, would_deny, skipped] = &self.0;
        let count = match effect {
            Effect::Same => same,
            Effect::WouldAllow => would_allow,
            Effect::WouldDeny => would_deny,
            Effect::Skipped => skipped,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counted(&self) -> Counted {
        let [same, would_allow, would_deny, skipped] =
            self.0.each_ref().map(|count| count.load(Ordering::Relaxed));
        Counted {
            same,
            would_allow,
            would_deny,
            skipped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_ordered() {
        use Outcome::{Allowed, Denied, OwnFiles};
        for (in_force, shadow, effect) in [
            (Denied, Denied, Effect::Same),
            (OwnFiles, OwnFiles, Effect::Same),
            (Allowed, Allowed, Effect::Same),
            (Denied, OwnFiles, Effect::WouldAllow),
            (Denied, Allowed, Effect::WouldAllow),
            (OwnFiles, Allowed, Effect::WouldAllow),
            (Allowed, OwnFiles, Effect::WouldDeny),
            (Allowed, Denied, Effect::WouldDeny),
            (OwnFiles, Denied, Effect::WouldDeny),
        ] {
            assert_eq!(Effect::of(in_force, shadow), effect);
        }
    }
}
