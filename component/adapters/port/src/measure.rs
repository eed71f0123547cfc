//! The bytes of an upload, counted and digested as they come.

use sha2::{Digest, Sha256};

use crate::{CreateOptions, Error};

/// What has come so far.
pub(crate) struct Measure {
    size: u64,
    max_size: u64,
    announced: Option<Vec<u8>>,
    digest: Option<Sha256>,
}

impl Measure {
    pub(crate) fn new(options: &CreateOptions) -> Self {
        Self {
            size: 0,
            max_size: options.max_size,
            announced: options.sha256.clone(),
            digest: options.sha256.as_ref().map(|_| Sha256::new()),
        }
    }

    /// Counts bytes before they are stored.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.max_size {
            return Err(Error::TooLarge);
        }
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        Ok(())
    }

    /// How many bytes have come.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether they are those that were announced.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`].
    pub(crate) fn verify(&mut self) -> Result<(), Error> {
        let found = self.digest.take().map(|digest| digest.finalize().to_vec());
        match found == self.announced {
            true => Ok(()),
            false => Err(Error::DigestMismatch),
        }
    }
}
