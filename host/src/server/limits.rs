//! How much a client may request, and how long it may take.

use std::time::Duration;

use ipnet::IpNet;

use super::host_field::Hosts;

/// Limits on what clients may request.
#[derive(Debug, Clone)]
pub struct ServerLimits {
    /// Max open connections; further ones wait in the listener's backlog.
    pub connections: usize,
    /// All header fields of a request together, in bytes.
    pub header_size: usize,
    /// From the first byte of a request to the end of its header.
    pub header_time: Duration,
    /// How long a connection may be idle between two requests.
    pub keep_alive_time: Duration,
    /// A request's body, in bytes.
    pub body_size: u64,
    /// The longest pause of a client while a body is sent or received.
    pub idle_time: Duration,
    /// The minimum rate at which a client must send or receive, in bytes per second; 0 is no
    /// minimum.
    pub min_rate: u64,
    /// Max memory for responses that clients have not read yet, in bytes: lists, but not files,
    /// which are read as they are sent.
    pub unread_size: u64,
    /// How long requests in progress may take to finish in a graceful shutdown.
    pub shutdown_time: Duration,
    /// The host names that it answers to.
    pub hosts: Hosts,
    /// Proxies that are trusted to name the client.
    pub trusted_proxies: Vec<IpNet>,
}
