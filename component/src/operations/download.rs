//! `GET` and `HEAD /v1/{area}/files/{name}` and `/v1/links/{token}/{basename}`

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::Context;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{self, Error, Info, OpenOptions, Span};
use crate::fields::ContentType;
use crate::fields::conditions::{if_range, of_read};
use crate::fields::disposition;
use crate::fields::range;
use crate::http::{Answer, Request, Response};
use crate::permit::{self, Read};
use crate::policy::Policy;
use crate::problem::Problem;
use crate::time;
use crate::url::Name;
use crate::url::query::parse_download;

/// Which pages may embed the file without CORS (the Fetch standard, 3.7).
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// Capacity for the header fields of any download.
const FIELDS: usize = 16;

/// Who may see the file, and so who may cache it.
struct Audience<'a> {
    cache_control: &'a str,
    is_public: bool,
}

impl Audience<'static> {
    /// Only the token's owner or a link's holder may see it, so shared caches must not
    /// store it; it may have changed by the next request.
    const PRIVATE: Self = Self {
        cache_control: "private, no-cache",
        is_public: false,
    };
}

impl<'a> Audience<'a> {
    fn public(policy: &'a Policy) -> Self {
        Self {
            cache_control: policy.cache_control(),
            is_public: true,
        }
    }
}

/// Sends a file of an area.
pub(crate) fn answer(
    context: &Context<'_>,
    request: &Request,
    area: Area,
    name: Name,
) -> Result<Answer, Problem> {
    let permit = permit::read(context.policy, &context.caller, area, name)?;
    let audience = if area == Area::Public {
        Audience::public(context.policy)
    } else {
        Audience::PRIVATE
    };
    send(&permit, request, context.query, &audience)
}

/// Sends the file that a link was made for.
pub(crate) fn by_link(permit: &Read, request: &Request, query: &str) -> Result<Answer, Problem> {
    // The holder of a link learns nothing about a file that it is not for.
    send(permit, request, query, &Audience::PRIVATE).map_err(|problem| match problem {
        Problem::Forbidden(_) => Problem::NotFound,
        problem => problem,
    })
}

fn send(
    permit: &Read,
    request: &Request,
    query: &str,
    audience: &Audience<'_>,
) -> Result<Answer, Problem> {
    let save_as = parse_download(query)?;
    let conditions = of_read(&request.headers)?;
    let key = permit.key();
    if request.method == Method::HEAD {
        return match blobs::stat(key.as_str(), &permit.may_read(), &conditions) {
            Ok(info) => {
                let mut response = Response::empty(StatusCode::OK);
                response.headers = described(&info, permit.name(), save_as.as_deref(), audience);
                response
                    .headers
                    .insert(header::CONTENT_LENGTH, HeaderValue::from(info.size));
                Ok(Answer::Whole(response))
            }
            Err(Error::NotModified(info)) => Ok(not_modified(&info, audience)),
            Err(error) => Err(permit.problem(error)),
        };
    }
    let (span, if_range) = if_range(&request.headers, range::span(&request.headers));
    let mut options = OpenOptions {
        span,
        if_range,
        may_read: permit.may_read(),
        conditions,
    };
    let mut opened = blobs::open(key.as_str(), &options);
    // An empty file has no range to satisfy, but caches that fetch in slices start with
    // the first one.
    if matches!(opened, Err(Error::SpanOutside(0))) {
        options.span = Span::All;
        opened = blobs::open(key.as_str(), &options);
    }
    let opened = match opened {
        Ok(opened) => opened,
        Err(Error::NotModified(info)) => return Ok(not_modified(&info, audience)),
        Err(error) => return Err(permit.problem(error)),
    };
    let mut headers = described(&opened.info, permit.name(), save_as.as_deref(), audience);
    let mut status = StatusCode::OK;
    if opened.partial {
        status = StatusCode::PARTIAL_CONTENT;
        let last = opened.offset + opened.length.saturating_sub(1);
        let range = format!("bytes {}-{last}/{}", opened.offset, opened.info.size);
        insert(&mut headers, header::CONTENT_RANGE, &range);
    }
    Ok(Answer::Bytes {
        status,
        headers,
        blob: opened.blob,
    })
}

/// 304 with the fields that a cache may have to update (RFC 9110, 15.4.5).
fn not_modified(info: &Info, audience: &Audience<'_>) -> Answer {
    let mut response = Response::empty(StatusCode::NOT_MODIFIED);
    response.headers = validators(info, audience);
    Answer::Whole(response)
}

/// The header fields of every download.
fn described(
    info: &Info,
    name: &Name,
    save_as: Option<&str>,
    audience: &Audience<'_>,
) -> HeaderMap {
    let mut headers = validators(info, audience);
    let content_type = ContentType::stored(&info.content_type);
    insert(&mut headers, header::CONTENT_TYPE, &content_type.served());
    let constant = HeaderValue::from_static;
    headers.insert(header::ACCEPT_RANGES, constant("bytes"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        constant(content_type.security_policy()),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        disposition::for_download(name.basename(), content_type.is_inline(), save_as),
    );
    headers
}

fn validators(info: &Info, audience: &Audience<'_>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(FIELDS);
    insert(&mut headers, header::ETAG, &info.etag);
    insert(
        &mut headers,
        header::LAST_MODIFIED,
        &time::http_date(info.modified),
    );
    insert(&mut headers, header::CACHE_CONTROL, audience.cache_control);
    if audience.is_public {
        let anywhere = HeaderValue::from_static("cross-origin");
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, anywhere);
    }
    headers
}

/// Sets a field whose value was validated when it was received.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
