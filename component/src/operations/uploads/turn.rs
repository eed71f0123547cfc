//! A request's body on its way into an upload, carried over to the instance that runs once it has
//! arrived.

use borsh::{BorshDeserialize, BorshSerialize};

use super::access;
use super::begun::Begun;
use super::dialect::{Dialect, State};
use crate::bindings::coffer::storage::blobs::{Error, Stored, Upload};
use crate::bindings::coffer::storage::uploads::{self, Digest, TurnOptions};
use crate::fields::ContentType;
use crate::fields::body::content_length;
use crate::http::{Answer, Request};
use crate::operations::Context;
use crate::operations::continued::Continued;
use crate::operations::file::{location, location_by_link};
use crate::operations::managed::Managed;
use crate::operations::receipt::Receipt;
use crate::permit::Store;
use crate::policy::Policy;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::token::Caller;
use crate::url::UploadPlace;

/// Everything that ends a turn.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Turn {
    pub(super) id: String,
    pub(super) place: UploadPlace,
    pub(super) begun: Begun,
    pub(super) caller: Caller,
    pub(super) base_url: String,
    /// Where the body begins.
    pub(super) offset: u64,
    /// How many bytes there will be in all, if that was said before.
    pub(super) length: Option<u64>,
    /// The same, if this request is the first to say so.
    pub(super) said: Option<u64>,
    pub(super) ending: Ending,
    pub(super) dialect: Dialect,
    /// Whether the request began the upload, so that nobody knows of it yet.
    pub(super) begins: bool,
    /// In seconds since 1970.
    pub(super) expires: u64,
    /// The header fields of every response to this request.
    pub(super) shared: Vec<(String, Vec<u8>)>,
}

/// When the upload is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) enum Ending {
    /// As soon as it has all the bytes there will be.
    AtLength,
    /// After this body.
    Now,
    /// Not after this body.
    Later,
}

/// A file that an upload became.
pub(super) struct Finished {
    pub(super) stored: Stored,
    pub(super) receipt: Receipt,
}

enum Outcome {
    Suspended(u64),
    Finished(Box<Finished>, u64),
}

/// Why a turn failed.
struct Failed {
    problem: Problem,
    /// Whether all bytes had arrived.
    complete: bool,
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            complete: false,
        }
    }
}

impl Turn {
    /// Receives a request's body, if it has one, and answers.
    pub(super) fn run(
        self,
        context: &Context<'_>,
        request: Request,
        has_body: bool,
        digest: Option<Digest>,
    ) -> Result<Answer, Problem> {
        let (upload, body) = match self.take(context, request, has_body, digest) {
            Ok(taken) => taken,
            Err(problem) => {
                return Err(self.failed(context.policy, context.settings, problem.into()));
            }
        };
        let received = match body {
            Some(request) => {
                let body = request.into_body()?;
                let note = Continued::Turn(Box::new(self.clone())).note();
                upload.receive(body, &note)
            }
            None => Ok(0),
        };
        self.answer(context.policy, context.settings, upload, received)
    }

    /// Takes the turn, if the body may be appended.
    fn take(
        &self,
        context: &Context<'_>,
        request: Request,
        has_body: bool,
        digest: Option<Digest>,
    ) -> Result<(Upload, Option<Request>), Problem> {
        // What is there already counts where nobody has said how much there will be.
        let size = self.length.unwrap_or(self.offset);
        let permit = self.decide(context.policy, context.settings, size)?;
        let max_size = permit.max_size();
        if self.said.is_some_and(|said| said > max_size) {
            return Err(permit.refusals().problem(Error::TooLarge));
        }
        let end = self.length.or(self.said).unwrap_or(max_size);
        let room = end.saturating_sub(self.offset);
        let content = content_length(&request.headers).filter(|_| has_body);
        if content.is_some_and(|content| content > room) {
            return Err(too_long(room));
        }
        let options = TurnOptions {
            max_size: room,
            digest,
        };
        let turn = match uploads::resume(&self.id, &options) {
            // Another request may have completed it since.
            Err(Error::NotFound) => {
                let progress = uploads::look(&self.id).map_err(access::problem)?;
                return Err(Problem::MismatchingOffset {
                    expected: progress.offset,
                    provided: self.offset,
                });
            }
            turn => turn.map_err(access::problem)?,
        };
        // Or have appended.
        if turn.progress.offset != self.offset {
            return Err(Problem::MismatchingOffset {
                expected: turn.progress.offset,
                provided: self.offset,
            });
        }
        match (turn.progress.length, self.length.or(self.said)) {
            (Some(length), Some(said)) if length != said => Err(Problem::InconsistentLength),
            // Another request has said it since, and this one does not know how much may follow.
            (Some(_), None) => Err(Problem::UploadBusy),
            _ => Ok((turn.upload, has_body.then_some(request))),
        }
    }

