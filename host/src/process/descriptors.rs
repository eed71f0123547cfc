//! The limit on open files and connections (`ulimit -n`).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for the program itself: its store, its listeners, its runtime.
const OWN: u64 = 128;

/// How many descriptors this number of connections needs: for each a socket, and a file that is
/// sent or received.
pub fn for_connections(connections: u64) -> u64 {
    connections.saturating_mul(2).saturating_add(OWN)
}

/// Raises the limit as far as the system allows, and returns how many connections it is enough
/// for: `wanted`, or fewer with a warning in the log.
pub fn raise(wanted: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::debug!(%error, "the limit on open files cannot be raised");
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
            "the limit on open files (ulimit -n) allows fewer connections than --max-connections"
        );
    }
    enough.min(wanted)
}
