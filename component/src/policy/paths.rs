//! Paths: the parts of an area for which a policy has rules of their own.

use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;

use super::fields::CacheControl;
use super::media::MediaRange;
use super::pattern::{Coverage, Meaning, Pattern};
use super::rule::Rules;

/// The paths of an area, in the order of the document. The first one that a name fits decides.
///
/// They stay encoded: a request has to find one of them, and decodes no other. How many there are
/// comes first, in two bytes; then for each the byte that its names start with, or [`ANY`]; then
/// for each where it begins, in four bytes. Each is the length of its pattern and the length of
/// the rest, in four bytes each, the pattern, and a [`Path`].
#[derive(Debug, Default)]
pub(super) struct Paths(Bytes);

/// Stands for any byte that a name may start with: no name has it.
const ANY: u8 = 0;

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
pub(super) struct Encoder {
    starts: Vec<u8>,
    places: Vec<usize>,
    entries: Vec<u8>,
}

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
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..).map_while(|index| self.at(index))
    }

    /// The one at this position.
    pub(super) fn at(&self, index: u16) -> Option<Entry<'_>> {
        let (starts, places) = self.tables()?;
        (usize::from(index) < starts.len()).then_some(())?;
        let place = places.get(4 * usize::from(index)..)?.first_chunk()?;
        let rest = self.0.get(length(place)?..)?;
        let (of_pattern, rest) = rest.split_first_chunk()?;
        let (of_path, rest) = rest.split_first_chunk()?;
        let (pattern, rest) = rest.split_at_checked(length(of_pattern)?)?;
        Some(Entry {
            index,
            pattern: Pattern::new(pattern),
            path: rest.get(..length(of_path)?)?,
        })
    }

    /// Those whose names may start like this, in their order: most names fit none of many paths,
    /// which has to be cheap.
    fn like(&self, start: &str) -> impl Iterator<Item = Entry<'_>> {
        let (starts, _) = self.tables().unwrap_or_default();
        let (first, all) = match start.as_bytes() {
            [first, ..] => (*first, 0),
            [] => (ANY, starts.len()),
        };
        let found = memchr::memchr2_iter(first, ANY, &starts[all..]);
        let indices = (0..all).chain(found);
        indices.filter_map(|index| self.at(u16::try_from(index).ok()?))
    }

    /// What all names of each start with, and where each begins.
    fn tables(&self) -> Option<(&[u8], &[u8])> {
        let (count, rest) = self.0.split_first_chunk()?;
        let count = usize::from(u16::from_le_bytes(*count));
        let (starts, rest) = rest.split_at_checked(count)?;
        Some((starts, rest.get(..4 * count)?))
    }

    /// The first one that this name fits.
    pub(super) fn first(&self, name: &str, meaning: Meaning<'_>) -> Option<Entry<'_>> {
        let mut entries = self.like(name);
        entries.find(|entry| entry.pattern.fits(name, meaning))
    }

    /// Those that could decide about this name, if all that is known of a token is that there may
    /// be one: the last of them decides if no earlier one does. The flag says whether it does
    /// so for every token; otherwise the area may.
    pub(super) fn candidates(&self, name: &str) -> (Vec<Entry<'_>>, bool) {
        let mut found = Vec::new();
        for entry in self.like(name) {
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
        for entry in self.like(prefix) {
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
        let before = self.len();
        let path = borsh::to_vec(path).unwrap_or_default();
        self.starts
            .push(Pattern::new(pattern).first_byte().unwrap_or(ANY));
        self.places.push(self.entries.len());
        for part in [pattern, &path] {
            self.entries.extend_from_slice(&four(part.len()));
        }
        for part in [pattern, &path] {
            self.entries.extend_from_slice(part);
        }
        self.len() - before
    }

    /// All paths.
    pub(super) fn finish(self) -> Paths {
        if self.starts.is_empty() {
            return Paths::default();
        }
        let first = self.len() - self.entries.len();
        let count = u16::try_from(self.starts.len()).unwrap_or(u16::MAX);
        let mut encoded = count.to_le_bytes().to_vec();
        encoded.extend_from_slice(&self.starts);
        for place in &self.places {
            encoded.extend_from_slice(&four(first + place));
        }
        encoded.extend_from_slice(&self.entries);
        Paths(encoded.into())
    }

    fn len(&self) -> usize {
        2 + 5 * self.starts.len() + self.entries.len()
    }
}

/// A length or a place.
fn four(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

/// From [`four`].
fn length(four: &[u8; 4]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*four)).ok()
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
