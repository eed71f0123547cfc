//! The SDK's sources of credentials, each played by a server or a file of the test's own. The
//! service knows one key, and verifies each signature: only what the source gave opens it.

use std::sync::Arc;

use tempfile::TempDir;

use super::mock::{Asked, Mock};
use super::proxy::Proxy;
use super::{get, put};
use crate::support::Setup;
use crate::support::s3_service::{ACCESS_KEY, S3Service, SECRET_KEY};

const TOKEN: &str = "token-of-the-session";
const ROLE: &str = "arn:aws:iam::123456789012:role/coffer";

/// What a test sets and no other source gives.
struct Source {
    variables: Vec<(&'static str, String)>,
    folder: TempDir,
}

impl Source {
    /// None, whatever the machine has.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let missing = folder.path().join("missing").to_str().unwrap().to_owned();
        let variables = vec![
            ("AWS_ACCESS_KEY_ID", String::new()),
            ("AWS_SECRET_ACCESS_KEY", String::new()),
            ("AWS_CONFIG_FILE", missing.clone()),
            ("AWS_SHARED_CREDENTIALS_FILE", missing),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        Self { variables, folder }
    }

    fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// A file, and a variable that names it.
    fn file(self, name: &'static str, content: &str) -> Self {
        let file = self.folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        let file = file.to_str().unwrap().to_owned();
        self.set(name, file)
    }

    /// A host with them reads and writes, and every request has the session's token.
    async fn opens(&self, service: &Arc<S3Service>, token: Option<&str>) {
        let mut setup = Setup::public_only().s3(service);
        for (name, value) in &self.variables {
            setup = setup.env(name, value);
        }
        let server = setup.start();
        assert!(put(&server, "f", b"1").await.is_success());
        assert_eq!(get(&server, "f").await.1, b"1");
        let requests = service.fields();
        assert!(!requests.is_empty());
        for (line, fields) in requests {
            let signed = fields["authorization"].to_str().unwrap();
            assert!(
                signed.contains(&format!("Credential={ACCESS_KEY}/")),
                "{line}: {signed}"
            );
            let sent = fields.get("x-amz-security-token");
            assert_eq!(sent.map(|sent| sent.to_str().unwrap()), token, "{line}");
        }
    }
}

/// As containers and instances get them.
fn document() -> String {
    format!(
        r#"{{"Code":"Success","Type":"AWS-HMAC","LastUpdated":"2026-01-01T00:00:00Z",
        "AccessKeyId":"{ACCESS_KEY}","SecretAccessKey":"{SECRET_KEY}","Token":"{TOKEN}",
        "Expiration":"2099-01-01T00:00:00Z"}}"#
    )
}

/// As STS gives them.
fn assumed(action: &str) -> String {
    format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>\
         <Credentials><AccessKeyId>{ACCESS_KEY}</AccessKeyId>\
         <SecretAccessKey>{SECRET_KEY}</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>\
         <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
         <AssumedRoleUser><Arn>{ROLE}/x</Arn><AssumedRoleId>A:x</AssumedRoleId></AssumedRoleUser>\
         </{action}Result></{action}Response>"
    )
}

