//! Pages out of services: one that begins too early and answers two entries at a time, and
//! some that are not to be trusted.

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

/// An answer with these names: a folder's ends with `/`, any other name that is not a key's
/// begins with `/`.
fn answer_of(names: &[&str], token: Option<&str>) -> Answer {
    let mut answer = Answer {
        token: token.map(str::to_owned),
        ..Answer::default()
    };
    for name in names {
        match name {
            name if name.starts_with('/') => {
                answer.files.push(Found::Other(name.as_bytes().to_vec()));
            }
            name if name.ends_with('/') => {
                let folder = Entry::Folder((*name).to_owned());
                answer.folders.push(Found::Entry(folder));
            }
            name => answer.files.push(Found::Entry(file(name))),
        }
    }
    answer
}

/// All entries of a list, as a service folds them.
fn all(prefix: &str, options: &ListOptions) -> Vec<String> {
    let mut folders = BTreeSet::new();
    let keys = KEYS.iter().filter(|key| key.starts_with(prefix));
    let entries = keys.filter_map(|key| match options.folder_of(key) {
        Some(folder) => folders.insert(folder).then(|| folder.to_owned()),
        None => Some((*key).to_owned()),
    });
    entries.collect()
}

fn answer(options: &ListOptions, step: &Step<'_>) -> Answer {
    let Step::Page {
        prefix,
        start_after,
        token,
        ..
    } = step
    else {
        panic!("{step:?}");
    };
    let (begin, start) = match token {
        Some(token) => token.split_once(' ').expect("a token"),
        None => ("0", start_after.unwrap_or_default()),
    };
    let begin: usize = begin.parse().expect("a number");
    let entries = all(prefix, options);
    // The key that it is to start behind, too.
    let entries: Vec<&str> = entries
        .iter()
        .map(String::as_str)
        .filter(|entry| *entry >= start)
        .collect();
    let end = begin + FEW;
    let token = (entries.len() > end).then(|| format!("{end} {start}"));
    let few = &entries[begin.min(entries.len())..end.min(entries.len())];
    answer_of(few, token.as_deref())
}

