//! Random policies, callers and names: a decision is what the contract says, read plainly.

use fastrand::Rng;

use super::*;
use crate::policy::Pointer;

const CASES: usize = 100_000;
const PER_POLICY: usize = 50;

fn one<'t, T>(random: &mut Rng, of: &'t [T]) -> &'t T {
    random.choice(of).expect("a choice")
}

fn some(random: &mut Rng, of: &[&str], most: usize) -> Vec<String> {
    let count = random.usize(1..=most);
    (0..count).map(|_| (*one(random, of)).to_owned()).collect()
}

const SEGMENTS: &[&str] = &["a", "b", "hr", "it", "ann", "ab", "abb", "*", "**", "x.txt"];
const PATTERNS: &[&str] = &[
    "a",
    "b",
    "hr",
    "a*",
    "*b",
    "a*b",
    "*",
    "*.txt",
    "**",
    "**",
    "{user}",
    "{claim:/d}",
    "{claim:/p/q}",
];
const WORDS: &[&str] = &[
    "anyone",
    "signed-in",
    "uploader",
    "nobody",
    "role:r",
    "role:s",
    "claim:/d=hr",
    "claim:/n=7",
];
const POINTERS: [&str; 3] = ["/d", "/p/q", "/n"];

/// A document before it is written.
struct Written {
    area: Area,
    rules: Vec<(Operation, Vec<String>)>,
    size: Option<usize>,
    paths: Vec<WrittenPath>,
}

struct WrittenPath {
    pattern: String,
    rules: Vec<(Operation, Vec<String>)>,
    size: Option<usize>,
}

/// A caller before the policy asks them.
struct Asking {
    user: Option<&'static str>,
    org: Option<&'static str>,
    roles: Vec<String>,
    claims: Vec<(&'static str, Vec<String>)>,
}

fn rules(random: &mut Rng) -> Vec<(Operation, Vec<String>)> {
    let mut rules = Vec::new();
    for operation in Operation::ALL {
        if random.bool() {
            rules.push((operation, some(random, WORDS, 2)));
        }
    }
    rules
}

fn size(random: &mut Rng) -> Option<usize> {
    random.bool().then(|| random.usize(1..=9))
}

fn written(random: &mut Rng) -> Written {
    let path = |random: &mut Rng| WrittenPath {
        pattern: some(random, PATTERNS, 4).join("/"),
        rules: rules(random),
        size: size(random),
    };
    Written {
        area: *one(random, &[Area::Public, Area::User, Area::Org]),
        rules: rules(random),
        size: size(random),
        paths: (0..random.usize(..5)).map(|_| path(random)).collect(),
    }
}

impl Written {
    fn text(&self) -> String {
        let table = |rules: &[(Operation, Vec<String>)], size: Option<usize>| {
            let rules = rules
                .iter()
                .map(|(operation, words)| format!("{} = {words:?}\n", operation.name()));
            let size = size.map(|size| format!("max-file-size = '{size} B'\n"));
            rules.chain(size).collect::<String>()
        };
        let area = self.area;
        let paths = self.paths.iter().map(|path| {
            let rules = table(&path.rules, path.size);
            format!("[[{area}.paths]]\nmatch = {:?}\n{rules}", path.pattern)
        });
        format!(
            "[iam]\nissuer = 'https://i'\norg-claim = '/o'\nroles-claim = '/r'\n[{area}]\n{}{}",
            table(&self.rules, self.size),
            paths.collect::<String>()
        )
    }
}

fn asking(random: &mut Rng) -> Option<Asking> {
    if random.usize(..4) == 0 {
        return None;
    }
    let values: &[&str] = &["hr", "it", "a", "*", "**", "7", "", "a/b", "..", "ab"];
    let mut claims = Vec::new();
    for pointer in POINTERS {
        if random.usize(..3) > 0 {
            claims.push((pointer, some(random, values, 2)));
        }
    }
    Some(Asking {
        user: *one(
            random,
            &[None, Some("ann"), Some("ann"), Some("a"), Some("**")],
        ),
        org: *one(random, &[None, Some("acme"), Some("acme")]),
        roles: some(random, &["r", "s", "t"], 2),
        claims,
    })
}

fn caller(asking: Option<&Asking>, policy: &Policy) -> Caller {
    let Some(asking) = asking else {
        return Caller::Anonymous;
    };
    let roles: Vec<&str> = asking.roles.iter().map(String::as_str).collect();
    let facts = policy
        .questions()
        .answers(asking.user, |pointer: &Pointer| {
            let mut claims = asking.claims.iter();
            let found = claims.find(|(known, _)| *known == pointer.as_str());
            found.map(|(_, values)| values.clone()).unwrap_or_default()
        });
    Caller::Bearer(Bearer::for_test(asking.user, asking.org, &roles).knowing(facts))
}

fn is_like(text: &[u8], glob: &[u8]) -> bool {
    match (glob, text) {
        ([], []) => true,
        ([b'*', glob @ ..], text) => (0..=text.len()).any(|n| is_like(&text[n..], glob)),
        ([wanted, glob @ ..], [found, text @ ..]) => wanted == found && is_like(text, glob),
        _ => false,
    }
}

/// With `asking`, or for whoever may ask.
fn fits(pattern: &[&str], name: &[&str], asking: Option<Option<&Asking>>) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (["**"], name) => !name.is_empty(),
        (["**", rest @ ..], name) => (0..=name.len()).any(|n| fits(rest, &name[n..], asking)),
        ([wanted, pattern @ ..], [found, name @ ..]) => {
            let of_token = wanted.starts_with('{');
            let this = match (asking, *wanted) {
                (None, _) if of_token => true,
                (Some(None), _) if of_token => false,
                (Some(Some(asking)), "{user}") => asking.user == Some(*found),
                (Some(Some(asking)), _) if of_token => {
                    let pointer = &wanted["{claim:".len()..wanted.len() - 1];
                    let mut claims = asking.claims.iter();
                    claims.any(|(known, values)| {
                        *known == pointer && values.iter().any(|value| value == found)
                    })
                }
                _ => is_like(found.as_bytes(), wanted.as_bytes()),
            };
            this && fits(pattern, name, asking)
        }
        _ => false,
    }
}

