//! When a copy of a document can be served, and when it must be renewed. Pure.

use std::time::{Duration, Instant};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::imports::outbound::fetch::Fetched;

/// Stale-while-revalidate: for this long after it was fresh, a copy is served while it is renewed;
/// later, the renewal comes first.
const WHILE_RENEWED: Duration = Duration::from_secs(10 * 60);
/// Stale-if-error: for this long after it was fresh, a copy is served if it cannot be renewed.
const WHILE_DOWN: Duration = Duration::from_secs(24 * 60 * 60);
/// Backoff between two requests for a document that cannot be fetched.
const RETRY_PAUSE: Duration = Duration::from_secs(2);
/// Pause between two requests for a fresh document because of an unknown key.
const ANEW_PAUSE: Duration = Duration::from_secs(10);

/// What a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::imports::outbound) enum Asked {
    /// The document.
    Any,
    /// The document as it is now.
    Anew,
    /// A document, but not the one with this SHA-256: it is unusable.
    InsteadOf([u8; 32]),
}

/// What to do about a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Answer with the copy, if any.
    Keep(Option<Bytes>),
    /// Answer with the copy, and renew it.
    KeepAndRenew(Bytes),
    /// Renew it, or wait until that is done, and answer with the result.
    Wait,
}

/// How a fetched document compares with the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Replaced {
    Same,
    Changed,
    /// It is the same one that was unusable last time, and replaces nothing.
    Useless,
}

/// A document as last seen.
#[derive(Debug, Default)]
pub(super) struct Copy {
    seen: Option<Seen>,
    /// The previous one, until either is reported as unusable.
    before: Option<Seen>,
    /// What was unusable when it was last fetched.
    useless: Option<Bytes>,
    tried: Option<Instant>,
    asked_anew: Option<Instant>,
}

#[derive(Debug)]
struct Seen {
    body: Bytes,
    came: Instant,
    fresh_until: Instant,
}

impl Copy {
    /// What to do about a request at `now`.
    pub(super) fn plan(&mut self, now: Instant, asked: Asked, under_way: bool) -> Plan {
        let rested = |since: Option<Instant>, pause| {
            since.is_none_or(|then| now.saturating_duration_since(then) >= pause)
        };
        let body = self.usable(now);
        if asked == Asked::Anew && (under_way || rested(self.asked_anew, ANEW_PAUSE)) {
            self.asked_anew = Some(now);
            return Plan::Wait;
        }
        let may_try = under_way || rested(self.tried, RETRY_PAUSE);
        let stale = self.staleness(now);
        match body {
            Some(body) if stale == Duration::ZERO || !may_try => Plan::Keep(Some(body)),
            Some(body) if stale <= WHILE_RENEWED && under_way => Plan::Keep(Some(body)),
            Some(body) if stale <= WHILE_RENEWED => Plan::KeepAndRenew(body),
            None if !may_try => Plan::Keep(None),
            _ => Plan::Wait,
        }
    }

    /// The copy, if it may still be served.
    pub(super) fn usable(&self, now: Instant) -> Option<Bytes> {
        let seen = self.seen.as_ref()?;
        (self.staleness(now) <= WHILE_DOWN).then(|| seen.body.clone())
    }

    /// A request for the document starts.
    pub(super) fn tried(&mut self, now: Instant) {
        self.tried = Some(now);
    }

