//! Gathers pieces of any size into chunks that are worth a system call.

use bytes::{Bytes, BytesMut};

/// Pieces shorter than this are copied together; longer ones are kept as they are.
const COPIED_BELOW: usize = 16 << 10;

#[derive(Default)]
pub(super) struct Gather {
    pieces: Vec<Bytes>,
    /// The short pieces at the end.
    tail: BytesMut,
    len: usize,
}

impl Gather {
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.len = self.len.saturating_add(bytes.len());
        if bytes.len() < COPIED_BELOW {
            self.tail.extend_from_slice(&bytes);
        } else {
            self.close_tail();
            self.pieces.push(bytes);
        }
    }

    /// Bytes held.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Everything held, in order; none of the pieces is empty.
    pub(super) fn take(&mut self) -> Vec<Bytes> {
        self.close_tail();
        self.len = 0;
        std::mem::take(&mut self.pieces)
    }

    fn close_tail(&mut self) {
        if !self.tail.is_empty() {
            self.pieces.push(self.tail.split().freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_out_in_the_order_they_went_in() {
        let mut gather = Gather::default();
        let mut expected = Vec::new();
        let lengths = [1, 0, COPIED_BELOW, 7, 9, COPIED_BELOW + 1, COPIED_BELOW - 1];
        for (fill, length) in (1..).zip(lengths) {
            let piece = vec![fill; length];
            expected.extend_from_slice(&piece);
            gather.push(piece.into());
        }
        assert_eq!(gather.len(), expected.len());
        let pieces = gather.take();
        assert!(pieces.iter().all(|piece| !piece.is_empty()));
        assert_eq!(pieces.concat(), expected);
        assert_eq!(gather.len(), 0);
        assert!(gather.take().is_empty());
    }
}
