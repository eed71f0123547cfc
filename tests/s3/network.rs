//! Proxies, certificates and endpoints that the environment names.

use std::sync::Arc;

use super::{ended, get, proxy::Proxy, put};
use crate::support::s3_service::S3Service;
use crate::support::{Server, Setup, content};

const SECRET: &str = "coffer-test-secret";
/// Where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:1";

fn with(service: &Arc<S3Service>, variables: &[(&str, &str)]) -> Setup {
    let setup = Setup::public_only().s3(service);
    variables
        .iter()
        .fold(setup, |setup, (name, value)| setup.env(name, value))
}

async fn works(server: &Server) {
    for (name, size) in [("small", 10), ("large", 9 << 20)] {
        let bytes = content(1, size);
        assert_eq!(put(server, name, &bytes).await, 201);
        assert!(get(server, name).await.1 == bytes);
    }
}

#[tokio::test]
async fn https_goes_through_the_proxy_and_trusts_the_bundle() {
    let service = Arc::new(S3Service::start());
    let proxy = Proxy::start(&[("s3.example.test", service.address())]);
    let mut variables = vec![
        ("COFFER_S3_ENDPOINT", "https://s3.example.test".to_owned()),
        ("HTTPS_PROXY", proxy.url()),
        ("AWS_CA_BUNDLE", proxy.ca_bundle()),
    ];
    let borrowed: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, &value[..]))
        .collect();
    works(&with(&service, &borrowed).start()).await;
    assert_eq!(proxy.hosts(), ["s3.example.test:443"]);

    // Without it, nobody vouches for the server.
    variables.pop();
    let borrowed: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, &value[..]))
        .collect();
    let (code, line) = ended(&service, &[], SECRET, &borrowed);
    assert_eq!(code, Some(1), "{line}");
}

#[tokio::test]
async fn hosts_of_no_proxy_are_reached_directly() {
    let service = Arc::new(S3Service::start());
    let proxied = [("HTTP_PROXY", NOWHERE)];
    let (code, line) = ended(&service, &[], SECRET, &proxied);
    assert_eq!(code, Some(1), "{line}");

    let excepted = [
        ("HTTP_PROXY", NOWHERE),
        ("NO_PROXY", "example.org,127.0.0.1"),
    ];
    works(&with(&service, &excepted).start()).await;
}

#[tokio::test]
async fn http_goes_through_the_proxy_too() {
    let service = Arc::new(S3Service::start());
    let proxy = Proxy::start(&[("s3.example.test", service.address())]);
    let variables = [
        ("COFFER_S3_ENDPOINT", "http://s3.example.test:8080"),
        ("http_proxy", &proxy.url()),
    ];
    works(&with(&service, &variables).start()).await;
    assert_eq!(proxy.hosts(), ["s3.example.test:8080"]);
}

#[tokio::test]
async fn aws_is_reached_at_its_fips_and_dual_stack_endpoints() {
    let hosts = [
        ("false", "false", "s3.us-east-1.amazonaws.com"),
        ("true", "false", "s3-fips.us-east-1.amazonaws.com"),
        ("false", "true", "s3.dualstack.us-east-1.amazonaws.com"),
        ("true", "true", "s3-fips.dualstack.us-east-1.amazonaws.com"),
    ];
    for (fips, dual_stack, host) in hosts {
        let service = Arc::new(S3Service::start());
        let proxy = Proxy::start(&[(host, service.address())]);
        let variables = [
            ("COFFER_S3_ENDPOINT", ""),
            ("HTTPS_PROXY", &proxy.url()),
            ("AWS_CA_BUNDLE", &proxy.ca_bundle()),
            ("AWS_USE_FIPS_ENDPOINT", fips),
            ("AWS_USE_DUALSTACK_ENDPOINT", dual_stack),
        ];
        let server = with(&service, &variables).start();
        assert_eq!(put(&server, "f", b"1").await, 201);
        assert_eq!(proxy.hosts(), [format!("{host}:443")]);
    }
}

#[tokio::test]
async fn the_sdks_variables_name_the_endpoint() {
    for variables in [
        &["AWS_ENDPOINT_URL"][..],
        &["AWS_ENDPOINT_URL_S3"],
        // The one for S3 wins.
        &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"],
    ] {
        let service = Arc::new(S3Service::start());
        let urls = [service.url(), NOWHERE.to_owned()];
        let named = variables.iter().zip(&urls);
        let mut named: Vec<_> = named.map(|(name, url)| (*name, &url[..])).collect();
        named.push(("COFFER_S3_ENDPOINT", ""));
        let server = with(&service, &named).start();
        assert_eq!(put(&server, "f", b"1").await, 201, "{variables:?}");
    }
}

#[test]
fn settings_that_cannot_be_used_are_refused_in_one_line() {
    let service = S3Service::start();
    let empty = tempfile::NamedTempFile::new().unwrap();
    let empty = empty.path().to_str().unwrap();
    for (name, value, expected) in [
        (
            "HTTPS_PROXY",
            "socks5://127.0.0.1:1080",
            "HTTPS_PROXY is not",
        ),
        ("http_proxy", "ftp://proxy", "http_proxy is not"),
        (
            "AWS_CA_BUNDLE",
            "/missing.pem",
            "AWS_CA_BUNDLE (/missing.pem)",
        ),
        ("AWS_CA_BUNDLE", empty, "contains no PEM certificate"),
    ] {
        for flags in [&[][..], &["--s3-wait"]] {
            let (code, line) = ended(&service, flags, SECRET, &[(name, value)]);
            assert_eq!(code, Some(1), "{line}");
            assert!(line.contains(expected), "{line}");
            assert_eq!(line.trim().lines().count(), 1, "{line}");
        }
    }
}
