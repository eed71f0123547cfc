//! What a host may try before this component serves.

use crate::bindings::exports::coffer::storage::self_check::Probe;

/// Downloads without a token, and the statuses that are right for them whatever the policy,
/// as long as there are no files: nobody is let into the user area.
const PROBES: [(&str, &[u16]); 2] = [
    ("/v1/public/files/trial", &[401, 403, 404]),
    ("/v1/user/files/trial", &[401, 403]),
];

/// All of them.
pub(crate) fn all() -> Vec<Probe> {
    let probe = |(target, statuses): (&str, &[u16])| Probe {
        target: target.to_owned(),
        statuses: statuses.to_vec(),
    };
    PROBES.into_iter().map(probe).collect()
}
