//! Random names, policies, callers and queries: all pages together are what a plain reading of
//! the policy says, file by file.

use std::collections::BTreeSet;

use fastrand::Rng;

use super::*;
use crate::url::seal::{self, SealKey};
use crate::url::{After, Cursor};

const POLICIES: usize = 4000;
const WALKS: usize = 5;

fn one<'t>(random: &mut Rng, of: &[&'t str]) -> &'t str {
    random.choice(of).expect("a choice")
}

fn some<'t>(random: &mut Rng, of: &[&'t str], most: usize) -> Vec<&'t str> {
    let count = random.usize(1..=most);
    (0..count).map(|_| one(random, of)).collect()
}

const SEGMENTS: &[&str] = &[
    "a",
    "a-b",
    "a0",
    "ab",
    "a b",
    "b",
    "ann",
    "hr",
    "it",
    "*",
    "**",
    "x.txt",
    "é",
    "日本",
    "{user}",
    "~",
    "\u{10ffff}",
];
const PATTERNS: &[&str] = &[
    "a",
    "b",
    "hr",
    "a-b",
    "日本",
    "a*",
    "*b",
    "*",
    "*.txt",
    "**",
    "**",
    "**",
    "{user}",
    "{claim:/d}",
    "{claim:/e}",
];
const WORDS: &[&str] = &[
    "anyone",
    "signed-in",
    "nobody",
    "nobody",
    "role:r",
    "claim:/d=hr",
    "uploader",
];

/// A policy before it is written.
struct Written {
    list: Option<&'static str>,
    paths: Vec<(Vec<&'static str>, Option<&'static str>)>,
}

/// A caller before the policy asks them.
struct Asking {
    user: Option<&'static str>,
    roles: Vec<&'static str>,
    claims: [Vec<&'static str>; 2],
}

impl Written {
    fn random(random: &mut Rng) -> Self {
        let rule = |random: &mut Rng| (random.usize(..5) > 0).then(|| one(random, WORDS));
        Self {
            list: rule(random),
            paths: (0..random.usize(..5))
                .map(|_| (some(random, PATTERNS, 3), rule(random)))
                .collect(),
        }
    }

    fn text(&self) -> String {
        let rule = |rule: Option<&str>| rule.map(|word| format!("list = '{word}'\n"));
        let paths = self.paths.iter().map(|(pattern, list)| {
            let list = rule(*list).unwrap_or_default();
            format!("[[public.paths]]\nmatch = '{}'\n{list}", pattern.join("/"))
        });
        format!(
            "[iam]\nissuer = 'https://i'\nroles-claim = '/r'\n[public]\n{}{}",
            rule(self.list).unwrap_or_default(),
            paths.collect::<String>()
        )
    }

    /// Whether the contract lets them list this name.
    fn shows(&self, asking: Option<&Asking>, name: &str) -> bool {
        let name: Vec<&str> = name.split('/').collect();
        let mut paths = self.paths.iter();
        let path = paths.find(|(pattern, _)| fits(pattern, &name, asking));
        let word = path.and_then(|(_, list)| *list).or(self.list);
        match (word.unwrap_or("signed-in"), asking) {
            ("anyone", _) | ("signed-in", Some(_)) => true,
            ("role:r", Some(asking)) => asking.roles.contains(&"r"),
            ("claim:/d=hr", Some(asking)) => asking.claims[0].contains(&"hr"),
            _ => false,
        }
    }
}

fn is_like(text: &[u8], glob: &[u8]) -> bool {
    match (glob, text) {
        ([], []) => true,
        ([b'*', glob @ ..], text) => (0..=text.len()).any(|n| is_like(&text[n..], glob)),
        ([wanted, glob @ ..], [found, text @ ..]) => wanted == found && is_like(text, glob),
        _ => false,
    }
}

fn fits(pattern: &[&str], name: &[&str], asking: Option<&Asking>) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (["**"], name) => !name.is_empty(),
        (["**", rest @ ..], name) => (0..=name.len()).any(|n| fits(rest, &name[n..], asking)),
        ([wanted, pattern @ ..], [found, name @ ..]) => {
            let this = match *wanted {
                "{user}" => asking.is_some_and(|asking| asking.user == Some(*found)),
                "{claim:/d}" => asking.is_some_and(|asking| asking.claims[0].contains(found)),
                "{claim:/e}" => asking.is_some_and(|asking| asking.claims[1].contains(found)),
                wanted => is_like(found.as_bytes(), wanted.as_bytes()),
            };
            this && fits(pattern, name, asking)
        }
        _ => false,
    }
}

