//! The first start, and one clear line for each way it can fail.

use super::service::Fault;
use super::*;

async fn refusal(config: Config, secret: &str) -> String {
    let refused = open_as(config, secret).await.map(|_| ());
    let line = refused.expect_err("refused").to_string();
    assert!(!line.contains('\n'), "{line}");
    line
}

#[tokio::test]
async fn the_bucket_is_created_private_with_a_rule_for_abandoned_uploads() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    assert_eq!(service.bucket_settings(BUCKET), (true, Some(7)));
    assert_eq!(store.describe().notice, None);
    assert!(service.objects(BUCKET).is_empty(), "the probe is removed");
    assert_eq!(service.unfinished(), 0);
    // The second host finds it.
    put(&store, "f", b"1").await.expect("stored");
    let second = store_on(&service).await;
    assert_eq!(read(&second, "f", Span::All).await.expect("read"), b"1");
}

#[tokio::test]
async fn a_setting_that_keeps_the_service_from_storing_is_taken_back() {
    let service = S3Service::that(Knows {
        blocked_acls: false,
        ..Knows::default()
    });
    for host in ["first", "second"] {
        let store = store_on(&service).await;
        put(&store, host, b"1").await.expect("stored");
        assert_eq!(service.bucket_settings(BUCKET), (false, Some(7)), "{host}");
    }
}

#[tokio::test]
async fn a_bucket_is_created_only_as_configured() {
    let service = S3Service::start();
    let url = || service.url();
    let never = Config {
        create_bucket: false,
        ..config(url())
    };
    let line = refusal(never.clone(), SECRET_KEY).await;
    assert!(line.contains("--s3-create-bucket=if-missing"), "{line}");
    assert!(line.len() < 200, "{line}");
    let open = Config {
        block_public_access: false,
        ..config(url())
    };
    open_as(open, SECRET_KEY).await.expect("a store");
    assert_eq!(service.bucket_settings(BUCKET), (false, Some(7)));
    open_as(never, SECRET_KEY).await.expect("its bucket exists");
}

#[tokio::test]
async fn a_service_without_bucket_settings_is_enough() {
    let service = S3Service::that(Knows {
        settings: false,
        ..Knows::default()
    });
    let store = store_on(&service).await;
    put(&store, "f", b"1").await.expect("stored");
}

#[tokio::test]
async fn each_fault_is_reported_in_one_line() {
    let service = S3Service::start();
    let line = refusal(config(service.url()), "wrong").await;
    assert!(line.contains("rejected the credentials"), "{line}");

    let table = [
        (Fault::Status(403, "AccessDenied"), "denied s3:ListBucket"),
        (
            Fault::Status(301, "PermanentRedirect"),
            "not in the region us-east-1",
        ),
        (
            Fault::Status(400, "AuthorizationHeaderMalformed"),
            "not in the region us-east-1",
        ),
        (
            Fault::Status(500, "InternalError"),
            "failed at s3:ListBucket",
        ),
        (Fault::Closed, "cannot be reached"),
    ];
    for (fault, expected) in table {
        service.fail("GET /files", usize::MAX, fault);
        let line = refusal(config(service.url()), SECRET_KEY).await;
        assert!(line.contains(expected), "{line}");
        service.recover();
    }
    service.fail("PUT /files/.coffer", 9, Fault::Status(403, "AccessDenied"));
    let line = refusal(config(service.url()), SECRET_KEY).await;
    assert!(line.contains("denied s3:PutObject"), "{line}");

    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    let line = refusal(config(nobody), SECRET_KEY).await;
    assert!(line.contains("cannot be reached"), "{line}");
}