/// The path that decides, if there is one.
fn deciding<'w>(
    written: &'w Written,
    name: &str,
    asking: Option<&Asking>,
) -> Option<&'w WrittenPath> {
    let name: Vec<&str> = name.split('/').collect();
    written.paths.iter().find(|path| {
        // A pointer has slashes of its own.
        let pattern = path.pattern.replace("/p/q", "/p:q");
        let pattern: Vec<String> = segments(&pattern);
        let pattern: Vec<&str> = pattern.iter().map(String::as_str).collect();
        fits(&pattern, &name, Some(asking))
    })
}

fn segments(pattern: &str) -> Vec<String> {
    let hidden = pattern.replace("{claim:/", "{claim:|");
    let parts = hidden.split('/');
    parts
        .map(|part| part.replace("{claim:|", "{claim:/").replace("p:q", "p/q"))
        .collect()
}

/// `A` for all files, `U` for their own, `-` for none.
fn expected(
    written: &Written,
    asking: Option<&Asking>,
    operation: Operation,
    name: &str,
) -> (char, usize) {
    let path = deciding(written, name, asking);
    let given = |rules: &[(Operation, Vec<String>)]| {
        let mut rules = rules.iter();
        let found = rules.find(|(known, _)| *known == operation);
        found.map(|(_, words)| words.clone())
    };
    let default = match (written.area, operation) {
        (Area::Public, Operation::List) => "signed-in",
        (Area::Public, Operation::Replace | Operation::Delete) => "uploader",
        _ => "anyone",
    };
    let words = path
        .and_then(|path| given(&path.rules))
        .or_else(|| given(&written.rules))
        .unwrap_or_else(|| vec![default.to_owned()]);
    let size = path.and_then(|path| path.size).or(written.size);
    let size = size.unwrap_or(5 << 30);
    let enters = match written.area {
        Area::Public => true,
        Area::User => asking.is_some_and(|asking| asking.user.is_some()),
        Area::Org => asking.is_some_and(|asking| asking.org.is_some()),
    };
    let allows = |word: &String| match (word.as_str(), asking) {
        ("anyone", _) => true,
        ("signed-in", Some(_)) => true,
        (word, Some(asking)) => match word.split_once([':', '=']) {
            Some(("role", role)) => asking.roles.iter().any(|held| held == role),
            Some(("claim", rest)) => {
                let (pointer, value) = rest.split_once('=').expect("a value");
                let mut claims = asking.claims.iter();
                claims.any(|(known, values)| {
                    *known == pointer && values.iter().any(|held| held == value)
                })
            }
            _ => false,
        },
        _ => false,
    };
    let own = words.iter().any(|word| word == "uploader")
        && matches!(
            operation,
            Operation::Read | Operation::Replace | Operation::Delete
        )
        && asking.is_some_and(|asking| asking.user.is_some());
    let verdict = match () {
        () if !enters => '-',
        () if words.iter().any(allows) => 'A',
        () if own => 'U',
        () => '-',
    };
    (verdict, size)
}

#[test]
fn every_decision_is_what_the_contract_says() {
    let mut random = Rng::with_seed(0x5eed_0001);
    let mut seen = [0; 3];
    for _ in 0..CASES / PER_POLICY {
        let written = written(&mut random);
        let text = written.text();
        let policy = Policy::parse(&text).expect(&text);
        let bytes = policy.to_bytes();
        let policy = Policy::from_bytes(bytes).expect("a policy");
        for _ in 0..PER_POLICY {
            let asking = asking(&mut random);
            let caller = caller(asking.as_ref(), &policy);
            let operation = *one(&mut random, &Operation::ALL);
            let name = some(&mut random, SEGMENTS, 4).join("/");
            let judge = Judge::new(&policy, &caller, written.area);
            let got = match judge.decide(operation, &name) {
                Ok(granted) if granted.reach == Reach::All => 'A',
                Ok(_) => 'U',
                Err(Problem::Unauthenticated(_)) if asking.is_none() => '-',
                Err(Problem::Forbidden(_)) => '-',
                Err(other) => panic!("{other}"),
            };
            let limits = judge.applied(&name).limits();
            let got = (
                got,
                usize::try_from(limits.max_file_size()).expect("a size"),
            );
            let expected = expected(&written, asking.as_ref(), operation, &name);
            let user = asking.as_ref().map(|asking| (asking.user, &asking.claims));
            assert_eq!(
                got,
                expected,
                "{text}\n{user:?} {} {name}",
                operation.name()
            );
            let verdicts = ['A', 'U', '-'].iter();
            for (count, verdict) in seen.iter_mut().zip(verdicts) {
                *count += usize::from(got.0 == *verdict);
            }
        }
    }
    // Each verdict is common, or the cases would show little.
    assert!(seen.iter().all(|&count| count > CASES / 50), "{seen:?}");
}
