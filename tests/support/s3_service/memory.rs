//! The operations of S3 that the engine uses, on a map.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use sha2::Digest;

use super::conditions::Conditions;
use super::knows::{Knows, Many};
use super::list::{list, written};
use super::objects::{
    Bucket, Checksum, Description, Kept, Object, Upload, check_read, now, tag_of,
};

/// The most multipart uploads in one answer.
const UPLOADS: i32 = 3;
/// The minimum size of every part but the last.
const LEAST_PART: usize = 5 << 20;

#[derive(Clone)]
pub(super) struct Memory {
    knows: Knows,
    buckets: Arc<Mutex<HashMap<String, Bucket>>>,
}

impl Memory {
    pub(super) fn new(knows: Knows) -> Memory {
        Memory {
            knows,
            buckets: Arc::default(),
        }
    }

    pub(super) fn make_bucket(&self, bucket: &str) {
        self.buckets().entry(bucket.to_owned()).or_default();
    }

    pub(super) fn objects(&self, bucket: &str) -> Vec<String> {
        let buckets = self.buckets();
        let bucket = buckets.get(bucket);
        bucket.map_or(vec![], |bucket| bucket.objects.keys().cloned().collect())
    }

    pub(super) fn kept(&self, bucket: &str, object: &str) -> Kept {
        let buckets = self.buckets();
        let object = &buckets[bucket].objects[object];
        let checksum = object.checksum.as_ref();
        Kept {
            metadata: object.description.metadata.clone().unwrap_or_default(),
            checksum: checksum.map(|kept| (kept.crc32.clone(), kept.of)),
        }
    }

    /// Versions and delete markers.
    pub(super) fn versions(&self, bucket: &str) -> usize {
        let buckets = self.buckets();
        let bucket = buckets.get(bucket);
        bucket.map_or(0, |bucket| bucket.versions.len() + bucket.markers.len())
    }

    pub(super) fn unfinished(&self) -> usize {
        self.buckets()
            .values()
            .map(|bucket| bucket.uploads.len())
            .sum()
    }

    pub(super) fn settings(&self, bucket: &str) -> (bool, Option<i32>) {
        let buckets = self.buckets();
        let bucket = buckets.get(bucket);
        bucket.map_or((false, None), |bucket| {
            (bucket.private, bucket.abandoned_after)
        })
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<String, Bucket>> {
        self.buckets.lock().expect("the buckets")
    }

    fn with<T>(&self, bucket: &str, act: impl FnOnce(&mut Bucket) -> S3Result<T>) -> S3Result<T> {
        let mut buckets = self.buckets();
        act(buckets
            .get_mut(bucket)
            .ok_or_else(|| s3_error!(NoSuchBucket))?)
    }
}

/// An object that is copied, if the condition on it holds.
fn source<'a>(
    knows: &Knows,
    bucket: &'a Bucket,
    headers: &hyper::HeaderMap,
    source: &CopySource,
    if_match: Option<&ETagCondition>,
) -> S3Result<&'a Object> {
    let CopySource::Bucket { key, .. } = source else {
        return Err(s3_error!(NotImplemented));
    };
    if !knows.copies {
        return Err(s3_error!(NotImplemented));
    }
    let object = bucket.find(key, None)?;
    knows.copy_source.check_source(headers, object, if_match)?;
    Ok(object)
}

/// A condition as a copy has it, which the library does not read.
fn condition(headers: &hyper::HeaderMap, name: &str) -> S3Result<Option<ETagCondition>> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    Ok(Some(match value.as_bytes() {
        b"*" => ETagCondition::Any,
        tag => {
            let tag = String::from_utf8_lossy(tag);
            ETagCondition::ETag(ETag::Strong(tag.trim_matches('"').to_owned()))
        }
    }))
}

async fn whole(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let Some(body) = body else {
        return Ok(Bytes::new());
    };
    let chunks: Result<Vec<Bytes>, _> = body.try_collect().await;
    let chunks = chunks.map_err(|_| s3_error!(IncompleteBody))?;
    Ok(chunks.concat().into())
}

fn done<T>(output: T) -> S3Result<S3Response<T>> {
    Ok(S3Response::new(output))
}

