//! The three formats: IMF-fixdate, RFC 850, and C's asctime.

use super::{DAY, MONTHS, WEEKDAYS, days_before, length};

/// Names of the days as in RFC 850, starting with the first of 1970.
const LONG_WEEKDAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];

/// The parts of a date.
struct Parts<'a> {
    weekday: Option<usize>,
    day: &'a str,
    month: &'a str,
    year: u64,
    time: &'a str,
}

/// Seconds since 1970.
pub(super) fn date(text: &str) -> Option<u64> {
    imf_fixdate(text)
        .or_else(|| rfc_850(text))
        .or_else(|| asctime(text))?
        .seconds()
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(text: &str) -> Option<Parts<'_>> {
    let (weekday, rest) = text.strip_suffix(" GMT")?.split_once(", ")?;
    let mut words = rest.split(' ');
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    words.next().is_none().then_some(Parts {
        weekday: place(&WEEKDAYS, weekday),
        day,
        month,
        year: number(year, 4)?,
        time,
    })
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`; years below 70 are in the 2000s.
fn rfc_850(text: &str) -> Option<Parts<'_>> {
    let (weekday, rest) = text.strip_suffix(" GMT")?.split_once(", ")?;
    let (date, time) = rest.split_once(' ')?;
    let (day, rest) = date.split_once('-')?;
    let (month, year) = rest.split_once('-')?;
    let year = number(year, 2)?;
    Some(Parts {
        weekday: place(&LONG_WEEKDAYS, weekday),
        day,
        month,
        year: year + if year < 70 { 2000 } else { 1900 },
        time,
    })
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(text: &str) -> Option<Parts<'_>> {
    let (weekday, rest) = text.split_once(' ')?;
    let (month, rest) = rest.split_once(' ')?;
    let (day, rest) = rest.split_at_checked(2)?;
    let (time, year) = rest.strip_prefix(' ')?.split_once(' ')?;
    Some(Parts {
        weekday: place(&WEEKDAYS, weekday),
        day: day.strip_prefix(' ').unwrap_or(day),
        month,
        year: number(year, 4)?,
        time,
    })
}

impl Parts<'_> {
    /// None if there is no such day, or the day of the week is wrong.
    fn seconds(&self) -> Option<u64> {
        let month = place(&MONTHS, self.month)? as u64;
        let day = number(self.day, self.day.len().clamp(1, 2))?;
        if self.year < 1970 || day < 1 || day > length(self.year, month) {
            return None;
        }
        let months = (0..month).map(|month| length(self.year, month));
        let days = days_before(self.year) + months.sum::<u64>() + day - 1;
        if self.weekday != Some((days % 7) as usize) {
            return None;
        }
        let mut time = self.time.split(':');
        let mut part = |end| number(time.next()?, 2).filter(|part| *part < end);
        let (hour, minute, second) = (part(24)?, part(60)?, part(60)?);
        let seconds = days * DAY + hour * 3600 + minute * 60 + second;
        time.next().is_none().then_some(seconds)
    }
}

fn place(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|known| *known == name)
}

/// A number with exactly this many digits.
fn number(text: &str, digits: usize) -> Option<u64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_formats_are_parsed() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(date(text), Some(784_111_777), "{text}");
        }
        assert_eq!(date("Sunday, 06-Nov-50 00:00:00 GMT"), Some(2_551_305_600));
        assert_eq!(date("Sun Nov 16 08:49:37 2036"), Some(2_110_438_177));
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in [
            "",
            " ",
            "GMT",
            ", GMT",
            "784111777",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 6 Nov 1994 08:49:37 GMT ",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Tue, 29 Feb 2100 00:00:00 GMT",
            "Mon, 29 Feb 2100 00:00:00 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:60 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994  08:49:37 GMT",
            "Sun, 06 Nov +994 08:49:37 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sun, 06 Nov 19940 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov 06 08:49:37 94",
            "Sun Nov \u{e9} 08:49:37 1994",
        ] {
            assert_eq!(date(text), None, "{text:?}");
        }
    }
}
