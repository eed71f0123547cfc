//! Making one file visible, on the conditions that hold at that moment.
//!
//! The service evaluates what it can: `If-None-Match: *` for a file that must be new,
//! `If-Match` for the version that guards and conditions were checked against. Where
//! another writer came between, it is looked and decided anew.

use coffer_port::conditions::{check_create, is_none};
use coffer_port::platform::{now, pause};
use coffer_port::{CreateOptions, Error, Stored, Whose, unavailable};

use crate::bucket::{Bucket, Pin, Written};
use crate::failure::Failure;
use crate::object::Object;
use crate::upload::Upload;

/// So often it is decided anew because another writer was faster.
const ROUNDS: u64 = 16;
/// What is waited after the first of them, in milliseconds; after each, as much more.
const PAUSE: u64 = 10;

/// What was there when it was looked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It was not looked.
    NotLooked,
    /// No file.
    Nothing,
    /// The version with this entity tag.
    Version(String),
}

impl Seen {
    /// Whether there is something to replace, as far as is known.
    pub fn is_version(&self) -> bool {
        matches!(self, Seen::Version(_))
    }
}

/// How it is tried.
enum Attempt {
    /// On this condition, which means this for whether something is replaced.
    Pinned(Pin, bool),
    /// After another look.
    Look,
}

/// Whether any file may be created and any replaced.
pub fn is_free(options: &CreateOptions) -> bool {
    options.may_create
        && matches!(options.may_replace, Whose::Anyones)
        && is_none(&options.conditions)
}

/// What is there, if that lets the file be stored.
pub fn look_and_check(bucket: &Bucket, key: &str, options: &CreateOptions) -> Result<Seen, Error> {
    let current = bucket.look(key)?;
    let info = current.map(|found| found.info);
    check_create(options, info.as_ref())?;
    Ok(info.map_or(Seen::Nothing, |info| Seen::Version(info.etag)))
}

/// Publishes one file.
pub fn publish(upload: &mut Upload) -> Result<Stored, Error> {
    let mut attempt = first(upload);
    for round in 1..=ROUNDS {
        let (pin, replaced) = match &attempt {
            Attempt::Pinned(pin, replaced) => (pin.clone(), *replaced),
            Attempt::Look => match upload.bucket.look(&upload.key)? {
                // An attempt whose answer was lost.
                Some(object) if object.version == upload.metadata.version => {
                    return Ok(own(upload, &object));
                }
                current => {
                    let info = current.as_ref().map(|found| &found.info);
                    check_create(&upload.options, info)?;
                    (pin_for(upload, current.as_ref()), current.is_some())
                }
            },
        };
        match send(upload, &pin) {
            Ok(written) => return Ok(upload.stored(written, replaced)),
            Err(Failure::Precondition | Failure::NotFound) => {
                attempt = match attempt {
                    Attempt::Pinned(Pin::Absent, _) if is_free(&upload.options) => {
                        Attempt::Pinned(Pin::None, true)
                    }
                    _ => Attempt::Look,
                };
            }
            Err(Failure::Conflict) => {
                attempt = Attempt::Look;
                pause(PAUSE * round);
            }
            // It may have been this very upload that was completed.
            Err(Failure::NoSuchUpload) => {
                if let Some(parts) = &mut upload.parts {
                    parts.end();
                }
                return match upload.bucket.look(&upload.key)? {
                    Some(object) if object.version == upload.metadata.version => {
                        Ok(own(upload, &object))
                    }
                    _ => Err(unavailable("the service has forgotten the upload")),
                };
            }
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(unavailable("too many others write this key"))
}

/// By what was seen, or what is usual. The look at a large file was long ago, and its
/// bytes are not sent again.
fn first(upload: &Upload) -> Attempt {
    match &upload.seen {
        _ if upload.parts.is_some() => Attempt::Look,
        Seen::NotLooked | Seen::Nothing => Attempt::Pinned(Pin::Absent, false),
        Seen::Version(_) if is_free(&upload.options) => Attempt::Pinned(Pin::None, true),
        Seen::Version(tag) => Attempt::Pinned(Pin::Version(tag.clone()), true),
    }
}

/// The version that a look has found, unless it does not matter.
fn pin_for(upload: &Upload, current: Option<&Object>) -> Pin {
    match current {
        None => Pin::Absent,
        Some(_) if is_free(&upload.options) => Pin::None,
        Some(found) => Pin::Version(found.info.etag.clone()),
    }
}

fn send(upload: &mut Upload, pin: &Pin) -> Result<Written, Failure> {
    let Some(parts) = &mut upload.parts else {
        let (key, metadata) = (&upload.key, &upload.metadata);
        return upload.bucket.put(key, metadata, &upload.buffer, pin);
    };
    let etag = parts.complete(pin)?;
    // Only readers are told the time: for many services it is the one at which the upload
    // began.
    match upload.bucket.head(&upload.key) {
        Ok(object) if object.version == upload.metadata.version => Ok(Written {
            etag: object.info.etag,
            modified: object.info.modified,
        }),
        Ok(_) | Err(_) => Ok(Written {
            etag,
            modified: now(),
        }),
    }
}

fn own(upload: &Upload, object: &Object) -> Stored {
    let written = Written {
        etag: object.info.etag.clone(),
        modified: object.info.modified,
    };
    upload.stored(written, upload.seen.is_version())
}
