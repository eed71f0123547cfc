//! `PUT /v1/{area}/files/{name}`

use http::{HeaderMap, header};

use super::Context;
use super::receipt::Receipt;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs;
use crate::fields::ContentType;
use crate::fields::conditions::conditions;
use crate::fields::{digest, metadata};
use crate::http::{Answer, Request};
use crate::permit;
use crate::problem::Problem;
use crate::url::Name;
use crate::url::query;

/// Stores the request's body, which goes from the client to the store without
/// passing through the component.
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
            "Content-Range is not supported: files are stored whole".to_owned(),
        ));
    }
    // Stored without the coding, the bytes would mean something else (RFC 9110, 8.4).
    let codings = headers.get_all(header::CONTENT_ENCODING);
    if codings.iter().any(|coding| coding != "identity") {
        return Err(Problem::UnsupportedMediaType(
            "Content-Encoding is not supported: files are stored as they are sent".to_owned(),
        ));
    }
    query::refuse_chunks(context.query)?;
    let content_type = ContentType::of_request(headers, name)?;
    if content_type.is_form() {
        return Err(Problem::UnsupportedMediaType(format!(
            "multipart/form-data is a form, not a file: POST it to /v1/{area}/files, \
             or PUT the file alone"
        )));
    }
    let mut options = permit.options(&content_type, content_length(headers))?;
    // A client that waits for 100 Continue (RFC 9110, 10.1.1) is refused before it sends.
    if headers.contains_key(header::EXPECT) {
        options.announced = None;
    }
    options.conditions = conditions(headers)?;
    options.metadata = metadata::of_request(headers)?;
    options.sha256 = digest::sha256(headers)?.map(Vec::from);
    let receipt = Receipt::new(context, &request, area, name, permit.refusals());

    let upload = blobs::create(permit.key(name).as_str(), &options)
        .map_err(|error| receipt.problem(error))?;
    let received = upload.receive(request.into_body()?, &receipt.note());
    receipt.answer(upload, received)
}

/// How many bytes the client announced; hyper enforces it.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
