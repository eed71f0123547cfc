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
async fn each_fault_is_reported_in_one_line_that_says_what_to_do() {
    let service = S3Service::start();
    let place = format!("cannot use s3://files/ at {}: ", service.url());
    let line = refusal(config(service.url()), "wrong").await;
    assert_eq!(
        line,
        format!(
            "{place}S3 rejected the credentials (SignatureDoesNotMatch); check AWS_SECRET_ACCESS_KEY"
        )
    );
    let table = [
        (
            Fault::Status(403, "AccessDenied"),
            "S3 denied s3:ListBucket (AccessDenied); allow it to these credentials",
        ),
        (
            Fault::Status(301, "PermanentRedirect"),
            "the bucket is in another region (PermanentRedirect); set --s3-region",
        ),
        (
            Fault::Status(500, "InternalError"),
            "S3 failed at s3:ListBucket (InternalError: a fault)",
        ),
    ];
    for (fault, expected) in table {
        service.fail("GET /files", usize::MAX, fault);
        let line = refusal(config(service.url()), SECRET_KEY).await;
        assert_eq!(line, format!("{place}{expected}"));
        service.recover();
    }
    for (fault, temporary) in [
        (Fault::Status(500, "InternalError"), true),
        (Fault::Closed, true),
        (Fault::Status(403, "AccessDenied"), false),
    ] {
        service.fail("GET /files", usize::MAX, fault.clone());
        let refused = open_as(config(service.url()), SECRET_KEY).await.map(|_| ());
        let refused = refused.expect_err("refused");
        let told =
            matches!(refused, SetupError::Unusable { temporary: told, .. } if told == temporary);
        assert!(told, "{fault:?}: {refused:?}");
        service.recover();
    }
}

#[tokio::test]
async fn a_probe_that_is_refused_leaves_nothing_behind() {
    for versions in [false, true] {
        for (request, expected) in [
            ("DELETE /files/.coffer", "denied s3:DeleteObject"),
            ("PUT /files/.coffer", "denied s3:PutObject"),
            ("POST /files/.coffer", "denied s3:PutObject"),
        ] {
            let service = S3Service::that(Knows {
                versions,
                ..Knows::default()
            });
            service.make_bucket(BUCKET);
            let fault = Fault::Status(403, "AccessDenied");
            service.fail(request, usize::MAX, fault);
            let line = refusal(config(service.url()), SECRET_KEY).await;
            assert!(line.contains(expected), "{line}");
            assert!(service.objects(BUCKET).is_empty(), "{request}");
            assert_eq!(service.versions(BUCKET), 0, "{request}");
            assert_eq!(service.unfinished(), 0, "{request}");
        }
    }
}

#[tokio::test]
async fn a_probe_leaves_no_version_behind() {
    for knows in [Knows::default(), Knows::no_conditions(), Knows::ceph()] {
        let service = S3Service::that(Knows {
            versions: true,
            ..knows
        });
        let _store = store_on(&service).await;
        assert!(service.objects(BUCKET).is_empty());
        let requests = service.requests();
        assert_eq!(service.versions(BUCKET), 0, "{requests:#?}");
    }
    // Without the permission to delete versions they stay, and are not seen.
    let service = S3Service::that(Knows {
        versions: true,
        forgetting: false,
        ..Knows::default()
    });
    drop(store_on(&service).await);
    assert!(service.objects(BUCKET).is_empty());
    assert!(service.versions(BUCKET) > 0);
}
