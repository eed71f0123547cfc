//! The flags that limit what clients may ask for.

use bytesize::ByteSize;
use clap::Args;
use humantime::Duration;

use crate::{sandbox, server};

/// Limits on what clients may ask for.
#[derive(Debug, Args)]
pub struct Limits {
    /// Connections at once; more wait
    #[arg(long, env = "COFFER_MAX_CONNECTIONS", value_name = "N", default_value_t = 4096, value_parser = positive)]
    max_connections: u32,

    /// Requests in the sandbox at once; more wait up to 10 s, then get 503
    #[arg(long, env = "COFFER_MAX_INSTANCES", value_name = "N", default_value_t = 512, value_parser = positive)]
    max_instances: u32,

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

    /// Longest pause of a client that sends or takes a body
    #[arg(
        long,
        env = "COFFER_IDLE_TIMEOUT",
        value_name = "TIME",
        default_value = "60s"
    )]
    idle_timeout: Duration,

    /// Time for requests in progress to finish at shutdown
    #[arg(
        long,
        env = "COFFER_SHUTDOWN_TIMEOUT",
        value_name = "TIME",
        default_value = "30s"
    )]
    shutdown_timeout: Duration,
}

impl Limits {
    /// The server's share.
    pub fn server(&self) -> server::Limits {
        server::Limits {
            connections: self.max_connections as usize,
            header_size: usize::try_from(self.max_header_size.as_u64()).unwrap_or(usize::MAX),
            header_time: self.header_timeout.into(),
            body_size: self.max_body_size.as_u64(),
            idle_time: self.idle_timeout.into(),
            shutdown_time: self.shutdown_timeout.into(),
        }
    }

    /// How many descriptors it takes to live up to them: a connection each, a file for
    /// each request, and some for the program itself.
    pub fn descriptors(&self) -> u64 {
        u64::from(self.max_connections) + u64::from(self.max_instances) + 64
    }

    /// The sandbox's share.
    pub fn sandbox(&self) -> sandbox::Limits {
        sandbox::Limits {
            instances: self.max_instances,
            ..sandbox::Limits::default()
        }
    }
}

fn positive(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}
