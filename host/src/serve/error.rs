//! Why a host cannot serve, as shown to operators.

use std::io;
use std::net::SocketAddr;

use crate::engine::EngineError;
use crate::imports::environment::SecretError;
use crate::process::log::FilterError;
use crate::sandbox::RuntimeError;
use crate::secrets::dev::DevError;
use crate::secrets::link_secret::LinkSecretError;
use crate::settings::SettingsError;
use crate::swap::{SourceError, SwapError};
use crate::traces::TracesError;

/// Why it cannot serve, or did not shut down gracefully.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// `--log`.
    #[error(transparent)]
    Log(#[from] FilterError),
    /// `--otlp-endpoint`.
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// Flags that cannot be combined.
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
    Secret(#[from] SecretError),
    /// The secret that signs presigned URLs.
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
    /// No threads could be started.
    #[error("the async runtime cannot be started: {0}")]
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
    #[error("cannot listen on {address} for operations (--ops-listen): {source}")]
    ListenForOperators {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The listener's own address is unknown.
    #[error("cannot determine the address of the listener: {0}")]
    NoAddress(io::Error),
    /// The system refuses them.
    #[error("cannot install signal handlers: {0}")]
    NoSignals(io::Error),
    /// Shutdown took too long.
    #[error("graceful shutdown timed out: requests were still in progress (--shutdown-timeout)")]
    Unfinished,
}
