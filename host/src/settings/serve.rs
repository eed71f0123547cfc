//! The flags of `coffer serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::limits::LimitFlags;
use super::s3::S3Flags;
use super::values::{self, Duration, ValueError};
use crate::process::log::Format;

/// `coffer serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "COFFER_LISTEN",
        value_name = "ADDR:PORT",
        value_parser = values::address,
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,

    /// Address and port for operators: /livez /readyz /metrics /component; `off` is none
    #[arg(
        long,
        env = "COFFER_OPS_LISTEN",
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:9090"
    )]
    pub ops_listen: OpsListen,

    /// Where this runs; picks the engine and what is allowed
    #[arg(long, env = "COFFER_ENV", value_enum, default_value_t)]
    pub env: Environment,

    /// Where the files are kept [default: local for test and develop, else s3]
    #[arg(long, env = "COFFER_ENGINE", value_enum)]
    pub engine: Option<Engine>,

    /// The local engine's directory; made where it is missing
    #[arg(
        long,
        env = "COFFER_DATA_DIR",
        value_name = "DIR",
        default_value = "./data"
    )]
    pub data_dir: PathBuf,

    /// A policy in place of the one built into the component
    #[arg(long, env = "COFFER_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// A component in place of the one built into this program
    #[arg(long, env = "COFFER_COMPONENT", value_name = "FILE")]
    pub component: Option<PathBuf>,

    /// How often the files of `--policy` and `--component` are looked at for a change to put in
    /// force; 0s is never, and then SIGHUP asks for it
    #[arg(
        long,
        env = "COFFER_WATCH_INTERVAL",
        value_name = "TIME",
        default_value = "1s"
    )]
    pub watch_interval: Duration,

    /// Take a change back that fails more than 3 requests within this time
    #[arg(long, env = "COFFER_PROBATION", value_name = "TIME")]
    pub probation: Option<Duration>,

    /// Where compiled components are kept for the next start [default: the service's or the
    /// user's cache directory, else the data directory, else below /var/tmp]
    #[arg(long, env = "COFFER_CODE_CACHE", value_name = "DIR")]
    pub code_cache: Option<PathBuf>,

    /// How clients reach this service, for the URLs it makes [default: as the request says]
    #[arg(long, env = "COFFER_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// A name that this service answers to besides those of `--public-url`, localhost and IP
    /// addresses; may be given several times; `*` is any. Others get 421, for the operations
    /// listener always, else on loopback or with `--public-url`
    #[arg(
        long = "allowed-host",
        env = "COFFER_ALLOWED_HOST",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub allowed_hosts: Vec<String>,

    /// Addresses of proxies whose `Forwarded` or `X-Forwarded-For` tells whom a request in the log
    /// comes from, such as 10.0.0.0/8; may be given several times
    #[arg(
        long = "trusted-proxy",
        env = "COFFER_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ',',
        value_parser = values::network
    )]
    pub trusted_proxies: Vec<IpNet>,

    /// What links are signed with, as `coffer secret` prints it, a line of at least 32 bytes
    /// [default: one kept in the data directory by the local engine]
    #[arg(long, env = "COFFER_LINK_SECRET_FILE", value_name = "FILE")]
    pub link_secret_file: Option<PathBuf>,

    /// Trust tokens made by `coffer token`; for development alone
    #[arg(long, env = "COFFER_DEV", value_parser = BoolishValueParser::new())]
    pub dev: bool,

    /// What is logged, such as `warn` or `info,coffer=debug`
    #[arg(
        long,
        env = "COFFER_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log: String,

    /// How the log looks
    #[arg(long, env = "COFFER_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: Format,

    /// Where the S3 engine keeps files.
    #[command(flatten, next_help_heading = "S3")]
    pub s3: S3Flags,

    /// Limits on what clients may ask for.
    #[command(flatten, next_help_heading = "Limits")]
    pub limits: LimitFlags,

    /// Which of these were given, and not left to their defaults.
    #[arg(skip)]
    pub(super) given: Vec<String>,
}

/// An address for operators, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpsListen(pub Option<SocketAddr>);

impl std::str::FromStr for OpsListen {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self(None)),
            text => match values::address(text) {
                Ok(address) => Ok(Self(Some(address))),
                Err(expected) => Err(expected.or_off()),
            },
        }
    }
}

/// Where the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Environment {
    /// Automated tests
    Test,
    /// A developer's machine
    #[default]
    Develop,
    /// As production, for trying things out
    Staging,
    /// Real users' files
    Production,
}

/// What keeps the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// This machine's disk
    Local,
    /// S3-compatible object storage
    S3,
}
