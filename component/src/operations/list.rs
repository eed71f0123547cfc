//! `GET /v1/{area}/files`

use http::StatusCode;
use serde::Serialize;

use super::Context;
use crate::area::Area;
use crate::bindings::coffer::storage::blobs::{self, Entry, ListOptions};
use crate::http::{Answer, Response};
use crate::permit;
use crate::problem::Problem;
use crate::time;
use crate::url::Cursor;
use crate::url::query::ListQuery;

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
    let page = blobs::list(&ListOptions {
        prefix: permit.prefix(&query.prefix),
        delimiter: query.folders.then(|| "/".to_owned()),
        after: query.cursor.map(|cursor| permit.prefix(cursor.after())),
        limit: query.limit,
    })?;

    let mut listing = Listing {
        files: Vec::new(),
        folders: Vec::new(),
        next: None,
    };
    let mut last = None;
    for entry in page.entries {
        match entry {
            Entry::File(file) => {
                let name = permit.strip(&file.key).ok_or(Problem::Internal)?.to_owned();
                last = Some(name.clone());
                listing.files.push(ListedFile {
                    name,
                    size: file.size,
                    etag: file.etag,
                    last_modified: time::rfc3339(file.modified),
                });
            }
            Entry::Folder(key) => {
                let name = permit.strip(&key).ok_or(Problem::Internal)?.to_owned();
                last = Some(name.clone());
                listing.folders.push(name);
            }
        }
    }
    listing.next = last
        .filter(|_| page.more)
        .map(|entry| Cursor::encode(&entry));
    Ok(Answer::Whole(Response::json(StatusCode::OK, &listing)))
}
