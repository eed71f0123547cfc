//! Points in time as text: RFC 3339 for JSON, HTTP dates for header fields.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::bindings::wasi::clocks::wall_clock::Datetime;

/// The last second of the year 9999, the latest that both formats can express.
const LATEST: u64 = 253_402_300_799;

/// `2026-01-31T23:59:59Z` (RFC 3339, UTC, whole seconds).
///
/// Anything after the year 9999 is shown as its last second.
pub(crate) fn rfc3339(at: Datetime) -> String {
    humantime::format_rfc3339_seconds(system_time(at)).to_string()
}

/// `Sat, 31 Jan 2026 23:59:59 GMT` (IMF-fixdate, RFC 9110, 5.6.7).
///
/// Anything after the year 9999 is shown as its last second.
pub(crate) fn http_date(at: Datetime) -> String {
    httpdate::fmt_http_date(system_time(at))
}

/// Parses an HTTP date in any of the three formats of RFC 9110, 5.6.7; `None`
/// for anything else and for dates before 1970.
pub(crate) fn parse_http_date(text: &str) -> Option<Datetime> {
    let time = httpdate::parse_http_date(text).ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some(Datetime {
        seconds: since.as_secs(),
        nanoseconds: 0,
    })
}

/// Whole seconds only: fractions are truncated, since HTTP dates have none.
fn system_time(at: Datetime) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(at.seconds.min(LATEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Datetime {
        Datetime {
            seconds,
            nanoseconds: 999_999_999,
        }
    }

    #[test]
    fn times_are_written_in_whole_seconds_of_utc() {
        assert_eq!(rfc3339(at(784_111_777)), "1994-11-06T08:49:37Z");
        assert_eq!(http_date(at(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(rfc3339(at(0)), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_time_after_the_year_9999_is_clamped() {
        assert_eq!(rfc3339(at(u64::MAX)), "9999-12-31T23:59:59Z");
        assert_eq!(http_date(at(u64::MAX)), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn all_three_http_formats_are_read() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(
                parse_http_date(text).map(|at| at.seconds),
                Some(784_111_777),
                "{text}"
            );
        }
        for text in [
            "",
            "yesterday",
            "1994-11-06T08:49:37Z",
            "Thu, 01 Jan 1960 00:00:00 GMT",
        ] {
            assert!(parse_http_date(text).is_none(), "{text}");
        }
    }
}
