//! Copies of objects, whole or as parts.

use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};

use super::super::knows::Knows;
use super::super::objects::{Bucket, Checksum, Description, Object, tag_of};
use super::{Memory, Response, done};

impl Memory {
    pub(super) fn copy(&self, req: S3Request<CopyObjectInput>) -> Response<CopyObjectOutput> {
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

    pub(super) fn copy_part(
        &self,
        req: S3Request<UploadPartCopyInput>,
    ) -> Response<UploadPartCopyOutput> {
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
