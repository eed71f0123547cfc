//! What the engine has to know to start.

use std::time::Duration;

use super::key::Prefix;

/// Where the bucket is and how it is used.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its name.
    pub bucket: String,
    /// The service's URL; none for AWS.
    pub endpoint: Option<String>,
    /// None: as the environment says, else `us-east-1`.
    pub region: Option<String>,
    /// What the names of all objects begin with.
    pub prefix: Prefix,
    /// The bucket is in the URL's path rather than in its host name.
    pub path_style: bool,
    /// The memory that all uploads may take together, in bytes; at least 64 MiB.
    pub memory: u64,
    /// Refuse a service that does not evaluate conditions on storing.
    pub require_conditional: bool,
    /// Clients get a file's bytes from the service themselves.
    pub redirect: bool,
    /// A transfer in which no byte moves for so long is broken off, and tried again.
    pub stalled_after: Duration,
    /// When an upload that was neither ended nor dropped counts as abandoned.
    pub abandoned_after: Duration,
}
