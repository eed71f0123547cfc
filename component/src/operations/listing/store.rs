//! The store as lists see it: names instead of keys.

use crate::bindings::coffer::storage::blobs::{self, ListOptions};
use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::permit::List;
use crate::problem::Problem;
use crate::url::After;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::operations) enum Shape {
    /// All files.
    Files,
    /// The files of one level, and its folders.
    Level,
}

/// A file or a folder, named from the area's root.
#[derive(Debug, Clone)]
pub(in crate::operations) enum Entry {
    File(File),
    /// With its closing `/`.
    Folder(String),
}

/// A file as a list shows it.
#[derive(Debug, Clone)]
pub(in crate::operations) struct File {
    pub(in crate::operations) name: String,
    pub(in crate::operations) size: u64,
    pub(in crate::operations) etag: String,
    pub(in crate::operations) modified: Datetime,
}

/// What the store found.
pub(in crate::operations) struct Found {
    /// In ascending order.
    pub(in crate::operations) entries: Vec<Entry>,
    /// Whether there is more behind the last entry.
    pub(in crate::operations) more: bool,
}

/// Lists names of an area.
pub(in crate::operations) trait Store {
    /// At most `limit` entries of what starts with `prefix`, as `blobs.list` of the port says.
    fn list(
        &self,
        prefix: &str,
        shape: Shape,
        after: Option<&After>,
        limit: u32,
    ) -> Result<Found, Problem>;
}

/// The names that a permit to list is about.
pub(in crate::operations) struct Blobs<'l, 'p, 'c>(pub(in crate::operations) &'l List<'p, 'c>);

impl Shape {
    /// That of a list by folders, or of one that is not.
    pub(super) fn of(by_folders: bool) -> Self {
        match by_folders {
            true => Self::Level,
            false => Self::Files,
        }
    }
}

impl Entry {
    /// The name.
    pub(in crate::operations) fn name(&self) -> &str {
        match self {
            Self::File(file) => &file.name,
            Self::Folder(name) => name,
        }
    }
}

impl Store for Blobs<'_, '_, '_> {
    fn list(
        &self,
        prefix: &str,
        shape: Shape,
        after: Option<&After>,
        limit: u32,
    ) -> Result<Found, Problem> {
        let Self(permit) = self;
        let by_folders = shape == Shape::Level;
        let page = blobs::list(&ListOptions {
            prefix: permit.prefix(prefix),
            delimiter: by_folders.then(|| "/".to_owned()),
            after: after.map(|after| permit.prefix(&after.key(prefix, by_folders))),
            limit,
        })?;
        let name = |key: &str| permit.strip(key).map(str::to_owned);
        let entry = |entry| {
            Some(match entry {
                blobs::Entry::Folder(key) => Entry::Folder(name(&key)?),
                blobs::Entry::File(file) => Entry::File(File {
                    name: name(&file.key)?,
                    size: file.size,
                    etag: file.etag,
                    modified: file.modified,
                }),
            })
        };
        let entries = page.entries.into_iter().map(entry).collect::<Option<_>>();
        Ok(Found {
            entries: entries.ok_or(Problem::Internal)?,
            more: page.more,
        })
    }
}
