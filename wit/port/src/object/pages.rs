//! One page of a list out of the pages of a service, which lists objects in the order of
//! their names' UTF-8 bytes but differs in how it begins inside a folder.

use crate::{Entry, ListOptions, Listing};

/// The most entries in one answer of a service.
const MOST: usize = 1000;

/// What the engine has to ask the service.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Whether there is a key with this prefix behind another; the answer goes to
    /// [`Pages::probed`].
    Probe {
        /// Of the keys.
        prefix: &'a str,
        /// Behind which they are.
        after: &'a str,
    },
    /// The next entries, for [`Pages::found`].
    Page {
        /// Where to start; none with a token.
        start_after: Option<&'a str>,
        /// Goes on where an earlier answer ended.
        token: Option<&'a str>,
        /// How many at most.
        limit: usize,
    },
    /// Nothing: [`Pages::into_listing`] has the page.
    Done,
}

/// One page, on its way.
#[derive(Debug)]
pub struct Pages<'a> {
    options: &'a ListOptions,
    after: &'a str,
    /// The folder in which the page begins.
    begun: Option<&'a str>,
    start: Option<String>,
    token: Option<String>,
    entries: Vec<Entry>,
    next: Next,
}

#[derive(Debug)]
enum Next {
    Probe,
    Page,
    Done { more: bool },
}

impl<'a> Pages<'a> {
    /// Begins a page.
    #[must_use]
    pub fn new(options: &'a ListOptions) -> Pages<'a> {
        let after = options.after.as_deref().unwrap_or_default();
        let begun = options.folder_of(after);
        let past = after > options.prefix.as_str() && !after.starts_with(&options.prefix);
        let start = match begun {
            // U+10FFFF is the last character.
            Some(begun) => Some(format!("{begun}\u{10ffff}")),
            None if after.starts_with(&options.prefix) => Some(after.to_owned()),
            None => None,
        };
        Pages {
            options,
            after,
            begun,
            start: start.filter(|start| !start.is_empty()),
            token: None,
            entries: Vec::new(),
            next: match begun {
                _ if past => Next::Done { more: false },
                Some(begun) if begun != after => Next::Probe,
                _ => Next::Page,
            },
        }
    }

    /// What to ask now.
    #[must_use]
    pub fn step(&self) -> Step<'_> {
        match (&self.next, self.begun) {
            // Services differ in whether a folder that is begun with still counts.
            (Next::Probe, Some(begun)) => Step::Probe {
                prefix: begun,
                after: self.after,
            },
            (Next::Probe | Next::Page, _) => Step::Page {
                start_after: match self.token {
                    None => self.start.as_deref(),
                    Some(_) => None,
                },
                token: self.token.as_deref(),
                limit: (self.options.limit)
                    .saturating_sub(self.entries.len())
                    .clamp(1, MOST),
            },
            (Next::Done { .. }, _) => Step::Done,
        }
    }

    /// Whether the probe found a key.
    pub fn probed(&mut self, any: bool) {
        if let Some(begun) = self.begun
            && any
        {
            self.entries.push(Entry::Folder(begun.to_owned()));
        }
        self.next = Next::Page;
    }

    /// The entries of an answer, in any order, and the token for those behind them.
    pub fn found(&mut self, mut found: Vec<Entry>, token: Option<String>) {
        // For services that start a little too early.
        let seen = |name: &str| self.begun.is_some_and(|begun| name.starts_with(begun));
        found.retain(|entry| entry.name() > self.after && !seen(entry.name()));
        found.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        self.entries.append(&mut found);
        let limit = self.options.limit;
        if self.entries.len() >= limit || token.is_none() {
            let more = token.is_some() || self.entries.len() > limit;
            self.entries.truncate(limit);
            self.next = Next::Done { more };
        }
        self.token = token;
    }

    /// The page.
    #[must_use]
    pub fn into_listing(self) -> Listing {
        Listing {
            entries: self.entries,
            more: matches!(self.next, Next::Done { more: true }),
        }
    }
}

#[cfg(test)]
mod tests;
