//! The operations of S3 that the engine uses, on a map.

mod copies;
mod multipart;
mod objects;
mod removal;
mod settings;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use futures_util::TryStreamExt;
use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::knows::Knows;
use super::list::list;
use super::objects::{Bucket, Kept};

/// What an operation answers.
type Response<T> = S3Result<S3Response<T>>;

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
    ) -> Response<CreateBucketOutput> {
        self.new_bucket(req)
    }

    async fn put_public_access_block(
        &self,
        req: S3Request<PutPublicAccessBlockInput>,
    ) -> Response<PutPublicAccessBlockOutput> {
        self.block_public_access(req)
    }

    async fn put_bucket_lifecycle_configuration(
        &self,
        req: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> Response<PutBucketLifecycleConfigurationOutput> {
        self.set_lifecycle(req)
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> Response<PutObjectOutput> {
        self.put(req).await
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Response<HeadObjectOutput> {
        self.head(req)
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Response<GetObjectOutput> {
        self.get(req)
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> Response<DeleteObjectOutput> {
        self.remove(req)
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> Response<DeleteObjectsOutput> {
        self.remove_many(req)
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> Response<CopyObjectOutput> {
        self.copy(req)
    }

    async fn upload_part_copy(
        &self,
        req: S3Request<UploadPartCopyInput>,
    ) -> Response<UploadPartCopyOutput> {
        self.copy_part(req)
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> Response<ListObjectsV2Output> {
        let lists = self.knows.lists;
        self.with(&req.input.bucket, |bucket| {
            done(list(bucket, &req.input, lists)?)
        })
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Response<CreateMultipartUploadOutput> {
        self.begin(req)
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> Response<UploadPartOutput> {
        self.put_part(req).await
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Response<CompleteMultipartUploadOutput> {
        self.complete(req)
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Response<AbortMultipartUploadOutput> {
        self.abort(req)
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Response<ListMultipartUploadsOutput> {
        self.list_uploads(req)
    }
}
