//! A file being uploaded: gathered in memory while it is small, then sent in parts.

use std::mem;
use std::rc::Rc;

use coffer_adapter::Staged;
use coffer_adapter::platform::unique;
use coffer_port::object::{ObjectMetadata, Seen};
use coffer_port::{CreateOptions, Error, Key};

use crate::bucket::Bucket;
use crate::failure::Failure;
use crate::parts::Parts;
use crate::run::run;

/// The size of a part in bytes, and the max size of a file that is stored in one request.
const PART: usize = 8 << 20;
/// Max memory held by a complete file that waits for others of its batch, in bytes.
const HELD: usize = 256 << 10;

/// A file, as far as it has been received.
pub struct Upload {
    pub bucket: Rc<Bucket>,
    pub key: Key,
    pub options: CreateOptions,
    pub metadata: ObjectMetadata,
    pub seen: Seen,
    /// Has the bytes that precede the buffer.
    pub parts: Option<Parts>,
    /// All bytes, if there are no parts.
    pub buffer: Vec<u8>,
    size: u64,
}

impl Upload {
    pub fn new(bucket: Rc<Bucket>, key: Key, options: CreateOptions, seen: Seen) -> Upload {
        let metadata = ObjectMetadata {
            content_type: options.content_type.clone(),
            uploader: options.uploader.clone(),
            version: Some(unique()),
            metadata: options.metadata.clone(),
        };
        Upload {
            bucket,
            key,
            options,
            metadata,
            seen,
            parts: None,
            buffer: Vec::new(),
            size: 0,
        }
    }

    /// Ends the file: afterwards all parts of a file that is not stored in one request are at
    /// the service.
    pub async fn seal(&mut self) -> Result<(), Failure> {
        match self.parts.is_some() && !self.buffer.is_empty() {
            true => self.spill().await,
            false => Ok(()),
        }
    }

    /// How many bytes were received.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Sends the gathered bytes as a part.
    async fn spill(&mut self) -> Result<(), Failure> {
        let mut parts = match self.parts.take() {
            Some(parts) => parts,
            None => Parts::start(&self.bucket, &self.key, &self.metadata).await?,
        };
        let sent = parts.send(&self.buffer).await;
        self.buffer.clear();
        self.parts = Some(parts);
        sent
    }
}

impl Staged for Upload {
    fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        while !bytes.is_empty() {
            if self.buffer.len() == PART {
                run(self.spill())?;
            }
            let room = PART - self.buffer.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn complete(&mut self) -> Result<(), Error> {
        if self.buffer.len() > HELD {
            run(self.spill())?;
            mem::take(&mut self.buffer);
        }
        Ok(())
    }
}
