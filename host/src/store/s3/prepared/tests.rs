//! Prepared operations, compared with those of the client.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::config::http::HttpRequest;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, ConfigBag, Credentials, Region, RequestChecksumCalculation,
};
use aws_sdk_s3::operation::get_object::GetObjectInput;
use aws_sdk_s3::operation::put_object::PutObjectInput;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::http::StatusCode;

use super::*;

/// An S3 Express directory bucket, in the region of [`config`].
pub(super) const DIRECTORY: &str = "bucket--usw2-az1--x-s3";

pub(super) fn config() -> Builder {
    with_token(None)
}

fn with_token(token: Option<&str>) -> Builder {
    let token = token.map(str::to_owned);
    Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .credentials_provider(Credentials::new("key", "secret", token, None, "test"))
}

async fn prepared(config: Builder, bucket: &str) -> Operations {
    let operations = Operations::prepare(&Client::from_conf(config.build()), bucket).await;
    operations.expect("prepared operations")
}

/// A service that keeps the requests that it gets, and answers nothing but 200.
#[derive(Debug, Clone, Default)]
struct Service(Arc<Mutex<Vec<String>>>);

impl Service {
    fn client(&self, config: Builder) -> Client {
        let connector = SharedHttpConnector::new(self.clone());
        let http = http_client_fn(move |_, _| connector.clone());
        Client::from_conf(config.http_client(http).build())
    }

    /// The only request.
    fn request(&self) -> String {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let request = requests.pop().expect("a request");
        assert_eq!(*requests, Vec::<String>::new());
        request
    }
}

impl HttpConnector for Service {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut lines = vec![format!("{} {}", request.method(), request.uri())];
        for (name, value) in request.headers() {
            match name {
                "authorization" => lines.extend(signed(value)),
                "x-amz-date" => lines.push(name.to_owned()),
                _ if is_compared(name) => lines.push(format!("{name}: {value}")),
                _ => {}
            }
        }
        lines[1..].sort();
        lines.push(format!("{:?}", request.body().bytes()));
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push(lines.join("\n"));
        let success = StatusCode::try_from(200).expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(success, SdkBody::empty())))
    }
}

/// The interceptors that are left out make the other fields.
fn is_compared(name: &str) -> bool {
    !name.starts_with("amz-sdk-") && !matches!(name, "user-agent" | "x-amz-user-agent")
}

/// What a request is signed for, and which of its fields are.
fn signed(authorization: &str) -> Vec<String> {
    let mut parts = authorization.split(", ");
    let (scope, fields) = (parts.next(), parts.next());
    let scope = scope.expect("a scope").split('/');
    let scope: Vec<_> = scope.enumerate().filter(|(part, _)| *part != 1).collect();
    let fields = fields.and_then(|fields| fields.strip_prefix("SignedHeaders="));
    let fields = fields.expect("signed fields").split(';');
    let fields: Vec<_> = fields.filter(|name| is_compared(name)).collect();
    vec![format!("{scope:?}"), format!("{fields:?}")]
}

#[tokio::test]
async fn requests_are_those_of_the_client() {
    let on_endpoint = || config().endpoint_url("http://[::1]:9");
    for (config, bucket) in [
        (config(), "bucket"),
        (config(), "with.dots"),
        (config().use_fips(true), "bucket"),
        (config().use_dual_stack(true), "bucket"),
        (with_token(Some("token")), "bucket"),
        (on_endpoint(), "bucket"),
        (on_endpoint().force_path_style(true), "bucket"),
        (
            config().request_checksum_calculation(RequestChecksumCalculation::WhenRequired),
            "bucket",
        ),
        (
            with_token(Some("token")).disable_s3_express_session_auth(true),
            DIRECTORY,
        ),
    ] {
        let service = Service::default();
        let client = service.client(config);
        let operations = Operations::prepare(&client, bucket).await;
        let operations = operations.expect("prepared operations");
        for key in ["a", "a b/ü+%.txt"] {
            let get = || {
                let get = GetObjectInput::builder().bucket(bucket).key(key);
                get.range("bytes=0-1").if_match("\"1\"")
            };
            get().send_with(&client).await.expect("a response");
            let expected = service.request();
            let get = get().build().expect("an input");
            operations.get.send(get).await.expect("a response");
            assert_eq!(service.request(), expected);

            let body = || ByteStream::from_static(b"content");
            let put = || {
                let put = PutObjectInput::builder().bucket(bucket).key(key);
                put.metadata("a", "b").if_none_match("*").body(body())
            };
            put().send_with(&client).await.expect("a response");
            let expected = service.request();
            let put = put().build().expect("an input");
            operations.put.send(put).await.expect("a response");
            assert_eq!(service.request(), expected);
        }
    }
}

/// The names of all interceptors.
fn interceptors<R, E>(of: &Prepared<R, E>) -> Vec<&'static str> {
    let applied = of
        .plugins
        .apply_client_configuration(&mut ConfigBag::base());
    let components = applied.expect("components");
    components.interceptors().map(|one| one.name()).collect()
}

#[tokio::test]
async fn no_interceptor_comes_or_goes_unnoticed() {
    let operations = prepared(config(), "bucket").await;
    let common = [
        "TokenBucketProvider",
        "ConnectionPoisoningInterceptor",
        "ServiceClockSkewInterceptor",
        "StalledStreamProtectionInterceptor",
    ];
    let of_get = [
        "GetObjectEndpointParamsInterceptor",
        "S3ExpiresInterceptor",
        "ResponseChecksumInterceptor",
    ];
    let of_put = [
        "PutObjectEndpointParamsInterceptor",
        "RequestChecksumInterceptor",
        "AwsChunkedContentEncodingInterceptor",
    ];
    assert_eq!(
        interceptors(&operations.get),
        [&common[..], &of_get].concat()
    );
    assert_eq!(
        interceptors(&operations.put),
        [&common[..], &of_put].concat()
    );
}

/// The timeout of an operation with all its attempts, and how many there are at most.
fn settings<R, E>(of: &Prepared<R, E>) -> (Option<Duration>, Option<u32>) {
    let mut config = ConfigBag::base();
    let applied = of.plugins.apply_client_configuration(&mut config);
    applied.expect("a configuration");
    let timeouts = config.load::<TimeoutConfig>();
    let retries = config.load::<RetryConfig>();
    (
        timeouts.and_then(TimeoutConfig::operation_timeout),
        retries.map(RetryConfig::max_attempts),
    )
}

#[tokio::test]
async fn timeouts_and_retries_are_those_of_the_client_but_for_the_longer_timeouts_of_a_put() {
    let second = Duration::from_secs(1);
    let timeouts = TimeoutConfig::builder().operation_timeout(second).build();
    let retries = RetryConfig::standard().with_max_attempts(7);
    let config = config().timeout_config(timeouts).retry_config(retries);
    let operations = prepared(config, "bucket").await;
    assert_eq!(settings(&operations.get), (Some(second), Some(7)));

    let longer = patient().build();
    let longer = longer.timeout_config();
    let longer = longer.and_then(TimeoutConfig::operation_timeout);
    assert!(longer > Some(second));
    assert_eq!(settings(&operations.put), (longer, Some(7)));
}

#[tokio::test]
async fn preparing_fails_where_sending_would() {
    let nowhere = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"));
    for (config, bucket) in [(nowhere, "bucket"), (config(), "")] {
        let client = Client::from_conf(config.build());
        let failed = Operations::prepare(&client, bucket).await.is_err();
        assert!(failed, "{bucket:?}");
    }
}
