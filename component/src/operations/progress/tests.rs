use std::cell::{Cell, RefCell};

use ct_codecs::{Base64UrlSafeNoPadding, Decoder};

use super::*;
use crate::url::seal::SealKey;

/// A folder of files `d/0000` and so on, as a store has it.
struct Folder {
    names: Vec<String>,
    page: usize,
    /// What the names end in that the caller may not list.
    hidden: &'static str,
    /// How often it can still be listed.
    lists: Cell<usize>,
    now: Cell<Duration>,
}

impl Folder {
    fn of(count: usize, page: usize) -> Self {
        Self {
            names: (0..count).map(|n| format!("d/{n:04}")).collect(),
            page,
            hidden: "none",
            lists: Cell::new(usize::MAX),
            now: Cell::new(Duration::from_secs(1_800_000_000)),
        }
    }

    /// One call in batches of ten, each of which takes a tenth of a second.
    fn call(
        &self,
        cursor: Option<&str>,
        outcome: impl Fn(&str) -> Outcome,
        seen: &RefCell<Vec<String>>,
    ) -> Result<Progress, Problem> {
        let series = Series::new("d/".to_owned(), &[], Some(SealKey::derive(&[7; 32])));
        let after = cursor.map(|cursor| series.after(cursor)).transpose()?;
        let list = |after: Option<After>| {
            if self.lists.get() == 0 {
                return Err(Problem::Unavailable);
            }
            self.lists.set(self.lists.get() - 1);
            let first = self
                .names
                .partition_point(|name| Some(name.as_str()) <= after.as_ref().map(After::text));
            let rest = &self.names[first..];
            let (shown, hidden) = rest.split_at(rest.len().min(self.page));
            let is_hidden = |name: &&String| !name.ends_with(self.hidden);
            Ok(Page {
                names: shown.iter().filter(is_hidden).cloned().collect(),
                next: match (hidden, shown.last()) {
                    ([], _) | (_, None) => Next::End,
                    (_, Some(last)) if last.ends_with(self.hidden) => {
                        Next::Hidden(After::Name(last.clone()))
                    }
                    _ => Next::LastEntry,
                },
            })
        };
        let clock = || self.now.get();
        Step { list, clock }.work_through(&series, after, 10, |names| {
            assert!(!names.is_empty() && names.len() <= 10);
            seen.borrow_mut().extend_from_slice(names);
            self.now.set(self.now.get() + Duration::from_millis(100));
            names.iter().map(|name| outcome(name)).collect()
        })
    }
}

fn fine(_: &str) -> Outcome {
    Ok(())
}

