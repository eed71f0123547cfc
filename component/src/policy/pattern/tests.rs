use super::*;
use crate::policy::Pointer;
use crate::policy::facts::Questions;

/// Ann of HR, whose projects are `x`, and some texts that look like patterns.
fn ann() -> Facts {
    let mut questions = Questions::default();
    questions.ask_user();
    for pointer in ["/department", "/projects", "/wild", "/none"] {
        questions.ask_claim(&Pointer::try_from(pointer.to_owned()).expect("a pointer"));
    }
    questions.answers(Some("ann"), |pointer| {
        let values: &[&str] = match pointer.as_str() {
            "/department" => &["hr"],
            "/projects" => &["x", "y z"],
            "/wild" => &["*", "**", "a/b", "", ".", "..", "{user}"],
            _ => &[],
        };
        values.iter().map(ToString::to_string).collect()
    })
}

fn fits(pattern: &str, name: &str) -> bool {
    let encoded = Pattern::parse(pattern).expect(pattern);
    Pattern::new(&encoded).fits(name, Meaning::Of(&ann()))
}

#[test]
fn a_pattern_is_shown_as_it_was_written() {
    for text in [
        "a",
        "a/b.pdf",
        "*",
        "**",
        "*/**",
        "**/**",
        "a/*/**",
        "a/*",
        "**/a/**",
        "a*b/x",
        "{user}/**",
        "d/{claim:/a/b~1c}/*.pdf",
        "日本/**",
        "*/*",
    ] {
        let encoded = Pattern::parse(text).expect(text);
        assert_eq!(Pattern::new(&encoded).to_string(), text);
    }
}

