//! Reading responses, as far as the engine uses them: the SDK looks for up to forty header fields.

use std::fmt;
use std::marker::PhantomData;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::{ConfigBag, FrozenLayer};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Output};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};
use aws_smithy_runtime_api::http::Headers;

/// What the response to a successful request says.
pub(in crate::store::s3) trait Response:
    fmt::Debug + Sized + Send + Sync + 'static
{
    /// Whether the body is handed out before it has arrived.
    const STREAMS: bool;

    /// Reads it. `body` is empty unless it is handed out.
    ///
    /// # Errors
    /// A malformed or repeated field.
    fn read(fields: &Headers, body: SdkBody) -> Result<Self, OrchestratorError<Error>>;
}

/// Reads successes, and leaves errors to what the SDK's configuration of the operation names; those in
/// a response of 200 too.
#[derive(Debug)]
pub(super) struct Reader<R> {
    sdk: FrozenLayer,
    kind: PhantomData<fn() -> R>,
}

impl<R: Response> Reader<R> {
    pub(super) fn new(sdk: FrozenLayer) -> Self {
        Self {
            sdk,
            kind: PhantomData,
        }
    }
}

impl<R: Response> DeserializeResponse for Reader<R> {
    fn deserialize_streaming_with_config(
        &self,
        response: &mut HttpResponse,
        _: &ConfigBag,
    ) -> Option<Result<Output, OrchestratorError<Error>>> {
        (R::STREAMS && response.status().is_success()).then(|| {
            let body = std::mem::replace(response.body_mut(), SdkBody::taken());
            R::read(response.headers(), body).map(Output::erase)
        })
    }

    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        config: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let is_empty = response.body().bytes().is_some_and(<[u8]>::is_empty);
        if !(response.status().is_success() && is_empty) {
            let sdk = self.sdk.load::<SharedResponseDeserializer>();
            let sdk = sdk.ok_or_else(|| OrchestratorError::other("nothing reads errors"))?;
            // It may have an error in its body.
            sdk.deserialize_nonstreaming_with_config(response, config)?;
        }
        R::read(response.headers(), SdkBody::empty()).map(Output::erase)
    }
}
