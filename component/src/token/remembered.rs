//! Tokens that an earlier request found valid, since verification costs much more than
//! the rest of a request.

use borsh::{BorshDeserialize, BorshSerialize};

use super::caller::Bearer;
use super::claims::Term;
use crate::memo::Memo;

/// What is remembered about a token. Another policy or other keys start with an
/// empty memory, so only time can make it invalid.
#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct Remembered {
    pub(super) bearer: Bearer,
    pub(super) term: Term,
}

impl Remembered {
    /// What was remembered about this token.
    pub(super) fn recall(memo: &dyn Memo, token: &str) -> Option<Self> {
        borsh::from_slice(&memo.recall(&key(token))?).ok()
    }

    /// Remembers it for no longer than the token is valid. A refusal is never remembered, so
    /// that forged tokens take no space.
    pub(super) fn keep(&self, memo: &dyn Memo, token: &str, now: u64) {
        let seconds = self.term.seconds_left(now);
        if let Ok(value) = borsh::to_vec(self)
            && seconds > 0
        {
            memo.remember(&key(token), &value, seconds);
        }
    }
}

/// The prefix keeps tokens apart from everything else that is remembered.
fn key(token: &str) -> Vec<u8> {
    [b"token ", token.as_bytes()].concat()
}
