use super::super::{Facts, Meaning};
use super::*;
use crate::policy::Pointer;
use crate::policy::facts::Questions;

fn parse(text: &str) -> Vec<u8> {
    Pattern::parse(text).expect(text)
}

fn includes(one: &str, other: &str) -> bool {
    let (one, other) = (parse(one), parse(other));
    Pattern::new(&one).includes(Pattern::new(&other), &mut Effort::new(1_000_000))
}

#[test]
fn what_a_pattern_includes() {
    for (one, other) in [
        ("**", "a"),
        ("**", "**"),
        ("**", "**/x/**"),
        ("**", "{user}/{claim:/d}"),
        ("a/**", "a/b"),
        ("a/**", "a/**/b/**"),
        ("a/**", "a/{user}/*"),
        ("a/b", "a/b"),
        ("*", "a"),
        ("*", "{user}"),
        ("*", "*.pdf"),
        ("*/b", "{claim:/d}/b"),
        ("**/b", "a/**/b"),
        ("**/b", "b"),
        ("**/*.pdf", "a/report-*.pdf"),
        ("*.pdf", "a.pdf"),
        ("a*", "ab*c"),
        ("*a*", "xa*y"),
        ("{user}/**", "{user}/a/b"),
        ("{claim:/d}", "{claim:/d}"),
        ("**/a/**", "x/**/a/y"),
        ("a/**/b", "a/**/x/b"),
        ("**/*/**", "a/b"),
    ] {
        assert!(includes(one, other), "{one} {other}");
    }
    for (one, other) in [
        ("a", "**"),
        ("a", "b"),
        ("a/*", "a/**"),
        ("a/**", "a"),
        ("a/**", "**"),
        ("*/a", "**/a"),
        ("**/a", "**"),
        ("**/a/**", "**/a"),
        ("*.pdf", "*"),
        ("*.pdf", "*.txt"),
        ("ab*", "a*b"),
        ("a*a", "a"),
        // What the token says is not known.
        ("{user}", "a"),
        ("{user}", "*"),
        ("{user}/**", "{claim:/d}/**"),
        ("{claim:/d}", "{claim:/e}"),
        ("a", "{user}"),
        ("a*", "{user}"),
        ("{user}/**", "**"),
    ] {
        assert!(!includes(one, other), "{one} {other}");
    }
}

/// Every pattern of up to three of these segments, and every name of up to four.
#[test]
fn what_is_included_fits_whatever_the_name_and_the_token() {
    let segments = ["a", "b*", "*b", "*", "**", "{user}", "{claim:/d}"];
    let texts = ["a", "b", "ab", "bb"];
    let all = |pieces: &[&str], longest: usize| -> Vec<String> {
        let mut all: Vec<String> = pieces.iter().map(ToString::to_string).collect();
        let mut last = all.clone();
        for _ in 1..longest {
            last = last
                .iter()
                .flat_map(|begun| pieces.iter().map(move |piece| format!("{begun}/{piece}")))
                .collect();
            all.extend_from_slice(&last);
        }
        all
    };
    let names = all(&texts, 4);
    let mut questions = Questions::default();
    questions.ask_user();
    questions.ask_claim(&Pointer::try_from("/d".to_owned()).expect("a pointer"));
    let facts: Vec<Facts> = [("a", "b"), ("b", "ab")]
        .iter()
        .map(|(user, claim)| questions.answers(Some(user), |_| vec![(*claim).to_owned()]))
        .collect();
    let patterns = all(&segments, 3);
    let encoded: Vec<Vec<u8>> = patterns.iter().map(|text| parse(text)).collect();
    // For each pattern, which names of which token fit.
    let fitting: Vec<Vec<bool>> = encoded
        .iter()
        .map(|pattern| {
            let of_token = |facts| {
                let pattern = Pattern::new(pattern);
                names
                    .iter()
                    .map(move |name| pattern.fits(name, Meaning::Of(facts)))
            };
            facts.iter().flat_map(of_token).collect()
        })
        .collect();
    let mut included = 0;
    for (one, fits_one) in encoded.iter().zip(&fitting) {
        for (other, fits_other) in encoded.iter().zip(&fitting) {
            let mut effort = Effort::new(1_000);
            if Pattern::new(one).includes(Pattern::new(other), &mut effort) {
                included += 1;
                let both = fits_one.iter().zip(fits_other);
                let missing = both.filter(|(one, other)| **other && !**one).count();
                assert_eq!(missing, 0, "{one:?} {other:?}");
            }
        }
    }
    assert!(included > 8_000, "{included}");
}

#[test]
fn comparing_ends_when_the_effort_is_spent() {
    let most = parse(&format!("{}*", "**/".repeat(63)));
    let mut effort = Effort::new(10_000);
    let compared = |effort: &mut Effort| {
        let pattern = Pattern::new(&most);
        pattern.includes(pattern, effort)
    };
    assert!(compared(&mut effort) && compared(&mut effort));
    assert!(!compared(&mut effort) && !compared(&mut effort));
}
