//! How many files and connections the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit as far as the system lets it; says so where that is less than
/// what is `needed`.
pub fn raise(needed: u64) {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::debug!(%error, "the limit on open files stays");
            limit.current
        }
    };
    if let Some(current) = current
        && current < needed
    {
        tracing::warn!(
            current,
            needed,
            "the limit on open files is lower than the limits on connections and requests ask for"
        );
    }
}
