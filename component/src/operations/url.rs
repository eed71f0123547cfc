//! `POST /v1/{area}/urls/{name}`

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Context;
use super::file::location;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs;
use crate::bindings::wasi::clocks::wall_clock::{self, Datetime};
use crate::conditions::unconditional;
use crate::http::{Answer, BodyReader, Request, Response};
use crate::name::Name;
use crate::percent;
use crate::permit;
use crate::problem::Problem;
use crate::time;

/// How long a link is good for where nothing else is asked.
const DEFAULT: Duration = Duration::from_secs(3600);
/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 4096;

/// What may be asked of a link.
#[derive(Deserialize, Default)]
struct Asked {
    expires_in: Option<u64>,
}

/// A URL that works without a token.
#[derive(Serialize)]
struct Made {
    url: String,
    expires_at: Option<String>,
}

/// Makes a URL: the lasting one of a public file, a link to any other.
pub(crate) fn answer(
    context: &Context<'_>,
    request: Request,
    area: Area,
    name: Name,
) -> Result<Answer, Problem> {
    let permit = permit::read(context.policy, &context.caller, area, name)?;
    let base_url = context.base_url(&request);
    let found = blobs::stat(permit.key().as_str(), &unconditional())?;
    permit.admits(found.uploader.as_deref())?;
    let asked = read(request.into_reader()?)?;
    let lifetime = lifetime(context, area, &asked)?;

    let made = match lifetime {
        None => Made {
            url: location(&base_url, area, permit.name()),
            expires_at: None,
        },
        Some(lifetime) => {
            let Some(key) = context.settings.link_key() else {
                eprintln!("no link can be made: there is no link secret");
                return Err(Problem::Unavailable);
            };
            let expires_at = wall_clock::now().seconds.saturating_add(lifetime.as_secs());
            let token = permit.link(&key, expires_at)?;
            let basename = percent::encode_path(permit.name().basename());
            Made {
                url: format!("{base_url}/v1/links/{token}/{basename}"),
                expires_at: Some(time::rfc3339(Datetime {
                    seconds: expires_at,
                    nanoseconds: 0,
                })),
            }
        }
    };
    Ok(Answer::Whole(Response::json(StatusCode::CREATED, &made)))
}

/// How long the link is to live; none for the lasting URL of a public file.
fn lifetime(context: &Context<'_>, area: Area, asked: &Asked) -> Result<Option<Duration>, Problem> {
    let longest = context.policy.link_max_age();
    match (area, asked.expires_in.map(Duration::from_secs)) {
        (Area::Public, None) => Ok(None),
        (Area::Public, Some(_)) => Err(invalid("the URL of a public file does not expire")),
        (_, None) => Ok(Some(DEFAULT.min(longest))),
        (_, Some(asked)) if asked.is_zero() => Err(invalid("expires_in is at least 1")),
        (_, Some(asked)) if asked > longest => Err(invalid(&format!(
            "expires_in is at most {}",
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
    if bytes.is_empty() {
        return Ok(Asked::default());
    }
    let refused = || invalid("the body is no JSON object with an integer expires_in");
    // A list of the fields' values would do for the parser.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(refused());
    }
    serde_json::from_slice(&bytes).map_err(|_| refused())
}

fn invalid(what: &str) -> Problem {
    Problem::InvalidRequest(what.to_owned())
}