    /// The permit to store a file of this size now. Without one, nothing is left of the upload,
    /// unless another token would help.
    fn decide<'p>(
        &self,
        policy: &'p Policy,
        settings: &Settings,
        size: u64,
    ) -> Result<Store<'p>, Problem> {
        let content_type = ContentType::stored(&self.begun.content_type);
        let decided = self.begun.permit(policy, settings, &self.caller);
        let decided = decided.and_then(|permit| {
            permit.options(&content_type, Some(size))?;
            Ok(permit)
        });
        if let Err(problem) = &decided
            && !may_pass(problem)
        {
            // Expiry does it otherwise.
            let _ = uploads::discard(&self.id);
        }
        decided
    }

    /// Ends the turn, and responds.
    pub(crate) fn answer(
        &self,
        policy: &Policy,
        settings: &Settings,
        upload: Upload,
        received: Result<u64, Error>,
    ) -> Result<Answer, Problem> {
        let state = |offset| self.state(policy, settings, offset);
        match self.end(policy, settings, upload, received) {
            Ok(Outcome::Suspended(offset)) => {
                let response = self.dialect.suspended(self, &state(offset));
                Ok(Answer::Whole(response))
            }
            Ok(Outcome::Finished(finished, offset)) => {
                let response = self.dialect.finished(self, &state(offset), *finished);
                Ok(Answer::Whole(response))
            }
            Err(failed) => Err(self.failed(policy, settings, failed)),
        }
    }

    fn end(
        &self,
        policy: &Policy,
        settings: &Settings,
        upload: Upload,
        received: Result<u64, Error>,
    ) -> Result<Outcome, Failed> {
        let received = match received {
            Ok(received) => received,
            Err(error) => return Err(self.broken_off(upload, error).into()),
        };
        let offset = self.offset.saturating_add(received);
        let length = self.length.or(self.said);
        let ends = match self.ending {
            Ending::AtLength => length == Some(offset),
            Ending::Now => true,
            Ending::Later => false,
        };
        if !ends || length.is_some_and(|length| length != offset) {
            let suspended = uploads::suspend(upload, self.said).map_err(access::problem)?;
            if ends {
                return Err(Problem::InconsistentLength.into());
            }
            return Ok(Outcome::Suspended(suspended));
        }
        let permit = match self.decide(policy, settings, offset) {
            Ok(permit) => permit,
            Err(problem) => {
                drop(upload);
                return Err(Failed {
                    problem,
                    complete: true,
                });
            }
        };
        let refusals = permit.refusals();
        let terms = permit.finish_terms(self.begun.preconditions.conditions()?);
        let manage_url = self.manage_url(settings)?;
        let stored = uploads::finish(upload, &terms).map_err(|error| Failed {
            complete: !matches!(
                error,
                Error::Unavailable | Error::DigestMismatch | Error::Busy
            ),
            problem: match error {
                // It is not about the file: that may be created.
                Error::NotFound if terms.may_create => Problem::NoUpload,
                error => refusals.problem(error),
            },
        })?;
        let receipt = Receipt {
            area: self.begun.area,
            name: self.begun.name.clone(),
            base_url: self.base_url.clone(),
            length: None,
            location: self.location(),
            manage_url,
            refusals,
            once_sized: None,
            shared: Vec::new(),
        };
        Ok(Outcome::Finished(
            Box::new(Finished { stored, receipt }),
            offset,
        ))
    }

    /// Keeps what came of a body that failed, unless it was too long.
    fn broken_off(&self, upload: Upload, error: Error) -> Problem {
        if matches!(error, Error::TooLarge) {
            drop(upload);
            if self.dialect != Dialect::Tus {
                // The draft wants no more of such an upload.
                let _ = uploads::discard(&self.id);
            }
            let end = self.length.or(self.said);
            return match end {
                Some(end) => too_long(end.saturating_sub(self.offset)),
                None => error.into(),
            };
        }
        // The client is told about the body, or is gone.
        let _ = uploads::suspend(upload, self.said);
        access::problem(error)
    }

    /// The upload when it has this many bytes.
    fn state(&self, policy: &Policy, settings: &Settings, offset: u64) -> State {
        State {
            url: self.place.url(&self.base_url, &self.id),
            offset,
            length: self.length.or(self.said),
            max_size: self.begun.max_size(policy, settings, &self.caller),
            expires: self.expires,
        }
    }

    fn failed(&self, policy: &Policy, settings: &Settings, failed: Failed) -> Problem {
        if self.begins {
            // Nobody will continue what nobody knows. Expiry does it otherwise.
            let _ = uploads::discard(&self.id);
        }
        let state = self.state(policy, settings, self.offset);
        let problem = self.dialect.limited(failed.problem, &state);
        self.dialect.refused(problem, failed.complete)
    }

    /// The header fields of every response, as [`Receipt::fields`] made them.
    pub(crate) fn shared(&self) -> &[(String, Vec<u8>)] {
        &self.shared
    }

    /// The URL of the file, if it is of use to the client.
    fn location(&self) -> Option<String> {
        let Begun { area, name, .. } = &self.begun;
        match self.place {
            UploadPlace::Area(_) => Some(location(&self.base_url, *area, name)),
            UploadPlace::Link => location_by_link(&self.base_url, *area, name),
        }
    }

    fn manage_url(&self, settings: &Settings) -> Result<Option<String>, Problem> {
        let Some((uploader, made_at)) = &self.begun.managed else {
            return Ok(None);
        };
        let managed = Managed::of_origin(settings, uploader, *made_at);
        let url = managed.map(|managed| managed.url(&self.base_url, &self.begun.name));
        url.transpose()
    }
}

/// Whether the upload may go on in another request.
fn may_pass(problem: &Problem) -> bool {
    match problem {
        Problem::Unauthenticated(_) | Problem::Overruled(_) | Problem::NoUpload => true,
        Problem::Forbidden(denied) => denied.is_about_the_token(),
        _ => false,
    }
}

pub(super) fn too_long(room: u64) -> Problem {
    Problem::TooLarge(format!(
        "the body is longer than the {room} bytes that are still allowed"
    ))
}
