//! What is valid in a path but probably a mistake.

use super::*;

fn notices(document: &str) -> String {
    let notices = parse(document).notices(document, 0);
    assert!(
        notices.iter().all(|note| !note.contains('\n')),
        "{notices:?}"
    );
    notices.join("\n")
}

const IAM: &str = "[iam]\nissuer = 'https://i'\naudience = 'a'\norg-claim = '/o'\n";
const ROLES: &str = "roles-claim = '/r'\n";

#[test]
fn the_rules_and_limits_of_a_path_are_checked_as_those_of_an_area() {
    let path = |line: &str| format!("{IAM}{ROLES}[[org.paths]]\nmatch = 'a/**'\n{line}\n");
    let public = |line: &str| format!("{IAM}{ROLES}[[public.paths]]\nmatch = 'a/**'\n{line}\n");
    for (text, expected) in [
        (
            path("delete = 'role:manager, role:admin'"),
            "line 8: org.paths \"a/**\" delete: \"role:manager, role:admin\" is one role with \
             exactly this name; for several roles, write [\"role:manager\", \"role:admin\"]",
        ),
        (
            path("read = [\n'uploader',\n'role:*']"),
            "line 10: org.paths \"a/**\" read: \"role:*\" is a role with exactly this name; * is \
             not a wildcard",
        ),
        (
            path("create = 'uploader'"),
            "line 8: org.paths \"a/**\" create: \"uploader\" never matches: create is not about \
             one file that has an uploader",
        ),
        (
            path("list = ['uploader', 'role:a']"),
            "line 8: org.paths \"a/**\" list: \"uploader\" never matches: list is not about one \
             file that has an uploader",
        ),
        (
            path("read = ['nobody', 'role:a']"),
            "line 8: org.paths \"a/**\" read: \"nobody\" has no effect: one matching word is \
             enough, and others can match",
        ),
        (
            path("read = ['signed-in', 'claim:/d=a']"),
            "line 8: org.paths \"a/**\" read: \"signed-in\" allows every valid token, so the \
             other words have no effect",
        ),
        (
            path("read = 'claim:/https://example.com/d=a'"),
            "line 8: org.paths \"a/**\" read: \"claim:/https://example.com/d=a\" is a path \
             through several members; a / in a claim's name is written ~1: \
             \"/https:~1~1example.com~1d\"",
        ),
        (
            path("read = 'claim:/d=a*'"),
            "line 8: org.paths \"a/**\" read: \"claim:/d=a*\" is a claim with exactly this value; \
             * is not a wildcard",
        ),
        (
            path("read = 'claim:/d=a, claim:/d=b'"),
            "line 8: org.paths \"a/**\" read: \"claim:/d=a, claim:/d=b\" is one claim with \
             exactly this value; for several claims, write [\"claim:/d=a\", …]",
        ),
        (
            path("max-file-size = '20'"),
            "line 8: org.paths \"a/**\" max-file-size: \"20\" has no unit and is in bytes; units \
             are \"MB\" or \"GiB\", for example",
        ),
        (
            path("content-types = ['image/jpg']"),
            "line 8: org.paths \"a/**\" content-types: \"image/jpg\" is not the type that such \
             files are sent with: \"image/jpeg\"",
        ),
        (
            public("read = 'role:a'\ncache-control = 'public, max-age=60'"),
            "line 9: public.paths \"a/**\" cache-control: \"public, max-age=60\" lets shared \
             caches serve files that not everyone may read",
        ),
        (public("cache-control = 'public, max-age=60'"), ""),
        (
            format!("{IAM}[[org.paths]]\nmatch = 'a'\nread = 'role:a'\n"),
            "line 7: org.paths \"a\" read: \"role:a\" never matches: [iam] has no roles-claim",
        ),
        (path("read = ['role:a', 'claim:/d=x y, z']"), ""),
    ] {
        assert_eq!(notices(&text), expected, "{text}");
    }
}

#[test]
fn a_placeholder_that_nothing_fills_is_noted() {
    let text = "[[public.paths]]\nmatch = '{user}/**'\nread = 'claim:/d=a'\n";
    let notices_of = notices(text);
    let told: Vec<&str> = notices_of.lines().skip(1).collect();
    assert_eq!(
        told,
        [
            "line 2: public.paths: \"{user}/**\" matches no name: there is no [iam], so tokens \
             are ignored and nothing fills its placeholder",
            "line 3: public.paths \"{user}/**\" read: \"claim:/d=a\" never matches: there is no \
             [iam], so tokens are ignored",
        ]
    );
    assert_eq!(
        notices(&format!(
            "{IAM}[[org.paths]]\nmatch = 'a/{{claim:/https://example.com/d}}'\n"
        )),
        "line 6: org.paths: \"a/{claim:/https://example.com/d}\" has the claim \
         \"/https://example.com/d\", which is a path through several members; a / in a claim's \
         name is written ~1: \"/https:~1~1example.com~1d\""
    );
}

#[test]
fn a_path_that_an_earlier_one_hides_whole_is_noted() {
    let paths = |patterns: &[&str]| -> String {
        let path = |pattern: &&str| format!("[[org.paths]]\nmatch = '{pattern}'\n");
        let paths: String = patterns.iter().map(path).collect();
        notices(&format!("{IAM}{paths}"))
    };
    assert_eq!(
        paths(&["a/{claim:/d}/**", "a/**", "b/**", "a/b/*.pdf"]),
        "line 12: org.paths: \"a/b/*.pdf\" has no effect: \"a/**\" in line 8 comes first and \
         matches every name that it does"
    );
    assert_eq!(
        paths(&["{user}/**", "a/**", "{user}/b"]),
        "line 10: org.paths: \"{user}/b\" has no effect: \"{user}/**\" in line 6 comes first \
         and matches every name that it does"
    );
    assert_eq!(paths(&["{user}/**", "ann/**", "a/b", "a/**", "**"]), "");
}

#[test]
fn many_long_paths_are_compared_with_a_bounded_effort() {
    let path = |n| {
        let begun = "**/*/".repeat(31);
        format!("[[org.paths]]\nmatch = '{begun}a{n}'\nread = 'role:a'\n")
    };
    let paths: String = (0..250).map(path).collect();
    assert_eq!(notices(&format!("{IAM}{ROLES}{paths}")), "");
}
