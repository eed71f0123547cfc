//! Why `coffer check` fails.

use std::io;
use std::path::PathBuf;

use crate::imports::environment::SecretError;
use crate::process::output::NoOutput;
use crate::sandbox::{Refused, RuntimeError};
use crate::store::local;
use crate::swap::SourceError;

/// Why the check failed.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Component or policy.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The environment.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] RuntimeError),
    /// `serve` would not accept it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The data directory.
    #[error(transparent)]
    Store(#[from] local::OpenError),
    /// It is damaged.
    #[error("{dir} is damaged: {found}", dir = dir.display())]
    Damaged {
        /// The data directory.
        dir: PathBuf,
        /// How much of it.
        found: String,
    },
    /// The file to check.
    #[error("{file} cannot be read: {source}", file = file.display())]
    Unreadable {
        /// Which one.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Neither kind of file.
    #[error(
        "{file} is neither a policy (a file named *.toml) nor a component (*.wasm)",
        file = .0.display()
    )]
    Neither(PathBuf),
    /// A token instead of its file.
    #[error(
        "--token takes the file that holds the token, or - for standard input; a token on the \
         command line is visible to every user of this machine"
    )]
    TokenGiven,
    /// The token's file.
    #[error("the token in {file} cannot be read: {source}", file = file.display())]
    TokenUnreadable {
        /// Which one.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The token's file is empty.
    #[error("no token in {file}: it is empty", file = .0.display())]
    NoToken(PathBuf),
    /// Why the token is refused, in the component's words.
    #[error("{0}")]
    Token(String),
    /// Why it has no verdict on the caller, in the component's words.
    #[error("--as: {0}")]
    NoVerdict(String),
    /// The last of several things that the component says of its settings.
    #[error("{0}")]
    Settings(String),
    /// No threads could be started.
    #[error("the async runtime cannot be started: {0}")]
    NoRuntime(io::Error),
    /// The result cannot be printed.
    #[error(transparent)]
    NoOutput(#[from] NoOutput),
}
