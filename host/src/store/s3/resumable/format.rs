//! The state of an upload as JSON. What cannot be read, or is of another version of the format, is
//! [`Unreadable`]: it takes no effect.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use coffer_port::resumable::Progress;
use serde::{Deserialize, Serialize};

use super::state::{Kept, Lease, Received, State, Tail, Target};
use crate::store::{Error, Key, Metadata};

/// The version of the format.
const FORMAT: u32 = 1;

/// What is stored about an upload cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the state of the resumable upload {id} in the bucket cannot be read: {cause}")]
pub(super) struct Unreadable {
    pub(super) id: String,
    pub(super) cause: String,
}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Error {
        Error::Misconfigured(Box::new(unreadable))
    }
}

/// What is known of an upload.
#[derive(Debug)]
pub(super) enum Known {
    Unfinished(Box<State>),
    Finished(Finished),
}

/// What is remembered of an upload that has become a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finished {
    /// As [`State::revision`].
    pub(super) revision: String,
    pub(super) progress: Progress,
}

impl Known {
    pub(super) fn revision(&self) -> &str {
        match self {
            Known::Unfinished(state) => &state.revision,
            Known::Finished(finished) => &finished.revision,
        }
    }
}

#[derive(Deserialize)]
struct Head {
    format: u32,
    finished: bool,
}

/// The state of an unfinished upload, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StoredState {
    format: u32,
    finished: bool,
    revision: String,
    key: String,
    content_type: String,
    uploader: Option<String>,
    metadata: Vec<(String, String)>,
    max_size: u64,
    version: String,
    note: String,
    /// Times are in milliseconds since 1970.
    expires: u64,
    length: Option<u64>,
    offset: u64,
    multipart_upload: Option<String>,
    /// Number, size, entity tag, CRC-32.
    parts: Vec<(i32, u64, String, Option<String>)>,
    least_number: i32,
    tail: StoredTail,
    lease: Option<StoredLease>,
    publishing: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum StoredTail {
    Here(String),
    There { turn: String, size: u64 },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StoredLease {
    until: u64,
    last_number: i32,
}

/// The same, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StoredFinished {
    format: u32,
    finished: bool,
    revision: String,
    offset: u64,
    length: Option<u64>,
    note: String,
    expires: u64,
}

pub(super) fn write(state: &State) -> Vec<u8> {
    let target = &state.target;
    let pairs = target.metadata.iter();
    let parts = state.received.parts.iter();
    json(&StoredState {
        format: FORMAT,
        finished: false,
        revision: state.revision.clone(),
        key: target.key.to_string(),
        content_type: target.content_type.clone(),
        uploader: target.uploader.clone(),
        metadata: pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        max_size: target.max_size,
        version: target.version.clone(),
        note: BASE64_STANDARD.encode(&state.note),
        expires: millis(state.expires),
        length: state.length,
        offset: state.received.offset(),
        multipart_upload: state.received.upload.clone(),
        parts: parts
            .map(|part| {
                (
                    part.number,
                    part.size,
                    part.etag.clone(),
                    part.crc32.clone(),
                )
            })
            .collect(),
        least_number: state.received.floor,
        tail: match &state.received.tail {
            Tail::Here(bytes) => StoredTail::Here(BASE64_STANDARD.encode(bytes)),
            Tail::There { turn, size } => StoredTail::There {
                turn: turn.clone(),
                size: *size,
            },
        },
        lease: state.lease.as_ref().map(|lease| StoredLease {
            until: millis(lease.until),
            last_number: lease.last,
        }),
        publishing: state.publishing,
    })
}

/// # Errors
/// Why it is not a state.
pub(super) fn read(bytes: &[u8]) -> Result<Known, String> {
    // First alone, since another version may have other fields.
    let head: Head = parse(bytes)?;
    Ok(match (head.format, head.finished) {
        (FORMAT, false) => Known::Unfinished(Box::new(read_state(parse(bytes)?)?)),
        (FORMAT, true) => Known::Finished(read_finished(parse(bytes)?)?),
        (format, _) => return Err(format!("format {format} is not supported")),
    })
}

fn read_state(stored: StoredState) -> Result<State, String> {
    let parts = stored.parts.into_iter();
    let parts = parts.map(|(number, size, etag, crc32)| Kept {
        number,
        size,
        etag,
        crc32,
    });
    let received = Received {
        upload: stored.multipart_upload,
        parts: Arc::new(parts.collect()),
        floor: stored.least_number,
        tail: match stored.tail {
            StoredTail::Here(text) => Tail::Here(bytes_of(&text)?),
            StoredTail::There { turn, size } => Tail::There { turn, size },
        },
    };
    let numbers = received.parts.windows(2);
    let ascending = numbers
        .into_iter()
        .all(|pair| pair[0].number < pair[1].number);
    if received.offset() != stored.offset
        || received.upload.is_none() != received.parts.is_empty()
        || !ascending
    {
        return Err("its parts do not make up its bytes".to_owned());
    }
    Ok(State {
        revision: stored.revision,
        target: Target {
            key: Key::new(stored.key).map_err(|error| error.to_string())?,
            content_type: stored.content_type,
            uploader: stored.uploader,
            metadata: Metadata::new(stored.metadata).map_err(|error| error.to_string())?,
            max_size: stored.max_size,
            version: stored.version,
        },
        note: bytes_of(&stored.note)?,
        expires: time(stored.expires),
        length: stored.length,
        received,
        lease: stored.lease.map(|lease| Lease {
            until: time(lease.until),
            last: lease.last_number,
        }),
        publishing: stored.publishing,
    })
}

pub(super) fn write_finished(finished: &Finished) -> Vec<u8> {
    let progress = &finished.progress;
    json(&StoredFinished {
        format: FORMAT,
        finished: true,
        revision: finished.revision.clone(),
        offset: progress.offset,
        length: progress.length,
        note: BASE64_STANDARD.encode(&progress.note),
        expires: millis(progress.expires),
    })
}

fn read_finished(stored: StoredFinished) -> Result<Finished, String> {
    Ok(Finished {
        revision: stored.revision,
        progress: Progress {
            offset: stored.offset,
            length: stored.length,
            note: bytes_of(&stored.note)?,
            expires: time(stored.expires),
            finished: true,
        },
    })
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

fn json(stored: &impl Serialize) -> Vec<u8> {
    // Text and numbers can always be written.
    serde_json::to_vec(stored).unwrap_or_default()
}

fn bytes_of(text: &str) -> Result<Vec<u8>, String> {
    BASE64_STANDARD
        .decode(text)
        .map_err(|error| error.to_string())
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn time(millis: u64) -> SystemTime {
    let time = UNIX_EPOCH.checked_add(Duration::from_millis(millis));
    time.unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests;
