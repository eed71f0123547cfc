//! `POST /v1/{area}/files`
//!
//! The only operation whose bytes pass through the component, because a form's
//! boundaries must be found in them.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::Context;
use super::file::{File, location, location_by_link};
use super::managed::Managed;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{self, Upload};
use crate::fields::{ContentType, metadata};
use crate::http::{Answer, BodyReader, BrokenOff, Request, Response};
use crate::multipart::{Filename, Form, Part};
use crate::permit::{self, Refusals, Store, Storing};
use crate::problem::Problem;
use crate::url::Name;
use crate::url::query::{self, FormQuery, parse_folder};

/// The maximum number of files in a form.
const MOST_FILES: usize = 100;
/// How many bytes may follow the closing boundary; at least the size of a chunk.
const EPILOGUE: usize = 256 * 1024;
/// The text field that names a folder.
const FOLDER: &str = "folder";
/// The text field with metadata.
const METADATA: &str = "metadata";

/// What was stored.
#[derive(Serialize)]
struct Files {
    files: Vec<File>,
}

/// Stores the files of a form in an area, all of them or none.
pub(crate) fn answer(
    context: &Context<'_>,
    request: Request,
    area: Area,
) -> Result<Answer, Problem> {
    let permit = permit::storing(context.policy, &context.caller, area)?;
    whole_and_plain(&request.headers)?;
    let query = FormQuery::parse(context.query)?;
    let permit = if query.replace {
        permit
    } else {
        permit.creating_only()?
    };
    let single = |base_url: &str, name: &Name| Some(location(base_url, area, name));
    store(context, request, permit, &query, None, single)
}

/// Stores them below the folder of a link.
pub(super) fn by_link(
    context: &Context<'_>,
    request: Request,
    permit: Storing<'_, '_>,
    root: &Name,
) -> Result<Answer, Problem> {
    whole_and_plain(&request.headers)?;
    let query = FormQuery::parse(context.query)?;
    if query.replace {
        return Err(Problem::LinkInvalid);
    }
    let area = permit.area();
    let single = |base_url: &str, name: &Name| location_by_link(base_url, area, name);
    store(context, request, permit, &query, Some(root), single)
}

/// Stores the files below `root`, or anywhere in the area. `single` is the URL of a file
/// that is the only one.
fn store(
    context: &Context<'_>,
    request: Request,
    permit: Storing<'_, '_>,
    query: &FormQuery,
    root: Option<&Name>,
    single: impl FnOnce(&str, &Name) -> Option<String>,
) -> Result<Answer, Problem> {
    let area = permit.area();
    let (permit, managed) = Managed::begin(context, permit)?;
    let base_url = context.base_url(&request)?;
    let content_type = request.headers.get(header::CONTENT_TYPE).cloned();
    let content_type = content_type
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Problem::not_a_form(None))?;

    let mut body = request.into_reader()?;
    let source = || {
        let chunk = body.next_chunk().map_err(incomplete)?;
        Ok(chunk.map(Bytes::from))
    };
    let mut form = Form::new(content_type.as_bytes(), source)?;
    let mut folder = below(root, query.folder.clone())?;
    let mut metadata = Vec::new();
    let mut staged = Staged::default();
    while let Some(mut part) = form.next_part()? {
        match part.disposition.filename.clone() {
            Some(filename) if filename.as_str().is_empty() => skip_empty(&mut part)?,
            Some(filename) => {
                let path = if query.keeps_paths {
                    filename.path()
                } else {
                    filename.basename().to_owned()
                };
                let of_file = |problem: Problem| problem.of_file(filename.as_str());
                let name = Name::within(folder.as_ref(), &path).map_err(of_file)?;
                staged.check(&name).map_err(of_file)?;
                let permit = permit.of(name).map_err(of_file)?;
                let upload = stage(&permit, &metadata, &mut part, of_file)?;
                staged.push(&permit, filename, upload);
            }
            None if part.disposition.name == FOLDER && query.folder.is_none() => {
                folder = below(root, parse_folder(&part.text(Name::MAX_BYTES + 1)?)?)?;
            }
            None if part.disposition.name == METADATA => {
                metadata = metadata::of_text(&part.text(metadata::LONGEST_TEXT)?)?;
            }
            None => query::refuse_chunk(&part.disposition.name)?,
        }
    }
    drop(form);
    pass_over_epilogue(&mut body)?;
    if staged.names.is_empty() {
        return Err(Problem::InvalidMultipart("the form has no file".to_owned()));
    }

    let manage_url = |name| {
        let url = managed.as_ref().map(|managed| managed.url(&base_url, name));
        url.transpose()
    };
    let manage_urls = staged.names.iter().map(manage_url);
    let manage_urls = manage_urls.collect::<Result<Vec<_>, _>>()?;
    let stored = Upload::finish(staged.uploads).map_err(|refused| {
        let index = usize::try_from(refused.index).unwrap_or(usize::MAX);
        match staged.of_files.get(index) {
            Some((filename, refusals)) => {
                let problem = refusals.problem(refused.error);
                problem.of_file(filename.as_str())
            }
            None => refused.error.into(),
        }
    })?;
    let files = staged.names.iter().zip(stored).zip(manage_urls);
    let files = files.map(|((name, stored), manage_url)| {
        File::new(area, name, stored.info, &base_url).managed(manage_url)
    });
    let files = files.collect();
    let mut response = Response::json(StatusCode::CREATED, &Files { files });
    if let [name] = staged.names.as_slice()
        && let Some(url) = single(&base_url, name)
        && let Ok(url) = HeaderValue::try_from(url)
    {
        response.headers.insert(header::LOCATION, url);
    }
    Ok(Answer::Whole(response))
}

