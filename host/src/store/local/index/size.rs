//! How many bytes the content of the index has.

use redb::ReadableTable;

use super::snapshot::Snapshot;
use super::tables::RowRef;
use super::uploads;

/// The size of a row besides its texts, in bytes: its numbers, and redb's overhead.
const ROW: u64 = 64;

/// The size of an entry in the table of references, in bytes.
pub(super) const REFERENCE: u64 = 32;

/// The bytes of all tables, counted.
pub(super) fn count(snapshot: &Snapshot) -> Result<u64, redb::Error> {
    let mut bytes: u64 = 0;
    for row in snapshot.rows.iter()? {
        let (key, row) = row?;
        bytes = bytes.saturating_add(row_bytes(key.value(), &row.value()));
    }
    for pairs in snapshot.metadata.iter()? {
        let (key, pairs) = pairs?;
        bytes = bytes.saturating_add(metadata_bytes(key.value(), &pairs.value()));
    }
    for content in snapshot.contents.iter()? {
        bytes = bytes.saturating_add(content?.1.value().len() as u64);
    }
    for reference in snapshot.references.iter()? {
        reference?;
        bytes = bytes.saturating_add(REFERENCE);
    }
    Ok(bytes.saturating_add(uploads::count(&snapshot.transaction)?))
}

pub(super) fn row_bytes(key: &[u8], (_, _, _, content_type, uploader): &RowRef<'_>) -> u64 {
    let texts = key.len() + content_type.len() + uploader.map_or(0, str::len);
    ROW.saturating_add(texts as u64)
}

pub(super) fn metadata_bytes(key: &[u8], pairs: &[(&str, &str)]) -> u64 {
    let texts: usize = pairs
        .iter()
        .map(|(name, value)| name.len() + value.len() + 4)
        .sum();
    (16 + key.len() + texts) as u64
}
