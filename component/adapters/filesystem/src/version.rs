//! The names of versions: 32 hexadecimal digits for bytes that were uploaded. A copy is a hard
//! link, named by these digits, the seconds since 1970 when it was made, and 8 digits more, with
//! `-` between them. So whatever has the same digits has the same bytes; and since a link leaves
//! the time of its file as it is, the sweep learns from the name how old it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The name of a copy of this version. `random` has at least 8 digits.
pub fn of_copy(version: &str, now: SystemTime, random: &str) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let random = random.get(..8).unwrap_or(random);
    format!("{}-{seconds}-{random}", digits(version))
}

/// Whether both have the same bytes, as far as their names tell.
pub fn are_same(one: &str, other: &str) -> bool {
    digits(one) == digits(other)
}

/// When a copy was made; none for an upload.
pub fn copied(version: &str) -> Option<SystemTime> {
    let seconds = version.split('-').nth(1)?.parse().ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn digits(version: &str) -> &str {
    version.split('-').next().unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_copies_have_the_same_bytes_and_names_of_their_own() {
        let (upload, other) = ("0".repeat(32), "1".repeat(32));
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let copy = of_copy(&upload, now, "0123456789abcdef");
        assert_eq!(copy, format!("{upload}-1700000000-01234567"));
        let second = of_copy(&copy, now, "89abcdef01234567");
        assert_eq!(second, format!("{upload}-1700000000-89abcdef"));
        assert!(are_same(&upload, &copy) && are_same(&second, &copy));
        assert!(!are_same(&other, &copy));
        assert_eq!((copied(&copy), copied(&upload)), (Some(now), None));
    }
}
