//! What a bucket holds, and which conditions hold for it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_checksums::ChecksumAlgorithm;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Result, s3_error};
use sha2::{Digest, Sha256};

#[derive(Default)]
pub(super) struct Bucket {
    pub(super) objects: BTreeMap<String, Object>,
    /// By version; empty if none are kept.
    pub(super) versions: HashMap<String, Object>,
    /// Delete markers, where versions are kept.
    pub(super) markers: HashSet<String>,
    pub(super) uploads: HashMap<String, Upload>,
    pub(super) private: bool,
    pub(super) blocks_acls: bool,
    pub(super) abandoned_after: Option<i32>,
}

impl Bucket {
    /// Stores an object; in a bucket that keeps versions, under an id too, which is returned.
    pub(super) fn keep(
        &mut self,
        key: String,
        mut object: Object,
        versions: bool,
    ) -> Option<String> {
        let id = versions.then(|| uuid::Uuid::new_v4().to_string());
        if let Some(id) = &id {
            object.version = Some(id.clone());
            self.versions.insert(id.clone(), object.clone());
        }
        self.objects.insert(key, object);
        id
    }

    /// Removes an object; in a bucket that keeps versions, only from sight, and returns the
    /// marker's id.
    pub(super) fn hide(&mut self, key: &str, versions: bool) -> Option<String> {
        self.objects.remove(key);
        let id = versions.then(|| uuid::Uuid::new_v4().to_string());
        self.markers.extend(id.clone());
        id
    }

    /// Removes one version, or a marker.
    pub(super) fn forget(&mut self, key: &str, id: &str) {
        self.markers.remove(id);
        self.versions.remove(id);
        if self
            .objects
            .get(key)
            .is_some_and(|object| object.version.as_deref() == Some(id))
        {
            self.objects.remove(key);
        }
    }

    /// Whether a name is that of a folder.
    pub(super) fn has_folder(&self, key: &str) -> bool {
        let folder = format!("{key}/");
        let mut from = self.objects.range(folder.clone()..);
        from.next()
            .is_some_and(|(name, _)| name.starts_with(&folder))
    }

    /// The current version, or the one that is named.
    pub(super) fn find(&self, key: &str, version: Option<&String>) -> S3Result<&Object> {
        match version {
            Some(id) => self.versions.get(id),
            None => self.objects.get(key),
        }
        .ok_or_else(|| s3_error!(NoSuchKey))
    }
}

#[derive(Clone)]
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) tag: String,
    pub(super) version: Option<String>,
    pub(super) modified: SystemTime,
    pub(super) description: Description,
    pub(super) checksum: Option<Checksum>,
}

#[derive(Clone, Default)]
pub(super) struct Description {
    pub(super) content_type: Option<String>,
    pub(super) metadata: Option<HashMap<String, String>>,
}

/// What is kept beside an object's bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Kept {
    /// The entries of its user metadata.
    pub metadata: HashMap<String, String>,
    /// The CRC-32, and of what it is.
    pub checksum: Option<(String, &'static str)>,
}

/// What is kept of an object's bytes.
#[derive(Clone)]
pub(super) struct Checksum {
    pub(super) crc32: String,
    /// `FULL_OBJECT` or `COMPOSITE`.
    pub(super) of: &'static str,
}

impl Checksum {
    /// Of all bytes.
    pub(super) fn full(bytes: &[u8]) -> Checksum {
        Checksum {
            crc32: BASE64_STANDARD.encode(crc32(bytes)),
            of: "FULL_OBJECT",
        }
    }

    /// Of the parts' checksums.
    pub(super) fn composite(parts: &[Bytes]) -> Checksum {
        let sums: Vec<u8> = parts.iter().flat_map(|part| crc32(part)).collect();
        let all = BASE64_STANDARD.encode(crc32(&sums));
        Checksum {
            crc32: format!("{all}-{}", parts.len()),
            of: "COMPOSITE",
        }
    }
}

fn crc32(bytes: &[u8]) -> Bytes {
    let mut state = ChecksumAlgorithm::Crc32.into_impl();
    state.update(bytes);
    state.finalize()
}

pub(super) struct Upload {
    pub(super) key: String,
    pub(super) begun: SystemTime,
    pub(super) description: Description,
    pub(super) parts: BTreeMap<i32, Bytes>,
    /// The type of checksum that was asked for.
    pub(super) checksum: Option<String>,
}

impl Object {
    pub(super) fn new(bytes: Bytes, description: Description) -> Object {
        Object {
            tag: tag_of(&bytes),
            version: None,
            bytes,
            modified: now(),
            description,
            checksum: None,
        }
    }

    pub(super) fn etag(&self) -> ETag {
        ETag::Strong(self.tag.clone())
    }

    pub(super) fn last_modified(&self) -> Timestamp {
        Timestamp::from(self.modified)
    }
}

/// The same for the same bytes, as S3's own are.
pub(super) fn tag_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// In whole seconds, as S3 counts.
pub(super) fn now() -> SystemTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UNIX_EPOCH + Duration::from_secs(since.expect("after 1970").as_secs())
}

/// The conditions of a write.
pub(super) fn check_write(
    current: Option<&Object>,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    match (if_match, current) {
        (Some(_), None) => return Err(s3_error!(NoSuchKey)),
        (Some(condition), Some(object)) if !matches(condition, object) => {
            return Err(s3_error!(PreconditionFailed));
        }
        _ => {}
    }
    match (if_none_match, current) {
        (Some(condition), Some(object)) if matches(condition, object) => {
            Err(s3_error!(PreconditionFailed))
        }
        _ => Ok(()),
    }
}

/// The conditions of a read, in the order of RFC 9110, 13.2.2.
pub(super) fn check_read(
    object: &Object,
    if_match: Option<&ETagCondition>,
    if_unmodified_since: Option<&Timestamp>,
    if_none_match: Option<&ETagCondition>,
    if_modified_since: Option<&Timestamp>,
) -> S3Result<()> {
    let modified = object.last_modified();
    let unchanged = match (if_match, if_unmodified_since) {
        (Some(condition), _) => matches(condition, object),
        (None, Some(date)) => modified <= *date,
        (None, None) => true,
    };
    if !unchanged {
        return Err(s3_error!(PreconditionFailed));
    }
    let not_modified = match (if_none_match, if_modified_since) {
        (Some(condition), _) => matches(condition, object),
        (None, Some(date)) => modified <= *date,
        (None, None) => false,
    };
    if not_modified {
        return Err(s3_error!(NotModified));
    }
    Ok(())
}

fn matches(condition: &ETagCondition, object: &Object) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(tag) => tag.value() == object.tag,
    }
}
