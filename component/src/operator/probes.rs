//! Requests that a host may try before this component serves.

use crate::bindings::exports::coffer::storage::self_check::Probe;

/// Downloads without a token, and the expected statuses under any policy as long as there
/// are no files: the user area always requires a token.
const PROBES: [(&str, &[u16]); 2] = [
    ("/v1/public/files/trial", &[401, 403, 404]),
    ("/v1/user/files/trial", &[401, 403]),
];

/// All probes.
pub(crate) fn all() -> Vec<Probe> {
    let probe = |(target, statuses): (&str, &[u16])| Probe {
        target: target.to_owned(),
        statuses: statuses.to_vec(),
    };
    PROBES.into_iter().map(probe).collect()
}
