//! Reads a version's bytes: at once if they are in the system's page cache, otherwise on
//! a thread that may block.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::ReadWriteFlags;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::id::Id;
use super::layout::{Layout, blob_name};
use crate::store::Error;
use crate::store::Extent;

/// Max length of a piece of a body, in bytes.
const CHUNK: usize = 256 << 10;
/// The most pieces of that length in memory at once, 64 MiB in all: each until its client
/// has received it, which may never happen.
const CHUNKS: usize = 256;
/// The length of pieces beyond those, in bytes.
const SHORT: usize = 16 << 10;
/// The most pieces of one body in memory at once: one is being sent, and the next is ready
/// when it is done. hyper alone would buffer more for a client that reads nothing.
const AHEAD: usize = 2;

/// How many chunks are kept for the next reader: 4 MiB.
const SPARE: usize = 16;

/// Opens a version's file. `NotFound` if it has been replaced and unlinked meanwhile.
pub(super) async fn open(layout: &Arc<Layout>, id: Id) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    // Linux 5.12. If it fails for any reason, the fallback reports the real error.
    let cached = rustix::fs::openat2(
        layout.blobs_dir(),
        blob_name(id),
        flags,
        Mode::empty(),
        ResolveFlags::CACHED,
    );
    if let Ok(file) = cached {
        return Ok(file.into());
    }
    let path = layout.blob(id);
    spawn_blocking(move || File::open(path)).await?
}

/// The bytes of a file, in chunks; an error if the file ends early.
pub(super) fn body(
    file: File,
    extent: Extent,
    spares: Arc<Spares>,
) -> BoxStream<'static, Result<Bytes, Error>> {
    let file = Arc::new(file);
    let ahead = Arc::new(Semaphore::new(AHEAD));
    let end = extent.offset.saturating_add(extent.length);
    stream::try_unfold(extent.offset, move |offset| {
        let (file, spares, ahead) = (file.clone(), spares.clone(), ahead.clone());
        async move {
            let left = end.saturating_sub(offset);
            if left == 0 {
                return Ok(None);
            }
            // Cached bytes never wait, so yield to other tasks.
            tokio::task::consume_budget().await;
            // It is never closed.
            let turn = ahead.acquire_owned().await.ok();
            let mut piece = spares.piece(left);
            piece._turn = turn;
            let wanted = piece.buffer.len();
            let piece = fill(&file, offset, piece).await?;
            Ok(Some((Bytes::from_owner(piece), offset + wanted as u64)))
        }
    })
    .boxed()
}

/// Fills the piece with the bytes at this offset.
async fn fill(file: &Arc<File>, offset: u64, mut piece: Piece) -> io::Result<Piece> {
    let wanted = piece.buffer.len();
    let flags = ReadWriteFlags::NOWAIT;
    let buffer = &mut [IoSliceMut::new(&mut piece.buffer)];
    // Not cached, unsupported, or failed: the fallback reports the real error.
    let got = rustix::io::preadv2(file, buffer, offset, flags).unwrap_or(0);
    if got < wanted {
        let file = file.clone();
        piece = spawn_blocking(move || {
            let rest = piece.buffer.get_mut(got..).unwrap_or_default();
            file.read_exact_at(rest, offset + got as u64)?;
            io::Result::Ok(piece)
        })
        .await??;
    }
    Ok(piece)
}

/// Memory for pieces of bodies. Chunks that were sent are reused, which saves zeroing new
/// ones.
pub(super) struct Spares {
    chunks: Mutex<Vec<Vec<u8>>>,
    room: Arc<Semaphore>,
}

impl Default for Spares {
    fn default() -> Self {
        Self {
            chunks: Mutex::default(),
            room: Arc::new(Semaphore::new(CHUNKS)),
        }
    }
}

/// A piece of a body, in memory until its last byte is sent.
struct Piece {
    buffer: Vec<u8>,
    /// Where the memory of a whole chunk is returned to.
    home: Option<(Arc<Spares>, OwnedSemaphorePermit)>,
    /// Its place among the pieces of its body.
    _turn: Option<OwnedSemaphorePermit>,
}

impl Spares {
    /// Memory for the next of the remaining bytes.
    fn piece(self: &Arc<Self>, left: u64) -> Piece {
        let left = usize::try_from(left).unwrap_or(CHUNK);
        if left <= SHORT {
            let buffer = vec![0; left];
            return Piece::new(buffer, None);
        }
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            let buffer = vec![0; SHORT];
            return Piece::new(buffer, None);
        };
        let spare = if left >= CHUNK {
            self.chunks().pop()
        } else {
            None
        };
        let buffer = spare.unwrap_or_else(|| vec![0; left.min(CHUNK)]);
        Piece::new(buffer, Some((Arc::clone(self), room)))
    }

    fn chunks(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Piece {
    fn new(buffer: Vec<u8>, home: Option<(Arc<Spares>, OwnedSemaphorePermit)>) -> Self {
        Self {
            buffer,
            home,
            _turn: None,
        }
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let Some((home, _)) = &self.home else {
            return;
        };
        let mut chunks = home.chunks();
        if self.buffer.len() == CHUNK && chunks.len() < SPARE {
            chunks.push(std::mem::take(&mut self.buffer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_that_no_client_reads_hold_little_memory() {
        let spares = Arc::new(Spares::default());
        let lengths = |count: usize| -> Vec<_> {
            let pieces = (0..count).map(|_| spares.piece(1 << 30));
            pieces.collect()
        };
        let held = lengths(CHUNKS + 10);
        let short = held.iter().filter(|piece| piece.buffer.len() == SHORT);
        assert_eq!(short.count(), 10);
        drop(held);
        let again = spares.piece(1 << 30);
        assert_eq!(again.buffer.len(), CHUNK);
        assert_eq!(spares.chunks().len(), SPARE - 1);
        assert_eq!(spares.piece(7).buffer.len(), 7);
    }
}