fn asking(random: &mut Rng) -> Option<Asking> {
    let values: &[&str] = &["hr", "it", "a", "*", "**", "", "a/b", "..", "é", "a-b"];
    (random.usize(..4) > 0).then(|| Asking {
        user: [None, Some("ann"), Some("ann"), Some("**")][random.usize(..4)],
        roles: some(random, &["r", "s"], 2),
        claims: [some(random, values, 3), some(random, values, 20)],
    })
}

fn caller(asking: Option<&Asking>, policy: &Policy) -> Caller {
    let Some(asking) = asking else {
        return Caller::Anonymous;
    };
    let values = |pointer: &Pointer| {
        let place = usize::from(pointer.as_str() == "/e");
        let values = asking.claims[place].iter();
        values.map(ToString::to_string).collect()
    };
    let facts = policy.questions().answers(asking.user, values);
    Caller::Bearer(Bearer::for_test(asking.user, None, &asking.roles).knowing(facts))
}

fn names(random: &mut Rng) -> BTreeSet<String> {
    let name = |random: &mut Rng| match random.usize(..8) {
        0 => some(random, &["a", "b"], 14).join("/"),
        _ => some(random, SEGMENTS, 4).join("/"),
    };
    let count = [3, 30, 150][random.usize(..3)];
    (0..count).map(|_| name(random)).collect()
}

/// What a list shows of these names.
fn entries<'n>(
    names: impl IntoIterator<Item = &'n String>,
    prefix: &str,
    by_folders: bool,
) -> Vec<String> {
    let mut entries = BTreeSet::new();
    for name in names {
        if let Some(rest) = name.strip_prefix(prefix) {
            let end = rest.find('/').filter(|_| by_folders);
            let entry = end.map_or(name.as_str(), |at| &name[..=prefix.len() + at]);
            entries.insert(entry.to_owned());
        }
    }
    entries.into_iter().collect()
}

/// Where a client's cursor for the page after this one leads.
fn follow(page: &Page, prefix: &str, by_folders: bool, shown: &[String]) -> Option<After> {
    let key = SealKey::derive(&[7; 32]);
    let binding = seal::binding([prefix]);
    let text = match &page.next {
        Next::End => return None,
        Next::LastEntry => {
            let last = page.entries.last().expect("an entry").name();
            assert!(shown.iter().any(|entry| entry == last), "{last} is told");
            Cursor::encode(last)
        }
        Next::Hidden(after) => Cursor::sealed(&key.seal(after, &binding).expect("sealed")),
    };
    let cursor = Cursor::decode(&text).expect("a cursor");
    let after = cursor.after(prefix, by_folders, |sealed| key.open(sealed, &binding));
    Some(after.expect("a position"))
}

struct Asks {
    prefix: String,
    by_folders: bool,
    limit: u32,
    may_pause: bool,
}

impl Asks {
    fn random(random: &mut Rng, names: &BTreeSet<String>) -> Self {
        let some: Vec<&String> = names.iter().collect();
        let prefix = match random.usize(..3) {
            0 => String::new(),
            _ => {
                let name = some[random.usize(..some.len())];
                let most = name.chars().count() + 1;
                name.chars().take(random.usize(..most)).collect()
            }
        };
        Self {
            prefix,
            by_folders: random.bool(),
            limit: [1, 2, 5, 100, 1000][random.usize(..5)],
            may_pause: random.usize(..3) > 0,
        }
    }

    /// All pages, each with at most so many calls. Each names no more than `shown` does.
    fn walk(&self, store: &Fake, permit: &List<'_, '_>, shown: &[String]) -> Vec<String> {
        let (mut after, mut all, mut is_promised) = (None, Vec::new(), false);
        for _ in 0..100_000 {
            let asked = Asked {
                prefix: &self.prefix,
                by_folders: self.by_folders,
                after,
                limit: self.limit,
            };
            let before = store.calls();
            let page = page(store, permit, asked, &|| self.may_pause).expect("a page");
            let limit = self.limit as usize;
            assert!(page.entries.len() <= limit);
            match page.next {
                Next::LastEntry => assert!(!page.entries.is_empty()),
                Next::Hidden(_) => {
                    assert!(self.may_pause);
                    assert!(store.calls() - before <= 17);
                }
                // A cursor after an entry says that there is another one.
                Next::End => assert!(!is_promised || !page.entries.is_empty()),
            }
            is_promised = page.next == Next::LastEntry;
            all.extend(page.entries.iter().map(|entry| entry.name().to_owned()));
            after = follow(&page, &self.prefix, self.by_folders, shown);
            if after.is_none() {
                return all;
            }
        }
        panic!("a walk without an end");
    }
}

