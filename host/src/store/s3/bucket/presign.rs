//! Presigned URLs, which open one object without credentials.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;

use super::Bucket;
use crate::store::body::ServedAs;
use crate::store::s3::fields::Presigned;
use crate::store::{Error, Key};

/// How long a presigned URL is valid: just long enough for a client to follow it.
const LIFETIME: Duration = Duration::from_secs(60);

impl Bucket {
    /// A presigned URL for one GET (AWS Signature Version 4 in the query), made without a
    /// request. In a bucket with versioning, it opens only the given version.
    pub(in crate::store::s3) async fn presign(
        &self,
        key: &Key,
        version_id: Option<String>,
        fields: ServedAs,
    ) -> Result<String, Error> {
        let lifetime = PresigningConfig::expires_in(LIFETIME)
            .map_err(|error| Error::Unavailable(Box::new(error)))?;
        let presigned = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(self.prefix.object(key.as_str()))
            .set_version_id(version_id)
            .set_response_content_type(fields.content_type)
            .set_response_content_disposition(fields.content_disposition)
            .set_response_cache_control(fields.cache_control)
            .customize()
            .interceptor(Presigned)
            .presigned(lifetime)
            .await
            .map_err(|error| Error::Unavailable(Box::new(error)))?;
        // A signed header field is one that no client would send.
        if presigned.headers().next().is_some() {
            return Err(Error::Unavailable(
                "the presigned URL needs header fields".into(),
            ));
        }
        Ok(presigned.uri().to_owned())
    }
}
