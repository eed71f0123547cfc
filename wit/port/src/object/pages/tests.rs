//! Pages out of a service that begins too early, and answers two entries at a time.

use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use super::*;
use crate::{Key, Listed};

const KEYS: [&str; 8] = ["a", "a-b", "a/b", "a/c/d", "a0", "b/é", "b/日", "c"];
/// Entries in one answer.
const FEW: usize = 2;

fn file(key: &str) -> Entry {
    Entry::File(Listed {
        key: Key::new(key).expect("a key"),
        size: 1,
        etag: "\"1\"".into(),
        modified: UNIX_EPOCH,
    })
}

/// All entries of a list, as a service folds them.
fn all(options: &ListOptions) -> Vec<Entry> {
    let mut folders = BTreeSet::new();
    let keys = KEYS.iter().filter(|key| key.starts_with(&options.prefix));
    let entries = keys.filter_map(|key| match options.folder_of(key) {
        Some(folder) => folders
            .insert(folder)
            .then(|| Entry::Folder(folder.to_owned())),
        None => Some(file(key)),
    });
    entries.collect()
}

fn answer(options: &ListOptions, step: &Step<'_>) -> (Vec<Entry>, Option<String>) {
    let Step::Page {
        start_after, token, ..
    } = step
    else {
        panic!("{step:?}");
    };
    let (begin, start) = match token {
        Some(token) => token.split_once(' ').expect("a token"),
        None => ("0", start_after.unwrap_or_default()),
    };
    let begin: usize = begin.parse().expect("a number");
    // The key that it is to start behind, too.
    let entries = all(options).into_iter();
    let entries: Vec<Entry> = entries.filter(|entry| entry.name() >= start).collect();
    let end = begin + FEW;
    let token = (entries.len() > end).then(|| format!("{end} {start}"));
    (entries.into_iter().skip(begin).take(FEW).collect(), token)
}

fn page(prefix: &str, delimiter: Option<&str>, after: Option<&str>, limit: usize) -> String {
    let options = ListOptions {
        prefix: prefix.to_owned(),
        delimiter: delimiter.map(str::to_owned),
        after: after.map(str::to_owned),
        limit,
    };
    let mut pages = Pages::new(&options);
    loop {
        let step = pages.step();
        match step {
            Step::Done => break,
            Step::Probe { prefix, after } => {
                let any = KEYS
                    .iter()
                    .any(|key| key.starts_with(prefix) && *key > after);
                pages.probed(any);
            }
            Step::Page { .. } => {
                let (found, token) = answer(&options, &step);
                pages.found(found, token);
            }
        }
    }
    let listing = pages.into_listing();
    let names: Vec<&str> = listing.entries.iter().map(Entry::name).collect();
    let more = if listing.more { " …" } else { "" };
    format!("{}{more}", names.join(" "))
}

#[test]
fn pages_are_in_the_order_of_bytes_and_folders_are_one_entry() {
    let slash = Some("/");
    assert_eq!(page("", None, None, 9), "a a-b a/b a/c/d a0 b/é b/日 c");
    assert_eq!(page("", slash, None, 9), "a a-b a/ a0 b/ c");
    assert_eq!(page("", slash, None, 3), "a a-b a/ …");
    assert_eq!(page("", slash, Some("a/"), 3), "a0 b/ c");
    assert_eq!(page("", slash, Some("a/b"), 9), "a/ a0 b/ c");
    assert_eq!(page("", slash, Some("a/c/d"), 9), "a0 b/ c");
    assert_eq!(page("a/", slash, None, 9), "a/b a/c/");
    assert_eq!(page("a", slash, None, 9), "a a-b a/ a0");
    assert_eq!(page("b/", None, Some("b/é"), 9), "b/日");
    assert_eq!(page("b/", None, Some("z"), 9), "");
    assert_eq!(page("x", None, None, 9), "");
}

#[test]
fn a_walk_of_single_entries_reports_each_once() {
    for delimiter in [None, Some("/")] {
        let mut after: Option<String> = None;
        let mut walked = Vec::new();
        loop {
            let page = page("", delimiter, after.as_deref(), 1);
            let more = page.ends_with(" …");
            let entry = page.trim_end_matches(" …").to_owned();
            walked.push(entry.clone());
            if !more {
                break;
            }
            after = Some(entry);
        }
        let whole = page("", delimiter, None, 100);
        assert_eq!(walked.join(" "), whole, "{delimiter:?}");
    }
}
