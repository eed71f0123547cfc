//! The response to PutObject.

use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::interceptors::context::Error;
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::http::Headers;

use super::Response;

/// What the service says of an object that it stored.
#[derive(Debug)]
pub(in crate::store::s3) struct PutResponse {
    pub(in crate::store::s3) etag: Option<String>,
}

impl Response for PutResponse {
    const STREAMS: bool = false;

    fn read(fields: &Headers, _: SdkBody) -> Result<Self, OrchestratorError<Error>> {
        Ok(Self {
            etag: fields.get("etag").map(str::to_owned),
        })
    }
}
