//! How long a response is fresh.

use std::time::Duration;

use headers::{Age, CacheControl, HeaderMapExt};
use http::HeaderMap;

/// The maximum: rotated keys are noticed within an hour, whatever the IAM API says.
const MOST: Duration = Duration::from_secs(60 * 60);
/// The minimum: an IAM API is not asked more often, whatever it says.
const LEAST: Duration = Duration::from_secs(60);
/// The default.
const USUAL: Duration = Duration::from_secs(5 * 60);

/// The freshness lifetime of a response with these fields (RFC 9111, 4.2.1), less its age, between
/// 1 and 60 minutes.
pub(super) fn lifetime(fields: &HeaderMap) -> Duration {
    let control = fields
        .typed_get::<CacheControl>()
        .unwrap_or_else(CacheControl::new);
    if control.no_store() || control.no_cache() {
        return LEAST;
    }
    let given = control.max_age().unwrap_or(USUAL);
    let age = fields
        .typed_get::<Age>()
        .map_or(Duration::ZERO, Duration::from);
    given.saturating_sub(age).clamp(LEAST, MOST)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_response_is_fresh_for_as_long_as_it_says_within_1_to_60_minutes() {
        for (control, age, seconds) in [
            (None, None, 300),
            (Some("public, max-age=600"), None, 600),
            (Some("public, max-age=600"), Some("200"), 400),
            (Some("max-age=600"), Some("600"), 60),
            (Some("max-age=15, stale-while-revalidate=15"), None, 60),
            (Some("max-age=0"), None, 60),
            (Some("max-age=86400"), None, 3600),
            (Some("max-age=99999999999999999999"), None, 300),
            (Some("no-store, max-age=600"), None, 60),
            (Some("no-cache"), None, 60),
            (Some("\u{fe}"), Some("x"), 300),
        ] {
            let given = [("cache-control", control), ("age", age)];
            let fields = given.into_iter().filter_map(|(name, value)| {
                let value = HeaderValue::from_bytes(value?.as_bytes()).expect("a value");
                Some((HeaderName::from_static(name), value))
            });
            let fields: HeaderMap = fields.collect();
            assert_eq!(lifetime(&fields).as_secs(), seconds, "{control:?} {age:?}");
        }
    }
}
