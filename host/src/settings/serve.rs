//! The flags of `coffer serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::limits::LimitFlags;
use super::s3::S3Flags;
use super::values::{self, Duration, Share, ValueError};
use crate::process::log::Format;
use crate::traces::Endpoint;

/// `coffer serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port to listen on for clients; port 0 picks a free one
    #[arg(
        long,
        env = "COFFER_LISTEN",
        value_name = "ADDR:PORT",
        value_parser = values::address,
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,

    /// Address and port of the operations listener (/livez /readyz /metrics /component /shadow), or `off`
    #[arg(
        long,
        env = "COFFER_OPS_LISTEN",
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:9090"
    )]
    pub ops_listen: OpsListen,

    /// The environment; selects the engine and what is allowed
    #[arg(long, env = "COFFER_ENV", value_enum, default_value_t)]
    pub env: Environment,

    /// The storage engine [default: local for test and develop, else s3]
    #[arg(long, env = "COFFER_ENGINE", value_enum)]
    pub engine: Option<Engine>,

    /// The local engine's data directory; created if missing
    #[arg(
        long,
        env = "COFFER_DATA_DIR",
        value_name = "DIR",
        default_value = "./data"
    )]
    pub data_dir: PathBuf,

    /// A policy to use instead of the one built into the component
    #[arg(long, env = "COFFER_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// A policy that decides beside the one in force, without effect: what it would decide otherwise
    /// is counted and logged
    #[arg(long, env = "COFFER_SHADOW_POLICY", value_name = "FILE")]
    pub shadow_policy: Option<PathBuf>,

    /// Share of the requests that the shadow policy decides too, such as 5%
    #[arg(
        long,
        env = "COFFER_SHADOW_SHARE",
        value_name = "SHARE",
        default_value = "100%"
    )]
    pub shadow_share: Share,

    /// A component to use instead of the one built into this program
    #[arg(long, env = "COFFER_COMPONENT", value_name = "FILE")]
    pub component: Option<PathBuf>,

    /// Hot reload: how often the files of `--policy`, `--component` and `--shadow-policy` are checked
    /// for changes; 0s disables it, so that only SIGHUP or POST /component/reload does it
    #[arg(
        long,
        env = "COFFER_WATCH_INTERVAL",
        value_name = "TIME",
        default_value = "1s"
    )]
    pub watch_interval: Duration,

    /// Roll back a new component that traps on more than 3 requests within this time [default: off]
    #[arg(long, env = "COFFER_PROBATION", value_name = "TIME")]
    pub probation: Option<Duration>,

    /// Cache directory for compiled components, for a faster start [default: the service's or the
    /// user's cache directory, else the data directory, else below /var/tmp]
    #[arg(long, env = "COFFER_CODE_CACHE", value_name = "DIR")]
    pub code_cache: Option<PathBuf>,

    /// Base URL at which clients reach this service, for the URLs that it makes [default: from each
    /// request]
    #[arg(long, env = "COFFER_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// A further host name to answer to, besides that of `--public-url`, localhost and IP
    /// addresses; repeatable; `*` is any. Other names get 421: always on the operations listener, on
    /// the client listener only if it is on loopback or `--public-url` is set
    #[arg(
        long = "allowed-host",
        env = "COFFER_ALLOWED_HOST",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub allowed_hosts: Vec<String>,

    /// Trusted proxies, such as 10.0.0.0/8, whose `Forwarded` or `X-Forwarded-For` names the client
    /// in the log; repeatable
    #[arg(
        long = "trusted-proxy",
        env = "COFFER_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ',',
        value_parser = values::network
    )]
    pub trusted_proxies: Vec<IpNet>,

    /// The secret that signs presigned URLs, as `coffer secret` prints it: one line of at least 32
    /// bytes [default for the local engine: one in the data directory]
    #[arg(long, env = "COFFER_LINK_SECRET_FILE", value_name = "FILE")]
    pub link_secret_file: Option<PathBuf>,

    /// Trust tokens of `coffer token`; for development only
    #[arg(long, env = "COFFER_DEV", value_parser = BoolishValueParser::new())]
    pub dev: bool,

    /// Serve a web page for people at / [default: with --dev]
    #[arg(
        long,
        env = "COFFER_PAGE",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new()
    )]
    pub page: Option<bool>,

    /// Keep each of the threads that serve connections on a core of its own, which is faster where
    /// this process has its cores to itself
    #[arg(long, env = "COFFER_PIN_CORES", value_parser = BoolishValueParser::new())]
    pub pin_cores: bool,

    /// Log level or filter, such as `warn` or `info,coffer=debug`
    #[arg(
        long,
        env = "COFFER_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log: String,

    /// Log format
    #[arg(long, env = "COFFER_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: Format,

    /// Export traces of requests by OTLP (HTTP) to the collector at this base URL, such as
    /// http://127.0.0.1:4318
    #[arg(long, env = "COFFER_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<Endpoint>,

    /// Where the S3 engine stores files.
    #[command(flatten, next_help_heading = "S3")]
    pub s3: S3Flags,

    /// Limits on what clients may request.
    #[command(flatten, next_help_heading = "Limits")]
    pub limits: LimitFlags,

    /// Which of these were set rather than left at their defaults.
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

/// The environment that the program runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Environment {
    /// Automated tests
    Test,
    /// A developer's machine
    #[default]
    Develop,
    /// Like production, for trials
    Staging,
    /// Real users' files
    Production,
}

/// The storage engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// This machine's disk
    Local,
    /// S3-compatible object storage
    S3,
}
