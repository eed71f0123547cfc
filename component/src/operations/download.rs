//! `GET` and `HEAD /v1/{area}/files/{name}` and `/v1/links/{token}/{basename}`

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::Context;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{self, Conditions, Error, Info, OpenOptions, Span};
use crate::fields::ContentType;
use crate::fields::conditions::{if_range, of_read};
use crate::fields::disposition;
use crate::fields::metadata;
use crate::fields::range;
use crate::http::{Answer, Request, Response};
use crate::permit::{self, Read};
use crate::policy::Policy;
use crate::problem::Problem;
use crate::time;
use crate::url::query::DownloadQuery;
use crate::url::{Name, Version};

/// Which pages may embed the file without CORS (the Fetch standard, 3.7).
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// Capacity for the header fields of any download.
const FIELDS: usize = 16;

/// Who may see the file, and so who may cache it.
struct Audience<'a> {
    cache_control: Cow<'a, str>,
    is_public: bool,
    /// The only version that is shown.
    version: Option<&'a Version>,
}

impl Audience<'static> {
    /// Only the token's owner or a link's holder may see it, so shared caches must not
    /// store it; it may have changed by the next request.
    const PRIVATE: Self = Self {
        cache_control: Cow::Borrowed("private, no-cache"),
        is_public: false,
        version: None,
    };
}

impl<'a> Audience<'a> {
    fn public(policy: &'a Policy, name: &Name, version: Option<&'a Version>) -> Self {
        let cache_control = match version {
            _ if permit::IS_ASKED => policy.unshared_cache_control(name.as_str()),
            None => policy.cache_control(name.as_str()),
            Some(_) => policy.version_cache_control(name.as_str()),
        };
        Self {
            cache_control,
            is_public: true,
            version,
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
    let query = DownloadQuery::parse(context.query)?;
    let audience = if area == Area::Public {
        Audience::public(context.policy, permit.name(), query.version.as_ref())
    } else {
        Audience::PRIVATE
    };
    send(&permit, request, query.save_as.as_deref(), &audience)
}

/// Sends the file that a link was made for.
pub(crate) fn by_link(permit: &Read, request: &Request, query: &str) -> Result<Answer, Problem> {
    let save_as = DownloadQuery::parse(query)?.save_as;
    // The holder of a link learns nothing about a file that it is not for.
    send(permit, request, save_as.as_deref(), &Audience::PRIVATE).map_err(|problem| match problem {
        Problem::Forbidden(_) => Problem::NotFound,
        problem => problem,
    })
}

fn send(
    permit: &Read,
    request: &Request,
    save_as: Option<&str>,
    audience: &Audience<'_>,
) -> Result<Answer, Problem> {
    let mut conditions = of_read(&request.headers)?;
    let is_pinned = pin(audience.version, &mut conditions);
    let refusal = |error| match error {
        Error::PreconditionFailed if is_pinned => Problem::NotFound,
        error => permit.problem(error),
    };
    let is_wanted = |info: &Info| {
        audience
            .version
            .is_none_or(|wanted| wanted.names(&info.etag))
    };
    let key = permit.key();
    if request.method == Method::HEAD {
        return match blobs::stat(key.as_str(), &permit.may_read(), &conditions) {
            Ok(info) | Err(Error::NotModified(info)) if !is_wanted(&info) => Err(Problem::NotFound),
            Ok(info) => {
                let mut response = Response::empty(StatusCode::OK);
                response.headers = described(&info, permit.name(), save_as, audience);
                response
                    .headers
                    .insert(header::CONTENT_LENGTH, HeaderValue::from(info.size));
                Ok(Answer::Whole(response))
            }
            Err(Error::NotModified(info)) => Ok(not_modified(&info, audience)),
            Err(error) => Err(refusal(error)),
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
        Ok(opened) if is_wanted(&opened.info) => opened,
        Err(Error::NotModified(info)) if is_wanted(&info) => {
            return Ok(not_modified(&info, audience));
        }
        Ok(_) | Err(Error::NotModified(_)) => return Err(Problem::NotFound),
        Err(error) => return Err(refusal(error)),
    };
    let mut headers = described(&opened.info, permit.name(), save_as, audience);
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

/// Lets the store refuse every version but this one, which decides before the range does.
/// Returns whether it does: conditions of the client's own that are about the version, too,
/// stay as they are.
fn pin(version: Option<&Version>, conditions: &mut Conditions) -> bool {
    let Some(version) = version else { return false };
    let is_free = conditions.if_match.is_none() && conditions.if_unmodified_since.is_none();
    if is_free {
        conditions.if_match = Some(version.etags());
    }
    is_free
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
    metadata::insert(&mut headers, &info.metadata);
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
    insert(&mut headers, header::CACHE_CONTROL, &audience.cache_control);
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
