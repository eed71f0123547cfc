//! Flags and their environment twins, checked before anything listens.

mod limits;
mod s3;
mod values;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use limits::LimitFlags;
use s3::S3Flags;
use values::Duration;

use crate::server::Hosts;

/// A storage API for your app's files: public, each user's own, each organization's.
///
/// Every flag of `serve` can also be given by the environment variable named with it.
#[derive(Debug, Parser)]
#[command(name = "coffer", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the command line and the environment. Ends the program where they make no
    /// sense, or only ask for help.
    pub fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut read = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if let (Command::Serve(serve), Some((_, matches))) =
            (&mut read.command, matches.subcommand())
        {
            serve.given = given(matches);
        }
        read
    }
}

/// The ids of what was given by flag or variable; an empty variable gives nothing.
fn given(matches: &ArgMatches) -> Vec<String> {
    let given = |id: &str| {
        let empty = |mut values: clap::parser::RawValues<'_>| values.all(std::ffi::OsStr::is_empty);
        match matches.value_source(id) {
            Some(ValueSource::CommandLine) => true,
            Some(ValueSource::EnvVariable) => !matches.get_raw(id).is_some_and(empty),
            _ => false,
        }
    };
    let ids = matches.ids().map(clap::Id::as_str);
    ids.filter(|id| given(id)).map(str::to_owned).collect()
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve files over HTTP until SIGTERM or Ctrl-C
    Serve(Box<Serve>),
    /// Print a token that `serve --dev` on the same data directory trusts
    Token(Token),
    /// Print a new secret to sign links with, for --link-secret-file and COFFER_LINK_SECRET
    Secret,
    /// Say whether this component (.wasm) or policy (.toml) is valid, whom a token names, or
    /// whether a data directory is whole
    Check(Check),
}

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
        value_parser = network
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
    pub log_format: LogFormat,

    /// Where the S3 engine keeps files.
    #[command(flatten, next_help_heading = "S3")]
    pub s3: S3Flags,

    /// Limits on what clients may ask for.
    #[command(flatten, next_help_heading = "Limits")]
    pub limits: LimitFlags,

    /// Which of these were given, and not left to their defaults.
    #[arg(skip)]
    given: Vec<String>,
}

/// An address for operators, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpsListen(pub Option<SocketAddr>);

impl std::str::FromStr for OpsListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self(None)),
            text => match values::address(text) {
                Ok(address) => Ok(Self(Some(address))),
                Err(expected) => Err(format!("{expected}, or off")),
            },
        }
    }
}

/// `coffer token`.
#[derive(Debug, Args)]
pub struct Token {
    /// The user's id
    #[arg(long, value_name = "USER", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub user: String,

    /// The organization that the user acts for
    #[arg(long, value_name = "ORG")]
    pub org: Option<String>,

    /// A role of the user's; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,

    /// How long the token is good for
    #[arg(long, value_name = "TIME", default_value = "1h")]
    pub expires_in: Duration,

    /// The data directory of the `serve --dev` that is to trust it
    #[arg(
        long,
        env = "COFFER_DATA_DIR",
        value_name = "DIR",
        default_value = "./data"
    )]
    pub data_dir: PathBuf,
}

/// `coffer check`.
#[derive(Debug, Args)]
pub struct Check {
    /// A component (.wasm) or a policy (.toml)
    #[arg(required_unless_present = "data_dir")]
    pub file: Option<PathBuf>,

    /// Say whom the token in this file names under the policy, or why it is refused; - is
    /// standard input
    #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
    pub token: Option<PathBuf>,

    /// Read the local engine's directory through, while no host uses it, and list what is
    /// damaged, missing or orphaned
    #[arg(long, value_name = "DIR", conflicts_with = "file")]
    pub data_dir: Option<PathBuf>,
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

/// How the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = |_| text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(address)
        .map_err(|_| "expected an address or a network such as 10.0.0.0/8".to_owned())
}

impl Serve {
    /// The names that the operations listener answers to.
    pub fn own_hosts(&self) -> Hosts {
        let url = self.public_url.as_ref().and_then(|url| url.parse().ok());
        let host = url.and_then(|url: http::Uri| url.host().map(str::to_owned));
        Hosts::only(self.allowed_hosts.iter().cloned().chain(host))
    }

    /// The names that clients are answered at. Elsewhere than on loopback the network
    /// decides who reaches this service, and it may have any name.
    pub fn hosts(&self) -> Hosts {
        if self.listen.ip().is_loopback() || self.public_url.is_some() {
            self.own_hosts()
        } else {
            Hosts::any()
        }
    }

    /// Refuses combinations that no deployment should run with.
    ///
    /// # Errors
    /// One sentence.
    pub fn checked_engine(&self) -> Result<Engine, String> {
        let shared = matches!(self.env, Environment::Staging | Environment::Production);
        let engine = self
            .engine
            .unwrap_or(if shared { Engine::S3 } else { Engine::Local });
        if shared && self.dev {
            return Err(
                "--dev trusts anybody who can read the data directory, so it is not \
                        for staging or production"
                    .to_owned(),
            );
        }
        if shared && engine == Engine::Local {
            return Err(
                "the local engine is for test and develop; staging and production \
                        need --engine s3"
                    .to_owned(),
            );
        }
        self.checked_given(engine)?;
        if engine == Engine::S3 {
            self.s3.checked()?;
            if self.link_secret_file.is_none() {
                return Err("the s3 engine keeps nothing on this machine, so it needs \
                     --link-secret-file, the same on every host"
                    .to_owned());
            }
        }
        Ok(engine)
    }

    /// Nothing may be asked of an engine that is not in use: it would be without effect, and
    /// the files elsewhere than meant.
    fn checked_given(&self, engine: Engine) -> Result<(), String> {
        let foreign = |id: &&String| match engine {
            Engine::Local => id.starts_with("s3_"),
            // There `--dev` keeps its key.
            Engine::S3 => *id == "data_dir" && !self.dev,
        };
        let flags: Vec<_> = self
            .given
            .iter()
            .filter(foreign)
            .map(|id| flag(id))
            .collect();
        if flags.is_empty() {
            return Ok(());
        }
        let (other, this) = match engine {
            Engine::Local => ("s3", "local"),
            Engine::S3 => ("local", "s3"),
        };
        Err(format!(
            "{} needs the {other} engine, and this is the {this} one: give --engine {other}, or \
             leave it out",
            flags.join(", ")
        ))
    }

    /// The public URL without a slash at its end.
    ///
    /// # Errors
    /// One sentence, where it is no http or https URL, or has more than a path.
    pub fn checked_public_url(&self) -> Result<Option<String>, String> {
        let Some(url) = &self.public_url else {
            return Ok(None);
        };
        let wrong = || format!("--public-url {url} is no http or https URL of a service");
        let parsed: http::Uri = url.parse().map_err(|_| wrong())?;
        let scheme = matches!(parsed.scheme_str(), Some("http" | "https"));
        if !scheme || parsed.host().is_none_or(str::is_empty) || url.contains(['?', '#', '@']) {
            return Err(wrong());
        }
        Ok(Some(url.trim_end_matches('/').to_owned()))
    }
}

/// A flag and its environment twin, by its id.
fn flag(id: &str) -> String {
    let twin = id.to_uppercase();
    format!("--{} (COFFER_{twin})", id.replace('_', "-"))
}
