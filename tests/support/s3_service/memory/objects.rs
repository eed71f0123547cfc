//! Objects, written and read.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use s3s::dto::*;
use s3s::{S3Request, S3Response, s3_error};

use super::super::objects::{Checksum, Description, Object, check_read};
use super::{Memory, Response, done, whole};

impl Memory {
    pub(super) async fn put(&self, req: S3Request<PutObjectInput>) -> Response<PutObjectOutput> {
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

    pub(super) fn head(&self, req: S3Request<HeadObjectInput>) -> Response<HeadObjectOutput> {
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

    pub(super) fn get(&self, req: S3Request<GetObjectInput>) -> Response<GetObjectOutput> {
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
}
