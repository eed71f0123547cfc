//! Pages of the names that a caller may list, of which there are as many as if there were no
//! others. Lists of clients and work on folders both read them.
//!
//! Where all names are judged alike, a page is one call of the store. Elsewhere it comes from a
//! [walk], whose cost does not depend on what is in folders that the caller may not list.

mod level;
mod store;
mod walk;

use crate::permit::{List, View};
use crate::problem::Problem;
use crate::url::After;

pub(super) use store::{Blobs, Entry, Store};

use store::Shape;
use walk::Walk;

/// Which page to read.
pub(super) struct Asked<'a> {
    /// What the names start with.
    pub(super) prefix: &'a str,
    /// Whether names with a `/` after the prefix are grouped into folders.
    pub(super) by_folders: bool,
    pub(super) after: Option<After>,
    /// The maximum number of entries.
    pub(super) limit: u32,
}

/// One page, in ascending order.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    pub(super) next: Next,
}

/// Where the next page starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// There is none.
    End,
    /// After the last entry.
    LastEntry,
    /// At a position that the caller may not know.
    Hidden(After),
}

/// Reads a page. It ends early, with a hidden position, only if `may_pause`, which is asked when
/// much has been left out.
pub(super) fn page(
    store: &impl Store,
    permit: &List<'_, '_>,
    asked: Asked<'_>,
    may_pause: &dyn Fn() -> bool,
) -> Result<Page, Problem> {
    let is_open = permit.is_uniform() || permit.view(asked.prefix) == View::Open;
    if !is_open {
        return Walk::new(store, permit, &asked, may_pause).page(asked.after);
    }
    let shape = Shape::of(asked.by_folders);
    let found = store.list(asked.prefix, shape, asked.after.as_ref(), asked.limit)?;
    Ok(Page {
        next: match found.entries.is_empty() || !found.more {
            true => Next::End,
            false => Next::LastEntry,
        },
        entries: found.entries,
    })
}

#[cfg(test)]
mod tests;