#[test]
fn a_name_fits_or_does_not() {
    for (pattern, fitting, others) in [
        ("a", &["a"][..], &["b", "aa", "a/b", "A"][..]),
        ("a/b", &["a/b"], &["a", "a/b/c", "b/a"]),
        ("*", &["a", "a.txt", "*"], &["a/b"]),
        ("*.pdf", &["a.pdf", ".pdf"], &["a.pdfx", "a/b.pdf", "a.PDF"]),
        (
            "a*b*c",
            &["abc", "axbxc", "abbcc"],
            &["ab", "ac", "abcd", "a/b/c"],
        ),
        ("a*a", &["aa", "aba"], &["a"]),
        ("**", &["a", "a/b", "a/b/c"], &[]),
        ("a/**", &["a/b", "a/b/c"], &["a", "ab/c", "b/a/c"]),
        ("**/a", &["a", "b/a", "b/c/a"], &["b", "a/b", "ba"]),
        (
            "a/**/b",
            &["a/b", "a/x/b", "a/x/y/b", "a/b/b"],
            &["a", "ab", "a/bb", "a/b/c"],
        ),
        (
            "**/a/**",
            &["a/b", "x/a/b", "a/a", "x/a/a/b"],
            &["a", "x/a", "b/c"],
        ),
        (
            "**/a/*/b",
            &["a/x/b", "a/a/x/b", "a/x/a/y/b"],
            &["a/b", "a/x/b/c"],
        ),
        ("*/**", &["a/b", "a/b/c"], &["a"]),
        ("**/**", &["a", "a/b"], &[]),
        (
            "{user}/**",
            &["ann/a"],
            &["bob/a", "ann", "{user}/a", "Ann/a"],
        ),
        (
            "d/{claim:/department}/*",
            &["d/hr/a"],
            &["d/it/a", "d/hr", "d/*/a", "d//a"],
        ),
        (
            "{claim:/projects}",
            &["x", "y z"],
            &["y", "z", "x/y", "xy z"],
        ),
        (
            "{claim:/wild}/f",
            &["*/f", "**/f", "{user}/f"],
            &["a/f", "a/b/f", "ann/f", "f"],
        ),
        ("{claim:/none}", &[], &["a", "none"]),
        ("日本/*語*", &["日本/語", "日本/a語b"], &["日本/a"]),
    ] {
        for name in fitting {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for name in others {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}

#[test]
fn for_any_token_a_placeholder_is_any_segment() {
    let encoded = Pattern::parse("d/{claim:/none}/{user}").expect("a pattern");
    let pattern = Pattern::new(&encoded);
    assert!(pattern.fits("d/x/y", Meaning::OfAny));
    assert!(!pattern.fits("d/x/y/z", Meaning::OfAny));
    assert!(!pattern.fits("e/x/y", Meaning::OfAny));
    assert!(pattern.depends_on_token());
    assert_eq!(pattern.questions(), (vec!["/none"], true));
}

#[test]
fn a_mistake_is_told_with_what_would_be_right() {
    let long = "x/".repeat(600);
    let deep = ["a"; 65].join("/");
    for (pattern, reason) in [
        ("", "\"**\" matches every name"),
        ("a/", "write \"a/**\""),
        ("/a", "begins with /"),
        ("a//b", "empty segment"),
        ("a/../b", "segment .."),
        ("./a", "segment ."),
        ("a\nb", "control character"),
        ("a\\b", "backslash"),
        ("a**", "whole segments"),
        ("***", "whole segments"),
        ("{role}/a", "{user} or {claim:POINTER}"),
        ("x{user}", "{user} or {claim:POINTER}"),
        ("{user}{user}", "{user} or {claim:POINTER}"),
        ("{claim:department}/a", "\"/department\""),
        ("{claim:}/a", "JSON Pointer"),
        ("{user", "{user} or {claim:POINTER}"),
        ("a}", "{user} or {claim:POINTER}"),
        (&long, "longer than 1024 bytes"),
        (&deep, "more than 64 segments"),
    ] {
        let refused = Pattern::parse(pattern).expect_err(pattern);
        assert!(refused.contains(reason), "{pattern:.50}: {refused}");
        assert!(refused.len() < 400, "{refused}");
    }
}

#[test]
fn what_a_prefix_covers_is_what_its_names_say() {
    use Coverage::{All, None, Some};
    for (pattern, prefix, expected) in [
        ("**", "", All),
        ("**", "a/b", All),
        ("a/**", "", Some),
        ("a/**", "a", Some),
        ("a/**", "ab", None),
        ("a/**", "a/", All),
        ("a/**", "a/b", All),
        ("a/**", "a/b/c/", All),
        ("a/**", "b/", None),
        ("a/*", "a/", Some),
        ("a/*", "a/b/", None),
        ("a/b", "a/b", Some),
        ("a/b", "a/b/", None),
        ("*.pdf", "x", Some),
        ("img*", "im", Some),
        ("img*", "imgs", Some),
        ("img*", "ing", None),
        ("*/**", "", Some),
        ("*/**", "a/", All),
        ("**/x", "a/b/", Some),
        ("a/**/b/**", "a/", Some),
        ("a/**/b/**", "a/c/b/", All),
        ("{user}/**", "", Some),
        ("{user}/**", "an", Some),
        ("{user}/**", "ann/", All),
        ("{user}/**", "bob/", None),
        ("{user}/**", "b", None),
        ("d/{claim:/department}/**", "d/", Some),
        ("d/{claim:/department}/**", "d/hr/", All),
        ("d/{claim:/department}/**", "d/it/", None),
        ("d/{claim:/none}/**", "", None),
        ("{claim:/wild}/**", "a/b/", None),
        ("{claim:/wild}/**", "*/", All),
    ] {
        let encoded = Pattern::parse(pattern).expect(pattern);
        let coverage = Pattern::new(&encoded).coverage(prefix, Meaning::Of(&ann()));
        assert_eq!(coverage, expected, "{pattern} {prefix}");
    }
    let encoded = Pattern::parse("d/{claim:/none}/**").expect("a pattern");
    let of_any = |prefix| Pattern::new(&encoded).coverage(prefix, Meaning::OfAny);
    assert_eq!(
        (of_any("d/"), of_any("d/x/"), of_any("e/")),
        (Some, All, None)
    );
}

#[test]
fn the_next_segments_are_known_unless_they_can_be_any() {
    let only = |texts: &'static [&'static str]| Next::Only(texts.to_vec());
    for (pattern, prefix, expected) in [
        ("a/b", "", only(&["a"])),
        ("a/b", "a", only(&["a"])),
        ("a/b", "b", only(&[])),
        ("a/b", "a/", only(&["b"])),
        ("a/b", "a/b/", only(&[])),
        ("日本/x", "日", only(&["日本"])),
        ("a/**", "a", only(&["a"])),
        ("a/**", "a/", Next::Any),
        ("a/**/b", "a/", Next::Any),
        ("**/b", "", Next::Any),
        ("*/b", "", Next::Any),
        ("a*/b", "a", Next::Any),
        ("*/b", "x/", only(&["b"])),
        ("{user}/**", "", only(&["ann"])),
        ("{user}/**", "b", only(&[])),
        ("d/{claim:/projects}/**", "d/", only(&["x", "y z"])),
        ("d/{claim:/projects}/**", "d/y", only(&["y z"])),
        ("{claim:/wild}/f", "", only(&["*", "**", "{user}"])),
        ("d/{claim:/none}/f", "d/", only(&[])),
    ] {
        let encoded = Pattern::parse(pattern).expect(pattern);
        let facts = ann();
        let next = Pattern::new(&encoded).next(prefix, Meaning::Of(&facts));
        assert_eq!(next, expected, "{pattern} {prefix}");
    }
}
