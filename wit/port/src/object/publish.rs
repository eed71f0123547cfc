//! Making one file visible, on the conditions that hold at that moment.
//!
//! The service evaluates what it can: `If-None-Match: *` for a file that must be new,
//! `If-Match` for the version that the guards and conditions were checked against.
//! Where another writer came between, the engine looks again and the decision is taken
//! anew. A service that evaluates neither gets no condition.
//!
//! A new file that nothing guards costs one request. One that replaces another costs a
//! second, because the service has to say that there is one; and one that may be
//! refused costs a look, because the refusal is not to wait for the file's bytes, unless
//! these are few.

use std::time::Duration;

use super::{Pin, ROUNDS};
use crate::{CreateOptions, Error, Info};

/// The backoff after the first collision with another writer; it grows by as much with each
/// round.
const PAUSE: Duration = Duration::from_millis(10);
/// Sending this few bytes takes no longer than asking whether they would be accepted.
const FEW: u64 = 64 << 10;

/// What was there at the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Nobody looked.
    NotLooked,
    /// No file.
    Nothing,
    /// The version with this entity tag.
    Version(String),
}

impl Seen {
    /// Whether there is something to replace, as far as is known.
    #[must_use]
    pub fn is_version(&self) -> bool {
        matches!(self, Seen::Version(_))
    }

    /// What a look found, if that lets the file be stored.
    ///
    /// # Errors
    /// As [`CreateOptions::check`].
    pub fn check(found: Option<Info>, options: &CreateOptions) -> Result<Seen, Error> {
        options.check(found.as_ref())?;
        Ok(found.map_or(Seen::Nothing, |info| Seen::Version(info.etag)))
    }
}

/// Whether an upload may begin without a look: everything would be fine, or so few bytes
/// are on their way that they are as well sent on the condition that nothing is there.
#[must_use]
pub fn begins_without_look(options: &CreateOptions) -> bool {
    let few = options.announced.is_some_and(|length| length <= FEW);
    options.is_free() || few && options.check(None).is_ok()
}

/// What the service can do, and what it costs to ask it again.
#[derive(Debug, Clone, Copy)]
pub struct Means {
    /// The service evaluates conditions on this write.
    pub evaluated: bool,
    /// The bytes are at hand, so that a refused attempt can be repeated at once; else they
    /// are at the service already, and the last look was long ago.
    pub whole: bool,
}

/// What the engine has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Look at what is there, for [`Publish::looked`].
    Look,
    /// Store on this condition. Done where that succeeds, else one of
    /// [`Publish::overtaken`], [`Publish::collided`] and [`Publish::forgotten`].
    Send(Pin),
    /// Sleep.
    Wait(Duration),
}

/// One file on the last step of its way in.
#[derive(Debug)]
pub struct Publish<'a> {
    options: &'a CreateOptions,
    /// This version's own name.
    version: Option<&'a str>,
    means: Means,
    replaces: bool,
    rounds: u32,
    next: Next,
}

#[derive(Debug)]
enum Next {
    Send(Pin),
    Look,
    Wait,
    /// The service no longer knows the upload, which it may have completed.
    LookForOwn,
}

impl<'a> Publish<'a> {
    /// Of a file with these options and this name of its version, after this look.
    #[must_use]
    pub fn new(
        options: &'a CreateOptions,
        version: Option<&'a str>,
        seen: &Seen,
        means: Means,
    ) -> Publish<'a> {
        let next = match seen {
            _ if !(means.whole && means.evaluated) => Next::Look,
            Seen::NotLooked | Seen::Nothing => Next::Send(Pin::Absent),
            Seen::Version(_) if options.is_free() => Next::Send(Pin::None),
            Seen::Version(tag) => Next::Send(Pin::Version(tag.clone())),
        };
        Publish {
            options,
            version,
            means,
            replaces: seen.is_version(),
            rounds: 0,
            next,
        }
    }

    /// What to do now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] once other writers were faster too often.
    pub fn step(&mut self) -> Result<Step, Error> {
        Ok(match &self.next {
            Next::Look | Next::LookForOwn => Step::Look,
            Next::Wait => {
                self.next = Next::Look;
                Step::Wait(PAUSE * self.rounds)
            }
            Next::Send(_) if self.rounds == ROUNDS => {
                return Err(Error::unavailable("too many others write this key"));
            }
            Next::Send(pin) => {
                self.rounds += 1;
                Step::Send(match self.means.evaluated {
                    true => pin.clone(),
                    false => Pin::None,
                })
            }
        })
    }

    /// What the look found, with the name of its version. True where that is this very file,
    /// stored by an attempt whose answer was lost.
    ///
    /// # Errors
    /// As [`CreateOptions::check`], and [`Error::Unavailable`] where the upload is gone.
    pub fn looked(&mut self, found: Option<(&Info, Option<&str>)>) -> Result<bool, Error> {
        if let Some((_, version)) = found
            && version.is_some()
            && version == self.version
        {
            return Ok(true);
        }
        if matches!(self.next, Next::LookForOwn) {
            return Err(Error::unavailable("the service has forgotten the upload"));
        }
        let info = found.map(|(info, _)| info);
        self.options.check(info)?;
        self.replaces = info.is_some();
        self.next = Next::Send(match info {
            None => Pin::Absent,
            Some(_) if self.options.is_free() => Pin::None,
            Some(info) => Pin::Version(info.etag.clone()),
        });
        Ok(false)
    }

    /// The condition did not hold.
    pub fn overtaken(&mut self) {
        self.next = match self.next {
            Next::Send(Pin::Absent) if self.options.is_free() => {
                self.replaces = true;
                Next::Send(Pin::None)
            }
            _ => Next::Look,
        };
    }

    /// Another writer was at it at the same moment.
    pub fn collided(&mut self) {
        self.next = Next::Wait;
    }

    /// The service does not know the upload any more.
    pub fn forgotten(&mut self) {
        self.next = Next::LookForOwn;
    }

    /// Whether the file, once stored, has replaced another.
    #[must_use]
    pub fn replaces(&self) -> bool {
        self.replaces
    }
}

#[cfg(test)]
mod tests;
