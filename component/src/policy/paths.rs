//! Paths: the parts of an area for which a policy has rules of their own.

use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;

use super::fields::CacheControl;
use super::media::MediaRange;
use super::pattern::{Coverage, Meaning, Pattern};
use super::rule::Rules;

/// The paths of an area, in the order of the document. The first one that a name fits decides.
///
/// They stay encoded: a request has to find one of them, and decodes no other. Each is the length
/// of the rest and the length of its pattern, in four bytes each, the pattern, and a [`Path`].
#[derive(Debug, Default)]
pub(super) struct Paths(Bytes);

/// The paths of all areas.
#[derive(Debug, Default)]
pub(super) struct AreaPaths {
    pub(super) public: Paths,
    pub(super) user: Paths,
    pub(super) org: Paths,
}

/// What a policy says about the names that fit a pattern. What it does not say is as in the rest
/// of the area.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub(super) struct Path {
    pub(super) rules: Rules,
    /// In bytes.
    pub(super) max_file_size: Option<u64>,
    pub(super) content_types: Option<Vec<MediaRange>>,
    pub(super) cache_control: Option<CacheControl>,
}

/// The paths of an area that is being read.
#[derive(Debug, Default)]
pub(super) struct Encoder(Vec<u8>);

/// A path that has not been decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'p> {
    /// Its position, counted from 0.
    pub(super) index: u16,
    pub(super) pattern: Pattern<'p>,
    path: &'p [u8],
}

impl Paths {
    /// The maximum number of paths of an area.
    pub(super) const MOST: usize = 1000;

    /// From [`Paths::encoded`].
    pub(super) fn new(encoded: Bytes) -> Self {
        Self(encoded)
    }

    pub(super) fn encoded(&self) -> &Bytes {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, in their order.
    pub(super) fn entries(&self) -> Entries<'_> {
        Entries {
            rest: &self.0,
            index: 0,
        }
    }

    /// The one at this position.
    pub(super) fn at(&self, index: u16) -> Option<Entry<'_>> {
        let mut entries = self.entries();
        entries.find(|entry| entry.index == index)
    }

    /// The first one that this name fits.
    pub(super) fn first(&self, name: &str, meaning: Meaning<'_>) -> Option<Entry<'_>> {
        let mut entries = self.entries();
        entries.find(|entry| entry.pattern.fits(name, meaning))
    }

    /// Those that could decide about this name, if all that is known of a token is that there may
    /// be one: the last of them decides if no earlier one does. The flag says whether it does
    /// so for every token; otherwise the area may.
    pub(super) fn candidates(&self, name: &str) -> (Vec<Entry<'_>>, bool) {
        let mut found = Vec::new();
        for entry in self.entries() {
            if entry.pattern.fits(name, Meaning::OfAny) {
                found.push(entry);
                if !entry.pattern.depends_on_token() {
                    return (found, true);
                }
            }
        }
        (found, false)
    }

    /// Those that decide about names that start with `prefix`. The flag says whether they decide
    /// about all of them; otherwise the area decides about some.
    pub(super) fn within(&self, prefix: &str, meaning: Meaning<'_>) -> (Vec<Entry<'_>>, bool) {
        let mut found = Vec::new();
        for entry in self.entries() {
            match entry.pattern.coverage(prefix, meaning) {
                Coverage::None => {}
                Coverage::Some => found.push(entry),
                Coverage::All => {
                    found.push(entry);
                    // For any token, it is only known to be one of those so far and of what follows.
                    if matches!(meaning, Meaning::Of(_)) || !entry.pattern.depends_on_token() {
                        return (found, true);
                    }
                }
            }
        }
        (found, false)
    }
}

impl Encoder {
    /// Appends a path with this encoded pattern. Returns how many bytes that took.
    pub(super) fn push(&mut self, pattern: &[u8], path: &Path) -> usize {
        let before = self.0.len();
        let path = borsh::to_vec(path).unwrap_or_default();
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        self.0.extend_from_slice(&length(&path));
        self.0.extend_from_slice(&length(pattern));
        self.0.extend_from_slice(pattern);
        self.0.extend_from_slice(&path);
        self.0.len() - before
    }

    /// All paths.
    pub(super) fn finish(self) -> Paths {
        Paths(self.0.into())
    }
}

impl Entry<'_> {
    /// What the policy says there.
    pub(super) fn path(self) -> Path {
        // Nothing is allowed by what cannot be read.
        borsh::from_slice(self.path).unwrap_or_else(|_| Path::closed())
    }
}

impl Path {
    fn closed() -> Self {
        Self {
            rules: Rules::closed(),
            max_file_size: Some(0),
            content_types: Some(Vec::new()),
            cache_control: None,
        }
    }
}

/// The paths of an area, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Entries<'p> {
    rest: &'p [u8],
    index: u16,
}

impl<'p> Iterator for Entries<'p> {
    type Item = Entry<'p>;

    fn next(&mut self) -> Option<Entry<'p>> {
        let (of_path, rest) = self.rest.split_first_chunk()?;
        let (of_pattern, rest) = rest.split_first_chunk()?;
        let length = |bytes: &[u8; 4]| usize::try_from(u32::from_le_bytes(*bytes)).ok();
        let (pattern, rest) = rest.split_at_checked(length(of_pattern)?)?;
        let (path, rest) = rest.split_at_checked(length(of_path)?)?;
        self.rest = rest;
        let index = self.index;
        self.index += 1;
        Some(Entry {
            index,
            pattern: Pattern::new(pattern),
            path,
        })
    }
}
