//! The flags that limit what clients may request.

use clap::Args;
use ipnet::IpNet;

use super::values::{ByteSize, Duration, positive};
use crate::process::descriptors;
use crate::{sandbox, server};

/// Limits on what clients may request.
#[derive(Debug, Args)]
pub struct LimitFlags {
    /// Max open connections; further ones wait
    #[arg(long, env = "COFFER_MAX_CONNECTIONS", value_name = "N", default_value_t = 4096, value_parser = positive)]
    max_connections: u32,

    /// Max concurrent requests in the sandbox; further ones wait
    #[arg(long, env = "COFFER_MAX_INSTANCES", value_name = "N", default_value_t = 512, value_parser = positive)]
    max_instances: u32,

    /// Max additional requests in the sandbox that wait for the client to send more of a form;
    /// further ones get 503. Other uploads wait outside the sandbox
    #[arg(long, env = "COFFER_MAX_WAITING_INSTANCES", value_name = "N", default_value_t = 1024, value_parser = positive)]
    max_waiting_instances: u32,

    /// Let one instance answer up to N requests, one after the other, which is faster. Costs
    /// isolation: memory of one request may still be there for the next, so a component with a bug
    /// could mix up two callers [default: a fresh instance per request; without N: 1000]
    #[arg(long, env = "COFFER_INSTANCE_REUSE", value_name = "N", num_args = 0..=1, default_missing_value = "1000", value_parser = positive)]
    instance_reuse: Option<u32>,

    /// Queue timeout: how long a request waits for an instance before it gets 503
    #[arg(
        long,
        env = "COFFER_QUEUE_TIMEOUT",
        value_name = "TIME",
        default_value = "10s"
    )]
    queue_timeout: Duration,

    /// Max memory of each component of an instance in the sandbox
    #[arg(
        long,
        env = "COFFER_MAX_INSTANCE_MEMORY",
        value_name = "SIZE",
        default_value = "64 MiB"
    )]
    max_instance_memory: ByteSize,

    /// Max table elements of an instance
    #[arg(long, env = "COFFER_MAX_TABLE_ELEMENTS", value_name = "N", default_value_t = 1 << 14, value_parser = positive)]
    max_table_elements: u32,

    /// Max core instances that a component may consist of
    #[arg(long, env = "COFFER_MAX_CORE_INSTANCES", value_name = "N", default_value_t = 8, value_parser = positive)]
    max_core_instances: u32,

    /// Max CPU time per request in the sandbox, and as much again per 256 MiB of its body; waiting
    /// does not count
    #[arg(
        long,
        env = "COFFER_MAX_CPU_TIME",
        value_name = "TIME",
        default_value = "2s"
    )]
    max_cpu_time: Duration,

    /// Request timeout: max time of a request in the sandbox, including the arrival of its body
    #[arg(
        long,
        env = "COFFER_REQUEST_TIMEOUT",
        value_name = "TIME",
        default_value = "6h"
    )]
    request_timeout: Duration,

    /// Max size of all header fields of a request together
    #[arg(
        long,
        env = "COFFER_MAX_HEADER_SIZE",
        value_name = "SIZE",
        default_value = "64 KiB"
    )]
    max_header_size: ByteSize,

    /// Max size of a request body; the policy limits single files
    #[arg(
        long,
        env = "COFFER_MAX_BODY_SIZE",
        value_name = "SIZE",
        default_value = "64 GiB"
    )]
    max_body_size: ByteSize,

    /// Max time for a request's header to arrive, from its first byte
    #[arg(
        long,
        env = "COFFER_HEADER_TIMEOUT",
        value_name = "TIME",
        default_value = "10s"
    )]
    header_timeout: Duration,

    /// How long an idle connection is kept open between two requests, announced in `Keep-Alive`
    #[arg(
        long,
        env = "COFFER_KEEP_ALIVE_TIMEOUT",
        value_name = "TIME",
        default_value = "75s"
    )]
    keep_alive_timeout: Duration,

    /// Min bytes per second that a client must send or receive, averaged over `--idle-timeout`; 0
    /// is no minimum
    #[arg(
        long,
        env = "COFFER_MIN_BODY_RATE",
        value_name = "SIZE",
        default_value = "1 KiB"
    )]
    min_body_rate: ByteSize,

    /// Idle timeout: longest pause of a client while a body is sent or received
    #[arg(
        long,
        env = "COFFER_IDLE_TIMEOUT",
        value_name = "TIME",
        default_value = "60s"
    )]
    idle_timeout: Duration,

    /// Max memory for lists and other responses that clients have not read yet; beyond it the
    /// oldest are dropped
    #[arg(
        long,
        env = "COFFER_MAX_UNREAD_ANSWERS",
        value_name = "SIZE",
        default_value = "256 MiB"
    )]
    max_unread_answers: ByteSize,

    /// Graceful shutdown: max time for requests in progress to finish
    #[arg(
        long,
        env = "COFFER_SHUTDOWN_TIMEOUT",
        value_name = "TIME",
        default_value = "30s"
    )]
    shutdown_timeout: Duration,
}

impl LimitFlags {
    /// The server's limits.
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

    /// The sandbox's limits, for a component that is composed of this many at most.
    pub fn sandbox(&self, components: u32) -> sandbox::SandboxLimits {
        sandbox::SandboxLimits {
            instances: self.max_instances,
            waiting: self.max_waiting_instances,
            reuse: self.instance_reuse.unwrap_or(1),
            queue_time: self.queue_timeout.into(),
            memory: usize::try_from(self.max_instance_memory.as_u64()).unwrap_or(usize::MAX),
            table_elements: self.max_table_elements as usize,
            components,
            core_instances: self.max_core_instances,
            cpu_time: self.max_cpu_time.into(),
            request_time: self.request_timeout.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        limits: LimitFlags,
    }

    #[test]
    fn without_flags_the_sandbox_has_its_own_defaults() {
        let Flags { limits } = Flags::parse_from(["serve"]);
        let defaults = sandbox::SandboxLimits::default();
        assert_eq!(limits.sandbox(defaults.components), defaults);
    }
}
