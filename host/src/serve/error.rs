//! What keeps a host from serving, as operators are told.

use std::io;
use std::net::SocketAddr;

use crate::engine::EngineError;
use crate::imports::environment::NotText;
use crate::process::log::FilterError;
use crate::sandbox::RuntimeError;
use crate::secrets::dev::DevError;
use crate::secrets::link_secret::LinkSecretError;
use crate::settings::SettingsError;
use crate::swap::{SourceError, SwapError};

/// Why it does not serve, or does not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// `--log`.
    #[error(transparent)]
    Log(#[from] FilterError),
    /// Flags that do not go together.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Component or policy.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The environment.
    #[error(transparent)]
    Secret(#[from] NotText),
    /// What links are signed with.
    #[error(transparent)]
    LinkSecret(#[from] LinkSecretError),
    /// The development key.
    #[error(transparent)]
    Dev(#[from] DevError),
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] RuntimeError),
    /// The first component or policy.
    #[error(transparent)]
    Swap(#[from] SwapError),
    /// There are no threads.
    #[error("no runtime: {0}")]
    NoRuntime(io::Error),
    /// `--listen`.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// `--ops-listen`.
    #[error("cannot listen for operators on {address}: {source}")]
    ListenForOperators {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The listener does not know its own.
    #[error("no address: {0}")]
    NoAddress(io::Error),
    /// The system refuses them.
    #[error("signals cannot be received: {0}")]
    NoSignals(io::Error),
    /// Shutdown took too long.
    #[error("requests were still in progress when the time for shutdown was over")]
    Unfinished,
}
