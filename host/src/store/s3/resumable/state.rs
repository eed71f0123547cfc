//! What is known of an unfinished upload.

use std::sync::Arc;
use std::time::SystemTime;

use coffer_port::object::ObjectMetadata;
use coffer_port::resumable::{BeginOptions, Progress, TurnOptions};
use uuid::Uuid;

use crate::store::s3::bucket::{Part, PartsId};
use crate::store::{Conditions, CreateOptions, Guard, Key, Metadata};

/// An unfinished upload.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// Differs with each write of the state, so that its entity tag does too, and a write whose
    /// answer was lost is recognised.
    pub(super) revision: String,
    pub(super) target: Target,
    pub(super) note: Vec<u8>,
    pub(super) expires: SystemTime,
    pub(super) length: Option<u64>,
    pub(super) received: Received,
    /// The turn that lasts, or whose host has gone.
    pub(super) lease: Option<Lease>,
    /// The file may have been published, as the version named in the target.
    pub(super) publishing: bool,
}

/// What the upload is to become.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) key: Key,
    pub(super) content_type: String,
    pub(super) uploader: Option<String>,
    pub(super) metadata: Metadata,
    pub(super) max_size: u64,
    /// The name of the version, as in [`ObjectMetadata::version`].
    pub(super) version: String,
}

/// The bytes that count.
#[derive(Debug, Clone, Default)]
pub(super) struct Received {
    /// The multipart upload that has the parts; none as long as there are none.
    pub(super) upload: Option<PartsId>,
    /// Ascending by number.
    pub(super) parts: Arc<Vec<Kept>>,
    /// The least number of further parts: smaller ones may still arrive from turns that are lost.
    pub(super) floor: i32,
    /// What comes behind the parts.
    pub(super) tail: Tail,
}

/// A part at the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) number: i32,
    pub(super) size: u64,
    pub(super) etag: String,
    /// In base64, where the service told it.
    pub(super) crc32: Option<String>,
}

/// Less than a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tail {
    /// In the state.
    Here(Vec<u8>),
    /// In an object of its own, one for each turn.
    There {
        /// What tells it from those of other turns.
        turn: String,
        /// In bytes.
        size: u64,
    },
}

/// A turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lease {
    /// Afterwards, others may take the turn.
    pub(super) until: SystemTime,
    /// The last part number that it may use.
    pub(super) last: i32,
}

impl Default for Tail {
    fn default() -> Tail {
        Tail::Here(Vec::new())
    }
}

impl Tail {
    /// How many bytes.
    pub(super) fn size(&self) -> u64 {
        match self {
            Tail::Here(bytes) => bytes.len() as u64,
            Tail::There { size, .. } => *size,
        }
    }
}

impl Received {
    /// How many bytes are in parts.
    pub(super) fn in_parts(&self) -> u64 {
        self.parts.iter().map(|part| part.size).sum()
    }

    /// How many bytes there are.
    pub(super) fn offset(&self) -> u64 {
        self.in_parts().saturating_add(self.tail.size())
    }

    /// The number of the next part.
    pub(super) fn next_number(&self) -> i32 {
        match self.upload {
            None => 1,
            Some(_) => {
                let last = self.parts.last().map_or(0, |part| part.number);
                last.saturating_add(1).max(self.floor)
            }
        }
    }
}

impl Kept {
    /// A part as the service described it.
    pub(super) fn new(part: &Part, size: u64) -> Kept {
        Kept {
            number: part.part_number().unwrap_or(0),
            size,
            etag: part.e_tag().unwrap_or_default().to_owned(),
            crc32: part.checksum_crc32().map(str::to_owned),
        }
    }

    /// The same for the list that completes the upload.
    pub(super) fn to_part(&self) -> Part {
        Part::builder()
            .part_number(self.number)
            .e_tag(&self.etag)
            .set_checksum_crc32(self.crc32.clone())
            .build()
    }
}

impl State {
    /// Of an upload that begins.
    pub(super) fn begin(key: Key, options: BeginOptions, expires: SystemTime) -> State {
        let target = options.target;
        State {
            revision: revision(),
            target: Target {
                key,
                content_type: target.content_type,
                uploader: target.uploader,
                metadata: target.metadata,
                max_size: target.max_size,
                version: Uuid::new_v4().to_string(),
            },
            note: options.note,
            expires,
            length: options.length,
            received: Received::default(),
            lease: None,
            publishing: false,
        }
    }

    pub(super) fn is_over(&self, now: SystemTime) -> bool {
        self.expires <= now
    }

    /// Whether a turn lasts.
    pub(super) fn is_leased(&self, now: SystemTime) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.until > now)
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            offset: self.received.offset(),
            length: self.length,
            note: self.note.clone(),
            expires: self.expires,
            finished: false,
        }
    }

    /// How many bytes a turn may bring.
    pub(super) fn room(&self, options: &TurnOptions) -> u64 {
        let most = self.target.max_size;
        let most = self.length.unwrap_or(most).min(most);
        let left = most.saturating_sub(self.received.offset());
        left.min(options.max_size)
    }
}

impl Target {
    /// The options of the file, without guards and conditions.
    pub(super) fn options(&self) -> CreateOptions {
        CreateOptions {
            content_type: self.content_type.clone(),
            uploader: self.uploader.clone(),
            metadata: self.metadata.clone(),
            may_create: true,
            may_replace: Guard::Any,
            conditions: Conditions::default(),
            max_size: self.max_size,
            announced: None,
            sha256: None,
        }
    }

    /// What is stored beside the bytes.
    pub(super) fn metadata(&self) -> ObjectMetadata {
        ObjectMetadata {
            content_type: self.content_type.clone(),
            uploader: self.uploader.clone(),
            version: Some(self.version.clone()),
            metadata: self.metadata.clone(),
        }
    }
}

/// Another one each time.
pub(super) fn revision() -> String {
    Uuid::new_v4().to_string()
}
