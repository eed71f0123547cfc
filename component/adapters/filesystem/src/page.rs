//! One page of keys, by seeking: a folder costs one step, however many keys it holds.

use coffer_port::list::{behind, behind_all};
use coffer_port::{Entry, Error, ListOptions, Listing};

use crate::row::Row;

/// Reads a page. `first_from` returns the first row whose key is not before some bytes.
///
/// # Errors
/// Those of `first_from`.
pub fn read(
    options: &ListOptions,
    first_from: impl Fn(&[u8]) -> Result<Option<Row>, Error>,
) -> Result<Listing, Error> {
    let mut entries = Vec::new();
    let mut from = options.start();
    while let Some(row) = first_from(&from)? {
        if !row.key.as_str().starts_with(&options.prefix) {
            break;
        }
        if entries.len() >= options.limit {
            return Ok(Listing {
                entries,
                more: true,
            });
        }
        match options.folder_of(row.key.as_str()) {
            Some(folder) => {
                from = behind_all(folder);
                entries.push(Entry::Folder(folder.to_owned()));
            }
            None => {
                from = behind(row.key.as_str());
                entries.push(Entry::File(row.listed()));
            }
        }
    }
    Ok(Listing {
        entries,
        more: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::tests::row;

    fn page(prefix: &str, delimiter: Option<&str>, after: Option<&str>, limit: usize) -> String {
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
        let names: Vec<&str> = listing.entries.iter().map(Entry::name).collect();
        let more = if listing.more { " …" } else { "" };
        format!("{}{more}", names.join(" "))
    }

    #[test]
    fn pages_are_in_byte_order_and_a_folder_is_one_entry() {
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
