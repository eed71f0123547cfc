//! One page of a list out of the pages of a service, which lists objects in the order of
//! their names' UTF-8 bytes but differs in how it begins inside a folder.
//!
//! No answer is trusted: every name is checked against what was asked for, and an answer that
//! could make a walk skip names or go on for ever is a [`Disorder`].

mod answer;

use crate::{Entry, Key, ListOptions, Listing};

pub use answer::{Answer, Disorder, Found};

/// The most entries in one answer of a service.
const MOST: usize = 1000;
/// The most answers in a row without a new name.
const MOST_IDLE: u32 = 3;
/// The most answers without an entry, since all of their names are not keys.
const MOST_BARREN: u32 = 100;
/// The last character.
const LAST: char = '\u{10ffff}';

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
        /// How many at most.
        limit: usize,
    },
    /// The next entries, for [`Pages::found`].
    Page {
        /// Of the keys.
        prefix: &'a str,
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
    /// The prefix to ask for.
    prefix: &'a str,
    /// The folder in which the page begins.
    begun: Option<&'a str>,
    start: Option<String>,
    token: Option<String>,
    entries: Vec<Entry>,
    /// No name up to this one is to come any more.
    reached: Vec<u8>,
    answered: bool,
    idle: u32,
    barren: u32,
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
        let prefix = asked_prefix(options);
        let start = match begun {
            Some(begun) => Some(format!("{begun}{LAST}")),
            None if after.starts_with(&options.prefix) => Some(after.to_owned()),
            None => None,
        };
        let start = start.filter(|start| !start.is_empty());
        Pages {
            options,
            after,
            prefix,
            begun,
            start: start.or_else(|| {
                let shortened = prefix.len() < options.prefix.len();
                shortened.then(|| format!("{prefix}\u{10fffe}{LAST}"))
            }),
            token: None,
            entries: Vec::new(),
            reached: after.as_bytes().to_vec(),
            answered: false,
            idle: 0,
            barren: 0,
            next: match begun {
                _ if past || !Key::can_start_with(&options.prefix) => Next::Done { more: false },
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
                // One more, for services that begin a little too early.
                limit: 2,
            },
            (Next::Probe | Next::Page, _) => Step::Page {
                prefix: self.prefix,
                start_after: match self.token {
                    None => self.start.as_deref(),
                    Some(_) => None,
                },
                token: self.token.as_deref(),
                limit: match self.barren {
                    0 => (self.options.limit)
                        .saturating_sub(self.entries.len())
                        .clamp(1, MOST),
                    _ => MOST,
                },
            },
            (Next::Done { .. }, _) => Step::Done,
        }
    }

    /// What the probe found.
    pub fn probed(&mut self, answer: &Answer) {
        if let Some(begun) = self.begun {
            let after = self.after.as_bytes();
            let mut keys = answer.files.iter();
            if keys.any(|key| key.name().starts_with(begun.as_bytes()) && key.name() > after) {
                self.entries.push(Entry::Folder(begun.to_owned()));
            }
        }
        self.next = Next::Page;
    }

    /// The next entries.
    ///
    /// # Errors
    /// See [`Disorder`].
    pub fn found(&mut self, answer: Answer) -> Result<(), Disorder> {
        let (names, token) = answer.in_order()?;
        let news = self.news(names)?;
        let entries = self.entries.len();
        let any = !news.is_empty();
        for name in news {
            self.reached = name.name().to_vec();
            if let Found::Entry(entry) = name {
                self.entries.push(entry);
            }
        }
        let limit = self.options.limit;
        if self.entries.len() >= limit || token.is_none() {
            let more = token.is_some() || self.entries.len() > limit;
            self.entries.truncate(limit);
            self.next = Next::Done { more };
            return Ok(());
        }
        self.idle = if any { 0 } else { self.idle + 1 };
        if self.idle > MOST_IDLE || (!any && token == self.token) {
            return Err(Disorder::NothingNew);
        }
        if self.entries.len() == entries {
            self.barren += 1;
        }
        if self.barren > MOST_BARREN {
            return Err(Disorder::Strangers);
        }
        self.token = token;
        Ok(())
    }

    /// Those of an answer that were asked for and have not come yet.
    fn news(&mut self, mut names: Vec<Found>) -> Result<Vec<Found>, Disorder> {
        let asked = |name: &[u8]| name.starts_with(self.options.prefix.as_bytes());
        names.retain(|name| asked(name.name()));
        let early = |name: &Found| name.name() < self.reached.as_slice();
        // Only the first answer may begin too early: where it begins is up to the service.
        if self.answered && names.first().is_some_and(early) {
            return Err(Disorder::OutOfOrder);
        }
        self.answered = true;
        let begun = self.begun.map(str::as_bytes);
        let seen = |name: &[u8]| begun.is_some_and(|begun| name.starts_with(begun));
        names.retain(|name| name.name() > self.reached.as_slice() && !seen(name.name()));
        Ok(names)
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

/// The prefix without last characters: OpenStack Swift fails when it has to count one up.
fn asked_prefix(options: &ListOptions) -> &str {
    match options.delimiter.as_deref() {
        Some(delimiter) if delimiter.contains(LAST) => &options.prefix,
        _ => options.prefix.trim_end_matches(LAST),
    }
}

#[cfg(test)]
mod tests;
