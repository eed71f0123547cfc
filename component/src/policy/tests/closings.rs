//! What is closed to requests without a token, and what a change opens again.

use super::*;
use crate::policy::closings::Closing;

const IAM: &str = "[iam]\nissuer = 'https://i'\n";

fn closings(text: &str) -> Vec<Closing> {
    parse(&format!("{IAM}{text}")).closings()
}

/// What the second policy opens again, as it would have to be stated.
fn reopened(before: &str, after: &str) -> Vec<String> {
    let after = parse(&format!("{IAM}{after}"));
    let reopened = after.reopened(&closings(before));
    reopened.into_iter().map(|open| open.statement).collect()
}

#[test]
fn a_path_closes_what_the_area_leaves_open() {
    let closing = |operation, pattern: &str| Closing {
        operation,
        pattern: Some(pattern.to_owned()),
    };
    let rules = "[public]\nread = 'anyone'\ncreate = 'signed-in'\n\
                 [[public.paths]]\nmatch = 'a/**'\nread = 'nobody'\ncreate = 'nobody'\n\
                 [[public.paths]]\nmatch = 'b'\nread = ['role:x', 'anyone']\n\
                 [[public.paths]]\nmatch = 'c/*'\nread = 'signed-in'\n\
                 [[user.paths]]\nmatch = 'a/**'\nread = 'nobody'\n";
    let rules = format!("roles-claim = '/r'\n{rules}");
    assert_eq!(
        closings(&rules),
        [
            closing(Operation::Read, "a/**"),
            closing(Operation::Read, "c/*")
        ]
    );
    // Without a token nothing fits it.
    let own = "[[public.paths]]\nmatch = '{user}/**'\nread = 'uploader'\n";
    assert_eq!(closings(own), []);
}

#[test]
fn what_is_closed_no_longer_has_to_be_stated() {
    let open = "[public]\nread = 'anyone'\n";
    let path =
        |pattern: &str, rule: &str| format!("[[public.paths]]\nmatch = '{pattern}'\n{rule}\n");
    let closed = [open, &path("a/b/**", "read = 'nobody'")].concat();
    let read = ["read = \"anyone\" in [[public.paths]] with match = \"a/b/**\"".to_owned()];
    for (after, opened) in [
        (closed.clone(), false),
        (open.to_owned(), true),
        // By default.
        ("[public]\n".to_owned(), true),
        ([open, &path("a/b/**", "list = 'nobody'")].concat(), true),
        ([open, &path("a/b/c/**", "read = 'nobody'")].concat(), true),
        ([open, &path("a/*", "read = 'nobody'")].concat(), true),
        ([open, &path("**", "read = 'anyone'")].concat(), true),
        ([open, &path("{user}/**", "read = 'nobody'")].concat(), true),
        ([open, &path("a/b/**", "read = 'anyone'")].concat(), false),
        // Together they include it, but no single one does.
        (
            [
                open,
                &path("a/b/*", "read = 'nobody'"),
                &path("a/b/*/**", "read = 'nobody'"),
            ]
            .concat(),
            true,
        ),
        (
            [open, &path("a/b/**", "read = 'signed-in'")].concat(),
            false,
        ),
        ([open, &path("a/**", "read = 'nobody'")].concat(), false),
        ("[public]\nread = 'signed-in'\n".to_owned(), false),
    ] {
        let expected: &[String] = if opened { &read } else { &[] };
        assert_eq!(reopened(&closed, &after), expected, "{after}");
    }
}

#[test]
fn a_path_before_a_wider_one_that_closes_decides_first() {
    let open = "[public]\nread = 'anyone'\n";
    let closed = format!("{open}[[public.paths]]\nmatch = 'a/b'\nread = 'nobody'\n");
    let after = format!(
        "{open}[[public.paths]]\nmatch = 'a/*'\nlist = 'nobody'\n\
         [[public.paths]]\nmatch = 'a/**'\nread = 'nobody'\n"
    );
    assert_eq!(reopened(&closed, &after).len(), 1);
}

