//! Starts that cannot work end with one line of less than 200 characters that says what to do.

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::tls;
use crate::support::s3_service::{ACCESS_KEY, Fault, S3Service, SECRET_KEY};
use crate::support::{BUCKET, COFFER};

/// A set-up that is wrong in one place.
struct Wrong {
    args: Vec<String>,
    env: Vec<(&'static str, &'static str)>,
    /// Requests that meet a fault.
    faults: Vec<(&'static str, Fault)>,
    endpoint: Option<String>,
    path_style: bool,
}

impl Wrong {
    fn new() -> Wrong {
        Wrong {
            args: vec![],
            env: vec![],
            faults: vec![],
            endpoint: None,
            path_style: true,
        }
    }

    fn arg(mut self, arg: &str) -> Wrong {
        self.args.push(arg.to_owned());
        self
    }

    fn env(mut self, name: &'static str, value: &'static str) -> Wrong {
        self.env.push((name, value));
        self
    }

    fn fault(mut self, requests: &'static str, fault: Fault) -> Wrong {
        self.faults.push((requests, fault));
        self
    }

    fn at(mut self, endpoint: impl Into<String>) -> Wrong {
        self.endpoint = Some(endpoint.into());
        self
    }

    fn bucket_in_host(mut self) -> Wrong {
        self.path_style = false;
        self
    }

