//! A store in memory, which counts what is asked of it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Bound;

use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::operations::listing::store::{Entry, File, Found, Shape, Store};
use crate::problem::Problem;
use crate::url::After;

/// One call: prefix, whether by folders, key to start after, limit.
type Call = (String, bool, Option<String>, u32);

#[derive(Default)]
pub(super) struct Fake {
    names: RefCell<BTreeSet<String>>,
    /// The most entries of a page, whatever is asked for.
    pub(super) most: Option<u32>,
    /// Stored one after another, each after a call.
    pub(super) coming: RefCell<Vec<String>>,
    log: RefCell<Vec<Call>>,
    entries: Cell<usize>,
}

impl Fake {
    pub(super) fn of(names: impl IntoIterator<Item = String>) -> Self {
        Self {
            names: RefCell::new(names.into_iter().collect()),
            ..Self::default()
        }
    }

    /// How many calls there were.
    pub(super) fn calls(&self) -> usize {
        self.log.borrow().len()
    }

    /// How many entries they returned.
    pub(super) fn entries(&self) -> usize {
        self.entries.get()
    }

    pub(super) fn log(&self) -> Vec<Call> {
        self.log.borrow().clone()
    }
}

impl Store for Fake {
    fn list(
        &self,
        prefix: &str,
        shape: Shape,
        after: Option<&After>,
        limit: u32,
    ) -> Result<Found, Problem> {
        assert!((1..=1000).contains(&limit), "a limit of {limit}");
        let by_folders = shape == Shape::Level;
        let after = after.map(|after| after.key(prefix, by_folders));
        let call = (prefix.to_owned(), by_folders, after.clone(), limit);
        self.log.borrow_mut().push(call);
        let limit = self.most.unwrap_or(limit).min(limit);
        let folder_of = |name: &str| {
            let rest = name.strip_prefix(prefix).filter(|_| by_folders)?;
            Some(name[..=prefix.len() + rest.find('/')?].to_owned())
        };
        let behind = |folder: &str| Bound::Included([&folder[..folder.len() - 1], "0"].concat());
        let mut start = match after {
            Some(after) if after.as_str() >= prefix => match folder_of(&after) {
                Some(folder) if folder == after => behind(&folder),
                _ => Bound::Excluded(after),
            },
            _ => Bound::Included(prefix.to_owned()),
        };
        let (mut entries, mut more) = (Vec::new(), false);
        let names = self.names.borrow();
        while let Some(name) = names.range((start.clone(), Bound::Unbounded)).next() {
            if !name.starts_with(prefix) {
                break;
            }
            if entries.len() == limit as usize {
                more = true;
                break;
            }
            match folder_of(name) {
                Some(folder) => {
                    start = behind(&folder);
                    entries.push(Entry::Folder(folder));
                }
                None => {
                    start = Bound::Excluded(name.clone());
                    entries.push(Entry::File(File {
                        name: name.clone(),
                        size: 0,
                        etag: String::new(),
                        modified: Datetime {
                            seconds: 0,
                            nanoseconds: 0,
                        },
                    }));
                }
            }
        }
        drop(names);
        self.entries.set(self.entries.get() + entries.len());
        self.names
            .borrow_mut()
            .extend(self.coming.borrow_mut().pop());
        Ok(Found { entries, more })
    }
}
