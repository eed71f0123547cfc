//! Lists: ordered, folded into folders, split into pages without gaps or overlap.

use std::collections::BTreeSet;

use super::super::{Entry, ListOptions, Listing};
use super::*;

fn everything() -> ListOptions {
    ListOptions {
        prefix: String::new(),
        delimiter: None,
        after: None,
        limit: 10_000,
    }
}

/// Every key in the store, as listed.
pub(super) async fn names(store: &Store) -> Vec<String> {
    let listing = store.list(everything()).await.expect("a list");
    assert!(!listing.more);
    listing.entries.iter().map(text).collect()
}

fn text(entry: &Entry) -> String {
    match entry {
        Entry::File(listed) => listed.key.as_str().to_owned(),
        Entry::Folder(folder) => folder.clone(),
    }
}

/// Stores many small files quickly.
async fn fill(store: &Store, names: &[String]) {
    for names in names.chunks(100) {
        let mut uploads = Vec::new();
        for name in names {
            uploads.push(upload(store, name, freely(), b"").await.expect("an upload"));
        }
        store.finish(uploads).await.expect("stored");
    }
}

/// The expected page, found by a linear scan of every key.
fn search(keys: &BTreeSet<String>, options: &ListOptions) -> (Vec<String>, bool) {
    let fold = |key: &str| -> Option<String> {
        let (prefix, delimiter) = (&options.prefix, options.delimiter.as_ref()?);
        let (before, _) = key.strip_prefix(prefix.as_str())?.split_once(delimiter)?;
        Some(format!("{prefix}{before}{delimiter}"))
    };
    let mut found: Vec<String> = Vec::new();
    for key in keys.iter().filter(|key| key.starts_with(&options.prefix)) {
        if let Some(after) = &options.after {
            let in_folder = fold(after).as_ref() == Some(after) && key.starts_with(after);
            if key <= after || in_folder {
                continue;
            }
        }
        let entry = fold(key).unwrap_or_else(|| key.clone());
        if found.last() != Some(&entry) {
            found.push(entry);
        }
    }
    let more = found.len() > options.limit;
    found.truncate(options.limit);
    (found, more)
}

fn assert_page(listing: &Listing, keys: &BTreeSet<String>, options: &ListOptions) {
    let entries: Vec<String> = listing.entries.iter().map(text).collect();
    assert_eq!(
        (entries, listing.more),
        search(keys, options),
        "{options:?}"
    );
    for entry in &listing.entries {
        let name = text(entry);
        let folded = options
            .delimiter
            .as_ref()
            .is_some_and(|d| name.ends_with(d));
        assert_eq!(
            matches!(entry, Entry::Folder(_)),
            folded,
            "{options:?} {entry:?}"
        );
    }
}

pub(crate) async fn a_page_is_what_a_linear_scan_finds(store: Store) {
    let keys: Vec<String> = [
        "a",
        "a-b",
        "a.txt",
        "a/b",
        "a/b/c",
        "a/b/d",
        "a/b0",
        "a/é",
        "a0",
        "ab",
        "ab/c",
        "b",
        "é",
        "é/ü",
        "é\u{10ffff}",
        "é\u{10ffff}/x",
        "日/本/語",
        "📄",
    ]
    .map(Into::into)
    .into();
    fill(&store, &keys).await;
    let keys: BTreeSet<String> = keys.into_iter().collect();
    let afters = [
        None,
        Some("a"),
        Some("a/"),
        Some("a/b"),
        Some("a/b/"),
        Some("a/b/c"),
        Some("a/bb"),
        Some("ab/"),
        Some("0"),
        Some("é"),
        Some("é/"),
        Some("é\u{10ffff}/"),
        Some("\u{10ffff}"),
    ];
    for prefix in ["", "a", "a/", "a/b", "a/b/", "é", "é\u{10ffff}", "x", "📄"] {
        for delimiter in [None, Some("/"), Some("b"), Some("/b")] {
            for after in afters {
                for limit in [1, 2, 3, 1000] {
                    let options = ListOptions {
                        prefix: prefix.into(),
                        delimiter: delimiter.map(Into::into),
                        after: after.map(Into::into),
                        limit,
                    };
                    let listing = store.list(options.clone()).await.expect("a list");
                    // A key may end in the delimiter without being folded
                    // only if the prefix includes that end.
                    if delimiter.is_none_or(|d| d == "/") {
                        assert_page(&listing, &keys, &options);
                    } else {
                        let entries: Vec<String> = listing.entries.iter().map(text).collect();
                        assert_eq!(
                            (entries, listing.more),
                            search(&keys, &options),
                            "{options:?}"
                        );
                    }
                }
            }
        }
    }
    for entry in store.list(everything()).await.expect("a list").entries {
        let Entry::File(listed) = entry else {
            panic!("a folder without a delimiter")
        };
        let info = store
            .stat(&listed.key, &Guard::Any, &Conditions::default())
            .await
            .expect("a file");
        assert_eq!(
            (listed.size, listed.etag, listed.modified),
            (info.size, info.etag, info.modified)
        );
    }
}

/// All pages, one after the other.
async fn walk(store: &Store, delimiter: Option<&str>, limit: usize) -> Vec<String> {
    let mut options = ListOptions {
        delimiter: delimiter.map(Into::into),
        limit,
        ..everything()
    };
    let mut seen = Vec::new();
    loop {
        let page = store.list(options.clone()).await.expect("a page");
        assert!(
            page.entries.len() == limit || !page.more,
            "a short page although more follow"
        );
        seen.extend(page.entries.iter().map(text));
        options.after = seen.last().cloned();
        if !page.more {
            return seen;
        }
    }
}

pub(crate) async fn pages_of_many_keys_join_without_gap_or_repetition(store: Store) {
    let mut keys: Vec<String> = (0..3000).map(|n| format!("{}/{n}", n % 7)).collect();
    fill(&store, &keys).await;
    keys.sort_unstable();
    for limit in [1000, 999, 150] {
        assert_eq!(walk(&store, None, limit).await, keys);
    }
    let folders: Vec<String> = (0..7).map(|n| format!("{n}/")).collect();
    for limit in [1, 3, 7, 8] {
        assert_eq!(walk(&store, Some("/"), limit).await, folders);
    }
}

pub(crate) async fn a_walk_reports_every_lasting_key_once_while_others_come_and_go(store: Store) {
    let lasting: Vec<String> = (0..60).map(|n| format!("k{}/{n:02}", n % 5)).collect();
    fill(&store, &lasting).await;
    let churn = {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..40 {
                let name = format!("k{}/{:02}x", round % 5, round * 7 % 60);
                put(&store, &name, b"").await;
                put(&store, &format!("k{round}"), b"").await;
                remove(&store, &name).await.expect("removed");
            }
        })
    };
    let mut last = false;
    while !last {
        last = churn.is_finished();
        let seen = walk(&store, None, 7).await;
        assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
        for name in &lasting {
            assert!(seen.binary_search(name).is_ok(), "{name} was skipped");
        }
        let folders = walk(&store, Some("/"), 2).await;
        assert!(folders.is_sorted_by(|a, b| a < b), "{folders:?}");
        for folder in ["k0/", "k1/", "k2/", "k3/", "k4/"] {
            assert!(
                folders.iter().any(|seen| seen == folder),
                "{folder} was skipped"
            );
        }
    }
    churn.await.expect("the churn");
}
