//! One page of keys, by seeking: a folder costs one step however much it holds.

use coffer_port::key::folder;
use coffer_port::{Entry, Error, ListOptions, Listing};

use crate::row::Row;

/// Reads a page. `first_from` gives the first row whose key is not before some bytes.
///
/// # Errors
/// Those of `first_from`.
pub fn read(
    options: &ListOptions,
    first_from: impl Fn(&[u8]) -> Result<Option<Row>, Error>,
) -> Result<Listing, Error> {
    let delimiter = options.delimiter.as_deref();
    let mut entries = Vec::new();
    let mut from = start(options);
    while let Some(row) = first_from(&from)? {
        if !row.key.starts_with(&options.prefix) {
            break;
        }
        if entries.len() as u64 >= u64::from(options.limit) {
            return Ok(Listing {
                entries,
                more: true,
            });
        }
        match folder(&row.key, &options.prefix, delimiter) {
            Some(folder) => {
                from = behind_all(folder);
                entries.push(Entry::Folder(folder.to_owned()));
            }
            None => {
                from = behind(&row.key);
                entries.push(Entry::File(row.listed()));
            }
        }
    }
    Ok(Listing {
        entries,
        more: false,
    })
}

/// Where the first entry of the page can be.
fn start(options: &ListOptions) -> Vec<u8> {
    match &options.after {
        Some(after) if *after >= options.prefix => {
            match folder(after, &options.prefix, options.delimiter.as_deref()) {
                Some(folder) if folder == after => behind_all(folder),
                _ => behind(after),
            }
        }
        _ => options.prefix.as_bytes().to_vec(),
    }
}

/// The least bytes above this text.
fn behind(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    bytes
}

/// The least bytes above all texts that start with this one. UTF-8 has no byte 0xff, so
/// the last one can be counted up.
fn behind_all(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = last.saturating_add(1);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::tests::row;

    fn page(prefix: &str, delimiter: Option<&str>, after: Option<&str>, limit: u32) -> String {
        let keys = ["a", "a-b", "a/b", "a/c/d", "a0", "b/é", "b/日", "c"];
        let options = ListOptions {
            prefix: prefix.to_owned(),
            delimiter: delimiter.map(str::to_owned),
            after: after.map(str::to_owned),
            limit,
        };
        let first_from = |from: &[u8]| {
            let found = keys.iter().find(|key| key.as_bytes() >= from);
            Ok(found.map(|key| row(key)))
        };
        let listing = read(&options, first_from).expect("a page");
        let names = listing.entries.into_iter().map(|entry| match entry {
            Entry::File(file) => file.key,
            Entry::Folder(folder) => folder,
        });
        let names: Vec<String> = names.collect();
        format!(
            "{}{}",
            names.join(" "),
            if listing.more { " …" } else { "" }
        )
    }

    #[test]
    fn pages_are_in_the_order_of_bytes_and_folders_are_one_entry() {
        let slash = Some("/");
        assert_eq!(page("", None, None, 9), "a a-b a/b a/c/d a0 b/é b/日 c");
        assert_eq!(page("", slash, None, 9), "a a-b a/ a0 b/ c");
        assert_eq!(page("", slash, None, 3), "a a-b a/ …");
        assert_eq!(page("", slash, Some("a/"), 3), "a0 b/ c");
        assert_eq!(page("", slash, Some("a/b"), 9), "a/ a0 b/ c");
        assert_eq!(page("a/", slash, None, 9), "a/b a/c/");
        assert_eq!(page("a", slash, None, 9), "a a-b a/ a0");
        assert_eq!(page("b/", None, Some("b/é"), 9), "b/日");
        assert_eq!(page("b/", None, Some("z"), 9), "");
        assert_eq!(page("x", None, None, 9), "");
    }
}
