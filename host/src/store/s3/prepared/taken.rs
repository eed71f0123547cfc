//! What the client would carry out an operation with, taken from it before anything is sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_runtime::auth::SigV4SessionTokenNameOverride;
use aws_runtime::service_clock_skew::DisableClockSkewCorrection;
use aws_sdk_s3::config::endpoint::{Endpoint, EndpointFuture};
use aws_sdk_s3::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    ConfigBag, Intercept, Layer, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    RuntimeComponents, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime::client::orchestrator::AuthSchemeAndEndpointOrchestrationV2;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::auth::AuthSchemePreference;
use aws_smithy_runtime_api::client::endpoint::{EndpointResolverParams, ResolveEndpoint};
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::SharedResponseDeserializer;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use aws_types::SigningName;
use aws_types::endpoint_config::{EndpointUrl, UseDualStack, UseFips};
use aws_types::region::SigningRegion;

/// The ends of the names of interceptors that nobody needs here. They gather data for metrics and a
/// user agent that are not used, number requests for the service's statistics, detect recursion in AWS
/// Lambda, or enforce the length, which is checked where the bytes are read.
pub(super) const UNUSED: [&str; 9] = [
    "MetricsInterceptor",
    "TelemetryBytesInterceptor",
    "TelemetryInputCaptureInterceptor",
    "FeatureTrackerInterceptor",
    "UserAgentInterceptor",
    "RequestInfoInterceptor",
    "InvocationIdInterceptor",
    "RecursionDetectionInterceptor",
    "EnforceContentLength",
];

/// How requests are signed for a session with a directory bucket (S3 Express One Zone).
const SESSION_SCHEME: &str = "sigv4-s3express";
/// The header field with the session's token. The client's own setting for it cannot be copied.
const SESSION_TOKEN: &str = "x-amz-s3session-token";

/// An interceptor that takes it from a request, and then lets the request fail.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken(Arc<Mutex<Option<Parts>>>);

#[derive(Debug)]
struct Parts {
    components: RuntimeComponents,
    config: Layer,
    endpoint: Option<EndpointParams>,
}

type EndpointParams = aws_sdk_s3::config::endpoint::Params;

impl Taken {
    /// A plugin with all that was taken and this reader of responses; none if no request got that
    /// far.
    ///
    /// # Errors
    /// The endpoint cannot be resolved.
    pub(super) async fn plugin(
        &self,
        reader: SharedResponseDeserializer,
    ) -> Option<Result<StaticRuntimePlugin, BoxError>> {
        let mut parts = self.parts().take()?;
        let params = EndpointResolverParams::new(parts.endpoint?);
        let resolver = parts.components.endpoint_resolver();
        let endpoint = match resolver.resolve_endpoint(&params).await {
            Ok(endpoint) => endpoint,
            Err(error) => return Some(Err(error)),
        };
        parts.config.store_put(reader);
        let has_sessions = has_sessions(&endpoint);
        if has_sessions {
            let name = SigV4SessionTokenNameOverride::new(|_, _| Ok(Some(SESSION_TOKEN)));
            parts.config.store_put(name);
        }
        let used = parts.components.interceptors().filter(is_used);
        let mut components = parts.components.to_builder().with_interceptors(used);
        // The SDK opens a session by a request of its own, to another endpoint.
        if !has_sessions {
            components.set_endpoint_resolver(Some(Resolved(endpoint)));
        }
        let plugin = StaticRuntimePlugin::new().with_config(parts.config.freeze());
        Some(Ok(plugin.with_runtime_components(components)))
    }
}

/// Whether requests to it are signed for a session, as those to a directory bucket.
fn has_sessions(endpoint: &Endpoint) -> bool {
    let mut schemes = endpoint.auth_schemes().iter();
    schemes.any(|scheme| scheme.name() == SESSION_SCHEME)
}

fn is_used(interceptor: &impl Intercept) -> bool {
    let name = interceptor.name();
    name != Taken::NAME && !UNUSED.iter().any(|unused| name.ends_with(unused))
}

impl Taken {
    const NAME: &str = "taken";

