//! Making one file visible, on the conditions that hold at that moment.
//!
//! The service evaluates what it can: `If-None-Match: *` for a file that must be new,
//! `If-Match` for the version that the guards and conditions were checked against.
//! Where another writer came between, the engine looks again and the decision is taken
//! anew. A condition that the service does not evaluate is not sent: what it would say is
//! looked up right before the write.
//!
//! A new file that nothing guards costs one request. One that replaces another costs a
//! second, because the service has to say that there is one; and one that may be
//! refused costs a look, because the refusal is not to wait for the file's bytes, unless
//! these are few.

use std::time::Duration;

use super::{Pin, ROUNDS};
use crate::{CreateOptions, Error, Info};

/// How often in a row the service may refuse to create what it does not have, before that is
/// not put down to other writers.
const CONTRADICTIONS: u32 = 3;
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
    /// The service evaluates `If-None-Match: *` on this write.
    pub absent: bool,
    /// It evaluates `If-Match` on this write.
    pub version: bool,
    /// It refuses `If-None-Match: *` not only where there is an object: a folder of that name
    /// will do.
    pub folders: bool,
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
    /// [`Publish::overtaken`], [`Publish::collided`], [`Publish::unconfirmed`] and
    /// [`Publish::forgotten`].
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
    /// How often in a row `If-None-Match: *` was refused.
    refused: u32,
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
            _ if !means.whole => Next::Look,
            Seen::NotLooked | Seen::Nothing if means.absent => Next::Send(Pin::Absent),
            Seen::Version(_) if options.is_free() => Next::Send(Pin::None),
            Seen::Version(tag) if means.version => Next::Send(Pin::Version(tag.clone())),
            _ => Next::Look,
        };
        Publish {
            options,
            version,
            means,
            replaces: seen.is_version(),
            rounds: 0,
            refused: 0,
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
                let evaluated = match pin {
                    Pin::None => true,
                    Pin::Absent => self.means.absent,
                    Pin::Version(_) => self.means.version,
                };
                Step::Send(match evaluated {
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
    /// As [`CreateOptions::check`], and [`Error::Unavailable`] where the upload is gone, or the
    /// service goes on refusing to create what it does not have.
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
        self.refused = match info {
            None => self.refused,
            Some(_) => 0,
        };
        if self.refused == CONTRADICTIONS {
            return Err(Error::unavailable(
                "the service refuses this name as in use and has no object of that name; \
                 it may have a folder",
            ));
        }
        self.next = Next::Send(match info {
            None if self.refused > 0 && self.options.is_free() => Pin::None,
            None => Pin::Absent,
            Some(_) if self.options.is_free() => Pin::None,
            Some(info) => Pin::Version(info.etag.clone()),
        });
        Ok(false)
    }

    /// The condition did not hold.
    pub fn overtaken(&mut self) {
        self.next = match self.next {
            Next::Send(Pin::Absent) if self.options.is_free() && !self.means.folders => {
                self.replaces = true;
                Next::Send(Pin::None)
            }
            Next::Send(Pin::Absent) => {
                self.refused += 1;
                Next::Look
            }
            _ => Next::Look,
        };
    }

    /// The file may be stored, but no answer says so: it was lost, or cannot be read.
    pub fn unconfirmed(&mut self) {
        self.next = Next::Look;
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
