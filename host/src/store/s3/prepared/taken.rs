//! What the client would carry an operation out with, taken from it before it sends anything.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
use aws_types::region::SigningRegion;

/// The ends of the names of interceptors that do nothing here: they count for meters and user
/// agents that are not used, tell the service how often a request was tried, or enforce what is
/// checked where the bytes are read.
const UNUSED: [&str; 9] = [
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

/// An interceptor that takes it from a request and refuses that.
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
    /// All of it, if there was a request; with what reads its response. The endpoint is the same for
    /// every object.
    ///
    /// # Errors
    /// There is no such endpoint.
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
        let used = parts.components.interceptors().filter(is_used);
        let components = parts.components.to_builder().with_interceptors(used);
        let components = components.with_endpoint_resolver(Some(Resolved(endpoint)));
        let plugin = StaticRuntimePlugin::new().with_config(parts.config.freeze());
        Some(Ok(plugin.with_runtime_components(components)))
    }
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
    use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials};

    use super::*;

    fn config() -> Builder {
        Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
    }

    async fn taken(config: Builder) -> Option<Parts> {
        let taken = Taken::default();
        let get = Client::from_conf(config.build()).get_object();
        let get = get.bucket("bucket").key("key").customize();
        let refused = get.interceptor(taken.clone()).send().await;
        refused.expect_err("a request that is not sent");
        taken.parts().take()
    }

    #[tokio::test]
    async fn only_interceptors_that_the_sdk_has_are_left_out() {
        let parts = taken(config().region(Region::new("eu-1"))).await;
        let parts = parts.expect("a request");
        let all: Vec<_> = parts.components.interceptors().collect();
        for unused in UNUSED {
            let mut named = all.iter().filter(|one| one.name().ends_with(unused));
            assert!(named.next().is_some(), "{unused}");
        }
        let used: Vec<_> = all.iter().filter(|one| is_used(*one)).collect();
        for needed in [
            "TokenBucketProvider",
            "ServiceClockSkewInterceptor",
            "StalledStreamProtectionInterceptor",
            "ConnectionPoisoningInterceptor",
        ] {
            let mut named = used.iter().filter(|one| one.name() == needed);
            assert!(named.next().is_some(), "{needed}");
        }
    }

    #[tokio::test]
    async fn the_endpoint_is_that_of_the_client() {
        let config = config().region(Region::new("eu-1")).force_path_style(true);
        let parts = taken(config.endpoint_url("http://[::1]:9")).await;
        let params = parts.and_then(|parts| parts.endpoint).expect("an endpoint");
        assert_eq!(params.bucket(), Some("bucket"));
        assert_eq!(params.endpoint(), Some("http://[::1]:9"));
        assert_eq!(params.force_path_style(), Some(true));
    }
}