    fn parts(&self) -> MutexGuard<'_, Option<Parts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Taken {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let params = config.load::<EndpointResolverParams>();
        *self.parts() = Some(Parts {
            components: components.clone(),
            config: layer(config),
            endpoint: params.and_then(|params| params.get().cloned()),
        });
        Err("not to be sent".into())
    }
}

/// The settings of the client that operations look for.
fn layer(config: &ConfigBag) -> Layer {
    let mut layer = Layer::new("prepared");
    copy::<RetryConfig>(config, &mut layer);
    copy::<RetryPartition>(config, &mut layer);
    copy::<TimeoutConfig>(config, &mut layer);
    copy::<StalledStreamProtectionConfig>(config, &mut layer);
    copy::<DisableClockSkewCorrection>(config, &mut layer);
    copy::<RequestChecksumCalculation>(config, &mut layer);
    copy::<ResponseChecksumValidation>(config, &mut layer);
    copy::<AuthSchemePreference>(config, &mut layer);
    copy::<AuthSchemeAndEndpointOrchestrationV2>(config, &mut layer);
    copy::<EndpointUrl>(config, &mut layer);
    copy::<UseFips>(config, &mut layer);
    copy::<UseDualStack>(config, &mut layer);
    copy::<Region>(config, &mut layer);
    copy::<SigningRegion>(config, &mut layer);
    copy::<SigningName>(config, &mut layer);
    layer
}

fn copy<T>(from: &ConfigBag, to: &mut Layer)
where
    T: Storable<Storer = StoreReplace<T>> + Clone,
{
    if let Some(setting) = from.load::<T>() {
        to.store_put(setting.clone());
    }
}

/// The endpoint of every request.
#[derive(Debug)]
struct Resolved(Endpoint);

impl ResolveEndpoint for Resolved {
    fn resolve_endpoint<'a>(&'a self, _: &'a EndpointResolverParams) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(self.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::Client;
    use aws_sdk_s3::config::{Builder, RuntimeComponentsBuilder, RuntimePlugin};
    use aws_smithy_runtime_api::client::ser_de::DeserializeResponse;

    use super::super::tests::{DIRECTORY, config};
    use super::*;

    /// Reads no response, since none comes.
    #[derive(Debug)]
    struct Unread;

    impl DeserializeResponse for Unread {}

    async fn taken(config: Builder, bucket: &str) -> Taken {
        let taken = Taken::default();
        let get = Client::from_conf(config.build()).get_object();
        let get = get.bucket(bucket).key("key").customize();
        let refused = get.interceptor(taken.clone()).send().await;
        refused.expect_err("a request that is not sent");
        taken
    }

    #[tokio::test]
    async fn every_interceptor_that_is_left_out_is_part_of_the_sdk() {
        let parts = taken(config(), "bucket").await.parts().take();
        let parts = parts.expect("a request");
        let all: Vec<_> = parts.components.interceptors().collect();
        for unused in UNUSED {
            let mut named = all.iter().filter(|one| one.name().ends_with(unused));
            assert!(named.next().is_some(), "{unused}");
        }
    }

    #[tokio::test]
    async fn sessions_with_a_directory_bucket_are_opened_at_an_endpoint_of_their_own() {
        let params = EndpointParams::builder().bucket(DIRECTORY);
        let params = params.region("us-west-2");
        let params = params.disable_s3_express_session_auth(true).build();
        let params = EndpointResolverParams::new(params.expect("parameters"));
        for (disabled, has_sessions) in [(false, true), (true, false)] {
            let config = config().disable_s3_express_session_auth(disabled);
            let taken = taken(config, DIRECTORY).await;
            let plugin = taken.plugin(SharedResponseDeserializer::new(Unread)).await;
            let plugin = plugin.and_then(Result::ok).expect("a plugin");

            let settings = plugin.config().expect("settings");
            let named = settings.load::<SigV4SessionTokenNameOverride>();
            assert_eq!(named.is_some(), has_sessions);

            let none = RuntimeComponentsBuilder::new("none");
            let resolver = plugin.runtime_components(&none).endpoint_resolver();
            let resolver = resolver.expect("a resolver");
            let endpoint = resolver.resolve_endpoint(&params).await;
            let endpoint = endpoint.expect("an endpoint");
            assert!(!super::has_sessions(&endpoint));
        }
    }
}
