//! HTTP dates (RFC 9110, 5.6.7) with the interface of the crate `httpdate` on crates.io,
//! which it replaces in the whole workspace (`[patch.crates-io]` in Cargo.toml).
//!
//! That crate panics on times before 1970, and hyper formats the current time with it whenever
//! it polls a connection: on a machine whose clock was never set, no request would be answered.
//! Here such a time counts as the first second of 1970, and one after 9999 as its last.

mod parse;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last second of the year 9999, the latest that the format can express.
const LATEST: u64 = 253_402_300_799;

const DAY: u64 = 86_400;

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The text is not an HTTP date, or no such date exists.
#[derive(Debug)]
pub struct Error(());

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an HTTP date")
    }
}

impl std::error::Error for Error {}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        Self::new(std::io::ErrorKind::InvalidData, error)
    }
}

/// A second from 1970 to 9999 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpDate(u64);

/// Parses a date in any of the three formats of HTTP.
///
/// # Errors
/// If it is in none of them.
pub fn parse_http_date(text: &str) -> Result<SystemTime, Error> {
    text.parse().map(|date: HttpDate| date.into())
}

/// Formats a date as IMF-fixdate, the format to send.
#[must_use]
pub fn fmt_http_date(time: SystemTime) -> String {
    HttpDate::from(time).to_string()
}

impl From<SystemTime> for HttpDate {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(since.as_secs().min(LATEST))
    }
}

impl From<HttpDate> for SystemTime {
    fn from(date: HttpDate) -> Self {
        UNIX_EPOCH + Duration::from_secs(date.0)
    }
}

impl FromStr for HttpDate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse::date(text).map(Self).ok_or(Error(()))
    }
}

impl fmt::Display for HttpDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0 / DAY, self.0 % DAY);
        let (year, month, day) = civil(days);
        let weekday = WEEKDAYS[(days % 7) as usize];
        let month = MONTHS[month as usize];
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            "{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT"
        )
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// How many days a month has, counted from 0.
fn length(year: u64, month: u64) -> u64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// How many days lie between the first of 1970 and the first of this year.
fn days_before(year: u64) -> u64 {
    // Leap days up to the year before, less those before 1970.
    let last = year - 1;
    (year - 1970) * 365 + (last / 4 - last / 100 + last / 400) - 477
}

/// Year, month counted from 0, and day of the month, given the days since the first of 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    let mut year = 1970 + days / 366;
    while days_before(year + 1) <= days {
        year += 1;
    }
    let mut day = days - days_before(year);
    let mut month = 0;
    while day >= length(year, month) {
        day -= length(year, month);
        month += 1;
    }
    (year, month, day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_time_is_written_as_imf_fixdate() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (LATEST, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(fmt_http_date(at(seconds)), text);
            assert_eq!(parse_http_date(text).expect("a date"), at(seconds));
        }
    }

    #[test]
    fn a_time_out_of_range_is_the_nearest_one() {
        let early = UNIX_EPOCH - Duration::from_nanos(1);
        assert_eq!(fmt_http_date(early), fmt_http_date(UNIX_EPOCH));
        assert_eq!(fmt_http_date(at(LATEST + 1)), fmt_http_date(at(LATEST)));
        assert_eq!(
            fmt_http_date(UNIX_EPOCH - Duration::from_secs(1 << 40)),
            fmt_http_date(UNIX_EPOCH)
        );
    }

    #[test]
    fn every_day_is_parsed_as_it_was_formatted() {
        let mut before = String::new();
        for day in (0..=LATEST / DAY).step_by(3) {
            let time = at(day * DAY + day % DAY);
            let text = fmt_http_date(time);
            assert_ne!(text, before);
            assert_eq!(parse_http_date(&text).expect("a date"), time, "{text}");
            before = text;
        }
    }
}
