//! GetObject and PutObject, put together once per bucket instead of once per request: small files
//! need little else.
//!
//! For every request the SDK merges a dozen plugins, works out the endpoint twice, and asks some 25
//! interceptors at each of nineteen hooks. Here the plugins are merged and the endpoint is worked
//! out once. Credentials, signing, timeouts, retries with their quota, and the protection against
//! stalls stay the client's own. What is left out are interceptors that nobody needs here
//! ([`taken::UNUSED`]) and the SDK's lines in the debug log.

mod get;
mod put;
mod response;
mod taken;

use std::error::Error as StdError;
use std::fmt::Debug;
use std::marker::PhantomData;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::{
    Intercept, Layer, RuntimeComponentsBuilder, RuntimePlugin, SharedInterceptor,
};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObject, GetObjectError};
use aws_sdk_s3::operation::put_object::{PutObject, PutObjectError};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime::client::orchestrator;
use aws_smithy_runtime_api::client::interceptors::context::{Error, Input};
use aws_smithy_runtime_api::client::result::CreateUnhandledError;
use aws_smithy_runtime_api::client::runtime_plugin::{RuntimePlugins, StaticRuntimePlugin};
use aws_smithy_runtime_api::client::ser_de::SharedResponseDeserializer;

use super::client::patient;
use super::failure::S3Failure;
use response::Reader;
use taken::Taken;

pub(super) use get::GetResponse;
pub(super) use put::PutResponse;
pub(super) use response::Response;

/// The SDK's name of the service.
const SERVICE: &str = "S3";
/// Any key will do: nothing is sent while an operation is prepared.
const ANY_KEY: &str = "key";

/// The operations of one bucket.
#[derive(Debug)]
pub(super) struct Operations {
    pub(super) get: Prepared<GetResponse, GetObjectError>,
    /// With the longer timeouts.
    pub(super) put: Prepared<PutResponse, PutObjectError>,
}

impl Operations {
    /// As this client would carry them out. Sends nothing.
    ///
    /// # Errors
    /// Why it could not send a request either.
    pub(super) async fn prepare(client: &Client, bucket: &str) -> Result<Operations, S3Failure> {
        let taken = Taken::default();
        let get = client.get_object().bucket(bucket).key(ANY_KEY).customize();
        let got = get.interceptor(taken.clone()).send().await;
        let get = Prepared::new("GetObject", &GetObject::new(), &taken, got.err()).await?;

        let taken = Taken::default();
        let put = client.put_object().bucket(bucket).key(ANY_KEY);
        let put = put.body(ByteStream::default()).customize();
        let put = put.config_override(patient()).interceptor(taken.clone());
        let put = put.send().await;
        let put = Prepared::new("PutObject", &PutObject::new(), &taken, put.err()).await?;
        Ok(Operations { get, put })
    }
}

/// An operation with this response and error.
#[derive(Debug)]
pub(super) struct Prepared<R, E> {
    name: &'static str,
    plugins: RuntimePlugins,
    kind: PhantomData<fn() -> (R, E)>,
}

impl<R, E> Prepared<R, E>
where
    R: Response,
    E: CreateUnhandledError + StdError + Send + Sync + 'static,
{
    async fn new(
        name: &'static str,
        operation: &impl RuntimePlugin,
        taken: &Taken,
        refused: Option<SdkError<E, HttpResponse>>,
    ) -> Result<Self, S3Failure>
    where
        S3Failure: From<SdkError<E, HttpResponse>>,
    {
        let config = operation
            .config()
            .unwrap_or_else(|| Layer::new(name).freeze());
        let reader = SharedResponseDeserializer::new(Reader::<R>::new(config.clone()));
        let plugin = match (taken.plugin(reader).await, refused) {
            (Some(Ok(plugin)), _) => plugin,
            (Some(Err(error)), _) => return Err(SdkError::construction_failure(error).into()),
            (None, Some(error)) => return Err(error.into()),
            (None, None) => return Err(S3Failure::unconfirmed("sent while it was prepared")),
        };
        Ok(Prepared {
            name,
            plugins: RuntimePlugins::new()
                .with_client_plugin(StaticRuntimePlugin::new().with_config(config))
                .with_client_plugin(plugin),
            kind: PhantomData,
        })
    }

    /// The same, with one interceptor more.
    pub(super) fn intercepted(&self, by: impl Intercept + 'static) -> Self {
        let components = RuntimeComponentsBuilder::new("intercepted")
            .with_interceptor(SharedInterceptor::permanent(by));
        let plugin = StaticRuntimePlugin::new().with_runtime_components(components);
        Prepared {
            plugins: self.plugins.clone().with_operation_plugin(plugin),
            ..*self
        }
    }

    /// Sends a request, with retries. `input` is that of the operation.
    pub(super) async fn send(
        &self,
        input: impl Debug + Send + Sync + 'static,
    ) -> Result<R, SdkError<E, HttpResponse>> {
        let input = Input::erase(input);
        let sent = orchestrator::invoke(SERVICE, self.name, input, &self.plugins).await;
        let output = sent.map_err(|error| error.map_service_error(typed))?;
        let other = |_| SdkError::construction_failure("the output of another operation");
        output.downcast().map_err(other)
    }
}

fn typed<E: CreateUnhandledError + StdError + Send + Sync + 'static>(error: Error) -> E {
    let other = |_| E::create_unhandled_error("the error of another operation".into(), None);
    error.downcast().unwrap_or_else(other)
}

#[cfg(test)]
mod tests;
