//! Reads a version's bytes: at once where the system has them in memory, on a
//! thread that may block where it has not.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::ReadWriteFlags;
use tokio::task::spawn_blocking;

use super::id::Id;
use super::layout::{Layout, blob_name};
use crate::store::Error;
use crate::store::span::Extent;

/// The longest piece of a body, in bytes.
const CHUNK: usize = 256 << 10;

/// So many chunks are kept for the next reader: 4 MiB.
const SPARE: usize = 16;

/// Opens a version's file. One that has been replaced and unlinked meanwhile is
/// `NotFound`.
pub(super) async fn open(layout: &Arc<Layout>, id: Id) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    // Linux 5.12. Where it is refused, for whatever reason, the other way tells.
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

/// The bytes of a file, in chunks; an error where the file ends before them.
pub(super) fn body(
    file: File,
    extent: Extent,
    spares: Arc<Spares>,
) -> BoxStream<'static, Result<Bytes, Error>> {
    let file = Arc::new(file);
    let end = extent.offset.saturating_add(extent.length);
    stream::try_unfold(extent.offset, move |offset| {
        let (file, spares) = (file.clone(), spares.clone());
        async move {
            let left = end.saturating_sub(offset);
            if left == 0 {
                return Ok(None);
            }
            // Bytes that are cached are always ready: let other tasks have a turn.
            tokio::task::consume_budget().await;
            let wanted = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
            let bytes = fill(&file, offset, spares.take(wanted)).await?;
            Ok(Some((spares.lend(bytes), offset + wanted as u64)))
        }
    })
    .boxed()
}

/// Fills the buffer with what stands at this offset.
async fn fill(file: &Arc<File>, offset: u64, mut buffer: Vec<u8>) -> io::Result<Vec<u8>> {
    let wanted = buffer.len();
    let flags = ReadWriteFlags::NOWAIT;
    // Not cached, not supported, or truly failed: the other way tells.
    let got =
        rustix::io::preadv2(file, &mut [IoSliceMut::new(&mut buffer)], offset, flags).unwrap_or(0);
    if got < wanted {
        let file = file.clone();
        buffer = spawn_blocking(move || {
            let rest = buffer.get_mut(got..).unwrap_or_default();
            file.read_exact_at(rest, offset + got as u64)?;
            io::Result::Ok(buffer)
        })
        .await??;
    }
    Ok(buffer)
}

/// Chunks that were read and sent; using them again saves clearing new ones.
#[derive(Default)]
pub(super) struct Spares(Mutex<Vec<Vec<u8>>>);

/// A chunk that comes back when the last of its bytes are sent.
struct Lent {
    buffer: Vec<u8>,
    home: Arc<Spares>,
}

impl Spares {
    fn take(&self, len: usize) -> Vec<u8> {
        let spare = if len == CHUNK {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
        } else {
            None
        };
        spare.unwrap_or_else(|| vec![0; len])
    }

    fn lend(self: Arc<Self>, buffer: Vec<u8>) -> Bytes {
        if buffer.len() == CHUNK {
            Bytes::from_owner(Lent { buffer, home: self })
        } else {
            buffer.into()
        }
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut spares = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spares.len() < SPARE {
            spares.push(std::mem::take(&mut self.buffer));
        }
    }
}
