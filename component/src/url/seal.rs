//! Positions that a client keeps and cannot read: names that it may not see among them.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};

use super::after::After;
use crate::problem::Problem;
use crate::random;

/// The purpose that the key is derived for.
const PURPOSE: &str = "coffer cursor 1";
/// The length of a nonce, in bytes. It is random.
const NONCE: usize = 12;
/// The length of what is encrypted, in bytes, always the same so that it says nothing: what the
/// position is, the length of its text in two bytes, and the text.
const ROOM: usize = 1024;
/// The length of the authentication tag, in bytes.
const TAG: usize = 16;

/// What positions are encrypted with.
pub(crate) struct SealKey(Aes256Gcm);

/// What a position belongs to. It is invalid anywhere else.
pub(crate) type Binding = [u8; 32];

/// Distinguishes by all of these parts.
pub(crate) fn binding<'t>(parts: impl IntoIterator<Item = &'t str>) -> Binding {
    let mut hash = hmac_sha256::Hash::new();
    for part in parts {
        // The length prefix distinguishes ("a", "bc") from ("ab", "c").
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()
}

impl SealKey {
    /// The length of what [`SealKey::seal`] returns, in bytes.
    pub(crate) const SEALED: usize = NONCE + ROOM + TAG;

    /// Derives the key from the link secret.
    pub(crate) fn derive(secret: &[u8]) -> Self {
        let derived = hmac_sha256::HMAC::mac(PURPOSE, secret);
        Self(Aes256Gcm::new(&derived.into()))
    }

    /// Encrypts a position.
    ///
    /// # Errors
    /// [`Problem::Internal`] if the platform has no random numbers, or for no name's position.
    pub(crate) fn seal(&self, after: &After, binding: &Binding) -> Result<Vec<u8>, Problem> {
        let text = after.text().as_bytes();
        let is_folder = matches!(after, After::Folder(_));
        let length = u16::try_from(text.len()).map_err(|_| Problem::Internal)?;
        let mut room = Vec::with_capacity(ROOM);
        room.push(u8::from(is_folder));
        room.extend_from_slice(&length.to_be_bytes());
        room.extend_from_slice(text);
        if room.len() > ROOM {
            return Err(Problem::Internal);
        }
        room.resize(ROOM, 0);
        let nonce: [u8; NONCE] = random::bytes()?;
        let payload = Payload {
            msg: &room,
            aad: binding,
        };
        let sealed = self.0.encrypt(&nonce.into(), payload);
        let sealed = sealed.map_err(|_| Problem::Internal)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// The position that [`SealKey::seal`] encrypted for the same binding; `None` for all else.
    pub(crate) fn open(&self, sealed: &[u8], binding: &Binding) -> Option<After> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: sealed,
            aad: binding,
        };
        let room = self.0.decrypt(&(*nonce).into(), payload).ok()?;
        let (&[is_folder, high, low], text) = room.split_first_chunk()?;
        let text = text.get(..u16::from_be_bytes([high, low]).into())?;
        let text = String::from_utf8(text.to_owned()).ok()?;
        Some(match is_folder {
            0 => After::Name(text),
            _ => After::Folder(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a link secret of at least 32 bytes";

    #[test]
    fn a_position_comes_back_only_where_it_belongs() {
        let key = SealKey::derive(SECRET);
        let home = binding(["list", "public/", "a/"]);
        let longest = "x".repeat(1017);
        for after in [
            After::Name(String::new()),
            After::Name("a/secret".to_owned()),
            After::Folder("日本/😀/".to_owned()),
            After::Name(longest),
        ] {
            let sealed = key.seal(&after, &home).expect("sealed");
            assert_eq!(sealed.len(), SealKey::SEALED);
            assert_eq!(key.open(&sealed, &home).as_ref(), Some(&after));
            for elsewhere in [["list", "public/", "b/"], ["list", "public/a", "/"]] {
                assert_eq!(key.open(&sealed, &binding(elsewhere)), None);
            }
            assert_eq!(SealKey::derive(&[7; 32]).open(&sealed, &home), None);
            for at in [0, NONCE, NONCE + 5, sealed.len() - 1] {
                let mut forged = sealed.clone();
                forged[at] ^= 1;
                assert_eq!(key.open(&forged, &home), None, "{at}");
            }
        }
        let too_long = After::Name("x".repeat(1022));
        assert_eq!(key.seal(&too_long, &home), Err(Problem::Internal));
    }

    #[test]
    fn a_sealed_position_shows_no_name_and_is_another_one_each_time() {
        let key = SealKey::derive(SECRET);
        let home = binding(["list"]);
        let after = After::Name("confidential".to_owned());
        let (one, other) = (key.seal(&after, &home), key.seal(&after, &home));
        assert_ne!(one, other);
        let sealed = one.expect("sealed");
        assert!(!sealed.windows(4).any(|part| part == b"conf"));
        assert_eq!(key.open(&[], &home), None);
        assert_eq!(key.open(&sealed[..NONCE], &home), None);
    }
}
