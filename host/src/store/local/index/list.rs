//! One page of keys, by seeking: a folder costs one step, however many keys it holds.

use std::ops::Bound;

use super::tables::{Rows, from_nanos};
use crate::store::local::id::Id;
use crate::store::{Entry, Key, ListOptions, Listed, Listing};
use coffer_port::list::behind_all;

/// A page, and what it cost.
pub(in crate::store::local) struct Page {
    pub(in crate::store::local) listing: Listing,
    /// How many rows were read.
    pub(super) rows: usize,
}

/// Reads a page of these rows.
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use tempfile::TempDir;

    use super::super::Index;
    use super::*;
    use crate::store::{Info, Metadata};

    #[test]
    fn a_page_of_many_keys_looks_only_at_what_it_shows() {
        let dir = TempDir::new().expect("a directory");
        let index = Index::open(dir.path().join("index.redb")).expect("an index");
        let filled = index.update(|draft| {
            for n in 0..100_000 {
                let info = Info {
                    key: Key::new(format!("{:02}/{n:06}", n % 50)).expect("a key"),
                    size: 1,
                    etag: String::new(),
                    modified: SystemTime::now(),
                    content_type: "text/plain".into(),
                    uploader: None,
                    metadata: Metadata::default(),
                };
                draft.insert(Id::fresh(), &info, None)?;
            }
            Ok(Some(()))
        });
        assert!(filled.is_ok());
        let snapshot = index.snapshot().expect("a snapshot");
        // Prefix, delimiter, after, limit; entries, more behind them.
        let table = [
            ("", None, None, 100, 100, true),
            ("", None, Some("49/099949"), 100, 1, false),
            ("25/", None, Some("25/050025"), 1000, 999, false),
            ("25/", None, None, 1000, 1000, true),
            ("", Some("/"), None, 1000, 50, false),
            ("", Some("/"), Some("24/"), 10, 10, true),
            ("4", Some("/"), None, 10, 10, false),
            ("49/09", Some("/"), Some("49/09"), 1, 1, true),
            ("5", None, None, 10, 0, false),
        ];
        for (prefix, delimiter, after, limit, entries, more) in table {
            let options = ListOptions {
                prefix: prefix.into(),
                delimiter: delimiter.map(Into::into),
                after: after.map(Into::into),
                limit,
            };
            let page = page(&snapshot.rows, &options).expect("a page");
            let listing = page.listing;
            assert_eq!(
                (listing.entries.len(), listing.more),
                (entries, more),
                "{options:?}"
            );
            assert!(page.rows <= entries + 1, "{options:?}: {} rows", page.rows);
            let folders = listing
                .entries
                .iter()
                .filter(|e| matches!(e, Entry::Folder(_)))
                .count();
            assert_eq!(
                folders == entries,
                delimiter.is_some() && prefix.len() < 3 || entries == 0
            );
        }
    }
}
