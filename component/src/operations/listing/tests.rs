mod fake;
mod model;

use fake::Fake;

use super::*;
use crate::area::Area;
use crate::permit;
use crate::policy::{Pointer, Policy};
use crate::token::{Bearer, Caller};

/// A company, of which each department sees its own folder.
const COMPANY: &str = "[iam]\nissuer = 'https://i'\norg-claim = '/o'\n[org]\nlist = 'nobody'\n\
    [[org.paths]]\nmatch = 'departments/{claim:/department}/**'\nlist = 'signed-in'\n\
    [[org.paths]]\nmatch = 'open*/**'\nlist = 'signed-in'\n";

fn policy(text: &str) -> Policy {
    Policy::parse(text).expect(text)
}

/// Ann, who is in this department.
fn ann(policy: &Policy, department: &str) -> Caller {
    let values = |_: &Pointer| vec![department.to_owned()];
    let facts = policy.questions().answers(Some("ann"), values);
    Caller::Bearer(Bearer::for_test(Some("ann"), Some("acme"), &[]).knowing(facts))
}

/// The first page of what Ann of HR sees of a company's files.
fn first(store: &Fake, text: &str, prefix: &str, by_folders: bool) -> (Vec<String>, Next) {
    let policy = policy(text);
    let caller = ann(&policy, "hr");
    let permit = permit::list(&policy, &caller, Area::Org, prefix).expect("a permit");
    let asked = Asked {
        prefix,
        by_folders,
        after: None,
        limit: 100,
    };
    let page = page(store, &permit, asked, &|| true).expect("a page");
    let names = page.entries.iter().map(|entry| entry.name().to_owned());
    (names.collect(), page.next)
}

/// Names of files in this many folders.
fn departments(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("departments/d{number:05}/plan.pdf"))
}

#[test]
fn the_own_folder_among_ten_thousand_is_found_at_once() {
    let own = ["departments/hr/a.pdf", "departments/hr/b.pdf"].map(str::to_owned);
    let store = Fake::of(departments(10_000).chain(own.clone()));
    for (prefix, by_folders, expected, most) in [
        ("", true, &["departments/".to_owned()][..], 3),
        ("", false, &own, 3),
        ("departments/", true, &["departments/hr/".to_owned()], 1),
        ("departments/", false, &own, 1),
        ("dep", true, &["departments/".to_owned()], 1),
        ("departments/h", true, &["departments/hr/".to_owned()], 1),
    ] {
        let before = store.calls();
        let found = first(&store, COMPANY, prefix, by_folders);
        assert_eq!(found, (expected.to_owned(), Next::End), "{prefix}");
        let calls = store.calls() - before;
        assert!(calls <= most, "{prefix} {by_folders}: {calls} calls");
    }
}

#[test]
fn closed_folders_side_by_side_are_read_a_thousand_at_a_time() {
    let text = COMPANY.replace("{claim:/department}", "hr*");
    let store = Fake::of(departments(10_000).chain(["departments/hr/a".to_owned()]));
    for by_folders in [true, false] {
        let before = store.calls();
        let (found, next) = first(&store, &text, "departments/", by_folders);
        let expected = if by_folders {
            "departments/hr/"
        } else {
            "departments/hr/a"
        };
        assert_eq!((found, next), (vec![expected.to_owned()], Next::End));
        let calls = store.calls() - before;
        assert!(calls <= 13, "{calls} calls");
    }
}

