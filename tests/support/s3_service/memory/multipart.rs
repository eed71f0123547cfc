//! Multipart uploads, and their list.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use s3s::dto::*;
use s3s::{S3Request, s3_error};
use sha2::Digest;

use super::super::list::written;
use super::super::objects::{Checksum, Description, Object, Upload, now, tag_of};
use super::{Memory, Response, done, whole};

/// The most multipart uploads in one answer.
const UPLOADS: i32 = 3;
/// The minimum size of every part but the last.
const LEAST_PART: usize = 5 << 20;

impl Memory {
    pub(super) fn begin(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Response<CreateMultipartUploadOutput> {
        let asked = req.input;
        let fails = !self.knows.lists.carries_all && asked.key.contains(['\u{fffe}', '\u{ffff}']);
        self.with(&asked.bucket, |bucket| {
            let id = uuid::Uuid::new_v4().to_string();
            let upload = Upload {
                key: asked.key.clone(),
                begun: now(),
                description: Description {
                    content_type: asked.content_type,
                    metadata: asked.metadata,
                },
                parts: Default::default(),
                checksum: asked
                    .checksum_algorithm
                    .filter(|_| self.knows.checksums)
                    .map(|_| {
                        let of = asked.checksum_type.as_ref().map(ChecksumType::as_str);
                        of.unwrap_or(ChecksumType::COMPOSITE).to_owned()
                    }),
            };
            bucket.uploads.insert(id.clone(), upload);
            if fails {
                return Err(s3_error!(InternalError));
            }
            done(CreateMultipartUploadOutput {
                key: Some(asked.key),
                upload_id: Some(id),
                ..Default::default()
            })
        })
    }

    pub(super) async fn put_part(
        &self,
        req: S3Request<UploadPartInput>,
    ) -> Response<UploadPartOutput> {
        let asked = req.input;
        let mut bytes = whole(asked.body).await?;
        if !self.knows.parts {
            bytes = Bytes::new();
        }
        self.with(&asked.bucket, |bucket| {
            let upload = bucket.uploads.get_mut(&asked.upload_id);
            let upload = upload.ok_or_else(|| s3_error!(NoSuchUpload))?;
            let e_tag = Some(ETag::Strong(tag_of(&bytes)));
            upload.parts.insert(asked.part_number, bytes);
            done(UploadPartOutput {
                e_tag,
                ..Default::default()
            })
        })
    }

    pub(super) fn complete(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Response<CompleteMultipartUploadOutput> {
        let asked = req.input;
        self.with(&asked.bucket, |bucket| {
            let upload = bucket.uploads.get(&asked.upload_id);
            let upload = upload.ok_or_else(|| s3_error!(NoSuchUpload))?;
            self.knows.complete.check(
                &req.headers,
                bucket.objects.get(&asked.key),
                asked.if_match.as_ref(),
                asked.if_none_match.as_ref(),
            )?;
            let named = asked
                .multipart_upload
                .and_then(|named| named.parts)
                .unwrap_or_default();
            let (mut pieces, mut tags) = (Vec::new(), sha2::Sha256::default());
            for (place, part) in named.iter().enumerate() {
                let piece = upload.parts.get(&part.part_number.unwrap_or_default());
                let piece = piece.ok_or_else(|| s3_error!(InvalidPart))?;
                let tag = part.e_tag.as_ref().map(ETag::value);
                if tag.is_some_and(|tag| tag != tag_of(piece)) {
                    return Err(s3_error!(InvalidPart));
                }
                if !self.knows.gaps && part.part_number != i32::try_from(place + 1).ok() {
                    return Err(s3_error!(InvalidPartOrder));
                }
                if self.knows.parts && place + 1 < named.len() && piece.len() < LEAST_PART {
                    return Err(s3_error!(EntityTooSmall));
                }
                tags.update(tag_of(piece));
                pieces.push(piece.clone());
            }
            let mut object = Object::new(pieces.concat().into(), upload.description.clone());
            object.tag = format!("{}-{}", tag_of(&tags.finalize()), pieces.len());
            object.checksum = upload.checksum.as_deref().map(|of| match of {
                ChecksumType::FULL_OBJECT => Checksum::full(&object.bytes),
                _ => Checksum::composite(&pieces),
            });
            let e_tag = Some(object.etag());
            bucket.uploads.remove(&asked.upload_id);
            let key = Some(asked.key.clone());
            let version_id = bucket.keep(asked.key, object, self.knows.versions);
            done(CompleteMultipartUploadOutput {
                key,
                e_tag,
                version_id,
                ..Default::default()
            })
        })
    }

    pub(super) fn abort(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Response<AbortMultipartUploadOutput> {
        self.with(&req.input.bucket, |bucket| {
            let aborted = bucket.uploads.remove(&req.input.upload_id);
            aborted.ok_or_else(|| s3_error!(NoSuchUpload))?;
            done(AbortMultipartUploadOutput::default())
        })
    }

    pub(super) fn list_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Response<ListMultipartUploadsOutput> {
        let asked = req.input;
        let lists = self.knows.lists;
        let encoded = lists.encoded_uploads && asked.encoding_type.is_some();
        let prefix = asked.prefix.unwrap_or_default();
        let behind_all = asked.upload_id_marker.unwrap_or_else(|| "~".to_owned());
        let marker = asked.key_marker.map(|key| (key, behind_all));
        let carries = |key: &str| lists.carries_all || !key.contains(['\u{fffe}', '\u{ffff}']);
        if !marker.as_ref().is_none_or(|(key, _)| carries(key)) {
            return Err(s3_error!(InternalError));
        }
        let limit = asked.max_uploads.unwrap_or(1000).clamp(1, UPLOADS) as usize;
        self.with(&asked.bucket, |bucket| {
            let uploads = bucket.uploads.iter();
            let uploads = uploads.filter(|(_, upload)| upload.key.starts_with(&prefix));
            let mut uploads: Vec<_> = uploads
                .map(|(id, upload)| ((upload.key.clone(), id.clone()), upload.begun))
                .filter(|(name, _)| marker.as_ref().is_none_or(|marker| name > marker))
                .collect();
            uploads.sort();
            let more = uploads.len() > limit;
            uploads.truncate(limit);
            if uploads.len() > 1 && uploads.last().is_some_and(|((key, _), _)| !carries(key)) {
                return Err(s3_error!(InternalError));
            }
            let uploads = uploads.into_iter();
            let uploads = uploads.map(|((key, id), begun)| MultipartUpload {
                key: Some(match lists.replaces {
                    true => written(&key.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"), encoded),
                    false => written(&key, encoded),
                }),
                upload_id: Some(id),
                initiated: Some(Timestamp::from(match lists.dated_uploads {
                    true => begun,
                    false => UNIX_EPOCH + Duration::from_secs(1_289_347_200),
                })),
                ..Default::default()
            });
            done(ListMultipartUploadsOutput {
                uploads: Some(uploads.collect()),
                encoding_type: encoded.then(|| EncodingType::from_static(EncodingType::URL)),
                is_truncated: Some(more),
                ..Default::default()
            })
        })
    }
}