#[test]
fn calls_that_follow_the_cursor_work_on_each_file_once() {
    for (count, page, calls) in [
        (0, 100, 1),
        (1, 100, 1),
        (100, 100, 1),
        (299, 100, 1),
        // What three seconds are enough for.
        (300, 100, 1),
        (301, 100, 2),
        (900, 100, 3),
        (1000, 7, 5),
        (2000, 1000, 7),
    ] {
        let folder = Folder::of(count, page);
        let seen = RefCell::default();
        let (mut cursor, mut done, mut made) = (None, 0, 0);
        loop {
            let progress = folder.call(cursor.as_deref(), fine, &seen);
            let progress = progress.expect("progress");
            made += 1;
            done += progress.done;
            assert_eq!(progress.failed, []);
            cursor = progress.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((done, made), (count as u64, calls), "{count} by {page}");
        assert_eq!(seen.into_inner(), folder.names);
    }
}

#[test]
fn what_fails_is_named_and_does_not_stop_the_rest() {
    let folder = Folder::of(25, 100);
    let odd = |name: &str| match name.ends_with('3') {
        true => Err(Problem::AlreadyExists),
        false => Ok(()),
    };
    let progress = folder.call(None, odd, &RefCell::default());
    let progress = progress.expect("progress");
    let failed = progress.failed.iter().map(|failure| failure.name.as_str());
    let failed: Vec<&str> = failed.collect();
    assert_eq!(failed, ["d/0003", "d/0013", "d/0023"]);
    assert_eq!((progress.done, progress.next), (22, None));
}

#[test]
fn a_thousand_failures_end_a_call() {
    for (count, next) in [(1000, false), (1001, true)] {
        let folder = Folder::of(count, 5000);
        // All in no time.
        let refuse = |_: &str| {
            folder.now.set(Duration::from_secs(1_800_000_000));
            Err(Problem::AlreadyExists)
        };
        let progress = folder.call(None, refuse, &RefCell::default());
        let progress = progress.expect("progress");
        assert_eq!((progress.done, progress.failed.len()), (0, 1000));
        assert_eq!(progress.next.is_some(), next);
    }
}

#[test]
fn a_fault_of_the_service_fails_the_call_or_ends_it_where_it_came() {
    let folder = Folder::of(50, 1000);
    let call = |cursor: Option<&str>, first: &'static str| {
        let down = |name: &str| match name < first {
            true => Ok(()),
            false => Err(Problem::Unavailable),
        };
        folder.call(cursor, down, &RefCell::default())
    };
    assert_eq!(call(None, "d/0000"), Err(Problem::Unavailable));

    // Of the second batch, some are done.
    let progress = call(None, "d/0013").expect("progress");
    assert_eq!((progress.done, progress.failed.len()), (13, 7));
    let next = progress.next.expect("a cursor");
    let again = call(Some(&next), "d/0013");
    assert_eq!(again, Err(Problem::Unavailable));
    let progress = call(Some(&next), "d/9").expect("progress");
    assert_eq!((progress.done, progress.next), (30, None));
}

#[test]
fn a_list_that_fails_fails_the_call_or_ends_it() {
    let folder = Folder::of(50, 20);
    folder.lists.set(0);
    let call = |cursor: Option<&str>| folder.call(cursor, fine, &RefCell::default());
    assert_eq!(call(None), Err(Problem::Unavailable));
    folder.lists.set(1);
    let progress = call(None).expect("progress");
    assert_eq!(progress.done, 20);
    folder.lists.set(9);
    let progress = call(progress.next.as_deref()).expect("progress");
    assert_eq!((progress.done, progress.next), (30, None));
}

#[test]
fn a_clock_that_is_set_back_ends_a_call() {
    let folder = Folder::of(50, 100);
    let back = |_: &str| {
        folder.now.set(Duration::ZERO);
        Ok(())
    };
    let progress = folder.call(None, back, &RefCell::default());
    let progress = progress.expect("progress");
    assert_eq!(progress.done, 10);
    assert!(progress.next.is_some());
}

#[test]
fn what_the_caller_may_not_list_is_passed_over_and_not_mentioned() {
    // Whole pages of one, and each tenth file, which ends a page of ten.
    for page in [1, 10] {
        let mut folder = Folder::of(1000, page);
        folder.hidden = "9";
        let seen = RefCell::default();
        let (mut cursor, mut calls) = (None, 0);
        loop {
            // The time is over after each page.
            folder.now.set(Duration::from_secs(1_800_000_000));
            let late = |_: &str| {
                folder.now.set(folder.now.get() + BUDGET);
                Ok(())
            };
            let progress = folder.call(cursor.as_deref(), late, &seen);
            cursor = progress.expect("progress").next;
            calls += 1;
            let Some(cursor) = &cursor else { break };
            let bytes = Base64UrlSafeNoPadding::decode_to_vec(cursor, None).expect("base64");
            assert!(!bytes.ends_with(b"9") || bytes.len() > SealKey::SEALED);
        }
        let listed = folder.names.iter().filter(|name| !name.ends_with('9'));
        assert_eq!(seen.into_inner(), listed.cloned().collect::<Vec<_>>());
        assert!(calls >= 100, "{calls}");
    }
}
