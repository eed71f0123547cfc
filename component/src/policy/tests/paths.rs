//! Rules and limits by path.

use super::*;
use crate::policy::{Denied, RuleRef, Why};

const IAM: &str = "[iam]\nissuer = 'https://i'\norg-claim = '/o'\nroles-claim = '/r'\n";

fn of_department(department: &str) -> Facts {
    let policy = parse(&format!("{IAM}[org]\nread = 'claim:/department=x'\n"));
    policy
        .questions()
        .answers(None, |_| vec![department.to_owned()])
}

fn words(policy: &Policy, operation: Operation, name: &str, facts: &Facts) -> String {
    let applied = policy.applied(Area::Org, name, facts);
    let words = applied.words(operation).iter().map(ToString::to_string);
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_first_path_that_fits_decides_what_it_names_and_the_area_the_rest() {
    let policy = parse(&format!(
        "{IAM}[org]\nread = 'role:area'\ndelete = 'role:manager'\nmax-file-size = '2 MB'\n\
         content-types = ['text/plain']\n\
         [[org.paths]]\nmatch = 'departments/{{claim:/department}}/**'\nread = 'signed-in'\n\
         max-file-size = '1 MB'\n\
         [[org.paths]]\nmatch = 'departments/**'\nread = ['role:head', 'claim:/level=9']\n\
         content-types = ['image/*']\n"
    ));
    let hr = of_department("hr");
    for (operation, name, facts, expected) in [
        (Operation::Read, "departments/hr/a", &hr, "signed-in"),
        (
            Operation::Read,
            "departments/it/a",
            &hr,
            "role:head claim:/level=9",
        ),
        (
            Operation::Read,
            "departments/hr/a",
            Facts::NONE,
            "role:head claim:/level=9",
        ),
        (Operation::Read, "departments", &hr, "role:area"),
        (Operation::Delete, "departments/hr/a", &hr, "role:manager"),
        (Operation::Create, "departments/hr/a", &hr, "anyone"),
    ] {
        assert_eq!(words(&policy, operation, name, facts), expected, "{name}");
    }
    for (name, size, taken) in [
        ("departments/hr/a", 1_000_000, "text/plain"),
        ("departments/it/a", 2_000_000, "image/png"),
        ("a", 2_000_000, "text/plain"),
    ] {
        let limits = policy.applied(Area::Org, name, &hr).limits();
        assert_eq!(limits.max_file_size(), size);
        for content_type in ["text/plain", "image/png"] {
            assert_eq!(limits.takes(content_type), taken == content_type, "{name}");
        }
    }
    assert_eq!(policy.max_file_size(Area::Org), 2_000_000);
    assert!(policy.is_uniform(Area::Public) && !policy.is_uniform(Area::Org));
}

#[test]
fn a_rule_is_named_with_its_path_and_its_line() {
    let policy = parse(&format!(
        "{IAM}[org]\ndelete = 'nobody'\n[[org.paths]]\nmatch = 'a/**'\n\nread = 'nobody'\n"
    ));
    let applied = policy.applied(Area::Org, "a/b", Facts::NONE);
    for (operation, expected) in [
        (Operation::Read, "org.paths \"a/**\" read (line 10)"),
        (Operation::Delete, "org.delete (line 6)"),
        (Operation::List, "org.list (the default)"),
    ] {
        assert_eq!(applied.rule(operation).name(&policy), expected);
    }
    let denied = Denied::new(applied.rule(Operation::Read), Why::Rule);
    assert_eq!(
        denied.explain(&policy),
        "no token can satisfy org.paths \"a/**\" read (line 10): the rule is nobody"
    );
    let of_area = RuleRef::of_area(Area::Org, Operation::Read);
    assert_eq!(of_area.name(&policy), "org.read (the default)");
}

#[test]
fn caches_are_told_what_holds_for_everybody_whom_they_may_serve() {
    let policy = parse(&format!(
        "{IAM}[public]\ncache-control = 'public, max-age=60'\n\
         [[public.paths]]\nmatch = 'closed/**'\nread = 'role:x'\n\
         [[public.paths]]\nmatch = 'own/**'\nread = 'role:x'\ncache-control = 'private, max-age=9'\n\
         [[public.paths]]\nmatch = '{{user}}/**'\nread = 'role:x'\n\
         [[public.paths]]\nmatch = 'shelf/**'\ncache-control = 'public, max-age=7'\n"
    ));
    let version = "public, max-age=31536000, immutable";
    for (name, expected, of_version) in [
        ("a", "public, max-age=60", version),
        ("closed/a", "private, no-cache", "private, no-cache"),
        ("own/a", "private, max-age=9", "private, max-age=9"),
        // The user `shelf` may not read it, if there is one.
        ("shelf/a", "private, no-cache", "private, no-cache"),
    ] {
        assert_eq!(policy.cache_control(name), expected, "{name}");
        assert_eq!(policy.version_cache_control(name), of_version, "{name}");
    }
}

#[test]
fn what_a_path_opens_to_anyone_is_an_opening_that_is_stated() {
    let policy = parse(&format!(
        "{IAM}[public]\nread = 'signed-in'\ncreate = 'signed-in'\n\
         [[public.paths]]\nmatch = 'shelf/**'\nread = ['role:x', 'anyone']\n"
    ));
    let openings = policy.openings();
    let [opening] = openings.as_slice() else {
        panic!("{openings:?}");
    };
    assert!(opening.stated);
    assert_eq!(
        opening.what,
        "anyone may read public files that match \"shelf/**\""
    );
}

#[test]
fn a_policy_with_paths_is_the_same_after_it_was_remembered() {
    let paths: String = (0..100)
        .map(|n| format!("[[org.paths]]\nmatch = 'd/{n}/**'\nread = 'role:r{n}'\n"))
        .collect();
    let policy = parse(&format!("{IAM}{paths}"));
    let bytes = policy.to_bytes();
    let again = Policy::from_bytes(bytes).expect("a policy");
    for (name, expected) in [
        ("d/0/a", "role:r0"),
        ("d/99/a/b", "role:r99"),
        ("d/100/a", "anyone"),
    ] {
        assert_eq!(words(&again, Operation::Read, name, Facts::NONE), expected);
    }
}

#[test]
fn a_policy_that_lost_some_of_its_bytes_is_none() {
    let policy = parse(&format!(
        "{IAM}[[user.paths]]\nmatch = 'a'\nread = 'nobody'\n"
    ));
    let bytes = policy.to_bytes();
    for length in 0..bytes.len() {
        let cut = bytes[..length].to_vec();
        assert!(Policy::from_bytes(cut).is_none(), "{length}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(Policy::from_bytes(longer).is_none());
}
