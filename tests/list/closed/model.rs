//! Random policies, callers and names, and which of the names a plain reading of a policy shows.

use std::collections::BTreeSet;

use fastrand::Rng;

use crate::support::{Claims, sign};

fn some(random: &mut Rng, of: &[&'static str], most: usize) -> Vec<&'static str> {
    let count = random.usize(1..=most);
    (0..count).map(|_| of[random.usize(..of.len())]).collect()
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
    pub fn random(random: &mut Rng) -> Self {
        Self {
            user: some(random, &["ann", "bob"], 1)[0],
            role: some(random, &["r", "s"], 1)[0],
            departments: some(random, &["hr", "it", "a", "**", "é"], 2),
        }
    }

    pub fn token(&self) -> String {
        let claims = Claims::new().with("sub", self.user);
        let claims = claims.with("roles", vec![self.role]);
        sign(&claims.with("d", self.departments.clone()))
    }
}

impl Written {
    pub fn random(random: &mut Rng) -> Self {
        let paths = random.usize(2..=4);
        Self {
            list: some(random, WORDS, 1)[0],
            paths: (0..paths)
                .map(|_| (some(random, PATTERNS, 3), some(random, WORDS, 1)[0]))
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
pub fn names(random: &mut Rng) -> BTreeSet<String> {
    let names = (0..80).map(|_| some(random, SEGMENTS, 4).join("/"));
    names.collect()
}

/// The beginning of one of these names, or nothing.
pub fn prefix(random: &mut Rng, names: &[String]) -> String {
    let name = &names[random.usize(..names.len())];
    let length = name.chars().count() * random.usize(..2);
    name.chars().take(random.usize(..=length)).collect()
}
