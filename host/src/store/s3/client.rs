//! The SDK's client, with every timeout and retry set explicitly.
//!
//! A service that is down costs a request about two seconds (four attempts with backoff and
//! jitter), one that does not respond at most [`ATTEMPT`] per attempt and [`OPERATION`] in
//! all; then the client gets 503. With the SDK's retry quota, many requests that fail at the
//! same time give up at once instead of retrying. A transfer that stalls for
//! [`Config::stalled_after`] is aborted: an upload is then retried ([`stall`]), a download
//! resumed.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::default_provider::region::DefaultRegionChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    Builder, Intercept, Region, ResponseChecksumValidation, SharedCredentialsProvider,
    SharedInterceptor,
};

use super::agent::UserAgent;
use super::checksum::AskForChecksum;
use super::config::Config;
use super::fields::AddFields;
use super::network::Network;
use super::observe::Observe;
use super::stall;
use crate::metrics::S3Requests;

/// Connect timeout, including TLS.
const CONNECT: Duration = Duration::from_secs(3);
/// Timeout of an attempt without a large body, until the response head arrives.
const ATTEMPT: Duration = Duration::from_secs(15);
/// Timeout of all attempts of such a request.
const OPERATION: Duration = Duration::from_secs(40);
/// Timeout of an attempt that sends up to 8 MiB, or completes a multipart upload.
const LARGE_ATTEMPT: Duration = Duration::from_secs(120);
/// Timeout of all attempts of such a request.
const LARGE_OPERATION: Duration = Duration::from_secs(300);
const ATTEMPTS: u32 = 4;
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);
/// The region to sign for if none is set: most services other than AWS accept it, and AWS
/// names the right one in its response.
pub(super) const DEFAULT_REGION: &str = "us-east-1";

/// A client for the configured service, with the SDK's standard credentials: environment,
/// profile files, web identity, container, instance.
///
/// `credentials` override those.
pub(super) async fn connect(
    config: &Config,
    network: &Network,
    requests: &S3Requests,
    credentials: Option<SharedCredentialsProvider>,
) -> Client {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LONGEST_BACKOFF);
    let stalled = StalledStreamProtectionConfig::enabled().grace_period(config.stalled_after);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(stall::watched(network.client(), config.stalled_after))
        .timeout_config(limits(ATTEMPT, OPERATION))
        .retry_config(retries)
        .stalled_stream_protection(stalled.build())
        .region(Region::new(region(config).await));
    if let Some(endpoint) = &config.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(credentials) = credentials {
        loader = loader.credentials_provider(credentials);
    }
    let shared = loader.load().await;
    let builder = aws_sdk_s3::config::Builder::from(&shared)
        .force_path_style(config.path_style)
        // Downloads verify their bytes themselves.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    let builder = intercepted(builder, UserAgent);
    let builder = intercepted(builder, AddFields(config.fields.clone()));
    let builder = intercepted(builder, AskForChecksum);
    let builder = intercepted(builder, Observe(requests.clone()));
    Client::from_conf(builder.build())
}

/// The credentials of a profile, whatever the environment has.
pub(super) fn profile(name: &str) -> SharedCredentialsProvider {
    let profile = ProfileFileCredentialsProvider::builder().profile_name(name);
    SharedCredentialsProvider::new(profile.build())
}

/// With an interceptor that nothing disables. Of others, the SDK looks for what disables them
/// at each of nineteen hooks of each request, which is a tenth of what a small read costs it.
pub(super) fn intercepted(mut config: Builder, by: impl Intercept + 'static) -> Builder {
    config.push_interceptor(SharedInterceptor::permanent(by));
    config
}

/// The longer timeouts, for one request.
pub(super) fn patient() -> Builder {
    aws_sdk_s3::Config::builder().timeout_config(limits(LARGE_ATTEMPT, LARGE_OPERATION))
}

fn limits(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(attempt)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

async fn region(config: &Config) -> String {
    if let Some(region) = &config.region {
        return region.clone();
    }
    let chain = DefaultRegionChain::builder().build();
    let found = chain.region().await;
    found.map_or_else(|| DEFAULT_REGION.to_owned(), |region| region.to_string())
}