/// An STS that gives credentials for requests with all of this.
fn sts(action: &'static str, expected: &'static [&'static str]) -> Mock {
    Mock::start(move |asked: &Asked| {
        let text = format!("{}\n{}", asked.fields, asked.body);
        let named = asked.body.contains(&format!("Action={action}&"));
        match named && expected.iter().all(|expected| text.contains(expected)) {
            true => (200, assumed(action)),
            false => (403, String::new()),
        }
    })
}

#[tokio::test]
async fn environment() {
    let service = Arc::new(S3Service::start());
    let source = Source::new()
        .set("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .set("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    source.opens(&service, None).await;
    let source = source.set("AWS_SESSION_TOKEN", TOKEN);
    source.opens(&service, Some(TOKEN)).await;
}

#[tokio::test]
async fn profile() {
    let keys = |name: &str, key: &str| {
        format!("[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET_KEY}\n")
    };
    let service = Arc::new(S3Service::start());
    let files = keys("default", ACCESS_KEY);
    let source = Source::new().file("AWS_SHARED_CREDENTIALS_FILE", &files);
    source.opens(&service, None).await;
    let files = keys("default", "another") + &keys("files", ACCESS_KEY);
    let source = Source::new()
        .file("AWS_SHARED_CREDENTIALS_FILE", &files)
        .set("AWS_PROFILE", "files");
    source.opens(&service, None).await;
}

#[tokio::test]
async fn credential_process() {
    let service = Arc::new(S3Service::start());
    let source = Source::new();
    let output = source.folder.path().join("output");
    let document = format!(
        r#"{{"Version":1,"AccessKeyId":"{ACCESS_KEY}","SecretAccessKey":"{SECRET_KEY}","SessionToken":"{TOKEN}"}}"#
    );
    std::fs::write(&output, document).unwrap();
    let profile = format!("[default]\ncredential_process = cat {}\n", output.display());
    let source = source.file("AWS_CONFIG_FILE", &profile);
    source.opens(&service, Some(TOKEN)).await;
}

#[tokio::test]
async fn web_identity_as_of_irsa() {
    let service = Arc::new(S3Service::start());
    let sts = sts(
        "AssumeRoleWithWebIdentity",
        &[
            "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fcoffer",
            "WebIdentityToken=token-of-the-pod",
        ],
    );
    let source = Source::new()
        .set("AWS_ROLE_ARN", ROLE)
        .file("AWS_WEB_IDENTITY_TOKEN_FILE", "token-of-the-pod")
        .set("AWS_ENDPOINT_URL_STS", sts.url());
    source.opens(&service, Some(TOKEN)).await;
}

#[tokio::test]
async fn assumed_role_of_a_profile() {
    let service = Arc::new(S3Service::start());
    let sts = sts("AssumeRole", &["Credential=base-key/", "RoleArn="]);
    let profiles = format!(
        "[profile files]\nrole_arn = {ROLE}\nsource_profile = base\n[profile base]\n\
         aws_access_key_id = base-key\naws_secret_access_key = base-secret\n"
    );
    let source = Source::new()
        .file("AWS_CONFIG_FILE", &profiles)
        .set("AWS_PROFILE", "files")
        .set("AWS_ENDPOINT_URL_STS", sts.url());
    source.opens(&service, Some(TOKEN)).await;
}

/// An endpoint of containers that wants this field, if any.
fn container(authorization: &'static str) -> Mock {
    Mock::start(move |asked| {
        let authorized = asked.fields.contains(authorization);
        match asked.line.as_str() {
            "GET /v1/credentials" if authorized => (200, document()),
            _ => (403, String::new()),
        }
    })
}

#[tokio::test]
async fn container_of_ecs() {
    let service = Arc::new(S3Service::start());
    let endpoint = container("");
    // The address that ECS has, which here only the proxy knows.
    let proxy = Proxy::start(&[("169.254.170.2", endpoint.address())]);
    let source = Source::new()
        .set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v1/credentials")
        .set("HTTP_PROXY", proxy.url())
        .set("NO_PROXY", "127.0.0.1");
    source.opens(&service, Some(TOKEN)).await;
    assert_eq!(proxy.hosts(), ["169.254.170.2"]);
}

#[tokio::test]
async fn pod_identity_of_eks() {
    let service = Arc::new(S3Service::start());
    let endpoint = container("authorization: token-of-the-pod");
    let source = Source::new()
        .set(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/v1/credentials", endpoint.url()),
        )
        .file("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token-of-the-pod");
    source.opens(&service, Some(TOKEN)).await;
}

#[tokio::test]
async fn instance_metadata_of_ec2() {
    const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
    let service = Arc::new(S3Service::start());
    let endpoint = Mock::start(|asked| {
        let session = asked.fields.contains("x-aws-ec2-metadata-token: session");
        match asked.line.split_once(' ').unwrap() {
            ("PUT", "/latest/api/token") => (200, "session".to_owned()),
            // Version 2 of the protocol: nothing without the session's token.
            _ if !session => (401, String::new()),
            ("GET", ROLES) => (200, "coffer".to_owned()),
            ("GET", path) if path == format!("{ROLES}coffer") => (200, document()),
            _ => (404, String::new()),
        }
    });
    let source = Source::new()
        .set("AWS_EC2_METADATA_DISABLED", "false")
        .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.url());
    source.opens(&service, Some(TOKEN)).await;
    assert!(
        endpoint
            .asked()
            .iter()
            .any(|asked| asked.line.starts_with("PUT"))
    );
}