#[test]
fn no_beginning_of_a_policy_opens_what_a_path_closes() {
    let whole = "[public]\nread = 'anyone'\n\
                 [[public.paths]]\nmatch = 'a/**'\nread = 'nobody'\n\
                 [[public.paths]]\nmatch = 'b/**'\nread = 'nobody'\n";
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    for count in 0..lines.len() {
        let cut = format!("{IAM}{}", lines[..count].concat());
        if let Ok(cut) = Policy::parse(&cut) {
            assert!(!cut.reopened(&closings(whole)).is_empty(), "{count}");
        }
    }
}

#[test]
fn a_path_that_decides_nothing_closes_nothing() {
    let wider = "[[public.paths]]\nmatch = 'a/**'\nread = 'anyone'\n";
    let narrower = "[[public.paths]]\nmatch = 'a/b'\nread = 'nobody'\n";
    let dead = format!("[public]\nread = 'anyone'\n{wider}{narrower}");
    assert_eq!(closings(&dead), []);
    // Nor does it keep anything closed.
    let before = format!("[public]\nread = 'anyone'\n{narrower}");
    let after = format!(
        "[public]\nread = 'anyone'\n[[public.paths]]\nmatch = 'a/**'\nlist = 'nobody'\n{narrower}"
    );
    assert_eq!(reopened(&before, &after).len(), 1);
    // But whoever states that it is open has said so.
    let stated = dead.replace("nobody", "anyone");
    assert_eq!(reopened(&before, &stated), [""; 0]);
}

#[test]
fn a_path_may_be_closed_within_one_that_is_open() {
    let open = "[[public.paths]]\nmatch = 'pub/**'\nread = 'anyone'\n";
    let secret = "[[public.paths]]\nmatch = 'pub/secret/**'\nread = 'nobody'\n";
    let area = "[public]\nread = 'nobody'\n";
    let before = format!("{area}{secret}{open}");
    for (after, opened) in [
        (before.clone(), false),
        (format!("{area}{open}"), true),
        (format!("{area}{open}{secret}"), true),
        (area.to_owned(), false),
        (
            format!("{area}{}{open}", secret.replace("nobody", "anyone")),
            false,
        ),
        (
            format!("{area}{}{open}", secret.replace("read", "list")),
            false,
        ),
    ] {
        assert_eq!(!reopened(&before, &after).is_empty(), opened, "{after}");
    }
}

#[test]
fn no_beginning_of_a_policy_without_an_iam_api_opens_anything() {
    let whole = "public-only = true\n[public]\ncreate = 'nobody'\nreplace = 'nobody'\n\
                 delete = 'nobody'\n[[public.paths]]\nmatch = 'a/**'\nread = 'nobody'\n";
    let closings = parse(whole).closings();
    let areas = closings.iter().filter(|closing| closing.pattern.is_none());
    assert_eq!((closings.len(), areas.count()), (4, 3));
    assert_eq!(parse(whole).reopened(&closings), []);
    let ends = whole.match_indices('\n').map(|(end, _)| end + 1);
    for end in ends.filter(|end| *end < whole.len()) {
        if let Ok(cut) = Policy::parse(&whole[..end]) {
            assert!(!cut.reopened(&closings).is_empty(), "{}", &whole[..end]);
        }
    }
    let stated = whole.replace("delete = 'nobody'", "delete = 'anyone'");
    assert_eq!(parse(&stated).reopened(&closings), []);
    let lost = parse(&whole.replace("delete = 'nobody'\n", "")).reopened(&closings);
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].what, "anyone may delete public files");
    assert_eq!(lost[0].statement, "delete = \"anyone\" in [public]");
}

#[test]
fn a_thousand_paths_that_begin_alike_can_be_compared() {
    let path = |number| {
        format!("[[public.paths]]\nmatch = 'of/all/tenants/{number}/own/**'\nread = 'nobody'\n")
    };
    let paths: String = (0..1000).map(path).collect();
    let whole = format!("[public]\nread = 'anyone'\n{paths}");
    assert_eq!(closings(&whole).len(), 1000);
    assert_eq!(reopened(&whole, &whole), [""; 0]);
    let lost = whole.replace(&path(500), "");
    assert_eq!(reopened(&whole, &lost).len(), 1);
}

#[test]
fn what_cannot_be_compared_counts_as_open() {
    let closing = Closing {
        operation: Operation::Read,
        pattern: Some("/".to_owned()),
    };
    let policy = parse(&format!("{IAM}[public]\nread = 'nobody'\n"));
    assert_eq!(policy.reopened(&[closing]).len(), 1);
}
