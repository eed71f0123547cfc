//! For how long links are valid.

use std::time::Duration;

use super::super::json_body::invalid;
use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::permit::link::Validity;
use crate::problem::Problem;

/// How long a link is valid by default.
const DEFAULT: Duration = Duration::from_secs(3600);

/// How long a link is valid that is asked for with this `expires_in`.
pub(super) fn lifetime(expires_in: Option<u64>, longest: Duration) -> Result<Duration, Problem> {
    match expires_in.map(Duration::from_secs) {
        None => Ok(DEFAULT.min(longest)),
        Some(asked) if asked.is_zero() => Err(invalid("expires_in must be at least 1")),
        Some(asked) if asked > longest => Err(invalid(&format!(
            "expires_in must be at most {}",
            longest.as_secs()
        ))),
        Some(asked) => Ok(asked),
    }
}

/// When a link made at `now` expires: after its lifetime, rounded up to a whole second and by at
/// most a tenth of it, but never later than the longest one. So a link that is requested again soon
/// is the same, and a browser finds the file in its cache.
///
/// For the same reason the link says that it was made at the first second that gives this
/// end, but not before the time from which links count, if that has come.
pub(super) fn validity(
    now: Datetime,
    lifetime: Duration,
    longest: Duration,
    not_before: Option<u64>,
) -> Validity {
    let lifetime = lifetime.as_secs();
    let step = (lifetime / 10).max(1);
    let begun = u64::from(now.nanoseconds > 0);
    let next_second = now.seconds.saturating_add(begun);
    let rounded = next_second
        .saturating_add(lifetime)
        .div_ceil(step)
        .saturating_mul(step);
    let first = rounded.saturating_sub(lifetime + step - 1);
    Validity {
        made_at: first.max(not_before.unwrap_or_default()).min(now.seconds),
        expires_at: rounded.min(now.seconds.saturating_add(longest.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn at(seconds: u64) -> Datetime {
        Datetime {
            seconds,
            nanoseconds: 0,
        }
    }

    #[test]
    fn links_made_in_a_row_expire_together_and_never_before_the_time_asked_for() {
        const WEEK: u64 = 7 * 86_400;
        const NOW: u64 = 1_800_000_000;
        let seconds = Duration::from_secs;
        let validity = |now, lifetime| validity(at(now), seconds(lifetime), seconds(WEEK), None);
        let expiry = |now, lifetime| validity(now, lifetime).expires_at - now;
        for lifetime in [1, 2, 9, 10, 59, 60, 300, 3600, 86_400, WEEK - 1, WEEK] {
            for now in NOW..NOW + 400 {
                let lasts = expiry(now, lifetime);
                assert!(
                    (lifetime..=lifetime + lifetime / 10).contains(&lasts),
                    "{lifetime}"
                );
                assert!(lasts <= WEEK, "{lifetime}");
                let (this, next) = (validity(now, lifetime), validity(now + 1, lifetime));
                assert!(this.made_at <= now && now - this.made_at <= lifetime / 10);
                assert_eq!(
                    this.expires_at == next.expires_at,
                    this == next,
                    "{lifetime}"
                );
            }
        }
        // Within six minutes there are at most two expiry times.
        let ends: BTreeSet<u64> = (0..360)
            .map(|second| NOW + second + expiry(NOW + second, 3600))
            .collect();
        assert!(ends.len() <= 2, "{ends:?}");
        assert_eq!(expiry(u64::MAX, 1), 0);
    }

    #[test]
    fn a_second_that_has_begun_is_not_taken_from_the_lifetime() {
        const NOW: u64 = 1_800_000_000;
        let day = Duration::from_secs(86_400);
        for lifetime in [Duration::from_secs(1), Duration::from_secs(59), day] {
            for nanoseconds in [1, 999_999_999] {
                let now = Datetime {
                    seconds: NOW + 7,
                    nanoseconds,
                };
                let made = validity(now, lifetime, day * 2, None);
                let whole = validity(at(NOW + 8), lifetime, day * 2, None);
                assert_eq!(made.expires_at, whole.expires_at);
                assert!(made.made_at <= now.seconds);
                let longest = validity(now, lifetime, lifetime, None);
                assert_eq!(longest.expires_at, now.seconds + lifetime.as_secs());
            }
        }
    }

    #[test]
    fn a_link_counts_as_made_before_a_time_only_if_it_was() {
        const NOW: u64 = 1_800_000_000;
        let hour = Duration::from_secs(3600);
        for now in NOW..NOW + 800 {
            for not_before in [NOW, NOW + 1, NOW + 399, NOW + 400] {
                let validity = validity(at(now), hour, hour * 24, Some(not_before));
                assert_eq!(validity.made_at >= not_before, now >= not_before);
            }
        }
    }
}
