//! A file that is read but never written: what redb writes, for example to repair it after
//! a crash, stays in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// The unit in which writes are kept, in bytes.
const BLOCK: u64 = 4096;

#[derive(Debug)]
pub(in crate::store::local) struct Overlay {
    file: File,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    len: u64,
    /// The file's content counts up to here; zeros follow.
    from_file: u64,
    written: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    pub(in crate::store::local) fn new(file: File) -> io::Result<Overlay> {
        let len = file.metadata()?.len();
        let state = State {
            len,
            from_file: len,
            written: BTreeMap::new(),
        };
        Ok(Overlay {
            file,
            state: Mutex::new(state),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block as it is now.
    fn block(&self, state: &State, number: u64) -> io::Result<Vec<u8>> {
        if let Some(block) = state.written.get(&number) {
            return Ok(block.clone());
        }
        let mut block = vec![0; BLOCK as usize];
        let start = number.saturating_mul(BLOCK);
        let there = state.from_file.saturating_sub(start).min(BLOCK) as usize;
        if let Some(there) = block.get_mut(..there) {
            self.file.read_exact_at(there, start)?;
        }
        Ok(block)
    }
}

/// The blocks that `len` bytes from this offset touch: number, offset in the block, and
/// which of the bytes.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let place = (at % BLOCK) as usize;
        let count = (len - done).min(BLOCK as usize - place);
        let piece = (at / BLOCK, place, done..done + count);
        done += count;
        (count > 0).then_some(piece)
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        if offset.saturating_add(out.len() as u64) > state.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (number, place, range) in pieces(offset, out.len()) {
            let block = self.block(&state, number)?;
            if let (Some(to), Some(from)) = (
                out.get_mut(range.clone()),
                block.get(place..place + range.len()),
            ) {
                to.copy_from_slice(from);
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.len = len;
        if len < state.from_file {
            state.from_file = len;
        }
        state.written.retain(|number, _| number * BLOCK < len);
        // Bytes that are cut off a block do not come back.
        let last = len / BLOCK;
        if let Some(rest) = state
            .written
            .get_mut(&last)
            .and_then(|block| block.get_mut((len % BLOCK) as usize..))
        {
            rest.fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        for (number, place, range) in pieces(offset, data.len()) {
            let mut block = self.block(&state, number)?;
            if let (Some(to), Some(from)) =
                (block.get_mut(place..place + range.len()), data.get(range))
            {
                to.copy_from_slice(from);
            }
            state.written.insert(number, block);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn it_reads_like_a_file_that_is_written_to() {
        let mut file = tempfile::tempfile().expect("a file");
        let mut model: Vec<u8> = (0..10_000_u32).map(|n| n as u8).collect();
        file.write_all(&model).expect("written");
        let overlay = Overlay::new(file.try_clone().expect("a file")).expect("a file");
        for (offset, len, set_len) in [
            (0, 10, 10_000),
            (4_090, 20, 10_000),
            (4_000, 5_000, 9_000),
            (8_999, 1, 5_000),
            (10, 1, 12_288),
            (12_287, 1, 20_000),
        ] {
            let data = vec![0xaa; len];
            overlay.write(offset as u64, &data).expect("written");
            model[offset..offset + len].copy_from_slice(&data);
            overlay.set_len(set_len as u64).expect("set");
            model.resize(set_len, 0);
            let mut read = vec![1; set_len];
            overlay.read(0, &mut read).expect("read");
            assert!(read == model, "after {offset}");
        }
        assert!(overlay.read(19_999, &mut [0; 2]).is_err());
        assert_eq!(file.metadata().expect("a file").len(), 10_000);
        let mut untouched = [0; 20];
        file.read_exact_at(&mut untouched, 4_090).expect("read");
        assert!(!untouched.contains(&0xaa));
    }
}
