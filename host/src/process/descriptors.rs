//! How many files and connections the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// For the program itself: its store, its listeners, its runtime.
const OWN: u64 = 128;

/// How many it takes to serve so many connections: a socket each, and a file that is sent or
/// received.
pub fn for_connections(connections: u64) -> u64 {
    connections.saturating_mul(2).saturating_add(OWN)
}

/// Raises the limit as far as the system lets it, and returns for how many connections that
/// is enough: `wanted`, or fewer, which the log says then.
pub fn raise(wanted: u64) -> u64 {
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
    let Some(current) = current else {
        return wanted;
    };
    let enough = (current.saturating_sub(OWN) / 2).max(1);
    if enough < wanted {
        tracing::warn!(
            limit = current,
            needed = for_connections(wanted),
            connections = enough,
            "the limit on open files allows fewer connections than --max-connections"
        );
    }
    enough.min(wanted)
}