#[test]
fn all_pages_together_are_what_the_contract_says() {
    let mut random = Rng::with_seed(0x5eed_0002);
    let mut counts = [0_usize; 3];
    for _ in 0..POLICIES {
        let written = Written::random(&mut random);
        let text = written.text();
        let policy = Policy::parse(&text).expect(&text);
        let names = names(&mut random);
        for _ in 0..WALKS {
            let asking = asking(&mut random);
            let caller = caller(asking.as_ref(), &policy);
            let asks = Asks::random(&mut random, &names);
            let Asks {
                prefix, by_folders, ..
            } = &asks;
            let may = names.iter();
            let may = may.filter(|name| written.shows(asking.as_ref(), name));
            let shown = entries(may, prefix, *by_folders);
            let Ok(permit) = permit::list(&policy, &caller, Area::Public, prefix) else {
                assert!(shown.is_empty(), "{text}{prefix}");
                counts[0] += 1;
                continue;
            };
            let mut store = Fake::of(names.iter().cloned());
            store.most = [None, Some(1), Some(3)][random.usize(..3)];
            let all = asks.walk(&store, &permit, &shown);
            assert_eq!(all, shown, "{text}{names:?} {prefix:?} {by_folders}");
            counts[usize::from(shown.len() < entries(&names, prefix, *by_folders).len()) + 1] += 1;

            // More files where nothing may be listed change nothing of what is asked.
            let mut fuller = Fake::of(names.iter().cloned().chain(names.iter().flat_map(|name| {
                let folders = name.match_indices('/').map(|(at, _)| &name[..=at]);
                let closed = folders.filter(|folder| permit.view(folder) == View::Closed);
                closed.flat_map(|folder| (0..9).map(move |n| format!("{folder}{n}/x")))
            })));
            fuller.most = store.most;
            if permit.view(prefix) != View::Closed {
                assert_eq!(asks.walk(&fuller, &permit, &shown), shown);
                assert_eq!(fuller.log(), store.log(), "{text}{names:?} {prefix:?}");
            }
        }
    }
    assert!(counts.iter().all(|&count| count > 1000), "{counts:?}");
}

#[test]
fn names_that_come_and_go_meanwhile_hide_none_and_show_none() {
    let mut random = Rng::with_seed(0x5eed_0003);
    for _ in 0..POLICIES {
        let written = Written::random(&mut random);
        let text = written.text();
        let policy = Policy::parse(&text).expect(&text);
        let (lasting, coming) = (names(&mut random), names(&mut random));
        let asking = asking(&mut random);
        let caller = caller(asking.as_ref(), &policy);
        let asks = Asks::random(&mut random, &lasting);
        let Ok(permit) = permit::list(&policy, &caller, Area::Public, &asks.prefix) else {
            continue;
        };
        let mut store = Fake::of(lasting.iter().cloned());
        store.most = [None, Some(1), Some(3)][random.usize(..3)];
        store.coming = coming.iter().cloned().collect::<Vec<_>>().into();
        let shown = |names: &mut dyn Iterator<Item = &String>| {
            let names = names.filter(|name| written.shows(asking.as_ref(), name));
            entries(names, &asks.prefix, asks.by_folders)
        };
        let at_most = shown(&mut lasting.union(&coming));
        let all = asks.walk(&store, &permit, &at_most);
        let case = || format!("{text}{lasting:?} {coming:?} {:?}", asks.prefix);
        assert!(
            all.windows(2).all(|two| two[0] < two[1]),
            "{} {all:?}",
            case()
        );
        let mut unknown = all.iter().filter(|entry| !at_most.contains(entry));
        assert_eq!(unknown.next(), None, "{}", case());
        let lasting = shown(&mut lasting.iter());
        let mut missing = lasting.iter().filter(|entry| !all.contains(entry));
        assert_eq!(missing.next(), None, "{}", case());
    }
}
