//! Which conditions the service evaluates is found out for each, and the best is made of it.

use futures_util::future::join_all;

use super::service::Fault;
use super::service::conditions::{Condition, Conditions as Evaluates};
use super::*;
use crate::store::Etags;

/// How many stores start at the same time.
const AT_ONCE: usize = 16;

#[tokio::test]
async fn each_condition_is_tried_on_its_own() {
    let all = Knows::default();
    let both = "If-None-Match and If-Match";
    for (knows, lacking, accepted) in [
        (all, String::new(), true),
        (Knows::seaweedfs(), String::new(), true),
        (
            Knows::ceph(),
            format!("{both} on CompleteMultipartUpload and CopyObject, If-Match on DeleteObject"),
            false,
        ),
        (
            Knows::swift(),
            format!(
                "{both} on PutObject, If-Match on CompleteMultipartUpload, {both} on CopyObject"
            ),
            false,
        ),
        (
            Knows::moto(),
            "If-Match on CompleteMultipartUpload".to_owned(),
            false,
        ),
        // Few services have it.
        (
            Knows::localstack(),
            "If-Match on DeleteObject".to_owned(),
            true,
        ),
        (
            Knows::no_conditions(),
            format!(
                "{both} on PutObject, CompleteMultipartUpload and CopyObject, \
                 x-amz-copy-source-if-match on CopyObject, If-Match on DeleteObject"
            ),
            false,
        ),
        (
            Knows {
                put: Evaluates {
                    absent: Condition::Refused,
                    version: Condition::Evaluated,
                },
                ..all
            },
            "If-None-Match on PutObject".to_owned(),
            false,
        ),
        // Copies were the last to have them, so a service is not refused for that.
        (
            Knows {
                copy: Evaluates::all(Condition::Ignored),
                ..all
            },
            format!("{both} on CopyObject"),
            true,
        ),
        (
            Knows {
                copies: false,
                ..all
            },
            format!("{both} on CopyObject, x-amz-copy-source-if-match on CopyObject"),
            true,
        ),
    ] {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        let found = store.shared.conditional;
        assert_eq!(found.lacking().unwrap_or_default(), lacking, "{knows:?}");
        assert_eq!(found.folders, !knows.folders);
        let about = store.describe();
        assert!(about.engine.ends_with(&lacking), "{}", about.engine);
        assert!(about.notice.unwrap_or_default().contains(&lacking));
        assert!(service.objects(BUCKET).is_empty(), "{knows:?}");
        assert_eq!(service.unfinished(), 0, "{knows:?}");
        let required = Config {
            require_conditional: true,
            ..config(service.url())
        };
        match open_as(required, SECRET_KEY).await {
            Ok(_) => assert!(accepted, "{knows:?}"),
            Err(refused) => {
                let line = refused.to_string();
                let uploads = found.lacking_on_uploads().unwrap_or_default();
                assert!(!accepted && line.contains(&uploads), "{line}");
                assert!(line.len() < 200, "{line}");
            }
        }
    }
}

/// Of many writers on two hosts, each with other bytes: the same ones have the same tag.
async fn winners(service: &S3Service, first: u8, size: usize, conditions: Conditions) -> usize {
    let hosts = [store_on(service).await, store_on(service).await].map(Arc::new);
    let writers = (first..first + 8).map(|writer| {
        let host = hosts[usize::from(writer) % 2].clone();
        let options = CreateOptions {
            conditions: conditions.clone(),
            ..freely()
        };
        tokio::spawn(async move { put_with(&host, "f", options, &vec![writer; size]).await })
    });
    let outcomes = join_all(writers).await.into_iter();
    let outcomes: Vec<_> = outcomes.map(|outcome| outcome.expect("a writer")).collect();
    for outcome in &outcomes {
        let fine = matches!(outcome, Ok(_) | Err(Error::PreconditionFailed));
        assert!(fine, "{outcome:?}");
    }
    outcomes.iter().filter(|outcome| outcome.is_ok()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_writers_on_two_hosts_one_wins_where_the_service_evaluates_that_condition() {
    let absent = || Conditions {
        if_none_match: Some(Etags::Any),
        ..Conditions::default()
    };
    for (knows, sizes) in [
        (Knows::ceph(), &[10][..]),
        (Knows::moto(), &[10]),
        (Knows::localstack(), &[10, 9 << 20]),
        (Knows::seaweedfs(), &[10, 9 << 20]),
    ] {
        for size in sizes {
            let service = S3Service::that(knows);
            assert_eq!(winners(&service, 0, *size, absent()).await, 1, "{knows:?}");
            let found = store_on(&service)
                .await
                .stat(&key("f"), &Guard::Any, &Conditions::default())
                .await;
            let this = Conditions {
                if_match: Some(Etags::List(vec![found.expect("there").etag])),
                ..Conditions::default()
            };
            assert_eq!(winners(&service, 8, *size, this).await, 1, "{knows:?}");
        }
    }
    // It evaluates this one condition of a large file.
    let service = S3Service::that(Knows::moto());
    assert_eq!(winners(&service, 0, 9 << 20, absent()).await, 1);
}

#[tokio::test]
async fn a_folder_is_not_replaced_by_a_file_of_its_name() {
    for knows in [Knows::default(), Knows::seaweedfs()] {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        put(&store, "f/g", b"1").await.expect("stored");
        let mut only_new = freely();
        only_new.conditions.if_none_match = Some(Etags::Any);
        let stored = put_with(&store, "f", only_new, b"1").await;
        assert_eq!(stored.is_ok(), knows.folders, "{stored:?}");
        // What the client asked for holds: that is not what it is told.
        assert!(
            !matches!(stored, Err(Error::PreconditionFailed)),
            "{stored:?}"
        );
        for replaced in [knows.folders, true] {
            let stored = put(&store, "f", b"1").await.expect("stored");
            assert_eq!(stored.replaced, replaced, "{knows:?}");
        }
    }
}

#[tokio::test]
async fn a_fault_that_passes_is_not_taken_for_a_missing_condition() {
    let starts = ["PUT", "POST", "DELETE"].into_iter().flat_map(|method| {
        let nth = move |n| (method, n);
        (0..20).map(nth)
    });
    let starts = starts.map(|(method, nth)| async move {
        let service = S3Service::start();
        let requests = format!("{method} /files/.coffer/probe-");
        service.fail(&requests, nth, Fault::Fine);
        service.fail(&requests, 1, Fault::Lost);
        let store = store_on(&service).await;
        assert_eq!(store.describe().engine, "s3", "{method} {nth}");
        assert!(service.objects(BUCKET).is_empty(), "{method} {nth}");
        // An upload whose first answer was lost stays for the sweep.
        let stays = usize::from(method == "POST");
        assert!(service.unfinished() <= stays, "{method} {nth}");
    });
    let starts = stream::iter(starts).buffer_unordered(AT_ONCE);
    starts.collect::<()>().await;
}
