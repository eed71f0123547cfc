//! Why a hot reload or a rollback fails.

use std::sync::Arc;

use tokio::task::JoinError;

use super::loosened::Loosened;
use super::sources::SourceError;
use crate::sandbox::Refused;

/// Why a component or a policy is not put in force.
#[derive(Debug, thiserror::Error)]
pub enum SwapError {
    /// Its files cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It is not valid.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The one that it is to replace cannot be asked.
    #[error(
        "the component in force failed to report what its policy closes, so only a restart can \
         replace it: {0}"
    )]
    InForce(#[source] Refused),
    /// It would open more than its policy states.
    #[error(transparent)]
    Loosened(#[from] Loosened),
    /// The shadow policy cannot decide.
    #[error(transparent)]
    Shadow(#[from] ShadowRefused),
    /// A task of this program panicked.
    #[error(transparent)]
    Panicked(#[from] JoinError),
}

/// Why a shadow policy cannot decide.
#[derive(Debug, thiserror::Error)]
#[error("the shadow policy was refused: {0}")]
pub struct ShadowRefused(#[source] pub(super) Refused);

/// No shadow policy is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no shadow policy is running")]
pub struct NoShadow;

/// Why the shadow policy is not put in force.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum PromoteError {
    /// There is none.
    None(#[from] NoShadow),
    /// It is not accepted.
    Refused(#[from] Arc<SwapError>),
}

/// Nothing was in force before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no previous component or policy to roll back to")]
pub struct NoPrevious;