#[async_trait::async_trait]
impl S3 for Memory {
    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let mut buckets = self.buckets();
        if buckets.contains_key(&req.input.bucket) {
            return Err(s3_error!(BucketAlreadyOwnedByYou));
        }
        buckets.insert(req.input.bucket, Bucket::default());
        done(CreateBucketOutput::default())
    }

    async fn put_public_access_block(
        &self,
        req: S3Request<PutPublicAccessBlockInput>,
    ) -> S3Result<S3Response<PutPublicAccessBlockOutput>> {
        if !self.knows.settings {
            return Err(s3_error!(NotImplemented));
        }
        let asked = req.input.public_access_block_configuration;
        let all = [
            asked.block_public_acls,
            asked.block_public_policy,
            asked.ignore_public_acls,
            asked.restrict_public_buckets,
        ];
        self.with(&req.input.bucket, |bucket| {
            bucket.private = all == [Some(true); 4];
            bucket.blocks_acls = all[0] == Some(true);
            done(PutPublicAccessBlockOutput::default())
        })
    }

    async fn put_bucket_lifecycle_configuration(
        &self,
        req: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> S3Result<S3Response<PutBucketLifecycleConfigurationOutput>> {
        if !self.knows.settings {
            return Err(s3_error!(NotImplemented));
        }
        let rules = req.input.lifecycle_configuration.map(|asked| asked.rules);
        let rule = rules
            .into_iter()
            .flatten()
            .find_map(|rule| rule.abort_incomplete_multipart_upload);
        self.with(&req.input.bucket, |bucket| {
            bucket.abandoned_after = rule.and_then(|rule| rule.days_after_initiation);
            done(PutBucketLifecycleConfigurationOutput::default())
        })
    }

    async fn put_object(
        &self,
        req: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let asked = req.input;
        let bytes = whole(asked.body).await?;
        self.with(&asked.bucket, |bucket| {
            if bucket.blocks_acls && !self.knows.blocked_acls {
                return Err(s3_error!(AccessDenied));
            }
            let (if_match, if_none_match) = (&asked.if_match, &asked.if_none_match);
            if if_none_match.is_some() && !self.knows.folders && bucket.has_folder(&asked.key) {
                return Err(s3_error!(PreconditionFailed));
            }
            self.knows.put.check(
                &req.headers,
                bucket.objects.get(&asked.key),
                if_match.as_ref(),
                if_none_match.as_ref(),
            )?;
            let description = Description {
                content_type: asked.content_type,
                metadata: asked.metadata,
            };
            let mut object = Object::new(bytes, description);
            object.checksum = asked
                .checksum_crc32
                .filter(|_| self.knows.checksums)
                .map(|_| Checksum::full(&object.bytes));
            let output = PutObjectOutput {
                e_tag: Some(object.etag()),
                ..Default::default()
            };
            let mut response = S3Response::new(output);
            // One clock for both, so that no test depends on when a second begins.
            let date = httpdate::fmt_http_date(object.modified).parse();
            response.headers.insert("date", date.expect("a date"));
            response.output.version_id = bucket.keep(asked.key, object, self.knows.versions);
            Ok(response)
        })
    }

    async fn head_object(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        self.with(&req.input.bucket, |bucket| {
            let object = bucket.find(&req.input.key, None)?;
            done(HeadObjectOutput {
                content_length: Some(object.bytes.len() as i64),
                content_type: object.description.content_type.clone(),
                metadata: object.description.metadata.clone(),
                version_id: object.version.clone(),
                e_tag: Some(object.etag()),
                last_modified: Some(object.last_modified()),
                ..Default::default()
            })
        })
    }

    async fn get_object(
        &self,
        req: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let asked = req.input;
        let object = self.with(&asked.bucket, |bucket| {
            bucket.find(&asked.key, asked.version_id.as_ref()).cloned()
        })?;
        check_read(
            &object,
            asked.if_match.as_ref(),
            asked.if_unmodified_since.as_ref(),
            asked.if_none_match.as_ref(),
            asked.if_modified_since.as_ref(),
        )?;
        let size = object.bytes.len();
        let part = match asked.range {
            None => None,
            Some(range) => Some(range.check(size as u64)?),
        };
        let bytes = match &part {
            None => object.bytes.clone(),
            Some(part) => object.bytes.slice(part.start as usize..part.end as usize),
        };
        let told = asked.checksum_mode.is_some() && part.is_none();
        let checksum = object.checksum.as_ref().filter(|_| told);
        let length = bytes.len() as i64;
        // In pieces, as over a network.
        let pieces: Vec<Bytes> = bytes
            .chunks(64 << 10)
            .map(|piece| bytes.slice_ref(piece))
            .collect();
        let body = stream::iter(pieces).map(Ok::<_, std::io::Error>);
        done(GetObjectOutput {
            body: Some(StreamingBlob::wrap(body)),
            content_length: Some(length),
            content_range: part.map(|part| format!("bytes {}-{}/{size}", part.start, part.end - 1)),
            content_type: object.description.content_type.clone(),
            metadata: object.description.metadata.clone(),
            e_tag: Some(object.etag()),
            last_modified: Some(object.last_modified()),
            checksum_crc32: checksum.map(|kept| kept.crc32.clone()),
            checksum_type: checksum.map(|kept| ChecksumType::from_static(kept.of)),
            ..Default::default()
        })
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let asked = req.input;
        self.with(&asked.bucket, |bucket| {
            if let Some(id) = &asked.version_id {
                if !self.knows.forgetting {
                    return Err(s3_error!(AccessDenied));
                }
                bucket.forget(&asked.key, id);
                return done(DeleteObjectOutput::default());
            }
            Conditions::all(self.knows.delete).check(
                &req.headers,
                bucket.objects.get(&asked.key),
                asked.if_match.as_ref(),
                None,
            )?;
            let version_id = bucket.hide(&asked.key, self.knows.versions);
            done(DeleteObjectOutput {
                delete_marker: version_id.is_some().then_some(true),
                version_id,
                ..Default::default()
            })
        })
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        match self.knows.delete_many {
            Many::Removed => {}
            Many::Unknown => return Err(s3_error!(NotImplemented)),
            Many::Refused => {
                let missing = "Missing required header for this request: Content-MD5";
                return Err(s3_error!(InvalidRequest, "{missing}"));
            }
        }
        let asked = req.input;
        if asked.delete.objects.len() > 1000 {
            return Err(s3_error!(MalformedXML));
        }
        self.with(&asked.bucket, |bucket| {
            for object in &asked.delete.objects {
                bucket.hide(&object.key, self.knows.versions);
            }
            let removed = asked
                .delete
                .objects
                .into_iter()
                .map(|object| DeletedObject {
                    key: Some(object.key),
                    ..Default::default()
                });
            done(DeleteObjectsOutput {
                deleted: (asked.delete.quiet != Some(true)).then(|| removed.collect()),
                ..Default::default()
            })
        })
    }

    async fn copy_object(
        &self,
        req: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let asked = req.input;
        let replaced = asked.metadata_directive.as_ref();
        let replaced = replaced.is_some_and(|d| d.as_str() == MetadataDirective::REPLACE);
        let (if_match, if_none_match) = (
            condition(&req.headers, "if-match")?,
            condition(&req.headers, "if-none-match")?,
        );
        self.with(&asked.bucket, |bucket| {
            let tag = asked.copy_source_if_match.as_ref();
            let found = source(&self.knows, bucket, &req.headers, &asked.copy_source, tag)?;
            if if_none_match.is_some() && !self.knows.folders && bucket.has_folder(&asked.key) {
                return Err(s3_error!(PreconditionFailed));
            }
            let current = bucket.objects.get(&asked.key);
            if !replaced && current.is_some_and(|current| std::ptr::eq(current, found)) {
                return Err(s3_error!(InvalidRequest));
            }
            self.knows.copy.check(
                &req.headers,
                current,
                if_match.as_ref(),
                if_none_match.as_ref(),
            )?;
            let description = match replaced {
                false => found.description.clone(),
                true => Description {
                    content_type: asked.content_type,
                    metadata: asked.metadata,
                },
            };
            let mut object = Object::new(found.bytes.clone(), description);
            object.checksum = found
                .checksum
                .as_ref()
                .map(|_| Checksum::full(&object.bytes));
            let result = CopyObjectResult {
                e_tag: Some(object.etag()),
                last_modified: Some(object.last_modified()),
                ..Default::default()
            };
            let version_id = bucket.keep(asked.key, object, self.knows.versions);
            done(CopyObjectOutput {
                copy_object_result: Some(result),
                version_id,
                ..Default::default()
            })
        })
    }

    async fn upload_part_copy(
        &self,
        req: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let asked = req.input;
        self.with(&asked.bucket, |bucket| {
            let tag = asked.copy_source_if_match.as_ref();
            let found = source(&self.knows, bucket, &req.headers, &asked.copy_source, tag)?;
            let range = asked.copy_source_range.as_deref();
            let range = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
            let (first, last) = range.ok_or_else(|| s3_error!(InvalidArgument))?;
            let number = |text: &str| text.parse().map_err(|_| s3_error!(InvalidArgument));
            let (first, last): (usize, usize) = (number(first)?, number(last)?);
            if first > last || last >= found.bytes.len() {
                return Err(s3_error!(InvalidRange));
            }
            let bytes = found.bytes.slice(first..=last);
            let result = CopyPartResult {
                e_tag: Some(ETag::Strong(tag_of(&bytes))),
                ..Default::default()
            };
            let upload = bucket.uploads.get_mut(&asked.upload_id);
            let upload = upload.ok_or_else(|| s3_error!(NoSuchUpload))?;
            upload.parts.insert(asked.part_number, bytes);
            done(UploadPartCopyOutput {
                copy_part_result: Some(result),
                ..Default::default()
            })
        })
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let lists = self.knows.lists;
        self.with(&req.input.bucket, |bucket| {
            done(list(bucket, &req.input, lists)?)
        })
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
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

    async fn upload_part(
        &self,
        req: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
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

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
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

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.with(&req.input.bucket, |bucket| {
            let aborted = bucket.uploads.remove(&req.input.upload_id);
            aborted.ok_or_else(|| s3_error!(NoSuchUpload))?;
            done(AbortMultipartUploadOutput::default())
        })
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
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
