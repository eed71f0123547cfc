//! Why a hot reload or a rollback fails.

use tokio::task::JoinError;

use super::loosened::Loosened;
use super::sources::SourceError;
use crate::sandbox::Refused;

/// Why a component or a policy is not put in force.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum SwapError {
    /// Its files cannot be read.
    Source(#[from] SourceError),
    /// It is not valid.
    Refused(#[from] Refused),
    /// It would open more than its policy states.
    Loosened(#[from] Loosened),
    /// A task of this program panicked.
    Panicked(#[from] JoinError),
}

/// Nothing was in force before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no previous component or policy to roll back to")]
pub struct NoPrevious;
