//! The flags that limit what clients may ask for.

use clap::Args;
use ipnet::IpNet;

use super::values::{ByteSize, Duration, positive};
use crate::process::descriptors;
use crate::{sandbox, server};

/// Limits on what clients may ask for.
#[derive(Debug, Args)]
pub struct LimitFlags {
    /// Connections at once; more wait
    #[arg(long, env = "COFFER_MAX_CONNECTIONS", value_name = "N", default_value_t = 4096, value_parser = positive)]
    max_connections: u32,

    /// Requests in the sandbox at once; more wait
    #[arg(long, env = "COFFER_MAX_INSTANCES", value_name = "N", default_value_t = 512, value_parser = positive)]
    max_instances: u32,

    /// Requests in the sandbox besides that wait for their client to send more of a form; more get
    /// 503. Other uploads wait outside of it
    #[arg(long, env = "COFFER_MAX_WAITING_INSTANCES", value_name = "N", default_value_t = 1024, value_parser = positive)]
    max_waiting_instances: u32,

    /// Let one instance answer up to N requests, one after the other, which is faster. Gives up
    /// that nothing of one request is there for the next: a component with a fault could mix
    /// them up [default: a fresh instance for each; without N: 1000]
    #[arg(long, env = "COFFER_INSTANCE_REUSE", value_name = "N", num_args = 0..=1, default_missing_value = "1000", value_parser = positive)]
    instance_reuse: Option<u32>,

    /// How long they wait; then they get 503
    #[arg(
        long,
        env = "COFFER_QUEUE_TIMEOUT",
        value_name = "TIME",
        default_value = "10s"
    )]
    queue_timeout: Duration,

    /// Memory of a request in the sandbox
    #[arg(
        long,
        env = "COFFER_MAX_INSTANCE_MEMORY",
        value_name = "SIZE",
        default_value = "64 MiB"
    )]
    max_instance_memory: ByteSize,

    /// Table elements of a request in the sandbox
    #[arg(long, env = "COFFER_MAX_TABLE_ELEMENTS", value_name = "N", default_value_t = 1 << 14, value_parser = positive)]
    max_table_elements: u32,

    /// Core instances that a component may consist of
    #[arg(long, env = "COFFER_MAX_CORE_INSTANCES", value_name = "N", default_value_t = 8, value_parser = positive)]
    max_core_instances: u32,

    /// Processor time of a request in the sandbox, and as much again for each 256 MiB of its body;
    /// waiting is free
    #[arg(
        long,
        env = "COFFER_MAX_CPU_TIME",
        value_name = "TIME",
        default_value = "2s"
    )]
    max_cpu_time: Duration,

    /// Time of a request in the sandbox, its body's arrival included
    #[arg(
        long,
        env = "COFFER_REQUEST_TIMEOUT",
        value_name = "TIME",
        default_value = "6h"
    )]
    request_timeout: Duration,

    /// A request's header fields together
    #[arg(
        long,
        env = "COFFER_MAX_HEADER_SIZE",
        value_name = "SIZE",
        default_value = "64 KiB"
    )]
    max_header_size: ByteSize,

    /// A request's body; the policy limits single files
    #[arg(
        long,
        env = "COFFER_MAX_BODY_SIZE",
        value_name = "SIZE",
        default_value = "64 GiB"
    )]
    max_body_size: ByteSize,

    /// Time for a request's header to arrive
    #[arg(
        long,
        env = "COFFER_HEADER_TIMEOUT",
        value_name = "TIME",
        default_value = "10s"
    )]
    header_timeout: Duration,

    /// Time that a connection may be idle between two requests; clients are told by `Keep-Alive`
    #[arg(
        long,
        env = "COFFER_KEEP_ALIVE_TIMEOUT",
        value_name = "TIME",
        default_value = "75s"
    )]
    keep_alive_timeout: Duration,

    /// What a client that is waited for sends or takes per second at least, averaged over
    /// `--idle-timeout`; 0 is no limit
    #[arg(
        long,
        env = "COFFER_MIN_BODY_RATE",
        value_name = "SIZE",
        default_value = "1 KiB"
    )]
    min_body_rate: ByteSize,

    /// Longest pause of a client that sends or takes a body
    #[arg(
        long,
        env = "COFFER_IDLE_TIMEOUT",
        value_name = "TIME",
        default_value = "60s"
    )]
    idle_timeout: Duration,

    /// What answers such as lists take in memory until their clients read them; beyond that the
    /// oldest are given up
    #[arg(
        long,
        env = "COFFER_MAX_UNREAD_ANSWERS",
        value_name = "SIZE",
        default_value = "256 MiB"
    )]
    max_unread_answers: ByteSize,

    /// Time for requests in progress to finish at shutdown
    #[arg(
        long,
        env = "COFFER_SHUTDOWN_TIMEOUT",
        value_name = "TIME",
        default_value = "30s"
    )]
    shutdown_timeout: Duration,
}

impl LimitFlags {
    /// The server's share, but for whom it answers.
    pub fn server(
        &self,
        hosts: server::Hosts,
        trusted_proxies: Vec<IpNet>,
    ) -> server::ServerLimits {
        let connections = descriptors::raise(u64::from(self.max_connections));
        server::ServerLimits {
            connections: usize::try_from(connections).unwrap_or(usize::MAX),
            header_size: usize::try_from(self.max_header_size.as_u64()).unwrap_or(usize::MAX),
            header_time: self.header_timeout.into(),
            keep_alive_time: self.keep_alive_timeout.into(),
            body_size: self.max_body_size.as_u64(),
            idle_time: self.idle_timeout.into(),
            min_rate: self.min_body_rate.as_u64(),
            hosts,
            trusted_proxies,
            unread_size: self.max_unread_answers.as_u64(),
            shutdown_time: self.shutdown_timeout.into(),
        }
    }

    /// The sandbox's share.
    pub fn sandbox(&self) -> sandbox::SandboxLimits {
        sandbox::SandboxLimits {
            instances: self.max_instances,
            waiting: self.max_waiting_instances,
            reuse: self.instance_reuse.unwrap_or(1),
            queue_time: self.queue_timeout.into(),
            memory: usize::try_from(self.max_instance_memory.as_u64()).unwrap_or(usize::MAX),
            table_elements: self.max_table_elements as usize,
            core_instances: self.max_core_instances,
            cpu_time: self.max_cpu_time.into(),
            request_time: self.request_timeout.into(),
        }
    }
}
