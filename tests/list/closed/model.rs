//! Random policies, callers and names, and which of the names a plain reading of a policy shows.

use std::collections::BTreeSet;

use crate::support::{Claims, sign};

/// Xorshift, by Marsaglia.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % limit
    }

    fn some(&mut self, of: &[&'static str], most: usize) -> Vec<&'static str> {
        let count = 1 + self.below(most);
        (0..count).map(|_| of[self.below(of.len())]).collect()
    }
}

const SEGMENTS: &[&str] = &[
    "a", "a-b", "a0", "b", "ann", "hr", "it", "x.txt", "é", "日本", "~",
];
const PATTERNS: &[&str] = &[
    "a",
    "b",
    "hr",
    "a-b",
    "日本",
    "a*",
    "*",
    "**",
    "**",
    "{user}",
    "{claim:/d}",
];
const WORDS: &[&str] = &["signed-in", "nobody", "role:r", "claim:/d=hr"];

/// A policy before it is written. Anyone may store.
pub struct Written {
    list: &'static str,
    paths: Vec<(Vec<&'static str>, &'static str)>,
}

/// A caller before they have a token.
pub struct Caller {
    user: &'static str,
    role: &'static str,
    departments: Vec<&'static str>,
}

impl Caller {
    pub fn random(random: &mut Random) -> Self {
        Self {
            user: random.some(&["ann", "bob"], 1)[0],
            role: random.some(&["r", "s"], 1)[0],
            departments: random.some(&["hr", "it", "a", "**", "é"], 2),
        }
    }

    pub fn token(&self) -> String {
        let claims = Claims::new().with("sub", self.user);
        let claims = claims.with("roles", vec![self.role]);
        sign(&claims.with("d", self.departments.clone()))
    }
}

impl Written {
    pub fn random(random: &mut Random) -> Self {
        let paths = 2 + random.below(3);
        Self {
            list: random.some(WORDS, 1)[0],
            paths: (0..paths)
                .map(|_| (random.some(PATTERNS, 3), random.some(WORDS, 1)[0]))
                .collect(),
        }
    }

    pub fn text(&self) -> String {
        let path = |(pattern, list): &(Vec<&str>, &str)| {
            let pattern = pattern.join("/");
            format!("[[public.paths]]\nmatch = '{pattern}'\nlist = '{list}'\n")
        };
        let paths: String = self.paths.iter().map(path).collect();
        format!("[public]\nlist = '{}'\n{paths}", self.list)
    }

    /// Whether the contract lets them list this name.
    pub fn shows(&self, caller: &Caller, name: &str) -> bool {
        let name: Vec<&str> = name.split('/').collect();
        let mut paths = self.paths.iter();
        let path = paths.find(|(pattern, _)| fits(pattern, &name, caller));
        match path.map_or(self.list, |(_, list)| list) {
            "signed-in" => true,
            "role:r" => caller.role == "r",
            "claim:/d=hr" => caller.departments.contains(&"hr"),
            _ => false,
        }
    }
}

fn fits(pattern: &[&str], name: &[&str], caller: &Caller) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (["**"], name) => !name.is_empty(),
        (["**", rest @ ..], name) => (0..=name.len()).any(|n| fits(rest, &name[n..], caller)),
        ([wanted, pattern @ ..], [found, name @ ..]) => {
            let this = match *wanted {
                "*" => true,
                "a*" => found.starts_with('a'),
                "{user}" => caller.user == *found,
                "{claim:/d}" => caller.departments.contains(found),
                wanted => wanted == *found,
            };
            this && fits(pattern, name, caller)
        }
        _ => false,
    }
}

/// Some of which lie around others by their bytes.
pub fn names(random: &mut Random) -> BTreeSet<String> {
    let names = (0..80).map(|_| random.some(SEGMENTS, 4).join("/"));
    names.collect()
}

/// The beginning of one of these names, or nothing.
pub fn prefix(random: &mut Random, names: &[String]) -> String {
    let name = &names[random.below(names.len())];
    let length = name.chars().count() * random.below(2);
    name.chars().take(random.below(length + 1)).collect()
}