    /// The line that the start ends with, with `ENDPOINT` for the URL of the service.
    fn line(self) -> String {
        let service = S3Service::start();
        for (requests, fault) in self.faults {
            service.fail(requests, usize::MAX, fault);
        }
        let endpoint = self.endpoint.unwrap_or_else(|| service.url());
        let folder = tempfile::TempDir::new().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, [b'7'; 32]).unwrap();
        let mut command = Command::new(COFFER);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--ops-listen", "off"])
            .args(["--log", "error", "--engine", "s3", "--link-secret-file"])
            .arg(secret)
            .args(self.path_style.then_some("--s3-path-style"))
            .args(&self.args)
            .env_clear()
            .env("HOME", folder.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("COFFER_S3_BUCKET", BUCKET)
            .env("COFFER_S3_ENDPOINT", &endpoint)
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        for (name, value) in self.env {
            match value {
                "" => command.env_remove(name),
                value => command.env(name, value),
            };
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        assert!(service.objects(BUCKET).is_empty(), "nothing is left behind");
        let line = String::from_utf8(output.stderr).unwrap();
        let line = line.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n') && line.len() < 200, "{line}");
        let line = line.strip_prefix("coffer: ").unwrap();
        line.replace(&endpoint, "ENDPOINT")
    }
}

fn denied() -> Fault {
    Fault::Status(403, "AccessDenied")
}

fn answer(status: u16, fields: Vec<(&'static str, String)>, code: &str) -> Fault {
    let document = format!("<Error><Code>{code}</Code><Message>a fault</Message></Error>");
    Fault::Answer(status, fields, document)
}

/// Two hours after now.
fn later() -> String {
    httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(7200))
}

#[test]
fn each_wrong_set_up_ends_with_its_own_line() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    let region = vec![("x-amz-bucket-region", "eu-west-1".to_owned())];
    let html = vec![("content-type", "text/html".to_owned())];
    let page = Fault::Answer(404, html.clone(), "<html>nothing here</html>".to_owned());
    let welcome = Fault::Answer(200, html, "<html>welcome</html>".to_owned());
    let table = [
        (
            "no credentials",
            Wrong::new()
                .env("AWS_ACCESS_KEY_ID", "")
                .env("AWS_SECRET_ACCESS_KEY", ""),
            "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use a profile or role",
        ),
        (
            "unknown access key",
            Wrong::new().fault("GET", Fault::Status(403, "InvalidAccessKeyId")),
            "S3 rejected the credentials (InvalidAccessKeyId); check AWS_ACCESS_KEY_ID",
        ),
        (
            "wrong secret",
            Wrong::new().env("AWS_SECRET_ACCESS_KEY", "wrong"),
            "S3 rejected the credentials (SignatureDoesNotMatch); check AWS_SECRET_ACCESS_KEY",
        ),
        (
            "session that has ended",
            Wrong::new().fault("GET", Fault::Status(400, "ExpiredToken")),
            "S3 rejected the credentials (ExpiredToken); renew AWS_SESSION_TOKEN",
        ),
        (
            "wrong region",
            Wrong::new().fault("GET", answer(301, region, "PermanentRedirect")),
            "the bucket is in another region; set --s3-region eu-west-1",
        ),
        (
            "no bucket",
            Wrong::new().arg("--s3-create-bucket=never"),
            "the bucket coffer does not exist; create it, or use --s3-create-bucket=if-missing",
        ),
        (
            "listing denied",
            Wrong::new().fault("GET", denied()),
            "S3 denied s3:ListBucket (AccessDenied); allow it to these credentials",
        ),
        (
            "storing denied",
            Wrong::new().fault("PUT /coffer/.coffer", denied()),
            "S3 denied s3:PutObject (AccessDenied); allow it to these credentials",
        ),
        (
            "deleting denied",
            Wrong::new().fault("DELETE", denied()),
            "S3 denied s3:DeleteObject (AccessDenied); allow it to these credentials",
        ),
        (
            "creating the bucket denied",
            Wrong::new().fault("PUT", denied()),
            "S3 denied s3:CreateBucket (AccessDenied); allow it to these credentials",
        ),
        (
            "unknown host",
            Wrong::new().at("http://s3.invalid:9000"),
            "the host name cannot be resolved; check --s3-endpoint and DNS",
        ),
        (
            "path-style needed",
            Wrong::new().at("http://s3.invalid:9000").bucket_in_host(),
            "the host name cannot be resolved; check --s3-endpoint and DNS; most services other than AWS need --s3-path-style",
        ),
        (
            "nobody listens",
            Wrong::new().at(nobody),
            "S3 cannot be reached: connection refused; check --s3-endpoint and that it runs",
        ),
        (
            "another server",
            Wrong::new().fault("GET", page),
            "not an answer of S3 (404, text/html); check --s3-endpoint",
        ),
        (
            "a page of another server",
            Wrong::new().fault("GET", welcome),
            "not an answer of S3 (200, text/html); check --s3-endpoint",
        ),
        (
            "a service that fails",
            Wrong::new().fault("GET", Fault::Status(503, "SlowDown")),
            "S3 failed at s3:ListBucket (SlowDown: a fault)",
        ),
    ];
    let place = "cannot use s3://coffer/ at ENDPOINT: ";
    for (what, wrong, expected) in table {
        let line = wrong.line();
        let told = line.strip_prefix(place).unwrap_or(&line);
        assert_eq!(told, expected, "{what}");
    }
}

#[test]
fn a_clock_that_differs_is_named_with_the_seconds() {
    let fault = answer(403, vec![("date", later())], "RequestTimeTooSkewed");
    let line = Wrong::new().fault("GET", fault).line();
    let (before, rest) = line.split_once("this host's clock is ").expect(&line);
    assert_eq!(before, "cannot use s3://coffer/ at ENDPOINT: ");
    let (seconds, rest) = rest.split_once(' ').unwrap();
    assert!((7100..=7200).contains(&seconds.parse().unwrap()), "{line}");
    assert_eq!(
        rest,
        "s behind that of S3 (RequestTimeTooSkewed); set the clock"
    );
}

#[test]
fn a_service_without_tls_is_named() {
    let service = S3Service::start();
    let line = Wrong::new()
        .at(service.url().replace("http", "https"))
        .line();
    assert_eq!(
        line,
        "cannot use s3://coffer/ at ENDPOINT: S3 does not speak TLS at this port; use http:// in --s3-endpoint"
    );
}

/// The URL of a server whose certificate no authority has signed. It runs as long as the test.
async fn self_signed() -> String {
    let (acceptor, _) = tls::acceptor(vec!["127.0.0.1".to_owned()]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // The client ends it.
            let _ = acceptor.accept(stream).await;
        }
    });
    format!("https://{address}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_certificate_that_nobody_trusts_is_named() {
    let endpoint = self_signed().await;
    let line = tokio::task::block_in_place(|| Wrong::new().at(endpoint).line());
    assert_eq!(
        line,
        "cannot use s3://coffer/ at ENDPOINT: invalid peer certificate: UnknownIssuer; trust its CA, or check --s3-endpoint"
    );
}
