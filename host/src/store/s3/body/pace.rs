//! How fast a reader reads, and how long it waits for the service.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A reader keeps up if it takes the bytes that it is given at this rate, per second.
const KEEPS_UP: u64 = 2 << 20;
/// How long a reader may need for a part before those ahead are given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);
/// The service is what limits a reader that waits for it this many times as long as it does
/// other things.
const MOSTLY: u32 = 3;
/// More connections bring no more than one that brings this much, per second: then it is
/// processors or the network card that limit.
const FAST: u64 = 256 << 20;

/// The pace of one reader, shared with those who read ahead for it.
#[derive(Default)]
pub(super) struct Pace(Mutex<State>);

#[derive(Default)]
struct State {
    /// Of the current measurement.
    measured: Measured,
    /// Since when the reader does what it does.
    since: Option<Instant>,
    /// Whether that is waiting.
    waits: bool,
}

/// What a reader did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measured {
    /// How long it waited for bytes.
    waiting: Duration,
    /// How long it did other things.
    away: Duration,
}

impl Measured {
    /// Whether the reader took this many bytes fast enough.
    pub(super) fn kept_up(self, bytes: u64) -> bool {
        self.away <= time_at(KEEPS_UP, bytes)
    }

    /// Whether the reader could have got this many bytes faster over more connections.
    pub(super) fn was_held_up(self, bytes: u64) -> bool {
        self.waiting >= self.away * MOSTLY && self.waiting + self.away > time_at(FAST, bytes)
    }
}

/// The time that bytes take at this rate per second.
fn time_at(rate: u64, bytes: u64) -> Duration {
    Duration::from_micros(bytes.saturating_mul(1_000_000) / rate)
}

impl Pace {
    /// The reader asks for bytes.
    pub(super) fn asked(&self) {
        self.with(|state| state.now(true));
    }

    /// The reader has got bytes.
    pub(super) fn answered(&self) {
        self.with(|state| state.now(false));
    }

    /// Ends the current measurement and begins another one.
    pub(super) fn measured(&self) -> Measured {
        self.with(|state| {
            state.now(state.waits);
            std::mem::take(&mut state.measured)
        })
    }

    /// Whether the reader has kept everything ahead waiting for too long.
    pub(super) fn is_too_slow(&self) -> bool {
        self.with(|state| {
            state.now(state.waits);
            state.measured.away >= PATIENCE
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// Counts the time until now; from now on the reader waits, or not.
    fn now(&mut self, waits: bool) {
        let now = Instant::now();
        if let Some(since) = self.since {
            let spent = match self.waits {
                true => &mut self.measured.waiting,
                false => &mut self.measured.away,
            };
            *spent += now.saturating_duration_since(since);
        }
        (self.since, self.waits) = (Some(now), waits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_reader_keeps_up_with_enough_bytes_for_the_time_that_it_spent_elsewhere() {
        for (away, bytes, kept_up) in [
            (Duration::ZERO, 0, true),
            (SECOND, KEEPS_UP, true),
            (SECOND, KEEPS_UP / 2, false),
            (SECOND / 2, KEEPS_UP / 2, true),
        ] {
            let measured = Measured {
                waiting: SECOND,
                away,
            };
            assert_eq!(measured.kept_up(bytes), kept_up, "{away:?}, {bytes}");
        }
    }

    #[test]
    fn a_reader_is_held_up_by_a_slow_service_that_it_waits_for() {
        for (waiting, away, bytes, held_up) in [
            (SECOND * 3, SECOND, FAST, true),
            (SECOND * 3, SECOND, FAST * 4, false),
            (SECOND * 2, SECOND, FAST, false),
            (SECOND, SECOND * 9, FAST, false),
        ] {
            let measured = Measured { waiting, away };
            let found = measured.was_held_up(bytes);
            assert_eq!(found, held_up, "{waiting:?}, {away:?}, {bytes}");
        }
    }

    #[test]
    fn a_reader_is_too_slow_once_it_has_been_elsewhere_for_long() {
        let pace = Pace::default();
        let back = |pace: &Pace| {
            pace.with(|state| state.since = state.since.and_then(|at| at.checked_sub(PATIENCE)));
        };
        pace.asked();
        back(&pace);
        assert!(!pace.is_too_slow());
        pace.answered();
        assert!(!pace.is_too_slow());
        back(&pace);
        assert!(pace.is_too_slow());
        pace.asked();
        assert!(pace.is_too_slow());
        let measured = pace.measured();
        assert!(measured.waiting >= PATIENCE && measured.away >= PATIENCE);
        assert!(!pace.is_too_slow());
    }
}
