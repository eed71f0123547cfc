//! One page of keys, by seeking: a folder costs one step however much it holds.

use std::ops::Bound;

use super::id::Id;
use super::index::{Rows, from_nanos};
use crate::store::{Entry, Key, ListOptions, Listed, Listing};
use coffer_port::list::behind_all;

/// A page, and what it cost.
pub(super) struct Page {
    pub(super) listing: Listing,
    /// How many rows were looked at.
    pub(super) rows: usize,
}

/// Reads a page of the rows as they are now.
pub(super) fn page(rows: &Rows, options: &ListOptions) -> Result<Page, redb::Error> {
    let prefix = options.prefix.as_bytes();
    let mut page = Page {
        listing: Listing {
            entries: Vec::new(),
            more: false,
        },
        rows: 0,
    };
    let mut from = options.start();
    'seek: loop {
        let range = rows.range::<&[u8]>((Bound::Included(from.as_slice()), Bound::Unbounded))?;
        for row in range {
            let (key, row) = row?;
            page.rows += 1;
            let key = key.value();
            if !key.starts_with(prefix) {
                break 'seek;
            }
            if page.listing.entries.len() >= options.limit {
                page.listing.more = true;
                break 'seek;
            }
            let key = std::str::from_utf8(key).map_err(not_a_key)?;
            if let Some(folder) = options.folder_of(key) {
                from = behind_all(folder);
                page.listing.entries.push(Entry::Folder(folder.to_owned()));
                continue 'seek;
            }
            let (id, size, modified, _, _) = row.value();
            page.listing.entries.push(Entry::File(Listed {
                key: Key::new(key).map_err(not_a_key)?,
                size,
                etag: Id::from_u128(id).etag(),
                modified: from_nanos(modified),
            }));
        }
        break;
    }
    Ok(page)
}

/// No such key is ever stored.
fn not_a_key(error: impl std::fmt::Display) -> redb::Error {
    redb::Error::Corrupted(format!("a key: {error}"))
}
