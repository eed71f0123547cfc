//! A component of the team's own that is asked before the policy (`wit/decide.wit`), where this
//! one was built with the feature `decide`. Otherwise nothing is asked, and nothing is paid for it.

// Nothing reads a question that nobody is asked.
#![cfg_attr(not(feature = "decide"), allow(dead_code))]

use crate::area::Area;
use crate::policy::Operation;

#[cfg(feature = "decide")]
mod component;
#[cfg(not(feature = "decide"))]
mod nobody;

#[cfg(feature = "decide")]
use component as asked;
#[cfg(not(feature = "decide"))]
use nobody as asked;

pub(super) use asked::{Asker, IS_ASKED, ask};

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'q> {
    pub(super) operation: Operation,
    pub(super) area: Area,
    pub(super) name: &'q str,
    /// What is to be stored, as far as it is known.
    pub(super) content: Content<'q>,
}

/// What is to be stored.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Content<'q> {
    /// In bytes.
    pub(super) size: Option<u64>,
    pub(super) content_type: Option<&'q str>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The rules decide.
    ByPolicy,
    /// Yes, whatever the rules say.
    Allow,
    /// No, for this reason.
    Deny(String),
}