/// The folder that files go to: this one, which may be the top, within the root.
fn below(root: Option<&Name>, folder: Option<Name>) -> Result<Option<Name>, Problem> {
    match (root, folder) {
        (Some(_), Some(folder)) => Name::within(root, folder.as_str()).map(Some),
        (root, folder) => Ok(folder.or_else(|| root.cloned())),
    }
}

/// Refuses header fields that only make sense for a single file and would not be checked.
fn whole_and_plain(headers: &HeaderMap) -> Result<(), Problem> {
    let of_files = [
        "content-digest",
        "repr-digest",
        "content-range",
        "content-encoding",
    ];
    match of_files
        .into_iter()
        .find(|&name| headers.contains_key(name))
    {
        None => Ok(()),
        Some(name) => Err(Problem::InvalidRequest(format!(
            "{name} is not supported on a form"
        ))),
    }
}

/// Reads what may follow the closing boundary, since only the end of the body shows
/// that the request was not cut off.
fn pass_over_epilogue(body: &mut BodyReader) -> Result<(), Problem> {
    let mut left = EPILOGUE;
    while let Some(chunk) = body.next_chunk().map_err(incomplete)? {
        left = left.checked_sub(chunk.len()).ok_or_else(|| {
            Problem::InvalidMultipart("too much follows the closing boundary".to_owned())
        })?;
    }
    Ok(())
}

fn incomplete(error: BrokenOff) -> Problem {
    Problem::InvalidMultipart(format!("the form is incomplete: {error}"))
}

/// The files received so far, none of them visible yet.
#[derive(Default)]
struct Staged {
    names: Vec<Name>,
    /// What each is called in the form, and what it means if the store refuses it.
    of_files: Vec<(Filename, Refusals)>,
    uploads: Vec<Upload>,
}

impl Staged {
    /// Refuses a file that exceeds the maximum or has the name of another.
    fn check(&self, name: &Name) -> Result<(), Problem> {
        if self.names.len() == MOST_FILES {
            return Err(Problem::TooLarge(format!(
                "a form can have at most {MOST_FILES} files"
            )));
        }
        if self.names.contains(name) {
            return Err(Problem::InvalidMultipart(format!(
                "the form has two files that would be stored as {name}; use ?paths=keep to keep \
                 the paths of a folder upload"
            )));
        }
        Ok(())
    }

    fn push(&mut self, permit: &Store<'_>, filename: Filename, upload: Upload) {
        self.names.push(permit.name().clone());
        self.of_files.push((filename, permit.refusals()));
        self.uploads.push(upload);
    }
}

/// Stages one file. Problems of the file, rather than of the form, go through
/// `of_file`.
fn stage(
    permit: &Store<'_>,
    metadata: &[(String, String)],
    part: &mut Part<'_, '_>,
    of_file: impl Fn(Problem) -> Problem,
) -> Result<Upload, Problem> {
    let content_type = ContentType::of_part(part.content_type.as_deref(), permit.name());
    let mut options = permit.options(&content_type, None).map_err(&of_file)?;
    options.metadata = metadata.to_vec();
    let refusals = permit.refusals();
    let refusal = |error| of_file(refusals.problem(error));
    let upload = blobs::create(permit.key().as_str(), &options).map_err(refusal)?;
    let mut size = 0;
    while let Some(chunk) = part.next_chunk()? {
        upload.write(&chunk).map_err(refusal)?;
        size += chunk.len() as u64;
    }
    upload.complete().map_err(refusal)?;
    if let Some(undecided) = permit.once_sized(&content_type, None) {
        undecided.check(size).map_err(&of_file)?;
    }
    Ok(upload)
}

/// Skips what browsers send for an empty file field.
fn skip_empty(part: &mut Part<'_, '_>) -> Result<(), Problem> {
    match part.next_chunk()? {
        None => Ok(()),
        Some(_) => Err(Problem::InvalidMultipart("a file has no name".to_owned())),
    }
}