    /// Whether there is a copy that was fetched since then.
    pub(super) fn came_since(&self, then: Instant) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.came >= then)
    }

    /// It was fetched.
    pub(super) fn replace(&mut self, fetched: Fetched, now: Instant) -> Replaced {
        if self.useless.as_ref() == Some(&fetched.body) {
            return Replaced::Useless;
        }
        self.useless = None;
        let seen = Seen {
            body: fetched.body,
            came: now,
            fresh_until: now + fetched.fresh_for,
        };
        match self.seen.replace(seen) {
            Some(last)
                if self
                    .seen
                    .as_ref()
                    .is_some_and(|seen| seen.body == last.body) =>
            {
                Replaced::Same
            }
            last => {
                self.before = last;
                Replaced::Changed
            }
        }
    }

    /// The document with this SHA-256 is unusable: the previous one is used again, if there is one.
    /// Returns whether that changes anything.
    pub(super) fn reject(&mut self, digest: [u8; 32]) -> bool {
        let is_meant = |seen: &mut Seen| Sha256::digest(&seen.body)[..] == digest;
        // It may have been renewed in the meantime.
        let _ = self.before.take_if(is_meant);
        if self.before.is_none() {
            return false;
        }
        let Some(useless) = self.seen.take_if(is_meant) else {
            return false;
        };
        self.useless = Some(useless.body);
        self.seen = self.before.take();
        true
    }

    /// How long it has been stale.
    fn staleness(&self, now: Instant) -> Duration {
        self.seen.as_ref().map_or(Duration::ZERO, |seen| {
            now.saturating_duration_since(seen.fresh_until)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: Bytes = Bytes::from_static(b"{}");
    const FRESH: u64 = 60;

    fn fetched(body: &'static [u8]) -> Fetched {
        Fetched {
            body: Bytes::from_static(body),
            fresh_for: Duration::from_secs(FRESH),
        }
    }

    /// The plan of a copy at this second after it was fetched.
    fn plan_at(second: u64, tried: Option<u64>, under_way: bool) -> Plan {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut copy = Copy::default();
        copy.tried(at(tried.unwrap_or(0)));
        assert_eq!(copy.replace(fetched(b"{}"), start), Replaced::Changed);
        copy.plan(at(second), Asked::Any, under_way)
    }

    #[test]
    fn a_copy_is_served_while_fresh_then_while_renewed_then_while_there_is_no_other() {
        let (renewed, down) = (WHILE_RENEWED.as_secs(), WHILE_DOWN.as_secs());
        let keep = || Plan::Keep(Some(BODY));
        for (second, tried, under_way, expected) in [
            (0, None, false, keep()),
            (FRESH, None, false, keep()),
            (FRESH + 1, None, false, Plan::KeepAndRenew(BODY)),
            (FRESH + 1, Some(FRESH + 1), true, keep()),
            // An attempt failed a moment ago.
            (FRESH + 2, Some(FRESH + 1), false, keep()),
            (FRESH + 3, Some(FRESH + 1), false, Plan::KeepAndRenew(BODY)),
            (FRESH + renewed, None, false, Plan::KeepAndRenew(BODY)),
            (FRESH + renewed + 1, None, false, Plan::Wait),
            (FRESH + renewed + 1, None, true, Plan::Wait),
            (FRESH + renewed + 1, Some(FRESH + renewed), false, keep()),
            (FRESH + down, Some(FRESH + down), false, keep()),
            (FRESH + down + 1, None, false, Plan::Wait),
            (
                FRESH + down + 1,
                Some(FRESH + down),
                false,
                Plan::Keep(None),
            ),
        ] {
            let plan = plan_at(second, tried, under_way);
            assert_eq!(plan, expected, "{second} {tried:?} {under_way}");
        }
    }

    #[test]
    fn what_was_never_fetched_is_requested_again_after_a_pause() {
        let start = Instant::now();
        let mut copy = Copy::default();
        assert_eq!(copy.plan(start, Asked::Any, false), Plan::Wait);
        copy.tried(start);
        assert_eq!(copy.plan(start, Asked::Any, true), Plan::Wait);
        assert_eq!(copy.plan(start, Asked::Any, false), Plan::Keep(None));
        assert_eq!(
            copy.plan(start + RETRY_PAUSE, Asked::Any, false),
            Plan::Wait
        );
    }

    #[test]
    fn an_unknown_key_causes_a_request_at_once_and_then_only_every_ten_seconds() {
        let start = Instant::now();
        let mut copy = Copy::default();
        copy.tried(start);
        copy.replace(fetched(b"{}"), start);
        for (second, expected) in [
            (0, Plan::Wait),
            (0, Plan::Keep(Some(BODY))),
            (9, Plan::Keep(Some(BODY))),
            (10, Plan::Wait),
            (19, Plan::Keep(Some(BODY))),
        ] {
            let now = start + Duration::from_secs(second);
            assert_eq!(copy.plan(now, Asked::Anew, false), expected, "{second}");
        }
        assert_eq!(copy.plan(start, Asked::Anew, true), Plan::Wait);
    }

    #[test]
    fn a_document_has_changed_when_its_bytes_have() {
        let now = Instant::now();
        let mut copy = Copy::default();
        assert_eq!(copy.replace(fetched(b"{}"), now), Replaced::Changed);
        assert_eq!(copy.replace(fetched(b"{}"), now), Replaced::Same);
        assert_eq!(copy.replace(fetched(b"[]"), now), Replaced::Changed);
    }

    #[test]
    fn an_unusable_document_gives_way_to_the_previous_one() {
        let now = Instant::now();
        let mut copy = Copy::default();
        let digest = |body: &[u8]| Sha256::digest(body).into();
        copy.replace(fetched(b"{}"), now);
        // No earlier document is known.
        assert!(!copy.reject(digest(b"{}")));
        assert_eq!(copy.usable(now), Some(BODY));
        for _ in 0..2 {
            assert_eq!(copy.replace(fetched(b"<html>"), now), Replaced::Changed);
            // Renewed in the meantime.
            assert_eq!(copy.replace(fetched(b"<html>"), now), Replaced::Same);
            assert!(!copy.reject(digest(b"other")));
            assert!(copy.reject(digest(b"<html>")));
            assert!(!copy.reject(digest(b"<html>")));
            assert_eq!(copy.usable(now), Some(BODY));
            // It does not have to be rejected again.
            assert_eq!(copy.replace(fetched(b"<html>"), now), Replaced::Useless);
            assert_eq!(copy.usable(now), Some(BODY));
            assert_eq!(copy.replace(fetched(b"{}"), now), Replaced::Same);
        }
        assert_eq!(copy.replace(fetched(b"[]"), now), Replaced::Changed);
        assert_eq!(copy.usable(now), Some(Bytes::from_static(b"[]")));
    }
}
