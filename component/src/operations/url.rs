//! `POST /v1/{area}/urls/{name}`

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::Context;
use super::file::location;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs;
use crate::bindings::wasi::clocks::wall_clock::{self, Datetime};
use crate::fields::conditions::unconditional;
use crate::http::{Answer, BodyReader, Request, Response};
use crate::json;
use crate::log;
use crate::permit::{self, link::Validity};
use crate::problem::{MAX_ECHO, Problem};
use crate::time;
use crate::url::{Name, percent};

/// How long a link is valid by default.
const DEFAULT: Duration = Duration::from_secs(3600);
/// The maximum size of the body, in bytes.
const LONGEST_BODY: usize = 4096;

/// What a client may ask for in a link.
#[derive(Default)]
struct Asked {
    /// In seconds.
    expires_in: Option<u64>,
}

/// A URL that works without a token.
#[derive(Serialize)]
struct Made {
    url: String,
    expires_at: Option<String>,
}

/// Makes a URL: the permanent one of a public file, or a link to any other.
pub(crate) fn answer(
    context: &Context<'_>,
    request: Request,
    area: Area,
    name: Name,
) -> Result<Answer, Problem> {
    let permit = permit::read(context.policy, &context.caller, area, name)?;
    let base_url = context.base_url(&request);
    blobs::stat(permit.key().as_str(), &permit.may_read(), &unconditional())
        .map_err(|error| permit.problem(error))?;
    let asked = read(request.into_reader()?)?;
    let lifetime = lifetime(context, area, &asked)?;

    let made = match lifetime {
        None => Made {
            url: location(&base_url, area, permit.name()),
            expires_at: None,
        },
        Some(lifetime) => {
            let Some(key) = context.settings.link_key() else {
                log::failed(&"no presigned URL can be made: there is no link secret");
                return Err(Problem::Unavailable);
            };
            let longest = context.policy.link_max_age();
            let not_before = context.policy.links_not_before();
            let validity = validity(wall_clock::now().seconds, lifetime, longest, not_before);
            let token = permit.link(&key, validity)?;
            let basename = percent::encode_path(permit.name().basename());
            Made {
                url: format!("{base_url}/v1/links/{token}/{basename}"),
                expires_at: Some(time::rfc3339(Datetime {
                    seconds: validity.expires_at,
                    nanoseconds: 0,
                })),
            }
        }
    };
    Ok(Answer::Whole(Response::json(StatusCode::CREATED, &made)))
}

/// How long the link is valid; `None` for the permanent URL of a public file.
fn lifetime(context: &Context<'_>, area: Area, asked: &Asked) -> Result<Option<Duration>, Problem> {
    let longest = context.policy.link_max_age();
    match (area, asked.expires_in.map(Duration::from_secs)) {
        (Area::Public, None) => Ok(None),
        (Area::Public, Some(_)) => Err(invalid("the URL of a public file does not expire")),
        (_, None) => Ok(Some(DEFAULT.min(longest))),
        (_, Some(asked)) if asked.is_zero() => Err(invalid("expires_in must be at least 1")),
        (_, Some(asked)) if asked > longest => Err(invalid(&format!(
            "expires_in must be at most {}",
            longest.as_secs()
        ))),
        (_, Some(asked)) => Ok(Some(asked)),
    }
}

fn read(mut body: BodyReader) -> Result<Asked, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body
        .next_chunk()
        .map_err(|error| Problem::InvalidRequest(error.to_string()))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LONGEST_BODY {
            return Err(Problem::TooLarge(
                "the body is larger than 4096 bytes".to_owned(),
            ));
        }
    }
    parse(&bytes)
}

fn parse(body: &[u8]) -> Result<Asked, Problem> {
    if body.is_empty() {
        return Ok(Asked::default());
    }
    let members = json::object(body)
        .ok_or_else(|| invalid("the body is not a JSON object without duplicate members"))?;
    let mut asked = Asked::default();
    for (name, value) in members {
        if name != "expires_in" {
            let name: String = name.chars().take(MAX_ECHO).collect();
            return Err(invalid(&format!(
                "unknown member {name:?}, expected \"expires_in\""
            )));
        }
        asked.expires_in = match value {
            Value::Null => None,
            value => Some(whole(&value).ok_or_else(|| {
                invalid("expires_in must be a whole number of seconds, at least 1")
            })?),
        };
    }
    Ok(asked)
}

