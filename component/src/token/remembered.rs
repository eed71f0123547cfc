//! Tokens whose signature an earlier request found good, since finding that out
//! costs far more than all the rest of a request.

use hmac_sha256::Hash;

use crate::claims::Claims;
use crate::memo::Memo;

/// Whether this token's signature was found good lately. Says nothing of its claims:
/// time goes on.
pub(super) fn is_good(memo: &dyn Memo, token: &str) -> bool {
    memo.recall(&Hash::hash(token.as_bytes())).is_some()
}

/// Remembers that this token's signature is good, for no longer than its claims
/// hold. A refusal is never remembered, so that forged tokens take no room.
pub(super) fn remember(memo: &dyn Memo, token: &str, claims: &Claims, now: u64) {
    let seconds = claims.seconds_left(now);
    if seconds > 0 {
        memo.remember(&Hash::hash(token.as_bytes()), &[], seconds);
    }
}
