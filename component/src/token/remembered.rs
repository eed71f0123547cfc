//! Tokens that an earlier request found good, since finding that out costs far more than
//! all the rest of a request.

use borsh::{BorshDeserialize, BorshSerialize};

use super::caller::Bearer;
use super::claims::Term;
use crate::memo::Memo;

/// What is remembered of a token. Another policy starts from nothing, as do other keys,
/// so that only time can make it bad.
#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct Remembered {
    pub(super) bearer: Bearer,
    pub(super) term: Term,
}

impl Remembered {
    /// What was remembered of this token.
    pub(super) fn recall(memo: &dyn Memo, token: &str) -> Option<Self> {
        borsh::from_slice(&memo.recall(&key(token))?).ok()
    }

    /// Remembers it for no longer than the token holds. A refusal is never remembered, so
    /// that forged tokens take no room.
    pub(super) fn keep(&self, memo: &dyn Memo, token: &str, now: u64) {
        let seconds = self.term.seconds_left(now);
        if let Ok(value) = borsh::to_vec(self)
            && seconds > 0
        {
            memo.remember(&key(token), &value, seconds);
        }
    }
}

/// Nothing that is not a token is remembered under such a key.
fn key(token: &str) -> Vec<u8> {
    [b"token ", token.as_bytes()].concat()
}
