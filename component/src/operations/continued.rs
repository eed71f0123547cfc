//! What an instance leaves to the one that runs once a request's body has arrived.

use borsh::{BorshDeserialize, BorshSerialize};
use http::HeaderMap;

use super::receipt::{self, Receipt};
use super::uploads::Turn;
use crate::bindings::coffer::storage::blobs::{Error, Upload};
use crate::http::Answer;
use crate::policy::Policy;
use crate::problem::Problem;
use crate::settings::Settings;

/// What the body is for.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Continued {
    /// A file.
    File(Box<Receipt>),
    /// More of a resumable upload.
    Turn(Box<Turn>),
}

impl Continued {
    /// As bytes for [`Continued::read`].
    pub(super) fn note(&self) -> Vec<u8> {
        borsh::to_vec(self).unwrap_or_default()
    }

    /// Reads what [`Continued::note`] wrote.
    pub(crate) fn read(note: &[u8]) -> Option<Self> {
        borsh::from_slice(note).ok()
    }

    /// Does what is to be done with the body, under the policy in force by now.
    pub(crate) fn answer(
        &self,
        policy: &Policy,
        settings: &Settings,
        upload: Upload,
        received: Result<u64, Error>,
    ) -> Result<Answer, Problem> {
        match self {
            Self::File(receipt) => receipt.answer(upload, received),
            Self::Turn(turn) => turn.answer(policy, settings, upload, received),
        }
    }

    /// The header fields that every response has in addition to its own.
    pub(crate) fn shared(&self) -> HeaderMap {
        receipt::headers(match self {
            Self::File(receipt) => &receipt.shared,
            Self::Turn(turn) => turn.shared(),
        })
    }
}
