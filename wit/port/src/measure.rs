//! The bytes of an upload, counted and digested as they come.

use sha2::{Digest as _, Sha256};

use crate::Error;

/// How many bytes were received, of those that are allowed.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    so_far: u64,
    max: u64,
}

impl Size {
    /// No bytes yet, of at most `max`.
    #[must_use]
    pub fn up_to(max: u64) -> Size {
        Size { so_far: 0, max }
    }

    /// Counts bytes before they are stored.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn add(&mut self, bytes: usize) -> Result<(), Error> {
        self.so_far = self.so_far.saturating_add(bytes as u64);
        match self.so_far > self.max {
            true => Err(Error::TooLarge),
            false => Ok(()),
        }
    }

    /// How many bytes were received.
    #[must_use]
    pub fn get(self) -> u64 {
        self.so_far
    }
}

/// The SHA-256 of what was received, where one was announced; does nothing otherwise.
#[derive(Debug, Clone)]
pub struct Digest(Option<(Sha256, [u8; 32])>);

impl Digest {
    /// Of no bytes yet; in the end it has to be this one.
    #[must_use]
    pub fn expecting(announced: Option<[u8; 32]>) -> Digest {
        Digest(announced.map(|expected| (Sha256::new(), expected)))
    }

    /// Digests the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some((digest, _)) = &mut self.0 {
            digest.update(bytes);
        }
    }

    /// Whether these are the bytes that were announced.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`].
    pub fn verify(self) -> Result<(), Error> {
        let Some((digest, expected)) = self.0 else {
            return Ok(());
        };
        match <[u8; 32]>::from(digest.finalize()) == expected {
            true => Ok(()),
            false => Err(Error::DigestMismatch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_too_many_is_too_large() {
        let mut size = Size::up_to(5);
        assert!(size.add(3).is_ok() && size.add(2).is_ok() && size.add(0).is_ok());
        assert_eq!(size.get(), 5);
        assert!(matches!(size.add(1), Err(Error::TooLarge)));
        assert!(Size::up_to(0).add(0).is_ok());
    }

    #[test]
    fn bytes_are_held_to_the_announced_digest() {
        let hello: [u8; 32] = Sha256::digest(b"hello").into();
        for (announced, fits) in [(None, true), (Some(hello), true), (Some([0; 32]), false)] {
            let mut digest = Digest::expecting(announced);
            digest.update(b"hel");
            digest.update(b"lo");
            assert_eq!(digest.verify().is_ok(), fits, "{announced:?}");
        }
    }
}