/// The number, if it is whole and not negative. `60.0` counts too, since JSON does not
/// distinguish it from `60`. A number that is too large counts as the largest.
fn whole(value: &Value) -> Option<u64> {
    let number = value.as_u64();
    number.or_else(|| match value.as_f64()? {
        // Saturates.
        number if number >= 0.0 && number.fract() == 0.0 => Some(number as u64),
        _ => None,
    })
}

/// When a link made at `now` (seconds since 1970) expires: after its lifetime, rounded up by
/// at most a tenth of it, but never later than the longest one. So a link that is requested
/// again soon is the same, and a browser finds the file in its cache.
///
/// For the same reason the link says that it was made at the first second that gives this
/// end, but not before the time from which links count, if that has come.
fn validity(now: u64, lifetime: Duration, longest: Duration, not_before: Option<u64>) -> Validity {
    let lifetime = lifetime.as_secs();
    let step = (lifetime / 10).max(1);
    let rounded = now
        .saturating_add(lifetime)
        .div_ceil(step)
        .saturating_mul(step);
    let first = rounded.saturating_sub(lifetime + step - 1);
    Validity {
        made_at: first.max(not_before.unwrap_or_default()).min(now),
        expires_at: rounded.min(now.saturating_add(longest.as_secs())),
    }
}

fn invalid(what: &str) -> Problem {
    Problem::InvalidRequest(what.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_body_accepts_whole_seconds_only() {
        for (body, expected) in [
            ("", None),
            (" {\n} ", None),
            (r#"{"expires_in":null}"#, None),
            (r#"{"expires_in":60}"#, Some(60)),
            (r#"{"expires_in":60.0}"#, Some(60)),
            (r#"{"expires_in":6e1}"#, Some(60)),
            (r#"{"expires_in":0}"#, Some(0)),
            (r#"{"expires_in":-0.0}"#, Some(0)),
            (r#"{"expires_in":18446744073709551616}"#, Some(u64::MAX)),
            (r#"{"expires_in":1e300}"#, Some(u64::MAX)),
        ] {
            let asked = parse(body.as_bytes()).map(|asked| asked.expires_in);
            assert_eq!(asked, Ok(expected), "{body}");
        }
        for body in [
            " ",
            "null",
            "60",
            "[60]",
            "expires_in=60",
            r#"{"expires_in":60"#,
            r#"{"expires_in":60}x"#,
            r#"{"expires_in":-1}"#,
            r#"{"expires_in":60.5}"#,
            r#"{"expires_in":"60"}"#,
            r#"{"expires_in":true}"#,
            r#"{"expires_in":[60]}"#,
            r#"{"expires_in":60,"expires_in":60}"#,
        ] {
            let refused = parse(body.as_bytes()).map(|asked| asked.expires_in);
            assert!(matches!(refused, Err(Problem::InvalidRequest(_))), "{body}");
        }
        let unknown = parse(br#"{"expiresIn":60}"#).map(|asked| asked.expires_in);
        let words = r#"unknown member "expiresIn", expected "expires_in""#;
        assert_eq!(unknown, Err(Problem::InvalidRequest(words.to_owned())));
    }

    #[test]
    fn links_made_in_a_row_expire_together_and_never_before_the_time_asked_for() {
        const WEEK: u64 = 7 * 86_400;
        const NOW: u64 = 1_800_000_000;
        let seconds = Duration::from_secs;
        let validity = |now, lifetime| validity(now, seconds(lifetime), seconds(WEEK), None);
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
    fn a_link_counts_as_made_before_a_time_only_if_it_was() {
        const NOW: u64 = 1_800_000_000;
        let hour = Duration::from_secs(3600);
        for now in NOW..NOW + 800 {
            for not_before in [NOW, NOW + 1, NOW + 399, NOW + 400] {
                let validity = validity(now, hour, hour * 24, Some(not_before));
                assert_eq!(validity.made_at >= not_before, now >= not_before);
            }
        }
    }
}
