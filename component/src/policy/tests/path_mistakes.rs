//! Mistakes in paths, and how they are reported.

use super::*;

#[test]
fn a_mistake_in_a_path_is_reported_in_one_line_with_its_line_number() {
    let path = |line: &str| format!("[[org.paths]]\nmatch = 'a'\n{line}\n");
    let matching = |pattern: &str| format!("[[org.paths]]\nmatch = '{pattern}'\n");
    for (text, line, words) in [
        (
            path("reed = 'anyone'"),
            3,
            "[[org.paths]]: unknown key `reed`, expected one of `match`, `read`, `list`",
        ),
        (
            path("[[org.paths]]\nread = 'anyone'"),
            3,
            "[[org.paths]]: the key `match` is missing",
        ),
        (
            "[org.paths]\nmatch = 'a'\n".to_owned(),
            1,
            "org.paths: it is written with two brackets, [[org.paths]], each time",
        ),
        (
            "[[org.path]]\nmatch = 'a'\n".to_owned(),
            1,
            "[org]: unknown key `path`, expected one of `read`",
        ),
        (
            "[[paths]]\nmatch = 'a'\n".to_owned(),
            1,
            "unknown key `paths`, expected one of `public-only`",
        ),
        (
            "[[org]]\nread = 'anyone'\n".to_owned(),
            1,
            "org: expected a table, found a list",
        ),
        (
            "org = ['anyone']\n".to_owned(),
            1,
            "org: expected a table, found a list",
        ),
        (
            "[org]\npaths = 5\n".to_owned(),
            2,
            "org.paths: expected a list, found a number",
        ),
        (
            "[org]\npaths = [['a', 'anyone']]\n".to_owned(),
            2,
            "org.paths: expected a table, found a list",
        ),
        (
            "[org]\npaths = [\n{ match = 'a' },\n{ match = 'b', read = 5 }]\n".to_owned(),
            4,
            "org.paths.read: expected a rule (one word or a list of words), found a number",
        ),
        (path("match = 'b'"), 3, "duplicate key `match`"),
        (
            path("[[org.paths.read]]\nx = 'a'"),
            3,
            "org.paths.read: expected a word such as \"signed-in\", found a table",
        ),
        (path("read = 'everyone'"), 3, "org.paths.read: unknown word"),
        (
            path("read = []"),
            3,
            "org.paths.read: a rule needs at least one word",
        ),
        (
            path("read = 'claim:/department'"),
            3,
            "org.paths.read: \"claim:/department\" has no value, expected \"claim:POINTER=VALUE\"",
        ),
        (
            path("read = 'claim:department=hr'"),
            3,
            "expected one such as \"/department\"",
        ),
        (
            path("max-file-size = 5"),
            3,
            "org.paths.max-file-size: expected a size such as \"5 GiB\" or \"200 MB\", found a \
             number",
        ),
        (
            path("content-types = 'image/*'"),
            3,
            "org.paths.content-types: expected a list, found a string",
        ),
        (
            path("cache-control = 'private'"),
            3,
            "cache-control is only valid in [public]",
        ),
        (
            "[[org.paths]]\nmatch = 5\n".to_owned(),
            2,
            "org.paths.match: expected a pattern such as \"departments/**\", found a number",
        ),
        (
            matching(""),
            2,
            "org.paths.match: it is empty; \"**\" matches every name",
        ),
        (
            matching("/a/**"),
            2,
            "org.paths.match: \"/a/**\" begins with /, which no name does; write \"a/**\"",
        ),
        (
            matching("a/"),
            2,
            "\"a/\" ends in /; for everything in the folder, write \"a/**\"",
        ),
        (matching("a//b"), 2, "\"a//b\" contains an empty segment"),
        (
            matching("a/../b"),
            2,
            "contains the segment .., which no name does",
        ),
        (
            matching("a/**b"),
            2,
            "has ** next to other characters: it stands for whole segments, as in \"a/**/b\"",
        ),
        (
            matching(&"a".repeat(10_000)),
            2,
            "is longer than 1024 bytes",
        ),
        (matching(&"**/".repeat(65)), 2, "ends in /"),
        (
            matching(&format!("{}a", "**/".repeat(64))),
            2,
            "has more than 64 segments",
        ),
        (
            matching("{claim:department}/a"),
            2,
            "\"department\" is not a JSON Pointer to a claim, expected one such as \"/department\"",
        ),
        (matching("{claim:}"), 2, "has a claim that cannot be read"),
        (
            matching("{claim:/a~5}"),
            2,
            "has a claim that cannot be read",
        ),
    ] {
        let message = error(&text);
        let start = format!("line {line}: ");
        assert!(message.starts_with(&start), "{text}\n{message}");
        assert!(message.contains(words), "{text}\n{message}");
        assert!(!message.contains('\n'), "{message}");
        assert!(message.len() < 400, "{message}");
    }
}

#[test]
fn a_placeholder_is_a_whole_segment_that_is_written_completely() {
    for pattern in [
        "{user",
        "user}",
        "{}",
        "{User}",
        "{ user }",
        "x-{user}",
        "{user}x",
        "{user}{user}",
        "{claim}",
        "{org}",
        "{claim:/a",
        "{claim:/a}x",
        "{claim:/a/{user}}",
        "{{user}}",
        "a{b}c",
    ] {
        let message = error(&format!("[[org.paths]]\nmatch = 'a/{pattern}/b'\n"));
        assert!(
            message.contains("a whole segment may be {user} or {claim:POINTER}"),
            "{message}"
        );
    }
}

#[test]
fn an_area_has_at_most_1000_paths() {
    let paths = |count: usize| -> String {
        (0..count)
            .map(|n| format!("[[org.paths]]\nmatch = 'a/{n}'\n"))
            .collect()
    };
    parse(&paths(1000));
    let message = error(&paths(10_000));
    assert_eq!(
        message,
        "line 2002: org.paths: an area can have at most 1000 paths"
    );
}