fn options(
    prefix: &str,
    delimiter: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> ListOptions {
    ListOptions {
        prefix: prefix.to_owned(),
        delimiter: delimiter.map(str::to_owned),
        after: after.map(str::to_owned),
        limit,
    }
}

fn shown(pages: Pages<'_>) -> String {
    let listing = pages.into_listing();
    let names: Vec<&str> = listing.entries.iter().map(Entry::name).collect();
    let more = if listing.more { " …" } else { "" };
    format!("{}{more}", names.join(" "))
}

fn page(prefix: &str, delimiter: Option<&str>, after: Option<&str>, limit: usize) -> String {
    let options = options(prefix, delimiter, after, limit);
    let mut pages = Pages::new(&options);
    loop {
        let step = pages.step();
        match step {
            Step::Done => break,
            Step::Probe {
                prefix,
                after,
                limit,
            } => {
                let keys = KEYS.iter().filter(|key| key.starts_with(prefix));
                let keys: Vec<&str> = keys.copied().filter(|key| *key >= after).collect();
                pages.probed(&answer_of(&keys[..limit.min(keys.len())], None));
            }
            Step::Page { .. } => {
                let answer = answer(&options, &step);
                pages.found(answer).expect("in order");
            }
        }
    }
    shown(pages)
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

#[test]
fn a_prefix_that_no_key_has_is_not_asked_for() {
    for prefix in ["/", "a//", "a/../"] {
        let options = options(prefix, None, None, 9);
        assert_eq!(Pages::new(&options).step(), Step::Done, "{prefix}");
    }
}

#[test]
fn a_prefix_that_is_asked_for_never_ends_in_the_last_character() {
    let behind = Some("é\u{10fffe}\u{10ffff}");
    for (after, start_after) in [
        (None, behind),
        (Some("é"), behind),
        (
            Some("é\u{10ffff}\u{10ffff}a"),
            Some("é\u{10ffff}\u{10ffff}a"),
        ),
    ] {
        let options = options("é\u{10ffff}\u{10ffff}", Some("/"), after, 1);
        let mut pages = Pages::new(&options);
        let step = Step::Page {
            prefix: "é",
            start_after,
            token: None,
            limit: 1,
        };
        assert_eq!(pages.step(), step, "{after:?}");
        let names = ["é\u{10ffff}", "é\u{10ffff}\u{10ffff}x"];
        pages.found(answer_of(&names, None)).expect("in order");
        assert_eq!(shown(pages), "é\u{10ffff}\u{10ffff}x");
    }
}

/// What pages of nine make of these answers: each with the names and the token.
fn outcome(
    prefix: &str,
    after: Option<&str>,
    answers: &[(&[&str], Option<&str>)],
) -> Result<String, Disorder> {
    let options = options(prefix, Some("/"), after, 9);
    let mut pages = Pages::new(&options);
    for (names, token) in answers {
        assert!(matches!(pages.step(), Step::Page { .. }), "it ended early");
        pages.found(answer_of(names, *token))?;
    }
    assert_eq!(pages.step(), Step::Done);
    Ok(shown(pages))
}

#[test]
fn names_that_were_not_asked_for_are_left_out() {
    let strangers: &[&str] = &["/x", "o", "p/a", "p/b/", "q"];
    assert_eq!(
        outcome("p/", None, &[(strangers, None)]),
        Ok("p/a p/b/".to_owned())
    );
    // Before where it was to start.
    assert_eq!(
        outcome("p/", Some("p/a"), &[(&["p/", "p/a", "p/b"], None)]),
        Ok("p/b".to_owned())
    );
    // A last name that comes again.
    assert_eq!(
        outcome("", None, &[(&["a", "b"], Some("1")), (&["b", "c"], None)]),
        Ok("a b c".to_owned())
    );
}

#[test]
fn what_is_out_of_order_is_an_error() {
    for answers in [
        // Folder by folder.
        &[(&["x", "x/y", "x-z"][..], None)][..],
        &[(&["x/", "x!/"], None)],
        &[(&["x", "x/y"], Some("1")), (&["x-z"], None)],
        &[(&["x", "x/"], Some("1")), (&["x-z"], None)],
        &[(&["a", "a"], None)],
    ] {
        assert_eq!(
            outcome("", None, answers),
            Err(Disorder::OutOfOrder),
            "{answers:?}"
        );
    }
}

#[test]
fn a_list_that_goes_on_without_a_new_name_ends_with_an_error() {
    let again: (&[&str], _) = (&["a"], Some("1"));
    for answers in [
        // By the token, too, this is the same page.
        &[again, again][..],
        &[
            again,
            (&["a"], Some("2")),
            (&[], Some("3")),
            (&[], Some("4")),
            (&["a"], Some("5")),
        ],
    ] {
        assert_eq!(
            outcome("", Some("a"), answers),
            Err(Disorder::NothingNew),
            "{answers:?}"
        );
    }
    // As if there were no prefix.
    let strangers: &[(&[&str], _)] = &[(&["q"], Some("q")), (&["q"], Some("q"))];
    assert_eq!(outcome("p", None, strangers), Err(Disorder::NothingNew));
    // A few empty answers are allowed, as after many deletes.
    assert_eq!(
        outcome(
            "",
            None,
            &[(&[], Some("1")), (&[], Some("2")), (&["a"], None)]
        ),
        Ok("a".to_owned())
    );
}

#[test]
fn names_that_are_not_keys_are_passed_over_in_large_steps_and_not_for_ever() {
    let options = options("", None, None, 1);
    let mut pages = Pages::new(&options);
    let mut limits = Vec::new();
    let ended = (0..1000).find_map(|number| {
        if let Step::Page { limit, .. } = pages.step() {
            limits.push(limit);
        }
        let name = format!("/{number:04}");
        pages.found(answer_of(&[&name], Some(&name))).err()
    });
    assert_eq!(ended, Some(Disorder::Strangers));
    assert_eq!(limits[..3], [1, MOST, MOST]);
    assert_eq!(limits.len(), 101);
}
