//! How much a client may ask for, and how long it may take.

use std::time::Duration;

use ipnet::IpNet;

use super::host::Hosts;

/// What clients may ask of the server.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Connections at once; more wait in the listener's backlog.
    pub connections: usize,
    /// All header fields of a request together, in bytes.
    pub header_size: usize,
    /// From the first byte of a request to the end of its header.
    pub header_time: Duration,
    /// How long a connection may be idle between two requests.
    pub keep_alive_time: Duration,
    /// A request's body, in bytes.
    pub body_size: u64,
    /// The longest pause of a client that sends or takes a body.
    pub idle_time: Duration,
    /// The least that a client sends or takes while it is waited for, in bytes per second;
    /// 0 is none.
    pub min_rate: u64,
    /// What answers take in memory that clients have not taken yet, in bytes: lists, and not
    /// files, which are read as they are sent.
    pub unread_size: u64,
    /// How long requests in progress may go on after shutdown was asked for.
    pub shutdown_time: Duration,
    /// The names that it answers to.
    pub hosts: Hosts,
    /// Proxies that say whom they forward for.
    pub trusted_proxies: Vec<IpNet>,
}
