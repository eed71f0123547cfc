//! Failures that do not pass: the client is not told to try again, and the operator is told
//! what to do.

use std::sync::Arc;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};

use super::{each_request, get, on, put};
use crate::support::s3_service::{Fault, S3Service};
use crate::support::{BUCKET, Server, assert_problem, content, eventually, json_of};

/// The status of `/readyz`, and its line.
async fn readiness(server: &Server) -> (StatusCode, String) {
    let url = format!("{}/readyz", server.operations);
    let answer = Client::new().get(url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn what_an_operator_must_mend_is_500_and_shows_in_readiness_until_it_is_mended() {
    let service = Arc::new(S3Service::start());
    let server = on(&service);
    assert_eq!(put(&server, "f", b"1").await, 201);
    for (status, code, line) in [
        (
            403,
            "AccessDenied",
            "S3 denied s3:ListBucket (AccessDenied); allow it to these credentials\n",
        ),
        (
            404,
            "NoSuchBucket",
            "the bucket does not exist; create it, or check --s3-bucket\n",
        ),
        (
            403,
            "InvalidAccessKeyId",
            "S3 rejected the credentials (InvalidAccessKeyId); check AWS_ACCESS_KEY_ID\n",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "S3 rejected the credentials (SignatureDoesNotMatch); check AWS_SECRET_ACCESS_KEY\n",
        ),
        (
            400,
            "ExpiredToken",
            "S3 rejected the credentials (ExpiredToken); renew AWS_SESSION_TOKEN\n",
        ),
        (
            403,
            "RequestTimeTooSkewed",
            "this host's clock differs from that of S3 (RequestTimeTooSkewed); set the clock\n",
        ),
        (
            403,
            "AccountProblem",
            "the account is not usable (AccountProblem: a fault); contact the S3 provider\n",
        ),
        (
            301,
            "PermanentRedirect",
            "the bucket is in another region (PermanentRedirect); set --s3-region\n",
        ),
    ] {
        service.fail("", usize::MAX, Fault::Status(status, code));
        for request in each_request(&server) {
            let answer = request.send().await.unwrap();
            assert!(!answer.headers().contains_key("retry-after"), "{code}");
            assert_problem(answer, 500, "internal").await;
        }
        assert_eq!(
            readiness(&server).await,
            (StatusCode::SERVICE_UNAVAILABLE, line.to_owned())
        );
        service.recover();
        assert_eq!(
            readiness(&server).await,
            (StatusCode::OK, "ready\n".to_owned())
        );
        assert_eq!(get(&server, "f").await, (StatusCode::OK, b"1".to_vec()));
    }
    eventually("the log has the reasons", || {
        let log = server.log();
        log.contains("the store is misconfigured: S3 denied s3:PutObject (AccessDenied)")
    });
    assert_eq!(service.objects(BUCKET), ["public/f"]);
}

#[tokio::test]
async fn readiness_shows_what_lists_do_not_and_no_client_is_needed_to_recover() {
    let service = Arc::new(S3Service::start());
    let server = on(&service);
    assert_eq!(put(&server, "f", b"1").await, 201);
    let denied = || Fault::Status(400, "KMS.DisabledException");
    service.fail("PUT /coffer/", usize::MAX, denied());
    assert_eq!(readiness(&server).await.0, StatusCode::OK);
    let answer = server.put("/v1/public/files/f", "2").send().await.unwrap();
    assert_problem(answer, 500, "internal").await;
    for _ in 0..2 {
        assert_eq!(
            readiness(&server).await,
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the encryption key cannot be used (KMS.DisabledException: a fault); check it\n"
                    .to_owned()
            )
        );
    }
    service.recover();
    assert_eq!(readiness(&server).await.0, StatusCode::OK);
    // One file alone makes no host unready.
    service.fail(
        "GET /coffer/public/f",
        1,
        Fault::Status(403, "InvalidObjectState"),
    );
    assert_eq!(get(&server, "f").await.0, 500);
    assert_eq!(readiness(&server).await.0, StatusCode::OK);
    assert_eq!(service.objects(BUCKET), ["public/f"]);
}

#[tokio::test]
async fn a_name_that_the_service_cannot_hold_is_invalid() {
    let service = Arc::new(S3Service::start());
    let server = on(&service);
    for (status, code) in [
        (400, "KeyTooLongError"),
        (400, "InvalidObjectName"),
        (400, "XMinioParentIsObject"),
        (409, "ExistingObjectIsDirectory"),
    ] {
        let fault = || Fault::Status(status, code);
        service.fail("PUT /coffer/public/f", 2, fault());
        let answer = server.put("/v1/public/files/f", "1").send().await.unwrap();
        assert!(!answer.headers().contains_key("retry-after"));
        assert_problem(answer, 400, "invalid-name").await;

        let file = Part::bytes(b"1".to_vec()).file_name("f");
        let form = Form::new().part("file", file);
        let answer = server.post("/v1/public/files").multipart(form);
        let problem = json_of(answer).await;
        assert_eq!(problem["type"], "/problems/invalid-name");
        assert_eq!(problem["file"], "f");

        service.fail("POST /coffer/public/f", 1, fault());
        let answer = server.put("/v1/public/files/f", content(1, 9 << 20));
        assert_problem(answer.send().await.unwrap(), 400, "invalid-name").await;
    }
    assert_eq!(readiness(&server).await.0, StatusCode::OK);
    assert!(service.objects(BUCKET).is_empty());
    assert_eq!(service.unfinished(), 0);
}
