//! `PUT /v1/{area}/files/{name}`

use http::{HeaderMap, header};

use super::Context;
use super::continued::Continued;
use super::file::{location, location_by_link};
use super::managed::Managed;
use super::receipt::Receipt;
use super::uploads::{Holder, begin_put};
use crate::area::Area;
use crate::bindings::coffer::storage::blobs;
use crate::fields::ContentType;
use crate::fields::body::content_length;
use crate::fields::conditions::conditions;
use crate::fields::resumable::Creation;
use crate::fields::{digest, metadata};
use crate::http::{Answer, Request};
use crate::permit::{self, Store};
use crate::problem::Problem;
use crate::url::Name;
use crate::url::query;

/// Stores the request's body as a file of an area.
pub(crate) fn answer(
    context: &Context<'_>,
    request: Request,
    area: Area,
    name: &Name,
) -> Result<Answer, Problem> {
    let permit = permit::store(context.policy, &context.caller, area, name.clone())?;
    if let Some(creation) = part(&request)? {
        let holder = Holder::Area {
            mark: permit.mark(),
        };
        return begin_put(context, request, permit, holder, creation);
    }
    let (permit, managed) = Managed::begin(context, permit)?;
    let location = |base_url: &str| Some(location(base_url, area, name));
    store(context, request, &permit, managed, location)
}

/// Stores it as the file of a link.
pub(super) fn by_link(
    context: &Context<'_>,
    request: Request,
    permit: &Store<'_>,
    managed: Option<Managed>,
) -> Result<Answer, Problem> {
    let location = |base_url: &str| location_by_link(base_url, permit.area(), permit.name());
    store(context, request, permit, managed, location)
}

/// Stores the request's body, which goes from the client to the store without
/// passing through the component.
pub(super) fn store(
    context: &Context<'_>,
    request: Request,
    permit: &Store<'_>,
    managed: Option<Managed>,
    location: impl FnOnce(&str) -> Option<String>,
) -> Result<Answer, Problem> {
    let (headers, name) = (&request.headers, permit.name());
    whole_and_plain(headers)?;
    query::refuse_chunks(context.query)?;
    let content_type = ContentType::of_request(headers, name)?;
    if content_type.is_form() {
        return Err(Problem::UnsupportedMediaType(format!(
            "multipart/form-data is a form, not a file: POST it to /v1/{}/files, \
             or PUT the file alone",
            permit.area()
        )));
    }
    let announced = content_length(headers);
    let mut options = permit.options(&content_type, announced)?;
    // A client that waits for 100 Continue (RFC 9110, 10.1.1) is refused before it sends.
    if headers.contains_key(header::EXPECT) {
        options.announced = None;
    }
    options.conditions = conditions(headers)?;
    options.metadata = metadata::of_request(headers)?;
    options.sha256 = digest::sha256(headers)?.map(Vec::from);
    let base_url = context.base_url(&request)?;
    let refusals = permit.refusals();
    let upload =
        blobs::create(permit.key().as_str(), &options).map_err(|error| refusals.problem(error))?;

    let manage_url = managed.map(|managed| managed.url(&base_url, name));
    let receipt = Receipt {
        area: permit.area(),
        name: name.clone(),
        length: Creation::of_request(headers)?.and_then(|creation| creation.length),
        location: location(&base_url),
        manage_url: manage_url.transpose()?,
        base_url,
        refusals,
        once_sized: permit.once_sized(&content_type, announced),
        shared: Receipt::fields(context.shared),
    };
    let continued = Continued::File(Box::new(receipt));
    let received = upload.receive(request.into_body()?, &continued.note());
    continued.answer(context.policy, context.settings, upload, received)
}

/// Whether a `PUT` has only a part of the file, which begins a resumable upload.
pub(super) fn part(request: &Request) -> Result<Option<Creation>, Problem> {
    let creation = Creation::of_request(&request.headers)?;
    Ok(creation.filter(|creation| !creation.complete))
}

/// Refuses header fields that would make the body mean something else than the file's bytes.
pub(super) fn whole_and_plain(headers: &HeaderMap) -> Result<(), Problem> {
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
    Ok(())
}
