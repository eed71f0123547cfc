use super::*;
use crate::area::Area;
use crate::token::Bearer;

const POLICY: &str = "[iam]\nissuer = 'https://i'\norg-claim = '/org'\nroles-claim = '/roles'\n\
    [[org.paths]]\nmatch = 'a/**'\nread = ['role:head', 'role:boss']\nlist = 'role:head'\n\
    delete = 'uploader'\n[[org.paths]]\nmatch = 'b/**'\nlist = 'nobody'\n\
    [[org.paths]]\nmatch = 'c/{user}'\n[[org.paths]]\nmatch = 'c/**'\nlist = 'nobody'\n";

#[test]
fn every_verdict_has_the_rule_that_decided_with_its_line() {
    let policy = Policy::parse(POLICY).expect(POLICY);
    let member = |roles| Caller::Bearer(Bearer::for_test(Some("ann"), Some("acme"), roles));
    let asked = |caller: &Caller, operation, area, path: &str| {
        let path = path.to_owned();
        let question = Question {
            operation,
            area,
            path,
        };
        let explained = explain(&policy, caller, &question).expect("a verdict");
        let outcome = match explained {
            Explained::Allowed(_) => "allowed",
            Explained::OwnFiles(_) => "own files",
            Explained::Overruled => "overruled",
            Explained::Denied(_) => "denied",
        };
        (outcome, explained.rule(&policy), explained.reason(&policy))
    };
    use Operation::{Delete, List, Read};
    for (caller, operation, area, path, outcome, rule, reason) in [
        (
            member(&["head"]),
            Read,
            Area::Org,
            "a/b",
            "allowed",
            "org.paths \"a/**\" read (line 7)",
            "org.paths \"a/**\" read (line 7) allows it: role:head or role:boss",
        ),
        (
            member(&[]),
            Read,
            Area::Org,
            "a/b",
            "denied",
            "org.paths \"a/**\" read (line 7)",
            "the token lacks role:head or role:boss, which org.paths \"a/**\" read (line 7) \
             requires: the claim /roles is missing",
        ),
        (
            member(&[]),
            Delete,
            Area::Org,
            "a/b",
            "own files",
            "org.paths \"a/**\" delete (line 9)",
            "org.paths \"a/**\" delete (line 9) allows it: uploader",
        ),
        (
            member(&[]),
            List,
            Area::Org,
            "",
            "allowed",
            "org.list (the default)",
            "org.list (the default) allows it: anyone",
        ),
        (
            member(&["head"]),
            List,
            Area::Org,
            "a/",
            "allowed",
            "org.paths \"a/**\" list (line 8)",
            "org.paths \"a/**\" list (line 8) allows it: role:head",
        ),
        (
            member(&[]),
            List,
            Area::Org,
            "b/c",
            "denied",
            "org.paths \"b/**\" list (line 12)",
            "no token can satisfy org.paths \"b/**\" list (line 12): the rule is nobody",
        ),
        (
            Caller::Anonymous,
            Read,
            Area::Public,
            "a/b",
            "allowed",
            "public.read (the default)",
            "public.read (the default) allows it: anyone",
        ),
        (
            Caller::Anonymous,
            Delete,
            Area::Public,
            "a/b",
            "denied",
            "public.delete (the default)",
            "no token was sent, and public.delete (the default) requires uploader",
        ),
    ] {
        let expected = (outcome, rule.to_owned(), reason.to_owned());
        assert_eq!(asked(&caller, operation, area, path), expected);
    }
    // It lacks a user, but nothing there asks for one.
    let machine = Caller::Bearer(Bearer::for_test(None, Some("acme"), &[]));
    assert_eq!(
        asked(&machine, List, Area::Org, "c/d").2,
        "no path that matches this token allows it, and org.paths \"c/**\" list (line 17) is nobody"
    );
    for (operation, path) in [
        (Read, ""),
        (Read, "a/"),
        (List, "/"),
        (List, "a//"),
        (List, "../"),
    ] {
        let path = path.to_owned();
        let question = Question {
            operation,
            area: Area::Org,
            path,
        };
        assert!(
            explain(&policy, &member(&[]), &question).is_err(),
            "{question:?}"
        );
    }
    let open = Policy::parse("public-only = true").expect("a policy");
    let question = Question {
        operation: Read,
        area: Area::User,
        path: "a".to_owned(),
    };
    let explained = explain(&open, &Caller::Anonymous, &question).expect("a verdict");
    assert_eq!(explained.rule(&open), "[iam]");
    assert!(matches!(
        explained,
        Explained::Denied(Problem::IamNotConfigured)
    ));
}

#[test]
fn texts_are_cut_between_characters() {
    assert_eq!(shortened("short".to_owned()), "short");
    let long = format!("x{}", "é".repeat(LONGEST));
    assert_eq!(shortened(long).len(), LONGEST - 1);
}
