//! Why a change does not take place.

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
    /// It would open more than its policy says.
    Loosened(#[from] Loosened),
    /// A task of this program's panicked.
    Panicked(#[from] JoinError),
}

/// Nothing was in force before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no component to go back to")]
pub struct NoPrevious;
