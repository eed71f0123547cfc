//! Flags and their environment variables, validated before anything listens.

mod asked;
mod error;
mod health;
mod limits;
mod maintenance;
mod rules;
mod s3;
mod serve;
mod values;

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use values::Duration;

pub use asked::{Asked, Caller};
pub use error::SettingsError;
pub use health::Health;
pub use maintenance::{Backup, Copy, End, Restore};
pub use serve::{Engine, Serve};
pub use values::Wait;

/// The version, and the commit that it was built from.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (commit ",
    env!("COFFER_COMMIT"),
    ")"
);

/// A storage API for your app's files: public, each user's own, each organization's.
///
/// Every flag of `serve` can also be given by the environment variable named with it.
#[derive(Debug, Parser)]
#[command(name = "coffer", version = VERSION, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the command line and the environment. Exits if they are invalid, or ask for help
    /// only.
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

/// The ids of the arguments set by flag or variable; an empty variable counts as unset.
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
    /// Print a new secret for signing presigned URLs, for --link-secret-file, or on other platforms
    /// COFFER_LINK_SECRET
    Secret,
    /// Validate a policy (.toml) or a component (.wasm), explain a token, or check a data directory
    Check(Check),
    /// Ask a running host whether it is ready: exits with 0 if it is, else with 1 and the reason
    Health(Health),
    /// Write man pages and completions for bash, zsh and fish into a directory
    Manual(Manual),
    /// Create or update a backup of the local engine's data directory, even while a host serves from it
    Backup(Backup),
    /// Restore a backup into an empty data directory
    Restore(Restore),
    /// Copy all files from one store to another: directories of the local engine and S3 buckets
    Copy(Box<Copy>),
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

    /// A role of the user; repeatable
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,

    /// Another claim, such as department=hr; repeatable, the same name makes a list
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = values::claim)]
    pub claims: Vec<(String, String)>,

    /// How long the token is valid
    #[arg(long, value_name = "TIME", default_value = "1h")]
    pub expires_in: Duration,

    /// The data directory of the `serve --dev` that should trust the token
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

    /// Show the user, organization and roles of the token in this file under the policy, or why it
    /// is refused; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
    pub token: Option<PathBuf>,

    /// Check it for development mode, in which a policy has no `[iam]`
    #[arg(long, conflicts_with_all = ["token", "data_dir"])]
    pub dev: bool,

    /// What the caller of --as wants to do, such as "read org/plan.pdf" or "list org/2026/"
    #[arg(requires = "caller")]
    pub question: Option<Asked>,

    /// Explain what the policy decides for this caller, and by which rule. The caller is nobody, or
    /// user=USER, org=ORG, role=ROLE and claim:POINTER=VALUE, separated by commas. Exits with 1 if
    /// denied
    #[arg(
        long = "as", value_name = "CALLER", requires = "question",
        conflicts_with_all = ["token", "data_dir"]
    )]
    pub caller: Option<Caller>,

    /// Verify the local engine's data directory, which no host may be using, and list damaged,
    /// missing and orphaned files
    #[arg(long, value_name = "DIR", conflicts_with = "file")]
    pub data_dir: Option<PathBuf>,
}

/// `coffer manual`.
#[derive(Debug, Args)]
pub struct Manual {
    /// Where to write them, in the folders man and completions; created if missing
    pub dir: PathBuf,
}
