//! A 404 to HEAD alone does not say that an object is missing.

use super::faults::verdict;
use super::service::Fault;
use super::*;

#[tokio::test]
async fn a_404_of_a_proxy_does_not_end_a_move() {
    for knows in [Knows::default(), Knows::no_conditions()] {
        let service = S3Service::that(knows);
        let store = store_on(&service).await;
        let etag = put(&store, "f", b"1").await.expect("stored").info.etag;
        // After the copy.
        let page = || Fault::Answer(404, vec![], "404 page not found\n".to_owned());
        service.fail("HEAD /files/f", 1, Fault::Fine);
        for line in ["HEAD /files/f", "GET /files/f", "DELETE /files/f"] {
            service.fail(line, usize::MAX, page());
        }
        let moving = Copy {
            may_remove: Some(Guard::Any),
            ..copying("f", &etag, "g")
        };
        let moved = copy(&store, moving).await;
        assert!(
            matches!(moved, Err(CopyError::Target(Error::Unavailable(_)))),
            "{knows:?} {moved:?}"
        );
        service.recover();
        assert_eq!(service.objects(BUCKET), ["f", "g"]);
    }
}

#[tokio::test]
async fn what_get_finds_is_not_missing() {
    let service = S3Service::start();
    let store = store_on(&service).await;
    put(&store, "f", b"1").await.expect("stored");
    service.fail("HEAD /files/f", 2, Fault::Status(404, ""));
    assert_eq!(stat(&store, "f").await.expect("there").size, 1);
    service.fail("HEAD /files/f", usize::MAX, Fault::Status(404, ""));
    assert_eq!(verdict(stat(&store, "f").await), "unavailable");
    let (key, unconditional) = (key("f"), Conditions::default());
    let removed = store.remove(&key, &Guard::Any, &unconditional).await;
    assert_eq!(verdict(removed), "unavailable");
}