#[test]
fn a_page_is_short_where_very_much_is_left_out_if_it_can_be_continued() {
    let text = COMPANY.replace("{claim:/department}", "hr*");
    let names = departments(40_000).chain(["departments/hr/a".to_owned()]);
    let store = Fake::of(names);
    let policy = policy(&text);
    let caller = ann(&policy, "hr");
    let prefix = "departments/";
    let permit = permit::list(&policy, &caller, Area::Org, prefix).expect("a permit");
    for may_pause in [true, false] {
        let (mut after, mut pages, mut found) = (None, 0, Vec::new());
        loop {
            let asked = Asked {
                prefix,
                by_folders: true,
                after,
                limit: 100,
            };
            let before = store.calls();
            let page = page(&store, &permit, asked, &|| may_pause).expect("a page");
            let calls = store.calls() - before;
            assert!(!may_pause || calls <= 17, "{calls} calls");
            pages += 1;
            found.extend(page.entries.iter().map(|entry| entry.name().to_owned()));
            match page.next {
                Next::Hidden(hidden) => after = Some(hidden),
                next => break assert_eq!(next, Next::End),
            }
        }
        assert_eq!(found, ["departments/hr/"]);
        assert_eq!(pages, if may_pause { 3 } else { 1 });
    }
}

#[test]
fn what_is_in_a_closed_folder_costs_nothing() {
    let shown = ["open-1/a", "open-1/b", "open-2/c", "zoo"].map(str::to_owned);
    for by_folders in [true, false] {
        let logs = [1, 100_000].map(|count| {
            let secret = (0..count).map(|number| format!("ocean/deep/{number}"));
            let beside = (0..count).map(|number| format!("open0/{number}"));
            let store = Fake::of(shown.iter().cloned().chain(secret).chain(beside));
            let text = COMPANY.replace("open*", "open-*");
            let (found, next) = first(&store, &text, "", by_folders);
            let expected = match by_folders {
                true => &["open-1/", "open-2/"][..],
                false => &["open-1/a", "open-1/b", "open-2/c"],
            };
            assert_eq!(found, expected);
            assert_eq!(next, Next::End);
            store.log()
        });
        assert_eq!(logs[0], logs[1]);
        assert!(logs[0].len() <= 3, "{:?}", logs[0]);
    }
}

#[test]
fn a_page_with_half_of_its_folders_closed_takes_two_calls() {
    let name = |number: usize| match number % 2 {
        0 => format!("closed-{number:04}/a"),
        _ => format!("open-{number:04}/a"),
    };
    let mixed = |number: usize| format!("{number:04}-{}", name(number));
    let text = COMPANY.replace("open*", "*-open-*");
    let store = Fake::of((0..1000).map(mixed));
    let (found, next) = first(&store, &text, "", true);
    assert_eq!((found.len(), next), (100, Next::LastEntry));
    assert_eq!(store.calls(), 2);
    assert!(store.entries() <= 220, "{} entries", store.entries());
}

#[test]
fn folders_that_are_open_are_read_together() {
    let names = (0..500).map(|number| format!("open-{number:04}/a"));
    let store = Fake::of(names.chain(["closed/a".to_owned()]));
    let (found, next) = first(&store, COMPANY, "", false);
    assert_eq!((found.len(), next), (100, Next::LastEntry));
    assert_eq!(store.calls(), 2);
}

#[test]
fn a_folder_that_comes_between_two_calls_is_judged_too() {
    let text = COMPANY.replace(
        "[[org.paths]]\nmatch = 'open*/**'",
        "[[org.paths]]\nmatch = 'open-2/**'\n[[org.paths]]\nmatch = 'open-*/**'",
    );
    let names = ["open-1/a", "open-3/b"].map(str::to_owned);
    let store = Fake::of(names.clone());
    store.coming.borrow_mut().push("open-2/secret".to_owned());
    let found = first(&store, &text, "", false);
    assert_eq!(found, (names.to_vec(), Next::End));
}

#[test]
fn where_all_names_are_judged_alike_a_page_is_one_call() {
    let names: Vec<String> = (0..300).map(|number| format!("open/{number:03}")).collect();
    let store = Fake::of(names.iter().cloned());
    let (found, next) = first(&store, COMPANY, "open/", false);
    assert_eq!((found.as_slice(), next), (&names[..100], Next::LastEntry));
    let uniform = "[iam]\nissuer = 'https://i'\norg-claim = '/o'\n";
    first(&store, uniform, "", true);
    assert_eq!((store.calls(), store.entries()), (2, 101));
}
