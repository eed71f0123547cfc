//! What paths close that is open around them, and what a change opens again.

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
        pattern: pattern.to_owned(),
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
