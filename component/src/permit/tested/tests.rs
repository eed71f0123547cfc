use super::*;

const POLICY: &str = "[iam]
issuer = 'https://i'
org-claim = '/org'
roles-claim = '/roles'
[public]
list = 'nobody'
[org]
delete = 'uploader'
[[org.paths]]
match = 'departments/{claim:/department}/**'
read = 'signed-in'
list = 'signed-in'
create = 'signed-in'
[[org.paths]]
match = 'departments/**'
read = 'role:head'
list = 'role:head'
create = 'nobody'
delete = 'claim:/level=9'
";

/// The failures of tests that follow the policy, which has 19 lines.
fn failures_of(tests: &str) -> Vec<String> {
    let text = format!("{POLICY}{tests}");
    let policy = Policy::parse(&text).expect(&text);
    let cases = Case::parse_all(&text).expect(&text);
    let failures = failures(&policy, &cases);
    failures.iter().map(ToString::to_string).collect()
}

fn ann(expected: &str) -> String {
    format!(
        "[[test]]\nas = {{ user = 'ann', org = 'acme', claims = {{ department = 'hr' }} }}\n\
         {expected}\n"
    )
}

#[test]
fn a_policy_that_does_what_its_tests_expect_has_no_failures() {
    let tests = [
        ann("may = ['create org/departments/hr/plan.pdf', 'list org/departments/hr/', \
             'read org/departments/hr/a', 'list org/departments/hr/a', 'list org/', 'list \
             org/departments/', 'read org/other', 'create user/a']\n\
             may-not = ['read org/departments/it/keys.txt', 'list org/departments/it/', 'create \
             org/departments/it/a', 'list org/departments/it/a', 'list public/', 'delete \
             org/departments/hr/a', 'delete org/departments/it/a']"),
        "[[test]]\nas = 'nobody'\nmay = ['read public/a', 'create public/a']\n\
         may-not = ['read org/a', 'list user/', 'list public/', 'replace public/a']\n"
            .to_owned(),
        "[[test]]\nas = { org = 'acme', roles = ['head'], claims = { level = 9 } }\n\
         may = ['read org/departments/it/a', 'delete org/departments/it/a', 'list org/departments/it/']\n\
         may-not = ['create org/departments/it/a', 'read user/a']\n"
            .to_owned(),
    ];
    assert_eq!(failures_of(&tests.concat()), Vec::<String>::new());
}

/// A file of theirs, where it is about what they may; a file of another where they may not.
#[test]
fn the_uploader_is_whoever_the_expectation_needs() {
    let expected = "may = ['delete org/a', 'replace public/a']\n\
                    may-not = ['delete org/a', 'replace public/a']";
    assert_eq!(failures_of(&ann(expected)), Vec::<String>::new());
    let machine = "[[test]]\nas = { org = 'acme' }\nmay = ['delete org/a']\n";
    assert_eq!(
        failures_of(machine),
        [
            "line 22: test failed: expected that somebody of acme may \"delete org/a\", but the \
             token names no user, and org.delete (line 8) requires uploader: the claim /sub is \
             missing"
        ]
    );
}

#[test]
fn a_failure_names_its_line_what_was_expected_and_the_rule_that_decided() {
    let of_ann = "expected that ann of acme";
    for (tests, expected) in [
        (
            ann("may = ['list org/',\n'read org/departments/it/a']"),
            format!(
                "line 23: test failed: {of_ann} may \"read org/departments/it/a\", but the token \
                 lacks role:head, which org.paths \"departments/**\" read (line 16) requires: the \
                 claim /roles is missing"
            ),
        ),
        (
            ann("may = ['delete org/departments/it/a']"),
            format!(
                "line 22: test failed: {of_ann} may \"delete org/departments/it/a\", but the \
                 token lacks claim:/level=9, which org.paths \"departments/**\" delete (line 19) \
                 requires"
            ),
        ),
        (
            ann("may = ['create org/departments/it/a']"),
            format!(
                "line 22: test failed: {of_ann} may \"create org/departments/it/a\", but no \
                 path that matches this token allows it, and org.paths \"departments/**\" create \
                 (line 18) is nobody"
            ),
        ),
        (
            ann("may = ['list public/']"),
            format!(
                "line 22: test failed: {of_ann} may \"list public/\", but no token can satisfy \
                 public.list (line 6): the rule is nobody"
            ),
        ),
        (
            ann("may-not = ['create org/departments/hr/a']"),
            format!(
                "line 22: test failed: {of_ann} may not \"create org/departments/hr/a\", but \
                 org.paths \"departments/{{claim:/department}}/**\" create (line 13) allows it: \
                 signed-in"
            ),
        ),
        (
            ann("may-not = ['replace org/departments/hr/a']"),
            format!(
                "line 22: test failed: {of_ann} may not \"replace org/departments/hr/a\", but \
                 org.replace (the default) allows it: anyone"
            ),
        ),
        (
            "[[test]]\nas = 'nobody'\nmay = ['read user/a']\n".to_owned(),
            "line 22: test failed: expected that a request without a token may \"read user/a\", \
             but no token was sent, and the user area requires one"
                .to_owned(),
        ),
        (
            "[[test]]\nas = { user = \"a\\nb\" }\nmay = ['read org/a']\n".to_owned(),
            "line 22: test failed: expected that a\\nb may \"read org/a\", but the token names no \
             organization: the claim /org is missing"
                .to_owned(),
        ),
        (
            "[[test]]\nas = { user = 'ann', claims = { sub = 'bob' } }\nmay = ['read org/a']\n"
                .to_owned(),
            "line 21: [[test]]: as: user is at /sub in the token, and claims has something else \
             there"
                .to_owned(),
        ),
        (
            ann("may = ['read org/a/../b']"),
            "line 22: [[test]]: \"read org/a/../b\" does not name a file or folder: it contains a \
             segment that is empty, . or .."
                .to_owned(),
        ),
        (
            ann("may-not = ['list org//']"),
            "line 22: [[test]]: \"list org//\" does not name a file or folder: it is empty"
                .to_owned(),
        ),
    ] {
        assert_eq!(failures_of(&tests), [expected]);
    }
}

#[test]
fn ten_failures_are_told_and_no_more() {
    let many = ann(&format!(
        "may = [{}]",
        "'create org/departments/it/a',".repeat(30)
    ));
    assert_eq!(failures_of(&many.repeat(3)).len(), 10);
}

#[test]
fn a_policy_without_an_iam_api_is_asked_without_tokens() {
    let text = "[public]\ncreate = 'nobody'\n[[test]]\nas = 'nobody'\nmay = ['read public/a']\n\
                may-not = ['create public/a', 'read user/a', 'list org/']\n\
                [[test]]\nas = { user = 'ann' }\nmay = ['read public/a']\n";
    let policy = Policy::parse(text).expect(text);
    let failures = failures(&policy, &Case::parse_all(text).expect(text));
    let failures: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert_eq!(
        failures,
        [
            "line 8: [[test]]: as: there is no [iam], so tokens are ignored; only \"nobody\" can \
             ask"
        ]
    );
}
