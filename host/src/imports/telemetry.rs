//! What the component reports about a request (`wit/telemetry.wit`).

use std::sync::OnceLock;

use wasmtime::component::HasData;

use crate::bindings::coffer::storage::telemetry::{Area, Host, Operation, TokenOutcome};
use crate::metrics::{Metrics, Word};

/// What a request is about, once the component has reported it.
#[derive(Debug, Default)]
pub struct Subject(OnceLock<(Word, Word)>);

impl Subject {
    /// Its operation, `other` until it is known.
    pub fn operation(&self) -> Word {
        self.0
            .get()
            .map_or(Word("other"), |(operation, _)| *operation)
    }

    /// Its area, `none` until it is known.
    pub fn area(&self) -> Word {
        self.0.get().map_or(Word("none"), |(_, area)| *area)
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
    fn request(&mut self, operation: Operation, area: Option<Area>) -> wasmtime::Result<()> {
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
        let area = match area {
            Some(Area::Public) => "public",
            Some(Area::User) => "user",
            Some(Area::Org) => "org",
            None => "none",
        };
        let _ = self.subject.0.set((Word(operation), Word(area)));
        Ok(())
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
}
