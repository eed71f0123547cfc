//! The flags of `coffer health`.

use clap::Args;

use super::serve::OpsListen;
use super::values::Duration;

/// `coffer health`.
#[derive(Debug, Args)]
pub struct Health {
    /// The operations listener of the host, as it was given to `coffer serve`
    #[arg(
        long,
        env = "COFFER_OPS_LISTEN",
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:9090"
    )]
    pub ops_listen: OpsListen,

    /// How long to wait for its answer
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub timeout: Duration,
}
