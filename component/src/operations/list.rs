//! `GET /v1/{area}/files`

use http::StatusCode;
use serde::Serialize;

use super::Context;
use super::listing::{self, Asked, Blobs, Entry, Next};
use crate::area::Area;
use crate::http::{Answer, Response};
use crate::permit;
use crate::problem::Problem;
use crate::time;
use crate::url::query::ListQuery;
use crate::url::{Cursor, seal};

/// One page.
#[derive(Serialize)]
struct Listing {
    files: Vec<ListedFile>,
    folders: Vec<String>,
    next: Option<String>,
}

#[derive(Serialize)]
struct ListedFile {
    name: String,
    size: u64,
    etag: String,
    last_modified: String,
}

/// Lists a page of an area's files and folders.
pub(crate) fn answer(context: &Context<'_>, area: Area) -> Result<Answer, Problem> {
    let query = ListQuery::parse(context.query);
    // Who may list nothing learns only that.
    let prefix = query.as_ref().map_or("", |query| query.prefix.as_str());
    let permit = permit::list(context.policy, &context.caller, area, prefix)?;
    let query = query?;
    let key = || context.settings.cursor_key();
    let binding = || {
        let shape = if query.folders { "folders" } else { "files" };
        let caller = permit::identity(&context.caller);
        seal::binding(["list", &permit.prefix(&query.prefix), shape, caller])
    };
    let open = |sealed: &[u8]| key()?.open(sealed, &binding());
    let after = query
        .cursor
        .map(|cursor| cursor.after(&query.prefix, query.folders, open));
    let asked = Asked {
        prefix: &query.prefix,
        by_folders: query.folders,
        after: after.transpose()?,
        limit: query.limit,
    };
    let page = listing::page(&Blobs(&permit), &permit, asked, &|| key().is_some())?;

    let next = match (page.next, page.entries.last()) {
        (Next::End, _) | (Next::LastEntry, None) => None,
        (Next::LastEntry, Some(last)) => Some(Cursor::encode(last.name())),
        (Next::Hidden(after), _) => {
            let key = key().ok_or(Problem::Internal)?;
            Some(Cursor::sealed(&key.seal(&after, &binding())?))
        }
    };
    let mut listing = Listing {
        files: Vec::new(),
        folders: Vec::new(),
        next,
    };
    for entry in page.entries {
        match entry {
            Entry::File(file) => listing.files.push(ListedFile {
                name: file.name,
                size: file.size,
                etag: file.etag,
                last_modified: time::rfc3339(file.modified),
            }),
            Entry::Folder(name) => listing.folders.push(name),
        }
    }
    Ok(Answer::Whole(Response::json(StatusCode::OK, &listing)))
}
