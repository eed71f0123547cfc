//! What the component reports about a request (`wit/telemetry.wit`).

use std::sync::OnceLock;

use wasmtime::component::HasData;

use super::decisions::{Decision, Decisions};
use crate::bindings::coffer::storage::telemetry::{
    Area, Host, Operation, Question, TokenOutcome, Verdict,
};
use crate::metrics::{Metrics, Word};

/// What a request is about, once the component has reported it.
#[derive(Default)]
pub struct Subject {
    about: OnceLock<(Word, Word)>,
    /// If they are wanted.
    decisions: Option<Decisions>,
}

impl Subject {
    /// A subject that keeps the request's decisions if `watched`.
    pub fn new(watched: bool) -> Self {
        Self {
            about: OnceLock::new(),
            decisions: watched.then(Decisions::default),
        }
    }

    /// It is about the host's own page, which the component does not see.
    pub fn set_page(&self) {
        let _ = self.about.set((Word("page"), Word("none")));
    }

    /// Removes the decisions kept so far.
    pub fn take_decisions(&self) -> Vec<Decision> {
        self.decisions
            .as_ref()
            .map(Decisions::take)
            .unwrap_or_default()
    }

    /// Its operation, `other` until it is known.
    pub fn operation(&self) -> Word {
        self.about
            .get()
            .map_or(Word("other"), |(operation, _)| *operation)
    }

    /// Its area, `none` until it is known.
    pub fn area(&self) -> Word {
        self.about.get().map_or(Word("none"), |(_, area)| *area)
    }
}

/// Reports of one request.
pub struct TelemetryView<'a> {
    /// Where they are counted.
    pub metrics: &'a Metrics,
    /// What the request is about.
    pub subject: &'a Subject,
    /// Whether the outcome of its token was reported.
    pub token_reported: &'a mut bool,
}

/// The type of [`TelemetryView`] for the linker.
pub struct Telemetry;

impl HasData for Telemetry {
    type Data<'a> = TelemetryView<'a>;
}

/// A component that reports more than once is counted once.
impl Host for TelemetryView<'_> {
    fn request(&mut self, operation: Operation, area: Option<Area>) -> wasmtime::Result<bool> {
        let operation = match operation {
            Operation::Download => "download",
            Operation::Head => "head",
            Operation::Upload => "upload",
            Operation::Form => "form",
            Operation::Delete => "delete",
            Operation::List => "list",
            Operation::MakeUrl => "make-url",
            Operation::MakeUrls => "make-urls",
            Operation::Copy => "copy",
            Operation::Move => "move",
            Operation::DeleteMany => "delete-many",
            Operation::Info => "info",
            Operation::Amend => "amend",
            Operation::BeginUpload => "begin-upload",
            Operation::Append => "append",
            Operation::LookAtUpload => "look-at-upload",
            Operation::DiscardUpload => "discard-upload",
            Operation::FollowLink => "follow-link",
            Operation::Openapi => "openapi",
            Operation::Options => "options",
        };
        let area = area.map_or(Word("none"), Word::from);
        let _ = self.subject.about.set((Word(operation), area));
        Ok(self.subject.decisions.is_some())
    }

    fn token(&mut self, outcome: TokenOutcome) -> wasmtime::Result<()> {
        if !std::mem::replace(self.token_reported, true) {
            self.metrics.token(match outcome {
                TokenOutcome::Verified => "verified",
                TokenOutcome::Remembered => "remembered",
                TokenOutcome::Refused => "refused",
                TokenOutcome::Unverifiable => "unverifiable",
            });
        }
        Ok(())
    }

    fn decided(&mut self, question: Question, verdict: Verdict) -> wasmtime::Result<()> {
        if let Some(decisions) = &self.subject.decisions {
            decisions.keep(question, verdict);
        }
        Ok(())
    }
}
