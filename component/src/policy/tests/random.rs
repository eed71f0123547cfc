//! Documents that somebody's editor, or their cat, has changed.

use fastrand::Rng;

use super::*;

const ROUNDS: u64 = 20_000;
const DOCUMENT: &str = "[iam]\nissuer = 'https://i'\naudience = 'a'\norg-claim = '/o'\n\
    roles-claim = '/r'\n[public]\nread = ['anyone', 'role:x', 'claim:/d=hr']\n\
    max-file-size = '20 MB'\ncontent-types = ['image/*']\ncache-control = 'private'\n\
    [[public.paths]]\nmatch = 'a/{claim:/d}/*x*/**/{user}'\nread = 'uploader'\n\
    [[org.paths]]\nmatch = '**'\nlist = 'nobody'\nmax-file-size = '1 B'\n\
    [links]\nmax-age = '7d'\n[cors]\norigins = ['https://*.example.com']\n";
const PIECES: &[&str] = &[
    "",
    "'",
    "\"",
    "\n",
    "=",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "/",
    "**",
    "*",
    "{claim:",
    "{user}",
    "role:",
    "claim:/=",
    "0",
    "é",
    "\u{0}",
    "\u{feff}",
    "#",
    ".",
    "..",
    "match = ''",
    "true",
];

#[test]
fn whatever_a_document_says_it_is_read_or_refused_in_one_line() {
    let mut random = Rng::with_seed(0x5eed);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..ROUNDS {
        let mut document: Vec<char> = DOCUMENT.chars().collect();
        for _ in 0..=random.usize(..2) {
            let at = random.usize(..document.len());
            let until = (at + random.usize(..3)).min(document.len());
            document.splice(at..until, PIECES[random.usize(..PIECES.len())].chars());
        }
        let document: String = document.into_iter().collect();
        match Policy::parse(&document) {
            Ok(policy) => {
                read += 1;
                for name in ["a/hr/x/ann", "a", "é/\u{10ffff}"] {
                    let _ = policy.applied(Area::Public, name, Facts::NONE).limits();
                    let _ = policy.applied_within(Area::Org, name, Facts::NONE);
                }
            }
            Err(error) => {
                refused += 1;
                let error = error.to_string();
                assert!(error.lines().count() == 1, "{document}\n{error}");
                assert!(error.len() < 1000, "{document}\n{error}");
            }
        }
    }
    assert!(read > 500 && refused > 500, "{read} {refused}");
}

#[test]
fn too_much_is_refused() {
    let paths = |count: usize, pattern: &str| {
        let path = format!("[[org.paths]]\nmatch = '{pattern}'\nread = 'nobody'\n");
        format!("public-only = true\n{}", path.repeat(count))
    };
    let long = "x".repeat(1000);
    for (document, reason) in [
        (
            paths(10_000, "a"),
            "line 3003: org.paths: an area can have at most 1000 paths",
        ),
        (
            paths(1000, &long),
            "line 381: org.paths: the paths up to here take more than 131072 bytes together",
        ),
        (
            paths(1, &"x/".repeat(5000)),
            "line 3: org.paths.match: \"x/x/",
        ),
    ] {
        let refused = Policy::parse(&document).expect_err(reason).to_string();
        assert!(refused.starts_with(reason), "{refused}");
    }
    assert!(Policy::parse(&paths(1000, "a/**")).is_ok());
}
