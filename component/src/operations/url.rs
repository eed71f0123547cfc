//! `POST /v1/{area}/urls/{name}`

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Context;
use super::file::location;
use super::json_body::{self, expires_in, invalid, unknown};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs;
use crate::bindings::wasi::clocks::wall_clock::{self, Datetime};
use crate::fields::conditions::unconditional;
use crate::http::{Answer, Request, Response};
use crate::log;
use crate::permit::{
    self,
    link::{LinkKey, Validity},
};
use crate::problem::Problem;
use crate::time;
use crate::url::{Name, percent};

/// How long a link is valid by default.
const DEFAULT: Duration = Duration::from_secs(3600);
/// The maximum size of the body, in bytes.
const LONGEST_BODY: usize = 4096;

/// A URL that works without a token.
#[derive(Serialize)]
pub(super) struct Made {
    pub(super) url: String,
    pub(super) expires_at: Option<String>,
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
    check(&permit)?;
    let members = json_body::read(request.into_reader()?, LONGEST_BODY)?;
    let asked = asked(members.unwrap_or_default())?;
    let made = Maker::new(context, area, base_url, asked)?.make(&permit)?;
    Ok(Answer::Whole(Response::json(StatusCode::CREATED, &made)))
}

/// Refuses a file that is not there, or that the caller may not read.
fn check(permit: &permit::Read) -> Result<(), Problem> {
    let found = blobs::stat(permit.key().as_str(), &permit.may_read(), &unconditional());
    found.map(drop).map_err(|error| permit.problem(error))
}

/// For how many seconds a link is asked for.
fn asked(members: Map<String, Value>) -> Result<Option<u64>, Problem> {
    let mut asked = None;
    for (name, value) in members {
        match name.as_str() {
            "expires_in" => asked = expires_in(&value)?,
            other => return Err(unknown(other, "\"expires_in\"")),
        }
    }
    Ok(asked)
}

/// Makes the URLs of one request.
pub(super) struct Maker {
    area: Area,
    base_url: String,
    /// `None` for public files, whose URLs are permanent.
    links: Option<(LinkKey, Validity)>,
}

impl Maker {
    /// For URLs that are valid for this number of seconds.
    pub(super) fn new(
        context: &Context<'_>,
        area: Area,
        base_url: String,
        expires_in: Option<u64>,
    ) -> Result<Self, Problem> {
        let longest = context.policy.link_max_age();
        let links = match lifetime(area, expires_in, longest)? {
            None => None,
            Some(lifetime) => {
                let Some(key) = context.settings.link_key() else {
                    log::failed(&"cannot make presigned URLs: no link secret is set");
                    return Err(Problem::Unavailable);
                };
                let not_before = context.policy.links_not_before();
                let now = wall_clock::now().seconds;
                Some((key, validity(now, lifetime, longest, not_before)))
            }
        };
        Ok(Self {
            area,
            base_url,
            links,
        })
    }

    /// The URL of this file.
    pub(super) fn make(&self, permit: &permit::Read) -> Result<Made, Problem> {
        let base_url = &self.base_url;
        let Some((key, validity)) = &self.links else {
            return Ok(Made {
                url: location(base_url, self.area, permit.name()),
                expires_at: None,
            });
        };
        let token = permit.link(key, *validity)?;
        let basename = percent::encode_path(permit.name().basename());
        Ok(Made {
            url: format!("{base_url}/v1/links/{token}/{basename}"),
            expires_at: Some(time::rfc3339(Datetime {
                seconds: validity.expires_at,
                nanoseconds: 0,
            })),
        })
    }
}

/// How long a link is valid; `None` for the permanent URL of a public file.
fn lifetime(
    area: Area,
    expires_in: Option<u64>,
    longest: Duration,
) -> Result<Option<Duration>, Problem> {
    match (area, expires_in.map(Duration::from_secs)) {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn parse(body: &[u8]) -> Result<Option<u64>, Problem> {
        asked(json_body::parse(body)?.unwrap_or_default())
    }

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
            assert_eq!(parse(body.as_bytes()), Ok(expected), "{body}");
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
            let refused = parse(body.as_bytes());
            assert!(matches!(refused, Err(Problem::InvalidRequest(_))), "{body}");
        }
        let unknown = parse(br#"{"expiresIn":60}"#);
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
