//! The tests in a policy, as they are written.

use serde_json::json;

use super::*;

fn mistake(text: &str) -> String {
    parse(text);
    Case::parse_all(text).expect_err(text).to_string()
}

#[test]
fn a_test_says_who_asks_and_what_is_expected_with_its_lines() {
    let text = "[[test]]\n\
                as = { user = 'ann', org = 'acme', roles = ['a', 'b'] }\n\
                may = [\n  'read org/a',\n  'list org/',\n]\n\
                may-not = ['delete public/日本 語/ü', 'create user/a/b']\n\
                [[test]]\nas = 'nobody'\nmay-not = ['replace org/x']\n";
    let cases = Case::parse_all(text).expect(text);
    let [first, second] = cases.as_slice() else {
        panic!("{cases:?}");
    };
    let subject = first.subject.as_ref().expect("a subject");
    assert_eq!(subject.user.as_deref(), Some("ann"));
    assert_eq!(subject.org.as_deref(), Some("acme"));
    assert_eq!(subject.roles, ["a", "b"]);
    assert!(subject.claims.is_empty());
    assert_eq!(first.line, 2);
    let asked = |case: &Case| -> Vec<(String, bool, usize)> {
        let expected = case.expected.iter();
        expected
            .map(|expected| (expected.question.text(), expected.may, expected.line))
            .collect()
    };
    assert_eq!(
        asked(first),
        [
            ("read org/a".to_owned(), true, 4),
            ("list org/".to_owned(), true, 5),
            ("delete public/日本 語/ü".to_owned(), false, 7),
            ("create user/a/b".to_owned(), false, 7),
        ]
    );
    assert!(second.subject.is_none());
    assert_eq!(asked(second), [("replace org/x".to_owned(), false, 10)]);
    assert!(Case::parse_all(EXAMPLE).expect(EXAMPLE).is_empty());
}

#[test]
fn claims_are_whatever_has_a_meaning_in_json() {
    let text = "[[test]]\nmay = ['read org/a']\n[test.as.claims]\ntext = 'ä'\nnumber = 0x10\n\
                fraction = 1.5\nflag = true\nlist = [1, ['a']]\n\
                [test.as.claims.inner.deep]\nday = '2020-01-01'\n";
    let cases = Case::parse_all(text).expect(text);
    let subject = cases[0].subject.clone().expect("a subject");
    assert_eq!(
        serde_json::Value::from(subject.claims),
        json!({
            "text": "ä", "number": 16, "fraction": 1.5, "flag": true, "list": [1, ["a"]],
            "inner": { "deep": { "day": "2020-01-01" } },
        })
    );
}

#[test]
fn a_mistake_in_a_test_is_reported_in_one_line_with_its_line_number() {
    let with = |line: &str| format!("[[test]]\nas = 'nobody'\n{line}\n");
    let of = |subject: &str| format!("[[test]]\nas = {subject}\nmay = ['read org/a']\n");
    for (text, line, words) in [
        (
            "[[test]]\n".to_owned(),
            1,
            "[[test]]: the key `as` is missing",
        ),
        (
            "\n[test]\nas = 'nobody'\n".to_owned(),
            2,
            "test: it is written with two brackets, [[test]], each time",
        ),
        (
            "test = 5\n".to_owned(),
            1,
            "test: expected a list, found a number",
        ),
        (
            "test = ['a']\n".to_owned(),
            1,
            "test: expected a table, found a string",
        ),
        (
            "test = [['a']]\n".to_owned(),
            1,
            "test: expected a table, found a list",
        ),
        (
            with(""),
            1,
            "[[test]]: it expects nothing, write something such as may = [\"read \
             org/plan.pdf\"], or may-not",
        ),
        (
            with("may_not = ['read org/a']"),
            3,
            "[[test]]: unknown key `may_not`, expected one of `as`, `may`, `may-not`",
        ),
        (
            of("'anybody'"),
            2,
            "test.as: \"anybody\" is unknown, expected \"nobody\" or a table such as { user = \
             \"ann\", org = \"acme\" }",
        ),
        (
            of("5"),
            2,
            "test.as: expected \"nobody\" or a table such as { user = \"ann\", org = \"acme\" }, \
             found a number",
        ),
        (
            of("{ usr = 'ann' }"),
            2,
            "[test.as]: unknown key `usr`, expected one of `user`, `org`, `roles`, `claims`",
        ),
        (
            "[[test]]\n[test.as]\n\nusr = 'ann'\n".to_owned(),
            4,
            "[test.as]: unknown key `usr`",
        ),
        (
            of("{ user = 5 }"),
            2,
            "test.as.user: expected a string, found a number",
        ),
        (
            of("{ roles = 'a' }"),
            2,
            "test.as.roles: expected a list, found a string",
        ),
        (
            of("{ claims = 'a' }"),
            2,
            "test.as.claims: expected a table, found a string",
        ),
        (
            of("{ claims = { born = 2000-01-01 } }"),
            2,
            "test.as.claims: \"born\" is a date or time without quotes, which JSON does not have",
        ),
        (
            of("{ claims = { a = [{ b = inf }] } }"),
            2,
            "test.as.claims: \"a\" is not a finite number, which JSON does not have",
        ),
        (
            with("may = 'read org/a'"),
            3,
            "test.may: expected a list, found a string",
        ),
        (
            with("may = [\n'read org/a',\n5]"),
            5,
            "test.may: expected an operation and a file such as \"read org/plan.pdf\", found a \
             number",
        ),
        (
            with("may-not = [\n'read org/a',\n'write org/a']"),
            5,
            "test.may-not: \"write org/a\" does not begin with an operation, expected \"read\", \
             \"list\", \"create\", \"replace\" or \"delete\"",
        ),
        (
            with("may = ['read']"),
            3,
            "test.may: \"read\" is not an operation and a file, expected one such as \"read \
             org/plan.pdf\"",
        ),
        (
            with("may = ['read orgs/a']"),
            3,
            "test.may: \"read orgs/a\" does not name an area, expected public/NAME, user/NAME or \
             org/NAME after the operation",
        ),
        (with("may = ['list org']"), 3, "does not name an area"),
        (with("may = ['read /org/a']"), 3, "does not name an area"),
        (
            with("may = ['delete org/a/']"),
            3,
            "test.may: \"delete org/a/\" does not name a file; only \"list\" is asked of a folder",
        ),
        (
            with("may = ['read org/']"),
            3,
            "only \"list\" is asked of a folder",
        ),
    ] {
        let said = mistake(&format!("public-only = true\n{text}"));
        assert_eq!(said, said.lines().collect::<String>());
        let start = format!("line {}: ", line + 1);
        assert!(
            said.starts_with(&start) && said.contains(words),
            "{text}\n{said}"
        );
    }
}

#[test]
fn a_document_has_at_most_1000_tests_of_100_entries() {
    let test = |entries: usize| {
        let entries = "'read org/a',".repeat(entries / 2);
        format!("[[test]]\nas = 'nobody'\nmay = [{entries}]\nmay-not = [{entries}]\n")
    };
    let most = test(100).repeat(1000);
    assert_eq!(Case::parse_all(&most).expect("tests").len(), 1000);
    assert_eq!(
        mistake(&test(2).repeat(1001)),
        "line 4001: [[test]]: a policy can have at most 1000 tests"
    );
    assert_eq!(
        mistake(&format!("{}{}", test(2), test(102))),
        "line 5: [[test]]: a test can have at most 100 entries in may and may-not"
    );
}
