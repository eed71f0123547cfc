//! Another caller's upload does not exist, whatever is asked of it.

use reqwest::Method;

use super::Tus;
use crate::support::{Server, org_member, token, user};

#[tokio::test]
async fn anothers_upload_is_not_found_in_every_method() {
    let server = Server::start();
    let alice = Tus::new(&server, Some(token(Some("alice"), Some("acme"), &[])));
    let stranger = || Tus::new(&server, Some(token(Some("bob"), Some("other"), &[])));
    let upload_of_user = alice.create("user", "a", 10).await;
    let upload_of_org = alice.create("org", "a", 10).await;
    let id = |path: &str| path.rsplit_once('/').unwrap().1.to_owned();
    for (path, callers, expected) in [
        (upload_of_user.clone(), vec![stranger()], 404),
        (upload_of_org.clone(), vec![stranger()], 404),
        (upload_of_user.clone(), vec![Tus::new(&server, None)], 401),
        // The same id in another area, or below links.
        (
            format!("/v1/org/uploads/{}", id(&upload_of_user)),
            vec![Tus::new(&server, alice.token.clone()), stranger()],
            404,
        ),
        (
            format!("/v1/user/uploads/{}", id(&upload_of_org)),
            vec![Tus::new(&server, alice.token.clone()), stranger()],
            404,
        ),
        (
            format!("/v1/public/uploads/{}", id(&upload_of_user)),
            vec![
                Tus::new(&server, alice.token.clone()),
                Tus::new(&server, None),
            ],
            404,
        ),
        (
            format!("/v1/links/uploads/{}", id(&upload_of_user)),
            vec![
                Tus::new(&server, alice.token.clone()),
                Tus::new(&server, None),
            ],
            404,
        ),
    ] {
        for caller in callers {
            for method in ["HEAD", "GET", "PATCH", "DELETE"] {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let request = caller.request(method.clone(), &path);
                let request = match method {
                    Method::PATCH => caller.patch(&path, 0, "x"),
                    _ => request,
                };
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), expected, "{method} {path}");
                assert!(!answer.headers().contains_key("upload-offset"));
            }
        }
    }
    for upload in [upload_of_user, upload_of_org] {
        assert_eq!(alice.offset(&upload).await, Ok(0), "{upload}");
    }
}

#[tokio::test]
async fn the_token_may_change_as_long_as_it_names_the_same_owner() {
    let server = Server::start();
    let first = Tus::new(&server, Some(user("alice")));
    let upload = first.create("user", "a", 6).await;
    first.append(&upload, 0, b"abc").await;
    let second = Tus::new(&server, Some(token(Some("alice"), Some("acme"), &["x"])));
    assert_eq!(second.append(&upload, 3, b"def").await, 6);

    // Another member of the organization goes on.
    let first = Tus::new(&server, Some(org_member("alice", "acme")));
    let upload = first.create("org", "a", 6).await;
    first.append(&upload, 0, b"abc").await;
    let second = Tus::new(&server, Some(org_member("carol", "acme")));
    assert_eq!(second.append(&upload, 3, b"def").await, 6);
}
