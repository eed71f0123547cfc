//! A sorted, immutable table of rows in one file: the lines of the rows, then for each block of
//! them a line with its offset and first key, then the offset of those lines. A row is found
//! with one read of its block.

use std::cell::RefCell;
use std::collections::VecDeque;

use coffer_port::Error;

use crate::row::{Change, Row, parse_all};

/// The size of a block of lines, in bytes.
const BLOCK: u64 = 16 << 10;
/// The size of the last line: 20 digits and a line feed.
const FOOTER: u64 = 21;
/// How many bytes are read at first: all of a small table.
const TAIL: u64 = 64 << 10;

/// Random access to the bytes of a file.
pub trait ReadAt {
    /// `length` bytes from an offset on; fewer if the file ends.
    fn read_at(&self, offset: u64, length: u64) -> Result<Vec<u8>, Error>;
}

/// An open table.
pub struct Base<F> {
    file: F,
    /// Offset and first key of each block.
    blocks: Vec<(u64, String)>,
    /// Where the rows end.
    end: u64,
    /// The last block that was read, and its number.
    last: RefCell<Option<(usize, Vec<Row>)>>,
}

impl<F: ReadAt> Base<F> {
    /// Opens a table and reads where its blocks are.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the file is damaged.
    pub fn open(file: F, size: u64) -> Result<Base<F>, Error> {
        let broken = || Error::unavailable("a base of the index is damaged");
        let start = size.saturating_sub(TAIL);
        let mut tail = file.read_at(start, size - start)?;
        let footer = tail.split_off(tail.len().saturating_sub(FOOTER as usize));
        let end: u64 = std::str::from_utf8(&footer)
            .ok()
            .and_then(|text| text.strip_suffix('\n')?.parse().ok())
            .ok_or_else(broken)?;
        let length = size.checked_sub(FOOTER + end).ok_or_else(broken)?;
        let lines = match end
            .checked_sub(start)
            .and_then(|at| usize::try_from(at).ok())
        {
            Some(at) => tail.split_off(at.min(tail.len())),
            None => file.read_at(end, length)?,
        };
        let lines = String::from_utf8(lines).map_err(|_| broken())?;
        let blocks: Option<Vec<_>> = lines
            .lines()
            .map(|line| {
                let (offset, key) = line.split_once('\t')?;
                Some((offset.parse().ok()?, key.to_owned()))
            })
            .collect();
        Ok(Base {
            file,
            blocks: blocks.ok_or_else(broken)?,
            end,
            last: RefCell::new(None),
        })
    }

    /// The first row whose key is not before these bytes.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn first_from(&self, from: &[u8]) -> Result<Option<Row>, Error> {
        let behind = self
            .blocks
            .partition_point(|(_, key)| key.as_bytes() <= from);
        // It is in the last block that starts before it, or else the first row of the next one.
        for number in behind.saturating_sub(1)..self.blocks.len() {
            let found = self.with_block(number, |rows| {
                let at = rows.partition_point(|row| row.key.as_str().as_bytes() < from);
                rows.get(at).cloned()
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// All rows in order, with one block in memory at a time.
    pub fn rows(&self) -> impl Iterator<Item = Result<Row, Error>> {
        let mut number = 0;
        let mut waiting = VecDeque::new();
        std::iter::from_fn(move || {
            while waiting.is_empty() && number < self.blocks.len() {
                match self.read_block(number) {
                    Ok(rows) => waiting.extend(rows),
                    Err(error) => {
                        number = self.blocks.len();
                        return Some(Err(error));
                    }
                }
                number += 1;
            }
            waiting.pop_front().map(Ok)
        })
    }

    fn with_block<T>(&self, number: usize, look: impl Fn(&[Row]) -> T) -> Result<T, Error> {
        let mut last = self.last.borrow_mut();
        match last.as_ref() {
            Some((at, rows)) if *at == number => Ok(look(rows)),
            _ => {
                let rows = self.read_block(number)?;
                let found = look(&rows);
                *last = Some((number, rows));
                Ok(found)
            }
        }
    }

    fn read_block(&self, number: usize) -> Result<Vec<Row>, Error> {
        let start = self.blocks.get(number).map_or(self.end, |(at, _)| *at);
        let end = self.blocks.get(number + 1).map_or(self.end, |(at, _)| *at);
        let bytes = self.file.read_at(start, end.saturating_sub(start))?;
        let changes = std::str::from_utf8(&bytes).ok().and_then(parse_all);
        let rows = changes.and_then(|changes| {
            let row = |change| match change {
                Change::Stored(row) => Some(row),
                Change::Removed(_) => None,
            };
            changes.into_iter().map(row).collect()
        });
        rows.ok_or_else(|| Error::unavailable("a base of the index is damaged"))
    }
}

/// Writes rows, which must be in order, by passing pieces of the file to `write`.
///
/// # Errors
/// Those of the rows and of `write`.
pub fn write(
    rows: impl Iterator<Item = Result<Row, Error>>,
    mut write: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut offset, mut block) = (0, String::new());
    let mut blocks = String::new();
    for row in rows {
        let row = row?;
        if block.is_empty() {
            blocks.push_str(&format!("{offset}\t{}\n", row.key));
        }
        block.push_str(&row.line());
        if block.len() as u64 >= BLOCK {
            write(block.as_bytes())?;
            offset += block.len() as u64;
            block.clear();
        }
    }
    offset += block.len() as u64;
    block.push_str(&blocks);
    block.push_str(&format!("{offset:020}\n"));
    write(block.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::tests::row;

    impl ReadAt for Vec<u8> {
        fn read_at(&self, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
            let start = (offset as usize).min(self.len());
            let end = (start + length as usize).min(self.len());
            Ok(self[start..end].to_vec())
        }
    }

    fn table(count: usize) -> Base<Vec<u8>> {
        let mut file = Vec::new();
        let rows = (0..count).map(|i| Ok(row(&format!("k{:06}", i * 2))));
        write(rows, |bytes| {
            file.extend_from_slice(bytes);
            Ok(())
        })
        .expect("written");
        let size = file.len() as u64;
        Base::open(file, size).expect("opened")
    }

    #[test]
    fn every_row_is_found_and_so_is_the_one_after_a_gap() {
        for count in [0, 1, 10, 5000] {
            let table = table(count);
            for i in (0..count * 2).step_by(1 + count / 100) {
                let found = table
                    .first_from(format!("k{i:06}").as_bytes())
                    .expect("read");
                let expected = i.next_multiple_of(2);
                let expected = (expected < count * 2).then(|| format!("k{expected:06}"));
                assert_eq!(
                    found.map(|row| String::from(row.key)),
                    expected,
                    "{i} of {count}"
                );
            }
            let rows: Result<Vec<_>, _> = table.rows().collect();
            assert_eq!(rows.expect("read").len(), count);
            assert!(table.first_from(b"l").expect("read").is_none());
        }
    }

    #[test]
    fn a_truncated_file_is_refused() {
        let whole = table(5000).file;
        for size in [0, 5, 21, whole.len() / 2, whole.len() - 1] {
            let cut = whole[..size].to_vec();
            let length = cut.len() as u64;
            assert!(Base::open(cut, length).is_err(), "{size}");
        }
    }
}
