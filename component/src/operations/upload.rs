//! `PUT /v1/{area}/files/{name}`

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::Context;
use super::file::{File, location};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{self, CreateOptions, Error, Upload};
use crate::conditions::conditions;
use crate::content_type::ContentType;
use crate::digest;
use crate::http::{Answer, Request, Response};
use crate::name::Name;
use crate::permit;
use crate::problem::Problem;

/// Stores the request's body, which goes from the client to the store without
/// coming here.
pub(crate) fn answer(
    context: &Context<'_>,
    request: Request,
    area: Area,
    name: &Name,
) -> Result<Answer, Problem> {
    let permit = permit::store(context.policy, &context.caller, area)?;
    let headers = &request.headers;
    if headers.contains_key(header::CONTENT_RANGE) {
        return Err(Problem::InvalidRequest(
            "a part of a file cannot be stored".to_owned(),
        ));
    }
    // Kept without it, the bytes would come back as something else (RFC 9110, 8.4).
    if headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|coding| coding != "identity")
    {
        return Err(Problem::UnsupportedMediaType);
    }
    let content_type = ContentType::of_request(headers, name)?;
    if !permit.limits().takes(content_type.as_str()) {
        return Err(Problem::UnsupportedMediaType);
    }
    let max_size = permit.limits().max_file_size();
    let announced = content_length(headers);
    if announced.is_some_and(|length| length > max_size) {
        return Err(Error::TooLarge.into());
    }
    let options = CreateOptions {
        content_type: content_type.as_str().to_owned(),
        uploader: permit.uploader().map(str::to_owned),
        may_create: permit.may_create(),
        may_replace: permit.may_replace(),
        conditions: conditions(headers)?,
        max_size,
        // A client that waits to be told (RFC 9110, 10.1.1) is refused before it sends.
        announced: announced.filter(|_| !headers.contains_key(header::EXPECT)),
        sha256: digest::sha256(headers)?.map(Vec::from),
    };
    let base_url = context.base_url(&request);

    let refusal = |error| match error {
        Error::Protected => permit.if_protected(),
        Error::NotFound => permit.if_absent(),
        error => error.into(),
    };
    let upload = blobs::create(permit.key(name).as_str(), &options).map_err(refusal)?;
    upload.receive(request.into_body()?).map_err(refusal)?;
    let mut stored = Upload::finish(vec![upload]).map_err(|refused| refusal(refused.error))?;
    let stored = stored.pop().ok_or(Problem::Internal)?;

    let status = if stored.replaced {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let file = File::new(area, name, stored.info, &base_url);
    let mut response = Response::json(status, &file);
    if let Ok(etag) = HeaderValue::try_from(file.etag()) {
        response.headers.insert(header::ETAG, etag);
    }
    if !stored.replaced
        && let Ok(url) = HeaderValue::try_from(location(&base_url, area, name))
    {
        response.headers.insert(header::LOCATION, url);
    }
    Ok(Answer::Whole(response))
}

/// How many bytes the client announced, which hyper holds it to.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
